package registry

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestStatesAreBounded: with more names than there is room for, what is worth least is
// forgotten: what is idle before what rests or has failed, and that before what has calls
// under way; of equal worth what was used least lately.
func TestStatesAreBounded(t *testing.T) {
	var s States
	keep := map[string]*State{}
	for name, use := range map[string]func(*State){
		"resting":    func(st *State) { st.Rest(noon, st.Ticket(noon), time.Hour, CauseRateLimit) },
		"open":       func(st *State) { st.Rest(noon, st.Ticket(noon), time.Hour, CauseAuth) },
		"failed":     func(st *State) { ticket, _ := st.Begin(noon); st.End(noon, ticket, Failed) },
		"called":     func(st *State) { st.Gate.TryEnter() },
		"first used": func(*State) {},
	} {
		keep[name] = s.Get(name)
		use(keep[name])
	}
	for i := range maxStates * 5 / 4 {
		s.Get(fmt.Sprint("idle ", i))
		s.Get("first used")
		if n := len(s.byName); n > maxStates {
			t.Fatalf("%d states", n)
		}
	}
	for name, state := range keep {
		if s.Find(name) != state {
			t.Errorf("what was %s is forgotten", name)
		}
	}
	if s.Find("idle 0") != nil || s.Find(fmt.Sprint("idle ", maxStates*5/4-1)) == nil {
		t.Error("what was used last is forgotten before what was used first")
	}
	t.Run("rests go before calls under way, and the bound holds", func(t *testing.T) {
		for i := range maxStates * 5 / 4 {
			s.Get(fmt.Sprint("rests ", i)).Rest(noon, Ticket{}, time.Hour, CauseRateLimit)
		}
		if s.Find("called") != keep["called"] || s.Find("resting") != nil || len(s.byName) > maxStates {
			t.Errorf("called is kept: %v, resting: %v, of %d", s.Find("called") != nil, s.Find("resting") != nil, len(s.byName))
		}
	})
}

// TestStatesWake: waking ends all rests and refills all budgets.
func TestStatesWake(t *testing.T) {
	var s States
	for i := range 3 {
		state := s.Get(fmt.Sprint(i))
		state.Rest(noon, state.Ticket(noon), time.Hour, []Cause{CauseRateLimit, CauseAuth, CauseModel}[i])
		for state.Budget.Withdraw(noon) {
		}
	}
	s.Wake(noon)
	for i := range 3 {
		state := s.Get(fmt.Sprint(i))
		if ok, wait := state.Ready(noon); !ok || !state.Budget.Withdraw(noon) {
			t.Errorf("%d rests for %v, or its budget is spent", i, wait)
		}
	}
}

// TestStatesAtOnce uses the same few names from many goroutines while others make names
// that have to be forgotten: all get the same state of a name, and what is counted in it
// adds up.
func TestStatesAtOnce(t *testing.T) {
	const callers, rounds, names = 8, 500, 4
	var (
		s  States
		wg sync.WaitGroup
	)
	shared := make([]*State, names)
	for i := range shared {
		shared[i] = s.Get(fmt.Sprint("shared ", i))
		shared[i].Gate.TryEnter() // a call under way keeps it
	}
	for n := range callers {
		wg.Go(func() {
			for i := range rounds {
				state := s.Get(fmt.Sprint("shared ", i%names))
				if state != shared[i%names] {
					t.Error("two states of a name")
				}
				if state.Gate.Enter(context.Background(), 0) != nil {
					t.Error("a gate without a limit refused")
				}
				ticket, ok := state.Begin(noon)
				state.Latency.Begin()
				state.Latency.Observe(noon, time.Millisecond)
				state.Latency.Cost(noon)
				state.Latency.ObserveWhole(time.Millisecond)
				state.Budget.Deposit(noon)
				state.Latency.End()
				if ok {
					state.End(noon, ticket, Succeeded)
				}
				state.Gate.Leave()
				for j := range 5 {
					s.Get(fmt.Sprint("one of many ", n, i, j))
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			s.Wake(noon)
			s.Each(func(_ string, state *State) { state.View(noon) })
		}
	})
	wg.Wait()
	for i, state := range shared {
		if in, waiting := state.Gate.Load(); in != 1 || waiting != 0 || state.Latency.Underway() != 0 {
			t.Errorf("%d: %d in, %d wait, %d under way", i, in, waiting, state.Latency.Underway())
		}
	}
	if len(s.byName) > maxStates {
		t.Errorf("%d states", len(s.byName))
	}
}
