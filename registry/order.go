package registry

import (
	"math"
	"slices"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Candidate is a route that is considered for a request. Order fills in what follows State
// and Caps.
type Candidate struct {
	Route *Route
	// State is what is known of the route.
	State *State
	// Caps is what the route takes; nil is not known.
	Caps *translate.Capabilities
	// Cost is what the request is expected to cost, in nano-USD; negative is not known. Only
	// Cheapest looks at it.
	Cost int64

	// Reason is why the candidate stands where it stands, or why it was refused.
	Reason Reason
	// Lacks names what an incapable route lacks.
	Lacks string
	// Score is what the candidate was ranked by, less being better: chance by weight,
	// expected seconds, expected USD, a hash; 0 where its place in the configuration decided.
	Score float64
	// Wait is how long a resting route still rests.
	Wait time.Duration
}

// Reason is why a candidate stands where it stands.
type Reason uint8

// The reasons. Incapable and Rests refuse a candidate.
const (
	ByOrder Reason = iota
	ByWeight
	ByLatency
	ByPrice
	ByAffinity
	AsFallback
	Incapable
	Rests
)

// String gives the reason's name.
func (r Reason) String() string {
	return [...]string{ByOrder: "order", ByWeight: "weight", ByLatency: "latency", ByPrice: "price", ByAffinity: "affinity",
		AsFallback: "fallback", Incapable: "incapable", Rests: "resting"}[r]
}

// Ask is a request, as far as the order of routes depends on it.
type Ask struct {
	Needs Needs
	// Affinity names what the request should stay with, "" if it goes its own way.
	Affinity string
	Now      time.Time
	// Random gives numbers from 0 up to 1.
	Random func() float64
}

// Order puts the candidates of a model in the order in which they are to be tried, and
// returns how many can be: those that rest or lack what the request needs come last.
// Routes for fallback come after all others, in the order of the configuration.
func Order(m *Model, ask *Ask, list []Candidate) (usable int) {
	first := 0
	for i := range list {
		list[i].judge(ask)
		if list[i].usable() {
			usable++
			if !list[i].Route.Fallback {
				first++
			}
		}
	}
	slices.SortFunc(list, func(a, b Candidate) int {
		if d := a.group() - b.group(); d != 0 {
			return d
		}
		return a.Route.place - b.Route.place
	})
	rank(m, ask, list[:first])
	return usable
}

// judge says whether the candidate can be tried.
func (c *Candidate) judge(ask *Ask) {
	c.Reason, c.Score, c.Wait = ByOrder, 0, 0
	if c.Route.Fallback {
		c.Reason = AsFallback
	}
	if c.Lacks = ask.Needs.Lacks(c.Caps); c.Lacks != "" {
		c.Reason = Incapable
		return
	}
	if ok, wait := c.State.Ready(ask.Now); !ok {
		c.Reason, c.Wait = Rests, wait
	}
}

func (c *Candidate) usable() bool { return c.Reason != Incapable && c.Reason != Rests }

// group orders the candidates by what they are good for.
func (c *Candidate) group() int {
	switch {
	case !c.usable():
		return 2
	case c.Route.Fallback:
		return 1
	}
	return 0
}

// rank orders the candidates that are no fallbacks.
func rank(m *Model, ask *Ask, list []Candidate) {
	if len(list) < 2 {
		return
	}
	switch {
	case ask.Affinity != "" && m.Affinity != AffinityOff:
		for i := range list {
			list[i].Reason, list[i].Score = ByAffinity, list[i].rendezvous(m, ask.Affinity)
		}
	case m.Policy == Weighted:
		for i := range list {
			list[i].Reason, list[i].Score = ByWeight, list[i].arrival(ask.Random())
		}
	case m.Policy == LeastLatency:
		for i := range list {
			list[i].Reason, list[i].Score = ByLatency, list[i].State.Latency.Cost(ask.Now)
		}
	case m.Policy == Cheapest:
		for i := range list {
			list[i].Reason, list[i].Score = ByPrice, list[i].price()
		}
	default:
		return
	}
	slices.SortStableFunc(list, func(a, b Candidate) int {
		switch {
		case a.Score < b.Score:
			return -1
		case a.Score > b.Score:
			return 1
		}
		return 0
	})
	if list[0].Reason == ByLatency {
		powerOfTwo(list, ask.Random)
	}
}

// price is the expected cost in USD. A route without a known price comes after all others:
// nobody can say that it is cheap.
func (c *Candidate) price() float64 {
	if c.Cost < 0 {
		return math.Inf(1)
	}
	return float64(c.Cost) / 1e9
}

// arrival turns a number from 0 to 1 into the time after which the first event of a
// process comes whose rate is the weight. Ordered by it, candidates are drawn by their
// weights without being put back (Efraimidis and Spirakis, 2006).
func (c *Candidate) arrival(u float64) float64 {
	return -math.Log1p(-u) / float64(max(c.Route.Weight, 1))
}

// rendezvous is the candidate's arrival by a hash of it and of what should stay together
// (weighted rendezvous hashing): it changes with nothing else, so that of all that stays
// together only what was on a route moves when that route rests.
func (c *Candidate) rendezvous(m *Model, affinity string) float64 {
	h := hashString(hashString(hashString(offset, affinity), c.Route.Provider), c.Route.Upstream)
	h = mix(h + uint64(c.Route.twin)) // routes that lead to the same share it none the less
	u := float64(h>>11) / (1 << 53)
	if m.Policy != Weighted {
		return -math.Log1p(-u)
	}
	return c.arrival(u)
}

// FNV-1a, whose parameters these are; mix spreads its bits (the finalizer of SplitMix64).
const (
	offset = 14695981039346656037
	prime  = 1099511628211
)

func hashString(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	return (h ^ 0xff) * prime // so that the borders of strings count
}

func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// powerOfTwo puts the faster of two candidates drawn by chance first: the fastest of all
// would get every request until it is slow (Mitzenmacher, 2001).
func powerOfTwo(list []Candidate, random func() float64) {
	n := len(list)
	i := int(random() * float64(n))
	j := int(random() * float64(n-1))
	if j >= i {
		j++
	}
	best := i
	if list[j].Score < list[i].Score {
		best = j
	}
	c := list[best]
	copy(list[1:best+1], list[:best])
	list[0] = c
}
