package translate

// Replay gathers what a provider has said, in the form in which it must be shown to the
// provider again for a paused answer to go on.
type Replay interface {
	// Record takes the data of one SSE record. It reports false once what was said is
	// larger than the gateway keeps.
	Record(data []byte) bool
	// Body returns the body that was sent with what was gathered since.
	Body(sent []byte) []byte
}

// maxContinuations bounds how many times one answer is continued.
const maxContinuations = 5

// Continued is a Decoder that joins the streams of an answer which its provider pauses:
// clients whose dialect knows no pause see one answer with the usage of all streams (trap 50).
type Continued struct {
	dec    Decoder
	replay Replay
	left   int

	paused bool
	again  bool  // a stream has gone before this one
	first  int   // the number of this stream's first block
	next   int   // the number after the highest block so far
	before Usage // of the streams that have ended
	total  Usage
}

// NewContinued wraps the decoder of an answer's first stream.
func NewContinued(dec Decoder, replay Replay) *Continued {
	return &Continued{dec: dec, replay: replay, left: maxContinuations}
}

// Decode reads one record. The end of a paused stream gives no events: Paused tells it.
func (c *Continued) Decode(name, data []byte, events []Event) []Event {
	if !c.replay.Record(data) {
		c.left = 0
	}
	from := len(events)
	return c.join(c.dec.Decode(name, data, events), from)
}

// Close reads the end of the body.
func (c *Continued) Close(err error, events []Event) []Event {
	from := len(events)
	return c.join(c.dec.Close(err, events), from)
}

// Paused reports whether the stream has ended in a pause that can be continued.
func (c *Continued) Paused() bool { return c.paused }

// Continue returns the body that continues the paused answer. Its stream is read by dec.
func (c *Continued) Continue(dec Decoder, sent []byte) []byte {
	c.dec, c.paused, c.again = dec, false, true
	c.left--
	c.first, c.before = c.next, c.total
	return c.replay.Body(sent)
}

// join renumbers the events from the given index on and takes out those that only a
// stream's end tells.
func (c *Continued) join(events []Event, from int) []Event {
	kept := events[:from]
	for _, e := range events[from:] {
		switch {
		case e.Kind == EventStart && c.again:
			continue
		case e.Kind == EventStop && e.Stop.Reason == StopPause && c.left > 0:
			c.paused = true
			continue
		case e.Kind == EventDone && c.paused:
			continue
		case e.Kind == EventUsage:
			c.total = c.before.plus(e.Usage)
			if c.again {
				sum := c.total
				e.Usage = &sum
			}
		}
		e.Block += c.first
		c.next = max(c.next, e.Block+1)
		kept = append(kept, e)
	}
	return kept
}

// plus adds the usage of another call to the same provider.
func (u *Usage) plus(o *Usage) Usage {
	sum := *o
	sum.Input += u.Input
	sum.CacheRead += u.CacheRead
	sum.CacheWrite += u.CacheWrite
	sum.CacheWrite1h += u.CacheWrite1h
	sum.Output += u.Output
	sum.Reasoning += u.Reasoning
	sum.AudioInput += u.AudioInput
	sum.ImageInput += u.ImageInput
	sum.AudioOutput += u.AudioOutput
	sum.ImageOutput += u.ImageOutput
	sum.WebSearches += u.WebSearches
	sum.HasReasoning = u.HasReasoning || o.HasReasoning
	sum.HasCache = u.HasCache || o.HasCache
	sum.Reported = u.Reported || o.Reported
	sum.Estimated = u.Estimated || o.Estimated
	return sum
}
