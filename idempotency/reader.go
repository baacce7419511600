package idempotency

import "context"

// Reader reads an answer from its beginning: one that was kept, or one under way on this
// node, as fast as that comes or as slow as the reader likes. It is used by one goroutine.
type Reader struct {
	run    *Run
	read   int
	closed bool
}

// Head tells how the answer begins: all of it but its body.
func (r *Reader) Head() Answer {
	r.run.mu.Lock()
	defer r.run.mu.Unlock()
	return *r.run.head
}

// Next waits for the next bytes of the body, which must not be changed. The error is io.EOF
// behind the last one, what broke the answer off, ErrTooLarge, or the context's.
func (r *Reader) Next(ctx context.Context) (piece []byte, err error) {
	left := r.run.await(ctx, func() bool {
		piece, err = r.rest()
		return piece != nil || err != nil
	})
	if left != nil {
		return nil, left
	}
	return piece, err
}

// rest gives what there is to read, and why there will be no more.
func (r *Reader) rest() ([]byte, error) {
	run := r.run
	switch {
	case run.full:
		return nil, ErrTooLarge
	case r.read < len(run.body):
		piece := run.body[r.read:len(run.body):len(run.body)]
		r.read = len(run.body)
		return piece, nil
	}
	return nil, run.cause
}

// Close lets go of the answer. A request that nobody waits for any more is cancelled.
func (r *Reader) Close() {
	r.run.mu.Lock()
	defer r.run.mu.Unlock()
	if !r.closed {
		r.closed = true
		r.run.readers--
		r.run.thin()
	}
}
