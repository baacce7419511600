package ledger

import (
	"context"
	"fmt"
	"time"
)

const (
	// pruneAtOnce is how many records are deleted in one transaction, and pruneRest how long
	// the store is left to others after it.
	pruneAtOnce = 1000
	pruneRest   = 50 * time.Millisecond
)

// Prune deletes the records that are older than keep, in steps, and tells how many it has
// deleted. The sums by day stay.
func Prune(ctx context.Context, store Store, keep time.Duration, now time.Time) (deleted int, err error) {
	for {
		n, err := store.Prune(ctx, now.Add(-keep), pruneAtOnce)
		deleted += n
		if err != nil {
			return deleted, fmt.Errorf("deleting old records of the ledger: %w", err)
		}
		if n < pruneAtOnce {
			return deleted, nil
		}
		if !sleep(ctx, pruneRest) {
			return deleted, ctx.Err()
		}
	}
}

// Retention is for how long records are kept. Its Run deletes the others.
type Retention struct {
	// Keep is the age up to which records are kept; 0 keeps them for ever.
	Keep time.Duration
	// Every is how often old ones are looked for, an hour if it is not set.
	Every time.Duration
	// Store gives the store; nil while there is none.
	Store func() Store
	// Now is the clock, time.Now if it is not set.
	Now func() time.Time
	// OnPruned is told what came of a look that deleted something or failed.
	OnPruned func(deleted int, err error)
}

// Run deletes old records now and from time to time, until ctx ends.
func (r *Retention) Run(ctx context.Context) {
	now, every := r.Now, r.Every
	if now == nil {
		now = time.Now
	}
	if every <= 0 {
		every = time.Hour
	}
	for r.Keep > 0 {
		if store := r.Store(); store != nil {
			deleted, err := Prune(ctx, store, r.Keep, now())
			if ctx.Err() == nil && (deleted > 0 || err != nil) && r.OnPruned != nil {
				r.OnPruned(deleted, err)
			}
		}
		if !sleep(ctx, every) {
			return
		}
	}
}
