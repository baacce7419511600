package limits

import "time"

// Bounds are the limits of a subject as its requests meet them: what is the same for all of
// them is worked out once. They are immutable, and shared by requests.
type Bounds struct {
	list   []bound
	tokens bool // a limit needs to know about tokens or money
	budget bool // money is limited
}

// bound is one limit: a meter without a window and an amount, which each request has its
// own of.
type bound struct {
	meter Meter
	span  span
}

// Bounds works out the limits of the subject.
func (s *Subject) Bounds() *Bounds {
	b := &Bounds{}
	for _, c := range s.scopes() {
		for i := range dimensions {
			if d := &dimensions[i]; *d.of(c.set) > 0 {
				b.add(d, &c)
			}
		}
	}
	return b
}

func (b *Bounds) add(d *dimension, c *scope) {
	m := Meter{Key: c.key(d), Kind: d.kind(), Measure: d.measure, Models: c.models, Limit: *d.of(c.set)}
	if m.Kind == Rate {
		m.Period = ratePeriod
	}
	b.list = append(b.list, bound{m, d.span})
	b.tokens = b.tokens || d.measure != Requests && d.measure != Calls
	b.budget = b.budget || d.measure == Money
}

// CountsTokens reports whether a limit needs to know about tokens or money.
func (b *Bounds) CountsTokens() bool { return b.tokens }

// HasBudget reports whether money is limited.
func (b *Bounds) HasBudget() bool { return b.budget }

// Meters gives a meter for each limit that bounds a request, nil if there is none. What they
// reserve is never above the limit, so that one request always fits where nothing is used.
func (b *Bounds) Meters(d *Demand, now time.Time, c *Calendar) []Meter {
	if len(b.list) == 0 {
		return nil
	}
	meters, open := make([]Meter, len(b.list)), c.at(now)
	for i := range meters {
		m := &meters[i]
		*m = b.list[i].meter
		m.Amount = min(max(0, d.of(m.Measure)), m.Limit)
		if m.Kind == Quota {
			m.Window, m.Ends = open.window(b.list[i].span)
		}
	}
	return meters
}
