package limits

import (
	"math/bits"
	"time"
)

// Standing is what the headers of an answer tell a client of one measure: of the meters
// that count it, where the one with the least left stands.
type Standing struct {
	// Name is "Requests", "Tokens", "Input-Tokens" or "Output-Tokens".
	Name             string
	Limit, Remaining int64
	// Reset is the time until all of the limit is there again, if nothing more is used.
	Reset time.Duration
}

// told are the measures that clients are told of, as the headers name them. Money and calls
// at once are no business of theirs.
var told = [...]struct {
	of   Measure
	name string
}{{Requests, "Requests"}, {Tokens, "Tokens"}, {InputTokens, "Input-Tokens"}, {OutputTokens, "Output-Tokens"}}

// Standings tells where the meters of a request stand by the verdict on it.
func Standings(meters []Meter, v *Verdict, now time.Time) []Standing {
	var list []Standing
	for _, t := range told {
		if m, remaining := scarcest(meters, v.Remaining, t.of); m != nil {
			list = append(list, Standing{t.name, m.Limit, remaining, m.Reset(remaining, now)})
		}
	}
	return list
}

// scarcest is the meter of a measure that has the least left, nil if none counts it.
func scarcest(meters []Meter, remaining []int64, of Measure) (m *Meter, least int64) {
	for i := range min(len(meters), len(remaining)) {
		if meters[i].Measure() == of && (m == nil || remaining[i] < least) {
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
