package registry

import (
	"sync"
	"time"
)

// Budget bounds the repeats of calls to a provider by the number of its requests, so that
// an outage is not multiplied: of what the last ten seconds have brought in, a part may be
// repeated, and never less than a few. It is safe for concurrent use.
type Budget struct {
	mu    sync.Mutex
	part  float64
	left  float64 // earned by requests and not spent, down to -minRepeats
	at    time.Time
	known bool
}

// minRepeats may be made however few requests there are.
const minRepeats = 3

// Configure sets which part of the requests may be repeated, 0.2 for one in five.
func (b *Budget) Configure(part float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.part = part
}

// Deposit notes a request.
func (b *Budget) Deposit(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fade(now)
	b.left += b.part
}

// Withdraw takes out a repeat, and reports whether there was one left.
func (b *Budget) Withdraw(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fade(now)
	if b.left+minRepeats < 1 {
		return false
	}
	b.left--
	return true
}

// refill forgets what was spent.
func (b *Budget) refill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = 0
}

// fade forgets what is past: both what was earned and what was spent.
func (b *Budget) fade(now time.Time) {
	if passed := now.Sub(b.at); b.known && passed > 0 {
		b.left *= max(0, 1-passed.Seconds()/decay.Seconds())
	}
	b.at, b.known = now, true
}
