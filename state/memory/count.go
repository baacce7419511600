package memory

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// count is what is counted at one place.
type count struct {
	tenant *tenant
	place  place
	// kind, limit, period and ends are the rule by which the place was last counted.
	kind   limits.Kind
	limit  int64
	period time.Duration
	ends   time.Time
	// owed says that what the ledger knows of a quota is not counted yet.
	owed bool
	// asked is when a request last had to do with the count.
	asked time.Time
	// used counts what a quota has used, or the leases that are open; reserved is what of a
	// quota open leases have only reserved.
	used, reserved int64
	bucket         limits.Bucket
	// leases are those that will still count here.
	leases int
}

// rule notes the limit that applies now; it may have been changed.
func (c *count) rule(m *limits.Meter, now time.Time) {
	c.asked = now
	c.kind, c.limit, c.period, c.ends = m.Kind, m.Limit, m.Period, m.Ends
}

// meter is a rule as the bucket takes it.
func (c *count) meter(limit int64) *limits.Meter {
	return &limits.Meter{Limit: limit, Period: c.period}
}

func (c *count) usedOf(m *limits.Meter, now time.Time) int64 {
	if m.Kind == limits.Rate {
		return c.bucket.Used(m, now)
	}
	return c.used
}

// settled is what of a quota leases that have ended have used.
func (c *count) settled() int64 {
	if c.kind != limits.Quota {
		return 0
	}
	return max(0, c.used-c.reserved)
}

// raise lifts a quota's count to what the ledger knows. What was counted before is in there,
// but for requests that are under way.
func (c *count) raise(used int64) { c.used, c.owed = max(c.used, used), false }

// full reports whether a meter's amount does not fit, and for how long, as far as is known.
func (c *count) full(m *limits.Meter, now time.Time) (wait time.Duration, full bool) {
	if m.Kind == limits.Rate {
		wait = c.bucket.Wait(m, now)
		return wait, wait > 0
	}
	if c.used+m.Amount <= m.Limit {
		return 0, false
	}
	if m.Kind == limits.Quota && !m.Ends.IsZero() {
		wait = max(0, m.Ends.Sub(now))
	}
	return wait, true
}

// quiet is how long nobody has asked for a count that is dropped, so that those in use are
// not made anew with each request.
const quiet = time.Minute

// idle reports whether the count can be dropped without anybody noticing.
func (c *count) idle(now time.Time) bool {
	switch {
	case c.leases > 0 || now.Sub(c.asked) < quiet:
		return false
	case c.kind == limits.Rate:
		return c.bucket.Empty(c.meter(c.limit), now)
	case c.kind == limits.Slots:
		return c.used == 0
	}
	return c.used == 0 || !c.ends.IsZero() && now.After(c.ends.Add(limits.Afterlife))
}

// hold is what a lease has taken of a count.
type hold struct {
	count         *count
	limit, amount int64
	// reserved is what of a quota's amount the count takes for reserved.
	reserved int64
	mark     limits.Mark
}

func (h *hold) take(m *limits.Meter, now time.Time) {
	h.limit, h.amount = m.Limit, m.Amount
	h.count.leases++
	if m.Kind == limits.Rate {
		h.mark = h.count.bucket.Take(m, now)
		return
	}
	h.count.used += m.Amount
	if m.Kind == limits.Quota {
		h.reserved = m.Amount
		h.count.reserved += m.Amount
	}
}

// settle counts what was used in place of what was taken. Places are free again, whatever
// was used.
func (h *hold) settle(actual int64, now time.Time) {
	switch c := h.count; c.kind {
	case limits.Rate:
		c.bucket.Correct(c.meter(h.limit), h.mark, actual-h.amount, now)
	case limits.Slots:
		h.free()
	default:
		h.free()
		c.used = max(0, c.used+actual-h.amount)
	}
}

// free gives back a place, and takes what is reserved of a quota for used; a second time it
// does nothing.
func (h *hold) free() {
	if h.count.kind == limits.Slots {
		h.count.used -= h.amount
		h.amount = 0
	}
	h.count.reserved -= h.reserved
	h.reserved = 0
}
