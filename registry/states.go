package registry

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// State is what is known of a route, a credential or a provider. A provider's repeats are
// bounded by its Budget.
type State struct {
	Health
	Latency Latency
	Gate    Gate
	Budget  Budget
	used    atomic.Uint64
}

// worth tells what would be lost with the state: 2 if calls are under way, 1 if failures
// or a rest are known, 0 if nothing but its latency.
func (s *State) worth() int {
	if in, waiting := s.Gate.Load(); in+waiting > 0 {
		return 2
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Closed || s.inARow > 0 {
		return 1
	}
	return 0
}

// States are the states by name. They outlive the configurations that ask for them. Their
// zero value is empty. They are safe for concurrent use.
type States struct {
	mu     sync.RWMutex
	byName map[string]*State
	clock  atomic.Uint64
}

// maxStates bounds the states: routes of patterns have one for each model that clients
// name.
const maxStates = 10_000

// Get gives the state of a name, new if there is none.
func (s *States) Get(name string) *State {
	s.mu.RLock()
	state := s.byName[name]
	s.mu.RUnlock()
	if state == nil {
		state = s.add(name)
	}
	state.used.Store(s.clock.Add(1))
	return state
}

// Find gives the state of a name, nil if there is none.
func (s *States) Find(name string) *State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byName[name]
}

// Each calls f with each state and its name, in no order. f must not ask for states.
func (s *States) Each(f func(name string, state *State)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for name, state := range s.byName {
		f(name, state)
	}
}

// Wake ends all rests, as if nothing had ever failed.
func (s *States) Wake(now time.Time) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, state := range s.byName {
		state.wake(now)
		state.Budget.refill()
	}
}

func (s *States) add(name string) *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state := s.byName[name]; state != nil {
		return state
	}
	if s.byName == nil {
		s.byName = map[string]*State{}
	}
	if len(s.byName) >= maxStates {
		s.forget()
	}
	state := new(State)
	s.byName[name] = state
	return state
}

// forget makes room for a tenth: what is worth least goes first, and of that what was used
// least lately.
func (s *States) forget() {
	type named struct {
		name  string
		worth int
		used  uint64
	}
	list := make([]named, 0, len(s.byName))
	for name, state := range s.byName {
		list = append(list, named{name, state.worth(), state.used.Load()})
	}
	slices.SortFunc(list, func(a, b named) int { return cmp.Or(cmp.Compare(a.worth, b.worth), cmp.Compare(a.used, b.used)) })
	for _, n := range list[:maxStates/10] {
		delete(s.byName, n.name)
	}
}
