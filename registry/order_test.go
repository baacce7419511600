package registry

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/translate"
)

func seeded(seed uint64) func() float64 { return rand.New(rand.NewPCG(seed, 7)).Float64 }

// modelOf makes a model with a route for each weight. A negative weight is a fallback's.
func modelOf(t interface {
	Helper()
	Fatal(...any)
}, p Policy, weights ...int) *Model {
	t.Helper()
	m := &Model{Name: "m", Policy: p}
	for i, w := range weights {
		m.Routes = append(m.Routes, &Route{ID: fmt.Sprintf("m#%d", i+1), Provider: fmt.Sprintf("p%d", i+1), Upstream: "up", Weight: max(w, 0), Fallback: w < 0})
	}
	if _, err := New([]*Model{m}); err != nil {
		t.Fatal(err)
	}
	return m
}

func candidatesOf(m *Model) []Candidate {
	var list []Candidate
	for _, r := range m.Routes {
		list = append(list, Candidate{Route: r, State: new(State)})
	}
	return list
}

// inOrder gives the candidates' IDs, those that cannot be used after a bar.
func inOrder(list []Candidate, usable int) string {
	var ids []string
	for i, c := range list {
		if i == usable {
			ids = append(ids, "|")
		}
		ids = append(ids, strings.TrimPrefix(c.Route.ID, "m#"))
	}
	return strings.Join(ids, " ")
}

// TestOrder goes through who stands where and why.
func TestOrder(t *testing.T) {
	noImages := &translate.Capabilities{Tools: true}
	rest := func(d time.Duration) func(*Candidate) {
		return func(c *Candidate) { c.State.Rest(noon, Ticket{}, d, CauseRateLimit) }
	}
	slow := func(d time.Duration) func(*Candidate) { return func(c *Candidate) { c.State.Latency.Observe(noon, d) } }
	costs := func(nano int64) func(*Candidate) { return func(c *Candidate) { c.Cost = nano } }
	for _, test := range []struct {
		name    string
		policy  Policy
		weights []int
		ask     Ask
		change  map[int]func(*Candidate) // by the number of the route, from 1
		want    string
		reasons string
	}{
		{"nothing", First, nil, Ask{}, nil, "", ""},
		{"one route", Weighted, []int{5}, Ask{}, nil, "1", "order"},
		{"as configured", First, []int{1, 1, 1}, Ask{}, nil, "1 2 3", "order order order"},
		{"fallbacks after all others, as configured", First, []int{-1, 1, -1, 1}, Ask{}, nil, "2 4 1 3", "order order fallback fallback"},
		{"only fallbacks", LeastLatency, []int{-1, -1}, Ask{}, map[int]func(*Candidate){1: slow(time.Hour)}, "1 2", "fallback fallback"},
		{"weight does not touch fallbacks", Weighted, []int{-1, 3, -1}, Ask{}, nil, "2 1 3", "order fallback fallback"},
		{"a resting route comes last", First, []int{1, 1, -1}, Ask{}, map[int]func(*Candidate){1: rest(time.Minute)}, "2 3 | 1", "order fallback resting"},
		{"only a fallback is left", First, []int{1, 1, -1}, Ask{}, map[int]func(*Candidate){1: rest(time.Minute), 2: rest(time.Hour)}, "3 | 1 2", "fallback resting resting"},
		{"all rest", First, []int{1, -1}, Ask{}, map[int]func(*Candidate){1: rest(time.Minute), 2: rest(time.Second)}, "| 1 2", "resting resting"},
		{"one takes no images", First, []int{1, 1}, Ask{Needs: Needs{Images: true, Tools: true}}, map[int]func(*Candidate){1: func(c *Candidate) { c.Caps = noImages }}, "2 | 1", "order incapable"},
		{"what it lacks counts before its rest", First, []int{1, 1}, Ask{Needs: Needs{Images: true}}, map[int]func(*Candidate){1: func(c *Candidate) { c.Caps = noImages; rest(time.Hour)(c) }}, "2 | 1", "order incapable"},
		{"by latency, of two", LeastLatency, []int{1, 1}, Ask{}, map[int]func(*Candidate){1: slow(2 * time.Second), 2: slow(time.Second)}, "2 1", "latency latency"},
		{"an unknown latency is tried", LeastLatency, []int{1, 1}, Ask{}, map[int]func(*Candidate){1: slow(time.Millisecond)}, "2 1", "latency latency"},
		{"by price", Cheapest, []int{1, 1, 1, -1}, Ask{}, map[int]func(*Candidate){1: costs(30), 2: costs(10), 3: costs(20), 4: costs(0)}, "2 3 1 4", "price price price fallback"},
		{"an unknown price is no low one", Cheapest, []int{1, 1, 1}, Ask{}, map[int]func(*Candidate){1: costs(-1), 2: costs(10), 3: costs(0)}, "3 2 1", "price price price"},
		{"equal prices, as configured", Cheapest, []int{1, 1, 1}, Ask{}, map[int]func(*Candidate){3: costs(-1)}, "1 2 3", "price price price"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := modelOf(t, test.policy, test.weights...)
			list := candidatesOf(m)
			for n, change := range test.change {
				change(&list[n-1])
			}
			test.ask.Now, test.ask.Random = noon, seeded(1)
			usable := Order(m, &test.ask, list)
			var reasons []string
			for _, c := range list {
				reasons = append(reasons, c.Reason.String())
				if _, wait := c.State.Ready(noon); c.Reason != Incapable && c.Wait != wait {
					t.Errorf("%s waits %v, want %v", c.Route.ID, c.Wait, wait)
				}
				if (c.Lacks == "images") != (c.Reason == Incapable) {
					t.Errorf("%s lacks %q, yet is there for %s", c.Route.ID, c.Lacks, c.Reason)
				}
			}
			if got := inOrder(list, usable); got != test.want || strings.Join(reasons, " ") != test.reasons {
				t.Errorf("%q for %q, want %q for %q", got, reasons, test.want, test.reasons)
			}
		})
	}
}

