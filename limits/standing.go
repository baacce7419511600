package limits

import (
	"math/bits"
	"time"
)

// Standing is what the headers of an answer tell a client of one measure: of the meters
// that count it, where the one with the least left stands.
type Standing struct {
	Measure          Measure
	Limit, Remaining int64
	// Reset is the time until all of the limit is there again, if nothing more is used.
	Reset time.Duration
}

// Told is the number of measures that clients are told of, which are the first ones. Money
// and calls at once are no business of theirs.
const Told = OutputTokens + 1

// Standings appends where the meters of a request stand by the verdict on it, by the measures
// that clients are told of.
func Standings(dst []Standing, meters []Meter, v *Verdict, now time.Time) []Standing {
	for what := range Told {
		if m, remaining := scarcest(meters, v.Remaining, what); m != nil {
			dst = append(dst, Standing{what, m.Limit, remaining, m.Reset(remaining, now)})
		}
	}
	return dst
}

// scarcest is the meter of a measure that has the least left, nil if none counts it.
func scarcest(meters []Meter, remaining []int64, of Measure) (m *Meter, least int64) {
	for i := range min(len(meters), len(remaining)) {
		if meters[i].Measure == of && (m == nil || remaining[i] < least) {
			m, least = &meters[i], remaining[i]
		}
	}
	return m, least
}

// Reset is how long it takes until all of the limit is there again, if nothing more is
// used; 0 if that is never, or now.
func (m *Meter) Reset(remaining int64, now time.Time) time.Duration {
	if m.Kind == Rate {
		used := min(max(0, m.Limit-remaining), m.Limit)
		high, low := bits.Mul64(uint64(used), uint64(m.Period))
		reset, _ := bits.Div64(high, low, uint64(m.Limit))
		return time.Duration(reset)
	}
	return max(0, m.Ends.Sub(now))
}

// Held reports whether the amount that a quota refused would fit if open leases gave back what
// they have reserved: settled is what those that have ended have used. An open request is
// one that ends, so that a quota of requests holds nothing that comes back.
func (m *Meter) Held(settled int64) bool {
	return m.Kind == Quota && m.Measure != Requests && settled+m.Amount <= m.Limit
}

// Full reports whether a meter of which something is used has no room for its amount, and how
// long it takes until it has, as far as is known.
func (m *Meter) Full(used int64, now time.Time) (wait time.Duration, full bool) {
	over := used + m.Amount - m.Limit
	if over <= 0 {
		return 0, false
	}
	return m.Reset(m.Limit-over, now), true
}
