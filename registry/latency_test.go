package registry

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestLatency: peaks count at once and are forgotten slowly, and calls under way count as
// much as calls that were observed.
func TestLatency(t *testing.T) {
	const s = time.Second
	for _, test := range []struct {
		name     string
		observed []struct{ at, d time.Duration }
		underway int
		at       time.Duration
		want     float64
	}{
		{"nothing is known", nil, 0, 0, 0},
		{"nothing is known yet of three under way", nil, 3, 0, 3},
		{"one call", []struct{ at, d time.Duration }{{0, 2 * s}}, 0, 0, 2},
		{"a peak counts at once", []struct{ at, d time.Duration }{{0, s}, {s, 9 * s}}, 0, s, 9},
		{"a peak is forgotten slowly", []struct{ at, d time.Duration }{{0, 9 * s}, {s, s}}, 0, s, 9*math.Exp(-0.1) + 1 - math.Exp(-0.1)},
		{"a peak is forgotten after a minute", []struct{ at, d time.Duration }{{0, 9 * s}, {60 * s, s}}, 0, 60 * s, 1 + 8*math.Exp(-6)},
		{"what is not observed fades", []struct{ at, d time.Duration }{{0, 4 * s}}, 0, fade, 4 / math.E},
		{"but not between the requests of one person", []struct{ at, d time.Duration }{{0, 4 * s}}, 0, 10 * s, 4 * math.Exp(-1.0/30)},
		{"each call under way costs as much", []struct{ at, d time.Duration }{{0, 2 * s}}, 3, 0, 8},
		{"calls under way do not fade", []struct{ at, d time.Duration }{{0, 2 * s}}, 3, 4 * time.Hour, 6},
		{"a clock set back", []struct{ at, d time.Duration }{{time.Hour, 2 * s}, {0, s}}, 0, 0, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l Latency
			for _, o := range test.observed {
				l.Observe(noon.Add(o.at), o.d)
			}
			for range test.underway {
				l.Begin()
			}
			if got := l.Cost(noon.Add(test.at)); math.Abs(got-test.want) > 1e-9 {
				t.Errorf("costs %v, want %v", got, test.want)
			}
			if l.Underway() != test.underway {
				t.Errorf("%d under way", l.Underway())
			}
			for range test.underway {
				l.End()
			}
			if l.Underway() != 0 {
				t.Errorf("%d under way after the end", l.Underway())
			}
		})
	}
}

// TestFewRequests: where requests are seldom, the slower route is not taken in turn with
// the faster, and yet tried again now and then.
func TestFewRequests(t *testing.T) {
	for _, gap := range []time.Duration{time.Second, 15 * time.Second, time.Minute} {
		m := &Model{Name: "m", Policy: LeastLatency, Routes: []*Route{{Provider: "fast"}, {Provider: "slow"}}}
		build(t, m)
		states, times := [2]State{}, [2]time.Duration{time.Second, 5 * time.Second}
		now, random, slow := noon, rand.New(rand.NewPCG(1, 2)), 0
		for range 3000 {
			now = now.Add(time.Duration(random.ExpFloat64() * float64(gap)))
			list := []Candidate{{Route: m.Routes[0], State: &states[0]}, {Route: m.Routes[1], State: &states[1]}}
			Order(m, &Ask{Now: now, Random: random.Float64}, list)
			i := list[0].Route.place
			now = now.Add(times[i])
			states[i].Latency.Observe(now, times[i])
			slow += i
		}
		if slow < 5 || slow > 450 {
			t.Errorf("a request each %v: %d of 3000 for the slower route", gap, slow)
		}
	}
}

// TestQuantile: nothing is told from fewer than 20 answers, and old ones are forgotten.
func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		name  string
		count int // answers in 1 ms, 2 ms and so on, in any order
		q     float64
		want  time.Duration
	}{
		{"nothing", 0, 0.95, 0}, {"too few", 19, 0.95, 0}, {"twenty", 20, 0.95, 19}, {"all of them", 20, 1, 20}, {"none of them", 20, 0, 1},
		{"half", 100, 0.5, 50}, {"a part of a call", 21, 0.5, 11}, {"p99 of a hundred", 100, 0.99, 99},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l Latency
			for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(test.count) {
				l.ObserveWhole(time.Duration(i+1) * time.Millisecond)
			}
			if got := l.Quantile(test.q); got != test.want*time.Millisecond {
				t.Errorf("%v, want %v ms", got, int(test.want))
			}
		})
	}
	t.Run("the last 128", func(t *testing.T) {
		var l Latency
		for i := range 1000 {
			l.ObserveWhole(time.Duration(i))
		}
		if low, high := l.Quantile(0), l.Quantile(1); low != 1000-maxSamples || high != 999 || len(l.whole.list) != maxSamples {
			t.Errorf("from %d to %d, %d kept", low, high, len(l.whole.list))
		}
	})
}
