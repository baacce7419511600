package demo

import (
	"context"
	"io"
	"time"
)

// body hands out a streamed answer piece by piece, broken where the directive asks.
type body struct {
	ctx    context.Context
	frames [][]byte
	rest   []byte
	pace   time.Duration
	fault  string
}

// newBody makes the body of a streamed answer.
func newBody(ctx context.Context, w wire, a *answer, d directive) *body {
	b := &body{ctx: ctx, frames: w.frames(a), pace: d.pace}
	switch d.what {
	case doError:
		b.frames = append(b.frames[:b.before(d.after):len(b.frames)], w.failed("the demo was asked for this error"))
	case doGarbage:
		b.frames = append(b.frames[:b.before(d.after):len(b.frames)], []byte("data: {\"choices\":[{\"del\n\ndata: <garbage>\n\n"))
	case doCut, doEnd, doStall:
		b.frames = b.frames[:b.before(d.after)]
		b.fault = d.what
	}
	return b
}

// before is how many frames come before a failure after n pieces: those of the
// beginning, unless the failure is to come before all content.
func (b *body) before(n int) int {
	if n == 0 {
		return min(1, len(b.frames))
	}
	return min(n+2, len(b.frames)-2)
}

// Read hands out what is there of one piece.
func (b *body) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if len(b.frames) == 0 {
			return 0, b.end()
		}
		if err := b.pause(); err != nil {
			return 0, err
		}
		b.rest, b.frames = b.frames[0], b.frames[1:]
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// pause waits between pieces.
func (b *body) pause() error {
	if b.pace <= 0 {
		return b.ctx.Err()
	}
	t := time.NewTimer(b.pace)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

// end is how the body ends.
func (b *body) end() error {
	switch b.fault {
	case doCut:
		return io.ErrUnexpectedEOF
	case doStall:
		<-b.ctx.Done()
		return b.ctx.Err()
	}
	return io.EOF
}

// Close does nothing.
func (b *body) Close() error { return nil }
