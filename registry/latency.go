package registry

import (
	"math"
	"slices"
	"sync"
	"time"
)

// decay is the time in which what was observed loses most of its weight, once more is
// observed.
const decay = 10 * time.Second

// fade is the time in which it does while nothing more is. It is longer, since routes with
// few requests would otherwise all seem fast, and be taken in turn.
const fade = 5 * time.Minute

// Latency knows how fast a route answers: a moving average of the time to its first
// content that follows peaks at once and forgets them slowly, and the calls that are under
// way (Finagle's peak-EWMA). Its zero value knows nothing. It is safe for concurrent use.
type Latency struct {
	mu       sync.Mutex
	average  float64 // in seconds
	at       time.Time
	underway int
	whole    samples
}

// Begin notes a call that begins.
func (l *Latency) Begin() {
	l.mu.Lock()
	l.underway++
	l.mu.Unlock()
}

// End notes that a call is over.
func (l *Latency) End() {
	l.mu.Lock()
	l.underway--
	l.mu.Unlock()
}

// Observe notes the time to a call's first content.
func (l *Latency) Observe(now time.Time, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seconds := d.Seconds()
	if seconds >= l.average {
		l.average = seconds
	} else {
		w := l.weight(now, decay)
		l.average = l.average*w + seconds*(1-w)
	}
	l.at = now
}

// ObserveWhole notes the time of a whole answer, for Quantile.
func (l *Latency) ObserveWhole(d time.Duration) {
	l.mu.Lock()
	l.whole.add(d)
	l.mu.Unlock()
}

// weight is what is left of the weight of the average, which goes in the given time.
func (l *Latency) weight(now time.Time, in time.Duration) float64 {
	return math.Exp(-max(0, now.Sub(l.at).Seconds()) / in.Seconds())
}

// unknown is the average, in seconds, at which the calls under way count before the first
// of them is observed.
const unknown = 1

// Cost is what a further call is expected to cost, in seconds: the average for each call
// under way and for itself. For itself the average fades while nothing is observed, and
// where it is not known it is 0, so that the route is tried; for those under way it stays,
// so that it is tried by few calls and not by all that come before the first has answered.
func (l *Latency) Cost(now time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.average == 0 {
		return unknown * float64(l.underway)
	}
	return l.average * (l.weight(now, fade) + float64(l.underway))
}

// Underway is the number of calls under way.
func (l *Latency) Underway() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.underway
}

// Average is the moving average as it was last observed.
func (l *Latency) Average() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Duration(l.average * float64(time.Second))
}

// Quantile is the time within which the given part, from 0 to 1, of the last whole answers
// came, 0 while fewer than 20 are known.
func (l *Latency) Quantile(q float64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.whole.quantile(q)
}

// samples are the last durations.
type samples struct {
	list []time.Duration
	next int
}

const (
	maxSamples = 128
	minSamples = 20
)

func (s *samples) add(d time.Duration) {
	if len(s.list) < maxSamples {
		s.list = append(s.list, d)
		return
	}
	s.list[s.next] = d
	s.next = (s.next + 1) % maxSamples
}

func (s *samples) quantile(q float64) time.Duration {
	if len(s.list) < minSamples {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s.list))
	nth := int(math.Ceil(q * float64(len(sorted)))) // the nearest rank
	return sorted[min(max(nth, 1), len(sorted))-1]
}
