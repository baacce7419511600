package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rickyjim626/xjp-gateway/retention"
)

// pruneAtOnce is how many records are deleted in one transaction.
const pruneAtOnce = 1000

// Prune deletes the records that are older than keep, in steps, and tells how many it has
// deleted. The sums by day stay.
func Prune(ctx context.Context, store Store, keep time.Duration, now time.Time) (deleted int, err error) {
	deleted, err = retention.InSteps(ctx, pruneAtOnce, func(ctx context.Context, most int) (int, error) {
		return store.Prune(ctx, now.Add(-keep), most)
	})
	if err != nil {
		err = fmt.Errorf("deleting old records of the ledger: %w", err)
	}
	return deleted, err
}
