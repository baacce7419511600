package limits

import (
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// The scopes of meters.
const (
	ScopeKey    = "key"
	ScopeTenant = "tenant"
	ScopeModel  = "model"
)

// Scope is whose use a meter counts: that of a key or of a model's pattern, by its name, or
// of the tenant as a whole.
func (m *Meter) Scope() (scope, name string) {
	rest, found := strings.CutPrefix(m.Key, ScopeTenant+"/")
	if found && !strings.Contains(rest, "/") {
		return ScopeTenant, ""
	}
	scope, rest, _ = strings.Cut(m.Key, "/")
	return scope, rest[:max(0, strings.LastIndexByte(rest, '/'))]
}

// Since is when the window of a quota begins in a time zone; it is zero for all time.
func (m *Meter) Since(loc *time.Location) time.Time {
	for _, form := range []string{time.DateOnly, "2006-01"} {
		if t, err := time.ParseInLocation(form, m.Window, loc); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Counts is what a use is by the meter's measure.
func (m *Meter) Counts(requests, input, output int64, cost prices.Amount) int64 {
	if m.Measure() == Requests {
		return requests
	}
	used := Demand{Input: input, Output: output, Cost: cost}
	return used.of(m.Measure())
}