// TestWeightedShares: each route is first as often as its weight says, and what follows is
// drawn from the rest likewise. Bounds are five standard deviations.
func TestWeightedShares(t *testing.T) {
	const draws = 20_000
	weights := []int{1, 2, 7, 90}
	m := modelOf(t, Weighted, append(weights, -50)...)
	list, ask := candidatesOf(m), Ask{Now: noon, Random: seeded(3)}
	first, second := map[int]int{}, map[int]int{} // second where the heaviest is first
	for range draws {
		if usable := Order(m, &ask, list); usable != 5 || !list[4].Route.Fallback {
			t.Fatal(inOrder(list, usable))
		}
		first[list[0].Route.place]++
		if list[0].Route.place == 3 {
			second[list[1].Route.place]++
		}
	}
	for i, w := range weights {
		within(t, fmt.Sprintf("route %d first", i), first[i], draws, float64(w)/100)
		if i < 3 {
			within(t, fmt.Sprintf("route %d second", i), second[i], first[3], float64(w)/10)
		}
	}
}

// within checks a count of trials with a probability.
func within(t *testing.T, what string, got, trials int, p float64) {
	t.Helper()
	mean, deviation := float64(trials)*p, math.Sqrt(float64(trials)*p*(1-p))
	if math.Abs(float64(got)-mean) > 5*deviation {
		t.Errorf("%s: %d of %d, want %.0f ± %.0f", what, got, trials, mean, 5*deviation)
	}
}

// TestPowerOfTwo: of three routes and more, the faster of any two is asked, so that the
// fastest does not get all and the slowest none of what the others are not drawn for.
func TestPowerOfTwo(t *testing.T) {
	const draws = 20_000
	m := modelOf(t, LeastLatency, 1, 1, 1)
	list := candidatesOf(m)
	for i := range list {
		list[i].State.Latency.Observe(noon, time.Duration(i+1)*time.Second)
	}
	ask, first := Ask{Now: noon, Random: seeded(5)}, map[int]int{}
	for range draws {
		Order(m, &ask, list)
		first[list[0].Route.place]++
		if list[1].Score > list[2].Score {
			t.Fatal("the others are not in the order of their cost")
		}
	}
	within(t, "the fastest", first[0], draws, 2.0/3)
	within(t, "the middle one", first[1], draws, 1.0/3)
	if first[2] != 0 {
		t.Errorf("the slowest is asked %d times", first[2])
	}
}

// TestLeastLatency sends requests at a steady rate to routes that take different times to
// answer: the slower gets less, both get some, and one that never answers does not take up
// all that come until that is noticed.
func TestLeastLatency(t *testing.T) {
	const never = time.Hour
	for _, test := range []struct {
		name         string
		takes        [2]time.Duration
		least, most  int // of 2000 requests to the second, ten a second
		knownToBegin bool
	}{
		{"as fast as each other", [2]time.Duration{time.Second, time.Second}, 700, 1300, false},
		{"three times as slow", [2]time.Duration{time.Second, 3 * time.Second}, 100, 800, false},
		{"never answers", [2]time.Duration{time.Second, never}, 1, 60, false},
		{"never answers any more", [2]time.Duration{time.Second, never}, 1, 60, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := modelOf(t, LeastLatency, 1, 1)
			list := candidatesOf(m)
			if test.knownToBegin {
				list[1].State.Latency.Observe(noon, time.Second)
			}
			type answer struct {
				at    time.Time
				state *State
				took  time.Duration
			}
			var coming []answer
			ask, count := Ask{Now: noon, Random: seeded(11)}, [2]int{}
			for range 2000 {
				ask.Now = ask.Now.Add(100 * time.Millisecond)
				coming = slices.DeleteFunc(coming, func(a answer) bool {
					if a.at.After(ask.Now) {
						return false
					}
					a.state.Latency.Observe(a.at, a.took)
					a.state.Latency.End()
					return true
				})
				Order(m, &ask, list)
				place := list[0].Route.place
				count[place]++
				list[0].State.Latency.Begin()
				coming = append(coming, answer{ask.Now.Add(test.takes[place]), list[0].State, test.takes[place]})
			}
			if count[1] < test.least || count[1] > test.most {
				t.Errorf("%v, want from %d to %d for the second", count, test.least, test.most)
			}
		})
	}
}

