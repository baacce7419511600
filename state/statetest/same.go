package statetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// Same holds two engines against each other: under the same random operations they give
// equal answers. open gives a fresh pair.
func Same(t *testing.T, open func(t *rapid.T) (a, b limits.Engine)) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := open(rt)
		p := &pair{T: rt, t: t, a: a, b: b, now: Noon, rate: limit.Draw(rt, "rate")}
		rt.Repeat(map[string]func(*rapid.T){
			"reserve": func(*rapid.T) { p.reserve() },
			"settle":  func(*rapid.T) { p.settle() },
			"correct": func(*rapid.T) { p.correct() },
			"renew":   func(*rapid.T) { p.renew() },
			"wait":    func(*rapid.T) { p.wait() },
			"":        func(*rapid.T) { p.compare() },
		})
	})
}

// pair is two engines and the leases that were made in both.
type pair struct {
	*rapid.T
	t    *testing.T
	a, b limits.Engine
	now  time.Time
	made []*limits.Lease
	rate int64 // the limit of rates
}

// limit draws limits.
var limit = rapid.SampledFrom([]int64{1, 7, 100, 1000, limits.MaxRate})

// choice draws some meters. Limits of quotas and places change now and then; that of a rate
// stays, since how soon it can be forgotten depends on it.
func (p *pair) choice() []limits.Meter {
	amount := func(limit int64) int64 { return rapid.Int64Range(0, min(limit, 400)).Draw(p.T, "amount") }
	var list []limits.Meter
	for i, m := range []limits.Meter{Rate(1, 0), Rate(1, 0), Day(p.now, 1, 0), Ever(1, 0), Slots(1)} {
		if rapid.IntRange(0, 2).Draw(p.T, "left out") == 0 {
			continue
		}
		if m.Limit = p.rate; m.Kind != limits.Rate {
			m.Limit = limit.Draw(p.T, "limit")
		}
		if m.Kind != limits.Slots {
			m.Amount = amount(m.Limit)
		}
		if i == 1 {
			m.Key, m.Period = "model/a model %/rps", time.Second
		}
		list = append(list, m)
	}
	return list
}

func (p *pair) reserve() {
	first := &limits.Lease{ID: fmt.Sprint("l", len(p.made)), Tenant: "acme", Meters: p.choice()}
	second := &limits.Lease{ID: first.ID, Tenant: first.Tenant, Meters: first.Meters}
	va, err := p.a.Reserve(p.t.Context(), first, p.now)
	if err != nil {
		p.Fatal(err)
	}
	vb, err := p.b.Reserve(p.t.Context(), second, p.now)
	if err != nil {
		p.Fatal(err)
	}
	if va.Refused != vb.Refused || va.Wait != vb.Wait || va.Settled != vb.Settled || !slices.Equal(va.Remaining, vb.Remaining) {
		p.Fatalf("the verdicts on %+v are %+v and %+v", first.Meters, va, vb)
	}
	p.made = append(p.made, first)
}

func (p *pair) settle() {
	if len(p.made) == 0 {
		return
	}
	l := rapid.SampledFrom(p.made).Draw(p.T, "lease")
	actual := make([]int64, len(l.Meters))
	for i := range actual {
		actual[i] = rapid.Int64Range(0, 1000).Draw(p.T, "actual")
	}
	for _, e := range []limits.Engine{p.a, p.b} {
		e.Settle(l, actual, p.now)
		Flush(p.t, e)
	}
}

// correct corrects quotas of which something is counted: of others the ledger is asked.
func (p *pair) correct() {
	meters := []limits.Meter{Day(p.now, 1000, 0), Ever(1000, 0)}
	by, _, err := p.a.Used(p.t.Context(), "acme", meters, p.now)
	if err != nil {
		p.Fatal(err)
	}
	for i := range by {
		if by[i] > 0 {
			by[i] = rapid.Int64Range(-500, 500).Draw(p.T, "by")
		}
	}
	for _, e := range []limits.Engine{p.a, p.b} {
		e.Correct("acme", meters, by, p.now)
		Flush(p.t, e)
	}
}

func (p *pair) renew() {
	if len(p.made) == 0 {
		return
	}
	l := rapid.SampledFrom(p.made).Draw(p.T, "lease")
	for _, e := range []limits.Engine{p.a, p.b} {
		if err := e.Renew(p.t.Context(), "acme", []string{l.ID}, p.now); err != nil {
			p.Fatal(err)
		}
		Flush(p.t, e)
	}
}

func (p *pair) wait() {
	step := rapid.SampledFrom([]time.Duration{0, 7 * time.Millisecond, time.Second, 20 * time.Second, time.Minute, limits.Expiry, 9 * time.Hour, 30 * time.Hour})
	p.now = p.now.Add(step.Draw(p.T, "passed"))
}

func (p *pair) compare() {
	meters := []limits.Meter{Rate(p.rate, 0), Day(p.now, 100, 0), Ever(100, 0), Slots(100)}
	a, reservedA, err := p.a.Used(p.t.Context(), "acme", meters, p.now)
	if err != nil {
		p.Fatal(err)
	}
	b, reservedB, err := p.b.Used(p.t.Context(), "acme", meters, p.now)
	if err != nil {
		p.Fatal(err)
	}
	if !slices.Equal(a, b) {
		p.Fatalf("%v and %v are used", a, b)
	}
	if !slices.Equal(reservedA, reservedB) {
		p.Fatalf("%v and %v are reserved", reservedA, reservedB)
	}
}
