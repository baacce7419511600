package providers

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds how long a provider can ask us to wait.
const maxRetryAfter = 24 * time.Hour

// RetryAfter reads how long a provider asks to wait: retry-after-ms, or Retry-After in
// seconds or as a date. 0 is unknown. now stands in for an answer without a Date.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	if wait := Seconds(number(h.Get("Retry-After-Ms")) / 1000); wait > 0 {
		return wait
	}
	text := strings.TrimSpace(h.Get("Retry-After"))
	if at, err := http.ParseTime(text); err == nil {
		return Bounded(at.Sub(SentAt(h, now)))
	}
	return Seconds(number(text))
}

// SentAt is the provider's own time, by which its dates are meant: its clock and ours may
// be far apart.
func SentAt(h http.Header, now time.Time) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return now
}

// Bounded keeps a wait between none and a day, whatever a provider says.
func Bounded(wait time.Duration) time.Duration { return min(max(wait, 0), maxRetryAfter) }

// Seconds is a bounded wait of n seconds.
func Seconds(n float64) time.Duration {
	if math.IsNaN(n) || n <= 0 {
		return 0
	}
	return time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
}

// number reads a number, also one with a fraction; 0 if it is none.
func number(text string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return n
}
