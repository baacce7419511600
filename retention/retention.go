// Package retention deletes what is kept for a time only: from time to time, and in steps,
// so that a store is left to others in between. What is deleted, others decide.
package retention

import (
	"context"
	"time"
)

// rest is how long a store is left to others after a step.
const rest = 50 * time.Millisecond

// InSteps calls a step, which deletes most things at once and tells how many it has
// deleted, until there are none left. It tells how many were deleted together, also with
// the error of a step or of ctx.
func InSteps(ctx context.Context, most int, step func(ctx context.Context, most int) (int, error)) (deleted int, err error) {
	for {
		n, err := step(ctx, most)
		deleted += n
		if err != nil || n < most {
			return deleted, err
		}
		if !pause(ctx, rest) {
			return deleted, ctx.Err()
		}
	}
}

// Loop deletes what is old. Its fields are not changed once it runs.
type Loop struct {
	// Prune deletes what is to be gone at a time, and tells how much that was.
	Prune func(ctx context.Context, now time.Time) (deleted int, err error)
	// Every is how often it is called.
	Every time.Duration
	// Now is the clock, time.Now if it is not set.
	Now func() time.Time
	// OnPruned is told what came of a call that deleted something or failed; nil is nobody.
	OnPruned func(deleted int, err error)
}

// Run deletes now and from time to time, until ctx ends.
func (l *Loop) Run(ctx context.Context) {
	now := l.Now
	if now == nil {
		now = time.Now
	}
	for again := true; again; again = pause(ctx, l.Every) {
		deleted, err := l.Prune(ctx, now())
		if ctx.Err() == nil && (deleted > 0 || err != nil) && l.OnPruned != nil {
			l.OnPruned(deleted, err)
		}
	}
}

// pause waits, and reports whether ctx has not ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
