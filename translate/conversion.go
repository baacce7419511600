package translate

// conversion carries a streamed answer from one dialect to another: it is a Pass made
// of a decoder and an encoder.
type conversion struct {
	dec     Decoder
	enc     Encoder
	observe func(*Event)
	events  []Event
	ended   bool
}

// NewConversion joins a provider's decoder and a client's encoder. observe, if not
// nil, sees each event before it is encoded.
func NewConversion(dec Decoder, enc Encoder, observe func(*Event)) Pass {
	return &conversion{dec: dec, enc: enc, observe: observe}
}

// Record converts one SSE record.
func (c *conversion) Record(dst []byte, name, data, _ []byte) ([]byte, Seen) {
	c.events = c.dec.Decode(name, data, c.events[:0])
	return c.encode(dst)
}

// Close converts the end of the body.
func (c *conversion) Close(dst []byte, err error) ([]byte, Seen) {
	c.events = c.dec.Close(err, c.events[:0])
	return c.encode(dst)
}

// KeepAlive appends a frame of the client's dialect that says nothing.
func (c *conversion) KeepAlive(dst []byte) []byte { return c.enc.KeepAlive(dst) }

// Fail tells the client of a failure.
func (c *conversion) Fail(dst []byte, e *Error) []byte {
	return c.enc.Encode(dst, &Event{Kind: EventFailed, Err: e})
}

func (c *conversion) encode(dst []byte) ([]byte, Seen) {
	var seen Seen
	for i := range c.events {
		e := &c.events[i]
		if c.ended {
			break
		}
		seen.note(e)
		if c.observe != nil {
			c.observe(e)
		}
		dst = c.enc.Encode(dst, e)
		c.ended = e.Kind == EventDone || e.Kind == EventFailed
	}
	return dst, seen
}

// note adds what an event says.
func (s *Seen) note(e *Event) {
	switch e.Kind {
	case EventStart:
		s.ID, s.Model = string(e.ID), string(e.Name)
	case EventUsage:
		s.Usage = e.Usage
	case EventStop:
		if s.Stop == nil {
			s.Stop = e.Stop
		}
	case EventDone:
		s.Done = true
	case EventFailed:
		s.Err = e.Err
	default:
		s.Content = s.Content || e.IsContent()
		if e.IsImage() {
			s.Images++
		}
	}
}
