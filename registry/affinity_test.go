package registry

import (
	"fmt"
	"testing"
	"time"
)

// homes tells which route is first for each of many sessions.
func homes(m *Model, list []Candidate, sessions int) []*Route {
	ask, first := Ask{Now: noon, Random: seeded(1)}, make([]*Route, sessions)
	for i := range first {
		ask.Affinity = fmt.Sprintf("session-%d", i)
		Order(m, &ask, list)
		first[i] = list[0].Route
	}
	return first
}

const manySessions = 8_000

// TestAffinityShares: sessions spread over the routes by their weights, evenly where the
// policy knows none, also over routes that lead to the same upstream with other options.
func TestAffinityShares(t *testing.T) {
	for _, test := range []struct {
		name    string
		policy  Policy
		weights []int
		twins   bool
		want    []float64
	}{
		{"first", First, []int{1, 1, 1}, false, []float64{1. / 3, 1. / 3, 1. / 3}},
		{"weights", Weighted, []int{70, 20, 10}, false, []float64{0.7, 0.2, 0.1}},
		{"weights without the policy", LeastLatency, []int{70, 20, 10}, false, []float64{1. / 3, 1. / 3, 1. / 3}},
		{"an experiment on one upstream", Weighted, []int{90, 10}, true, []float64{0.9, 0.1}},
		{"fallbacks get none", First, []int{1, -1, 1}, false, []float64{0.5, 0, 0.5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := modelOf(t, test.policy, test.weights...)
			m.Affinity = AffinitySession
			if test.twins {
				for _, r := range m.Routes {
					r.Provider = "p"
				}
				m.number()
			}
			count := make([]int, len(m.Routes))
			for _, r := range homes(m, candidatesOf(m), manySessions) {
				count[r.place]++
			}
			for i, p := range test.want {
				within(t, m.Routes[i].ID, count[i], manySessions, p)
			}
		})
	}
}

// TestAffinityStays: of all sessions only those move whose route has gone or that a new or
// heavier route takes, and all come back.
func TestAffinityStays(t *testing.T) {
	build := func(names []string, weights []int) *Model {
		m := &Model{Name: "m", Policy: Weighted, Affinity: AffinitySession}
		for i, name := range names {
			m.Routes = append(m.Routes, &Route{ID: fmt.Sprint("m#", i+1), Provider: name, Upstream: "up", Weight: weights[i]})
		}
		m.number()
		return m
	}
	full := build([]string{"a", "b", "c", "d"}, []int{1, 2, 3, 4})
	before := homes(full, candidatesOf(full), manySessions)
	resting := candidatesOf(full)
	resting[1].State.Rest(noon, Ticket{}, time.Minute, CauseRateLimit)
	for _, test := range []struct {
		name string
		m    *Model
		list []Candidate
		may  func(from, to string) bool // move
	}{
		{"nothing changes", full, candidatesOf(full), func(_, _ string) bool { return false }},
		{"the order in the configuration", build([]string{"d", "b", "a", "c"}, []int{4, 2, 1, 3}), nil, func(_, _ string) bool { return false }},
		{"a route rests", full, resting, func(from, _ string) bool { return from == "b" }},
		{"a route is removed", build([]string{"a", "c", "d"}, []int{1, 3, 4}), nil, func(from, _ string) bool { return from == "b" }},
		{"a route is added", build([]string{"x", "a", "b", "c", "d"}, []int{2, 1, 2, 3, 4}), nil, func(_, to string) bool { return to == "x" }},
		{"a route weighs more", build([]string{"a", "b", "c", "d"}, []int{1, 6, 3, 4}), nil, func(_, to string) bool { return to == "b" }},
		{"a route weighs less", build([]string{"a", "b", "c", "d"}, []int{1, 1, 3, 4}), nil, func(from, _ string) bool { return from == "b" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.list == nil {
				test.list = candidatesOf(test.m)
			}
			moved := 0
			for i, r := range homes(test.m, test.list, manySessions) {
				from, to := before[i].Provider, r.Provider
				if from == to {
					continue
				}
				if moved++; !test.may(from, to) {
					t.Fatalf("session %d moved from %s to %s", i, from, to)
				}
			}
			if moves := test.may("b", "") || test.may("", "b") || test.may("", "x"); moves != (moved > 0) {
				t.Errorf("%d sessions moved", moved)
			}
		})
	}
}

// TestAffinityOff: a session counts only where the model says so, and a request without
// one goes its own way.
func TestAffinityOff(t *testing.T) {
	for _, test := range []struct {
		affinity Affinity
		session  string
		want     Reason
	}{
		{AffinityOff, "s", ByWeight}, {AffinityOff, "", ByWeight}, {AffinitySession, "", ByWeight}, {AffinityKey, "", ByWeight},
		{AffinitySession, "s", ByAffinity}, {AffinityKey, "k", ByAffinity},
	} {
		m := modelOf(t, Weighted, 1, 1)
		m.Affinity = test.affinity
		list := candidatesOf(m)
		Order(m, &Ask{Now: noon, Affinity: test.session, Random: seeded(1)}, list)
		if list[0].Reason != test.want || list[1].Reason != test.want || list[0].Score > list[1].Score {
			t.Errorf("%s with %q: by %s, %s, scores %v, %v", test.affinity, test.session, list[0].Reason, list[1].Reason, list[0].Score, list[1].Score)
		}
	}
}

// TestAffinityTellsRoutesApart: what is hashed has borders, so that no two routes follow
// each other.
func TestAffinityTellsRoutesApart(t *testing.T) {
	m := &Model{Name: "m", Affinity: AffinityKey, Routes: []*Route{{Provider: "a", Upstream: "bc"}, {Provider: "ab", Upstream: "c"}, {Provider: "", Upstream: "abc"}, {Provider: "a", Upstream: "bc"}}}
	m.number()
	list := candidatesOf(m)
	Order(m, &Ask{Now: noon, Affinity: "k", Random: seeded(1)}, list)
	for i := range list[1:] {
		if list[i].Score >= list[i+1].Score {
			t.Errorf("%v follows %v", list[i+1].Score, list[i].Score)
		}
	}
}
