package registry

import (
	"sync"
	"time"
)

// Budget bounds the repeats of calls to a provider by the number of its requests, so that
// an outage is not multiplied: of what the last ten seconds have brought in, a part may be
// repeated, and never less than a few. It is safe for concurrent use.
type Budget struct {
	// Part of the requests may be repeated, 0.2 for one in five; Min repeats always may.
	Part float64
	Min  int

	mu    sync.Mutex
	left  float64 // earned by requests and not spent, down to -Min
	at    time.Time
	known bool
}

// Deposit notes a request.
func (b *Budget) Deposit(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fade(now)
	b.left += b.Part
}

// Withdraw takes out a repeat, and reports whether there was one left.
func (b *Budget) Withdraw(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fade(now)
	if b.left+float64(b.Min) < 1 {
		return false
	}
	b.left--
	return true
}

// fade forgets what is past: both what was earned and what was spent.
func (b *Budget) fade(now time.Time) {
	if passed := now.Sub(b.at); b.known && passed > 0 {
		b.left *= max(0, 1-passed.Seconds()/decay.Seconds())
	}
	b.at, b.known = now, true
}
