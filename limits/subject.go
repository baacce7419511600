package limits

import (
	"github.com/rickyjim626/xjp-gateway/prices"
)

// Subject is whose limits requests are held against.
type Subject struct {
	// Key is who asks. An empty one has no limits of its own.
	Key string
	// KeyLimits are the key's own over what its tenant and the configuration say of keys.
	KeyLimits Set
	// TenantLimits bound all keys of the tenant together.
	TenantLimits Set
	// ModelLimits bound what all keys of the tenant use of the models for which ModelPattern
	// counts, which are those that Models tells.
	ModelLimits  Set
	ModelPattern string
	Models       func(model string) bool
}

// scopes are the sets of a subject, each with what the keys of its meters begin with.
func (s *Subject) scopes() [3]scope {
	return [3]scope{
		{ScopeKey + "/", s.Key, &s.KeyLimits, nil},
		{ScopeTenant, "", &s.TenantLimits, nil},
		{ScopeModel + "/", s.ModelPattern, &s.ModelLimits, s.Models},
	}
}

type scope struct {
	prefix, name string
	set          *Set
	models       func(model string) bool
}

// key names the meter of a dimension, such as "key/k_7f3a/rpm" or "tenant/tpd".
func (c *scope) key(d *dimension) string { return c.prefix + c.name + "/" + d.name }

// Demand is what a request is expected to use.
type Demand struct {
	Input, Output int64 // tokens
	Cost          prices.Amount
}

// of is the demand by a measure.
func (d *Demand) of(what Measure) int64 { return counted(what, 1, d.Input, d.Output, d.Cost) }

// Counts is what some usage is by the meter's measure.
func (m *Meter) Counts(requests, input, output int64, cost prices.Amount) int64 {
	return counted(m.Measure, requests, input, output, cost)
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
