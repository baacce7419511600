package xjpgateway

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/retention"
)

// pruner deletes old records of the ledger.
type pruner struct {
	records retention.Loop
	store   *openStore
	once    sync.Once
	ctx     context.Context
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// holdPruner holds the deletion of records that are older than is asked for.
func (a *App) holdPruner(store *openStore, storeID string, keep time.Duration, h *holdings) (*pruner, error) {
	logger := a.logger.Named("ledger")
	return hold(h, "retention", storeID+" "+keep.String(), func() (*pruner, error) {
		p := &pruner{store: store}
		p.records.Prune = func(ctx context.Context, now time.Time) (int, error) {
			open := store.get()
			if open == nil {
				return 0, nil
			}
			return ledger.Prune(ctx, open, keep, now)
		}
		p.records.OnPruned = func(deleted int, err error) {
			logger.Info("old records deleted", zap.Int("records", deleted), zap.Error(err))
		}
		p.ctx, p.stop = context.WithCancel(context.Background())
		return p, nil
	})
}

// start begins to delete, once the store is there.
func (p *pruner) start() {
	p.once.Do(func() {
		p.done.Go(func() {
			p.store.await(p.ctx)
			p.records.Run(p.ctx)
		})
	})
}

// Destruct ends it.
func (p *pruner) Destruct() error {
	p.stop()
	closeLater(func() {
		p.once.Do(func() {})
		p.done.Wait()
	})
	return nil
}
