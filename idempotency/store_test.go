package idempotency

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is a store for tests, which can be made to fail.
type shelf struct {
	mu      sync.Mutex
	entries map[ID]*entry
	broken  error         // what all calls fail with
	deaf    bool          // calls are heard, but fail all the same
	hold    chan struct{} // Begin waits for it, if it is set
	begins  int
}

type entry struct {
	owner       string
	fingerprint [32]byte
	until       time.Time
	finished    bool
	answer      *Answer
}

func newShelf() *shelf { return &shelf{entries: map[ID]*entry{}} }

var errAway = errors.New("the store is away")

func (s *shelf) Begin(ctx context.Context, id ID, fingerprint [32]byte, owner string, now time.Time) (State, *Answer, error) {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begins++
	if s.broken != nil && !s.deaf {
		return 0, nil, s.broken
	}
	state, answer := s.begin(id, fingerprint, owner, now)
	return state, answer, s.broken
}

func (s *shelf) begin(id ID, fingerprint [32]byte, owner string, now time.Time) (State, *Answer) {
	e := s.entries[id]
	switch {
	case e == nil, !now.Before(e.until), !e.finished && e.owner == owner:
		s.entries[id] = &entry{owner: owner, fingerprint: fingerprint, until: now.Add(Claim)}
		return Fresh, nil
	case e.fingerprint != fingerprint:
		return Different, nil
	case !e.finished:
		return Running, nil
	case e.answer == nil:
		return Unstorable, nil
	}
	return Answered, e.answer
}

func (s *shelf) Finish(_ context.Context, id ID, owner string, a *Answer, ttl time.Duration, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	if e := s.entries[id]; e != nil && e.owner == owner {
		e.finished, e.answer, e.until = true, a, now.Add(ttl)
	}
	return nil
}

func (s *shelf) Abandon(_ context.Context, id ID, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	if e := s.entries[id]; e != nil && e.owner == owner && !e.finished {
		delete(s.entries, id)
	}
	return nil
}

func (s *shelf) Close() error { return nil }

// breakDown makes the store fail from now on, or work again.
func (s *shelf) breakDown(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *shelf) entry(id ID) entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries[id] == nil {
		return entry{}
	}
	return *s.entries[id]
}
