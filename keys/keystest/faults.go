package keystest

import (
	"context"
	"errors"
	"sync"
)

// ErrAway is what a store that is away says.
var ErrAway = errors.New("keystest: the store is away")

// faults are what tests do to a store, and what they learn of it.
type faults struct {
	fault sync.Mutex
	err   error
	hangs bool
	gate  func(method string)
	calls map[string]int
}

// Fail lets all calls fail with an error from now on; nil is none.
func (f *faults) Fail(err error) {
	f.fault.Lock()
	defer f.fault.Unlock()
	f.err = err
}

// Hang lets calls wait until their context is over, or no more.
func (f *faults) Hang(hangs bool) {
	f.fault.Lock()
	defer f.fault.Unlock()
	f.hangs = hangs
}

// Before has a function called, outside of all locks, before each call does its work; nil
// is none.
func (f *faults) Before(gate func(method string)) {
	f.fault.Lock()
	defer f.fault.Unlock()
	f.gate = gate
}

// Calls tells how often methods have been called.
func (f *faults) Calls(methods ...string) int {
	f.fault.Lock()
	defer f.fault.Unlock()
	n := 0
	for _, m := range methods {
		n += f.calls[m]
	}
	return n
}

func (f *faults) call(ctx context.Context, method string) error {
	f.fault.Lock()
	f.calls[method]++
	err, hangs, gate := f.err, f.hangs, f.gate
	f.fault.Unlock()
	if gate != nil {
		gate(method)
	}
	if hangs {
		<-ctx.Done()
	}
	if err != nil {
		return err
	}
	return ctx.Err()
}

// Forget lets the store forget its changes, as one does that keeps the latest only.
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = len(s.log)
}
