package limits

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// dimension is the limit that a meter's key names, nil if it was not made by Meters.
func (m *Meter) dimension() *dimension {
	return dimensionNamed(m.Key[strings.LastIndexByte(m.Key, '/')+1:])
}

// Measure is what the meter counts.
func (m *Meter) Measure() Measure {
	if d := m.dimension(); d != nil {
		return d.measure
	}
	return Requests
}

// Says tells the client which limit it is, such as "requests per minute of this key (60)".
func (m *Meter) Says() string {
	d := m.dimension()
	if d == nil {
		return fmt.Sprintf("the limit %s (%d)", m.Key, m.Limit)
	}
	return fmt.Sprintf("%s of this %s (%s)", d.says, m.scope(), d.text(m.Limit))
}

// scope is what the meter is of: key, tenant or model.
func (m *Meter) scope() string {
	scope, _, _ := strings.Cut(m.Key, "/")
	return scope
}

// text writes a limit for people: money as a decimal of USD.
func (d *dimension) text(limit int64) string {
	if d.measure == Money {
		return prices.Amount(limit).String()
	}
	return strconv.FormatInt(limit, 10)
}

// What is what the meter counts, as metrics and events call it, such as "input_tokens".
func (m *Meter) What() string { return m.Measure().String() }

// IsBudget reports whether the meter counts money.
func (m *Meter) IsBudget() bool { return m.Measure() == Money }