// TestOrderHolds: whatever the model and the state of its routes, the order is one of all
// candidates, the usable ones are usable and first, fallbacks follow all others as
// configured, and the same seed gives the same order.
func TestOrderHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := modelOf(t, Policy(rapid.IntRange(0, 3).Draw(t, "policy")), rapid.SliceOfN(rapid.IntRange(-1, 9), 0, 20).Draw(t, "weights")...)
		m.Affinity = Affinity(rapid.IntRange(0, 2).Draw(t, "affinity"))
		list := candidatesOf(m)
		for i := range list {
			list[i].Cost = rapid.Int64Range(-1, 9).Draw(t, "cost")
			switch rapid.IntRange(0, 5).Draw(t, "state") {
			case 0:
				list[i].State.Rest(noon, Ticket{}, time.Duration(rapid.IntRange(1, 99).Draw(t, "rest"))*time.Second, CauseRateLimit)
			case 1:
				list[i].State.Rest(noon.Add(-time.Minute), Ticket{}, time.Second, CauseAuth)
				list[i].State.Begin(noon) // the probe
			case 2:
				list[i].Caps = &translate.Capabilities{Images: rapid.Bool().Draw(t, "images")}
			case 3:
				list[i].State.Latency.Observe(noon, time.Duration(rapid.IntRange(1, 9).Draw(t, "latency"))*time.Second)
			}
		}
		seed := rapid.Uint64().Draw(t, "seed")
		ask := Ask{Now: noon, Needs: Needs{Images: rapid.Bool().Draw(t, "needs images")}, Affinity: rapid.SampledFrom([]string{"", "s1", "s2"}).Draw(t, "session")}
		order := func(list []Candidate) ([]Candidate, int) {
			list = slices.Clone(list)
			ask.Random = seeded(seed)
			return list, Order(m, &ask, list)
		}
		ordered, usable := order(list)
		again, _ := order(list)
		if inOrder(ordered, usable) != inOrder(again, usable) {
			t.Fatalf("%s, then %s", inOrder(ordered, usable), inOrder(again, usable))
		}
		seen := map[*Route]bool{}
		for i, c := range ordered {
			seen[c.Route] = true
			ready, _ := c.State.Ready(noon)
			if can := ready && (!ask.Needs.Images || c.Caps == nil || c.Caps.Images); can != (i < usable) {
				t.Fatalf("%s is %s at %d of %d usable", c.Route.ID, c.Reason, i, usable)
			}
			if i+1 < usable && c.Route.Fallback {
				if next := ordered[i+1].Route; !next.Fallback || next.place < c.Route.place {
					t.Fatalf("%s follows the fallback %s", next.ID, c.Route.ID)
				}
			}
		}
		if len(seen) != len(m.Routes) {
			t.Fatalf("%d of %d routes are left", len(seen), len(m.Routes))
		}
	})
}

// TestOrderAllocatesNothing: each request is put in order.
func TestOrderAllocatesNothing(t *testing.T) {
	for _, policy := range []Policy{First, Weighted, LeastLatency, Cheapest} {
		for _, session := range []string{"", "session"} {
			m := modelOf(t, policy, 1, 2, 3, 4, -1, -1)
			m.Affinity = AffinitySession
			list, ask := candidatesOf(m), Ask{Now: noon, Affinity: session, Random: seeded(1), Needs: Needs{Images: true, Tools: true, Tokens: 100}}
			list[1].State.Rest(noon, Ticket{}, time.Minute, CauseRateLimit)
			list[2].Caps = &translate.Capabilities{Images: true}
			if n := testing.AllocsPerRun(100, func() { Order(m, &ask, list) }); n != 0 {
				t.Errorf("%s by %q: %v allocations", policy, session, n)
			}
		}
	}
}

// BenchmarkOrder is what a plan costs.
func BenchmarkOrder(b *testing.B) {
	for _, policy := range []Policy{First, Weighted, LeastLatency, Cheapest} {
		for _, session := range []string{"", "0123456789abcdef0123456789abcdef"} {
			b.Run(fmt.Sprintf("%s/affinity=%t", policy, session != ""), func(b *testing.B) {
				m := modelOf(b, policy, 1, 2, 3, -1)
				m.Affinity = AffinitySession
				list, ask := candidatesOf(m), Ask{Now: noon, Affinity: session, Random: seeded(1)}
				b.ReportAllocs()
				for range b.N {
					Order(m, &ask, list)
				}
			})
		}
	}
}
