package ledger

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// condition is whether a part works, and who is told when that changes.
type condition struct {
	part     string
	onError  func(error)
	onResume func(part string)

	mu      sync.Mutex
	fault   error
	failing atomic.Bool // that there is a fault, for a quick look
}

// observe notes that the part works, or what is wrong with it.
func (c *condition) observe(err error) {
	if err == nil && !c.failing.Load() {
		return
	}
	c.mu.Lock()
	was := c.fault
	c.fault = err
	c.failing.Store(err != nil)
	c.mu.Unlock()
	switch {
	case err != nil && was == nil:
		c.onError(fmt.Errorf("the ledger's %s: %w", c.part, err))
	case err == nil && was != nil:
		c.onResume(c.part)
	}
}

// current is what is wrong with the part; nil is nothing.
func (c *condition) current() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// signal wakes all who wait for it.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

func newSignal() *signal { return &signal{ch: make(chan struct{})} }

// wait gives a channel that is closed when the signal is raised next.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ch
}

func (s *signal) raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.ch)
	s.ch = make(chan struct{})
}
