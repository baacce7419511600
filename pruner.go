package xjpgateway

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// pruner deletes old records of the ledger.
type pruner struct {
	retention ledger.Retention
	store     *openStore
	once      sync.Once
	ctx       context.Context
	stop      context.CancelFunc
	done      sync.WaitGroup
}

// holdPruner holds the deletion of records that are older than is asked for.
func (a *App) holdPruner(store *openStore, storeID string, keep time.Duration, h *holdings) (*pruner, error) {
	logger := a.logger.Named("ledger")
	return hold(h, "retention", storeID+" "+keep.String(), func() (*pruner, error) {
		p := &pruner{store: store}
		p.retention = ledger.Retention{Keep: keep, Store: store.forLedger}
		p.retention.OnPruned = func(deleted int, err error) {
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
			p.retention.Run(p.ctx)
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
