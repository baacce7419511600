package limits

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// Subject is whose limits a request is held against.
type Subject struct {
	// Tenant, Key and Model name who asks, and for what. An empty Key has no limits of its
	// own.
	Tenant, Key, Model string
	// KeyLimits are the key's own over what its tenant and the configuration say of keys.
	KeyLimits Set
	// TenantLimits bound all keys of the tenant together.
	TenantLimits Set
	// ModelLimits bound what all keys of the tenant use of the models that ModelPattern
	// matches.
	ModelLimits  Set
	ModelPattern string
}

// Demand is what a request is expected to use.
type Demand struct {
	Input, Output int64 // tokens
	Cost          prices.Amount
}

// scopes are the sets of a subject, each with what the keys of its meters begin with.
func (s *Subject) scopes() [3]scope {
	return [3]scope{
		{ScopeKey + "/", s.Key, &s.KeyLimits},
		{ScopeTenant, "", &s.TenantLimits},
		{ScopeModel + "/", s.ModelPattern, &s.ModelLimits},
	}
}

// CountsTokens reports whether a limit needs to know about tokens or money.
func (s *Subject) CountsTokens() bool {
	return s.limited(func(what Measure) bool { return what != Requests && what != Calls })
}

// HasBudget reports whether money is limited.
func (s *Subject) HasBudget() bool {
	return s.limited(func(what Measure) bool { return what == Money })
}

// limited reports whether a limit is set on one of some measures.
func (s *Subject) limited(on func(Measure) bool) bool {
	for _, c := range s.scopes() {
		for i := range dimensions {
			if d := &dimensions[i]; on(d.measure) && *d.of(c.set) > 0 {
				return true
			}
		}
	}
	return false
}

type scope struct {
	prefix, name string
	set          *Set
}

// key names the meter of a dimension, such as "key/k_7f3a/rpm" or "tenant/tpd".
func (c *scope) key(d *dimension) string { return c.prefix + c.name + "/" + d.name }

// Meters appends a meter for each limit that bounds a request. What they reserve is never
// above the limit, so that one request always fits where nothing is used. Days and months
// are those of a time zone.
func Meters(dst []Meter, s *Subject, d *Demand, now time.Time, loc *time.Location) []Meter {
	today := calendar{now: now, loc: loc}
	for _, c := range s.scopes() {
		if *c.set == (Set{}) {
			continue
		}
		for i := range dimensions {
			if dim := &dimensions[i]; *dim.of(c.set) > 0 {
				dst = append(dst, meterOf(&c, dim, d, &today))
			}
		}
	}
	return dst
}

func meterOf(c *scope, dim *dimension, d *Demand, today *calendar) Meter {
	m := Meter{Key: c.key(dim), Kind: dim.kind(), Limit: *dim.of(c.set)}
	m.Amount = min(max(0, d.of(dim.measure)), m.Limit)
	if m.Kind == Rate {
		m.Period = ratePeriod
	}
	if m.Kind == Quota {
		m.Window, m.Ends = today.window(dim.span)
	}
	return m
}

// of is the demand by a measure.
func (d *Demand) of(what Measure) int64 { return counted(what, 1, d.Input, d.Output, d.Cost) }

// Counts is what some usage is by the meter's measure.
func (m *Meter) Counts(requests, input, output int64, cost prices.Amount) int64 {
	return counted(m.Measure(), requests, input, output, cost)
}

func counted(what Measure, requests, input, output int64, cost prices.Amount) int64 {
	switch what {
	case Tokens:
		return input + output
	case InputTokens:
		return input
	case OutputTokens:
		return output
	case Money:
		return int64(cost)
	}
	return requests
}

// Actual appends what each meter is settled with, once a request has used tokens and money.
// A place among the requests at once is free again.
func Actual(dst []int64, meters []Meter, input, output int64, cost prices.Amount) []int64 {
	for i := range meters {
		m := &meters[i]
		if m.Kind == Slots {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, max(0, m.Counts(1, input, output, cost)))
	}
	return dst
}

// Released appends what each meter is settled with where no model was reached: nothing. The
// request itself is given back too, since its client will send it again.
func Released(dst []int64, meters []Meter) []int64 {
	for range meters {
		dst = append(dst, 0)
	}
	return dst
}
