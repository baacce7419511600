package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// bench holds what the measurements share.
type bench struct {
	binary, dir string
	mock        *mock
	gateway     *gateway
	accounted   *gateway // nil but with -accounts
	subjects    []subject
	effort      effort
	faults      faults
}

// faults are answers that were not complete, counted by what was wrong.
type faults struct {
	mu   sync.Mutex
	what map[string]int
}

func (f *faults) add(where fmt.Stringer, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.what == nil {
		f.what = map[string]int{}
	}
	f.what[where.String()+": "+err.Error()]++
}

// fleet is a subject's clients in one scenario. Their connections last over all rounds.
type fleet struct {
	subject subject
	clients []*client
	script  *script // of the upstream
}

func (b *bench) fleets(s *scenario) []*fleet {
	var list []*fleet
	for _, sub := range b.subjects {
		body := requestBody(sub.client, sub.model(), s)
		f := &fleet{subject: sub, script: newScript(s, len(body))}
		for range s.clients {
			f.clients = append(f.clients, newClient(b.of(sub).address(sub), sub, s, body))
		}
		list = append(list, f)
	}
	return list
}

// of is the gateway that a subject is in.
func (b *bench) of(s subject) *gateway {
	if s.accounts {
		return b.accounted
	}
	return b.gateway
}

// round lets the clients make a number of requests together and returns the CPU time of
// the Caddy process in the meantime.
func (b *bench) round(f *fleet, s *scenario, requests int) (time.Duration, error) {
	b.mock.script.Store(f.script)
	before, err := b.of(f.subject).cpu()
	if err != nil {
		return 0, err
	}
	var left atomic.Int64
	left.Store(int64(requests))
	var wait sync.WaitGroup
	for _, c := range f.clients {
		wait.Go(func() {
			if s.paced() { // not all in step
				time.Sleep(rand.N(s.pace))
			}
			for left.Add(-1) >= 0 {
				if _, err := c.ask(); err != nil {
					b.faults.add(f.subject, err)
				}
			}
		})
	}
	wait.Wait()
	after, err := b.of(f.subject).cpu()
	return after - before, err
}

// costs are what each subject cost per unit, round by round.
type costs map[subject][]time.Duration

// compare measures a scenario with all subjects by turns.
func (b *bench) compare(s *scenario) (costs, error) {
	fleets := b.fleets(s)
	rounds, units := b.effort.rounds, s.requests
	if s.paced() {
		rounds, units = b.effort.pacedRounds, s.requests*s.chunks
	}
	found := costs{}
	held := newHeldBack(s)
	for r := range rounds + 1 {
		for _, f := range fleets {
			requests := s.requests
			if r == 0 { // to warm up: connections, pools, branch predictors
				requests = min(requests, 2*s.clients)
			}
			spent, err := b.round(f, s, requests)
			if err != nil {
				return nil, err
			}
			if r > 0 {
				found[f.subject] = append(found[f.subject], spent/time.Duration(units))
			}
			held.look(f)
		}
	}
	held.report(&b.faults)
	for _, f := range fleets {
		for _, c := range f.clients {
			c.close()
		}
	}
	return found, nil
}

// heldBack finds chunks that always arrive only after the next one was sent.
type heldBack struct {
	s       *scenario
	fastest map[subject][]time.Duration // by chunk
}

func newHeldBack(s *scenario) *heldBack {
	return &heldBack{s, map[subject][]time.Duration{}}
}

// look takes in the delays of the clients' last answers.
func (h *heldBack) look(f *fleet) {
	if !h.s.paced() {
		return
	}
	fastest := h.fastest[f.subject]
	for _, c := range f.clients {
		for i, delay := range c.audit.delays {
			if i >= len(fastest) {
				fastest = append(fastest, delay)
			}
			fastest[i] = min(fastest[i], delay)
		}
	}
	h.fastest[f.subject] = fastest
}

func (h *heldBack) report(to *faults) {
	for sub, fastest := range h.fastest {
		for i, delay := range fastest {
			if delay >= h.s.pace {
				to.add(sub, fmt.Errorf("chunk %d is held back: it never came within %v", i, h.s.pace))
			}
		}
	}
}

// ratio is the median of the quotients, round by round, of a subject to its baseline.
func (c costs) ratio(s subject) float64 {
	own, base := c[s], c[s.baseline()]
	var list []float64
	for i := range own {
		list = append(list, float64(own[i])/float64(base[i]))
	}
	return median(list)
}

// median is the middle of a list, 0 of none.
func median[T int64 | float64 | time.Duration](list []T) T {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
