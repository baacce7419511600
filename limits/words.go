package limits

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// dimension is the limit that a meter's key names, nil if it was not made by Bounds.
func (m *Meter) dimension() *dimension {
	return byName[m.Key[strings.LastIndexByte(m.Key, '/')+1:]]
}

// Says tells the client which limit it is, such as "requests per minute of this key (60)".
func (m *Meter) Says() string {
	d := m.dimension()
	if d == nil {
		return fmt.Sprintf("the limit %s (%d)", m.Key, m.Limit)
	}
	scope, _ := m.Scope()
	return fmt.Sprintf("%s of this %s (%s)", d.says, scope, d.text(m.Limit))
}

// The scopes of meters.
const (
	ScopeKey    = "key"
	ScopeTenant = "tenant"
	ScopeModel  = "model"
)

// Scope is what the meter is of: ScopeKey and the key's id, ScopeTenant, or ScopeModel and
// the pattern of the models' names.
func (m *Meter) Scope() (scope, name string) {
	scope, rest, _ := strings.Cut(m.Key, "/")
	return scope, rest[:max(0, strings.LastIndexByte(rest, '/'))]
}

// Name is the limit's name in JSON, such as "requests_per_minute".
func (m *Meter) Name() string {
	if d := m.dimension(); d != nil {
		return d.field
	}
	return m.Key
}

// Text writes an amount of what the meter counts for people.
func (m *Meter) Text(amount int64) string {
	if d := m.dimension(); d != nil {
		return d.text(amount)
	}
	return strconv.FormatInt(amount, 10)
}

// text writes a limit for people: money as a decimal of USD.
func (d *dimension) text(limit int64) string {
	if d.measure == Money {
		return prices.Amount(limit).String()
	}
	return strconv.FormatInt(limit, 10)
}

// What is what the meter counts, as metrics and events call it, such as "input_tokens".
func (m *Meter) What() string { return m.Measure.String() }

// IsBudget reports whether the meter counts money.
func (m *Meter) IsBudget() bool { return m.Measure == Money }
