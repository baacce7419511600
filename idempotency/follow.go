package idempotency

import (
	"cmp"
	"context"
)

// follow has a request that is the same wait for the answer. It returns when the answer has
// begun, or when there will be none: the error is then errGivenUp, or the context's.
func (r *Run) follow(ctx context.Context, fingerprint [32]byte) (turn Turn, err error) {
	left := r.await(ctx, func() bool {
		if r.phase == asking {
			return false
		}
		turn, err = r.join(fingerprint)
		return true
	})
	if left != nil || err != nil || turn.Answer == nil {
		return turn, cmp.Or(left, err)
	}
	if err := turn.Answer.awaitHead(ctx); err != nil {
		turn.Answer.Close()
		return Turn{}, err
	}
	return turn, nil
}

// join tells a request what is known of it, with a reader if there is an answer to wait for.
func (r *Run) join(fingerprint [32]byte) (Turn, error) {
	switch {
	case r.phase == givenUp, r.phase == running && r.ctx.Err() != nil:
		return Turn{}, errGivenUp
	case fingerprint != r.fingerprint:
		return Turn{State: Different}, nil
	case r.full:
		return Turn{State: Unstorable}, nil
	}
	return Turn{State: Answered, Answer: r.newReader()}, nil
}

func (r *Run) newReader() *Reader {
	r.readers++
	return &Reader{run: r}
}

// awaitHead waits until the answer begins, or is given up before it has.
func (r *Reader) awaitHead(ctx context.Context) (err error) {
	left := r.run.await(ctx, func() bool {
		if r.run.head == nil && r.run.phase == givenUp {
			err = errGivenUp
		}
		return r.run.head != nil || err != nil
	})
	return cmp.Or(left, err)
}

// await waits until ready is true, which is asked at each change under the run's lock. The
// error is the context's.
func (r *Run) await(ctx context.Context, ready func() bool) error {
	for {
		change := r.changeUnless(ready)
		if change == nil {
			return nil
		}
		if err := wait(ctx, change); err != nil {
			return err
		}
	}
}

// changeUnless gives what is closed at the next change, or nil if it is not to be waited for.
func (r *Run) changeUnless(ready func() bool) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ready() {
		return nil
	}
	if r.more == nil {
		r.more = make(chan struct{})
	}
	return r.more
}
