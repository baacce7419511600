package statetest

import (
	"bytes"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/idempotency"
)

// RunAnswers holds a store of answers against the contract. open gives an empty one that
// keeps at least a megabyte. Stores under test take the time that they are given.
func RunAnswers(t *testing.T, open func(t *testing.T) idempotency.Store) {
	for _, c := range []struct {
		name string
		test func(*shelf)
	}{
		{"answered", answered},
		{"unstorable", unstorable},
		{"abandoned", abandoned},
		{"claims end", claimsEnd},
		{"answers end", answersEnd},
		{"one owner", oneOwner},
		{"any bytes", anyBytes},
		{"in parallel", claimedOnce},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(&shelf{T: t, store: open(t), now: Noon}) })
	}
}

// shelf is a store under test.
type shelf struct {
	*testing.T
	store idempotency.Store
	now   time.Time
}

var (
	one, two   = idempotency.ID{1}, idempotency.ID{2}
	body, diff = [32]byte{1}, [32]byte{2}
)

func answer() *idempotency.Answer {
	return &idempotency.Answer{Status: 201, Header: []byte("Content-Type: text/plain\r\n"), Body: []byte("data: hello\n\n"), Stream: true, Request: "req-1"}
}

func (s *shelf) begins(id idempotency.ID, fingerprint [32]byte, owner string, want idempotency.State) *idempotency.Answer {
	s.Helper()
	state, a, err := s.store.Begin(s.Context(), id, fingerprint, owner, s.now)
	if err != nil || state != want || (a != nil) != (want == idempotency.Answered) {
		s.Fatalf("%s: state %d with answer %v, %v; want %d", owner, state, a, err, want)
	}
	return a
}

func (s *shelf) finishes(id idempotency.ID, owner string, a *idempotency.Answer) {
	s.Helper()
	if err := s.store.Finish(s.Context(), id, owner, a, 24*time.Hour, s.now); err != nil {
		s.Fatal(err)
	}
}

func (s *shelf) abandons(id idempotency.ID, owner string) {
	s.Helper()
	if err := s.store.Abandon(s.Context(), id, owner); err != nil {
		s.Fatal(err)
	}
}

func answered(s *shelf) {
	s.begins(one, body, "a", idempotency.Fresh)
	s.begins(one, body, "b", idempotency.Running)
	s.begins(one, diff, "b", idempotency.Different)
	s.begins(two, diff, "b", idempotency.Fresh)
	s.finishes(one, "a", answer())
	for range 2 {
		if got := s.begins(one, body, "b", idempotency.Answered); !reflect.DeepEqual(got, answer()) {
			s.Fatalf("the answer is %+v", got)
		}
	}
	s.begins(one, body, "a", idempotency.Answered)
	s.begins(one, diff, "c", idempotency.Different)
}

func unstorable(s *shelf) {
	s.begins(one, body, "a", idempotency.Fresh)
	s.finishes(one, "a", nil)
	s.begins(one, body, "b", idempotency.Unstorable)
	s.begins(one, diff, "b", idempotency.Different)
}

func abandoned(s *shelf) {
	s.begins(one, body, "a", idempotency.Fresh)
	s.abandons(one, "b") // it has no claim
	s.begins(one, body, "b", idempotency.Running)
	s.abandons(one, "a")
	s.begins(one, diff, "b", idempotency.Fresh)
	s.finishes(one, "b", answer())
	s.abandons(one, "b") // it has finished
	s.begins(one, diff, "c", idempotency.Answered)
	s.abandons(two, "a")
}

func claimsEnd(s *shelf) {
	s.begins(one, body, "a", idempotency.Fresh)
	for range 3 {
		s.now = s.now.Add(idempotency.Claim / 3 * 2)
		s.begins(one, body, "a", idempotency.Fresh) // and is renewed
		s.begins(one, body, "b", idempotency.Running)
	}
	s.now = s.now.Add(idempotency.Claim)
	s.begins(one, diff, "b", idempotency.Fresh)
}

func answersEnd(s *shelf) {
	s.begins(one, body, "a", idempotency.Fresh)
	s.finishes(one, "a", answer())
	s.now = s.now.Add(24*time.Hour - time.Second)
	s.begins(one, body, "b", idempotency.Answered)
	s.now = s.now.Add(time.Second)
	s.begins(one, diff, "b", idempotency.Fresh)
}

func oneOwner(s *shelf) {
	s.finishes(one, "a", answer()) // it never began
	s.begins(one, body, "a", idempotency.Fresh)
	s.now = s.now.Add(idempotency.Claim)
	s.begins(one, body, "b", idempotency.Fresh)
	s.finishes(one, "a", answer()) // too late
	s.begins(one, body, "c", idempotency.Running)
	s.finishes(one, "b", nil)
	s.begins(one, body, "c", idempotency.Unstorable)
}

func anyBytes(s *shelf) {
	every := make([]byte, 0, 256*1000)
	for range 1000 {
		for b := range 256 {
			every = append(every, byte(b))
		}
	}
	s.begins(one, body, "a", idempotency.Fresh)
	s.finishes(one, "a", &idempotency.Answer{Status: 200, Header: every[:256], Body: every})
	a := s.begins(one, body, "b", idempotency.Answered)
	if a.Status != 200 || a.Stream || a.Request != "" || !bytes.Equal(a.Header, every[:256]) || !bytes.Equal(a.Body, every) {
		s.Fatalf("%d bytes of header and %d of body came back", len(a.Header), len(a.Body))
	}
}

func claimedOnce(s *shelf) {
	var wg sync.WaitGroup
	var fresh atomic.Int64
	for i := range 50 {
		wg.Go(func() {
			state, _, err := s.store.Begin(s.Context(), one, body, fmt.Sprint("owner-", i), s.now)
			if err != nil {
				s.Error(err)
			} else if state == idempotency.Fresh {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 1 {
		s.Fatalf("%d have the claim", fresh.Load())
	}
}
