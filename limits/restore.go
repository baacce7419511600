package limits

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// Past is what the ledger has summed up for a day.
type Past struct {
	Tenant, Key, Model string
	// Day is such as "2026-11-26", in the time zone of the limits.
	Day                     string
	Requests, Input, Output int64
	Cost                    prices.Amount
}

// Balances tells what is used of the quotas that are open now, from sums of days that reach
// back as far as the quotas do. The subject of each is asked for, since only what is limited
// is counted; nil is one that is not limited.
func Balances(past []Past, subject func(tenant, key, model string) *Subject, now time.Time, loc *time.Location) []Balance {
	b := balancing{today: calendar{now: now, loc: loc}, places: map[place]int{}}
	for i := range past {
		p := &past[i]
		if s := subject(p.Tenant, p.Key, p.Model); s != nil {
			b.add(p, s)
		}
	}
	return b.balances
}

// balancing is what Balances has added up so far.
type balancing struct {
	today    calendar
	balances []Balance
	places   map[place]int
}

type place struct{ tenant, key string }

// add counts a past towards each open quota of its subject.
func (b *balancing) add(p *Past, s *Subject) {
	for _, c := range s.scopes() {
		for i := range dimensions {
			d := &dimensions[i]
			if d.kind() != Quota || *d.of(c.set) <= 0 {
				continue
			}
			if window, ends := b.today.window(d.span); within(p.Day, window) {
				b.balance(Balance{Tenant: p.Tenant, Key: c.key(d), Window: window, Ends: ends}).Used += p.used(d.measure)
			}
		}
	}
}

// balance gives the balance of a meter, which begins as the given one.
func (b *balancing) balance(begin Balance) *Balance {
	at, found := b.places[place{begin.Tenant, begin.Key}]
	if !found {
		at = len(b.balances)
		b.places[place{begin.Tenant, begin.Key}] = at
		b.balances = append(b.balances, begin)
	}
	return &b.balances[at]
}

// within reports whether a day is in a window, by their names.
func within(day, window string) bool {
	return window == forever || len(day) >= len(window) && day[:len(window)] == window
}

func (p *Past) used(what Measure) int64 {
	if what == Requests {
		return p.Requests
	}
	used := Demand{Input: p.Input, Output: p.Output, Cost: p.Cost}
	return used.of(what)
}
