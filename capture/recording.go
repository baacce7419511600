package capture

// Recording is the capture of a request under way. It is used by one goroutine at a time,
// and must be ended.
type Recording struct {
	r      *Recorder
	answer Body
	held   int64
	full   bool // there was no room in memory
}

// Begin begins to record a request.
func (r *Recorder) Begin() *Recording {
	c := &Recording{r: r}
	c.full = !c.take(overhead)
	return c
}

// Write records a piece of the answer.
func (c *Recording) Write(piece []byte) { c.keep(&c.answer, piece) }

// End hands the request over to be stored, with the body that the client sent, which is not
// needed any more when it returns.
func (c *Recording) End(of Capture, request []byte) {
	c.keep(&of.Request, request)
	if c.full {
		c.r.o.OnDropped(1)
		return
	}
	of.Answer = c.answer
	of.Request.whole()
	of.Answer.whole()
	c.r.add(entry{of, c.held})
}

// leastBuffer is the least that is taken for a body at once, in bytes.
const leastBuffer = 4 << 10

// keep appends to a body as much of a piece as is kept of it.
func (c *Recording) keep(b *Body, piece []byte) {
	b.Size += int64(len(piece))
	have, room := int64(len(b.Content)), int64(cap(b.Content))
	piece = piece[:min(int64(len(piece)), c.r.o.MaxBody-have)]
	if c.full || len(piece) == 0 {
		return
	}
	if need := have + int64(len(piece)); need > room {
		grown := min(max(need, 2*room, leastBuffer), c.r.o.MaxBody)
		if !c.take(grown - room) {
			c.fill()
			return
		}
		b.Content = append(make([]byte, 0, grown), b.Content...)
	}
	b.Content = append(b.Content, piece...)
}

// take takes bytes for the recording.
func (c *Recording) take(n int64) bool {
	if !c.r.take(n) {
		return false
	}
	c.held += n
	return true
}

// fill gives up a recording for which there is no room.
func (c *Recording) fill() {
	c.r.give(c.held)
	c.full, c.held, c.answer.Content = true, 0, nil
}
