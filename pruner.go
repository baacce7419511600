package xjpgateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/retention"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// pruner deletes old records of the ledger, and old captures.
type pruner struct {
	store  *openStore
	logger *zap.Logger
	loops  []retention.Loop
	once   sync.Once
	ctx    context.Context
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// holdPruner holds the deletion of what is older than is asked for. Captures are deleted
// also where no more are made: there may be some of before.
func (a *App) holdPruner(store *openStore, storeID string, c LedgerConfig, h *holdings) (*pruner, error) {
	keep, keepCaptures, maxTotal := time.Duration(c.Retention), c.Capture.retention(), c.Capture.maxTotal()
	logger := a.logger.Named("ledger")
	return hold(h, "retention", fmt.Sprintf("%s %s %s %d", storeID, keep, keepCaptures, maxTotal), func() (*pruner, error) {
		p := &pruner{store: store, logger: logger}
		p.ctx, p.stop = context.WithCancel(context.Background())
		if keep > 0 {
			p.add("records", time.Hour, func(ctx context.Context, open stores.Store, now time.Time) (int, error) {
				return ledger.Prune(ctx, open, keep, now)
			})
		}
		p.add("captures", min(time.Hour, max(time.Minute, keepCaptures/24)), func(ctx context.Context, open stores.Store, now time.Time) (int, error) {
			return capture.Prune(ctx, open, keepCaptures, maxTotal, now)
		})
		return p, nil
	})
}

// add adds something that becomes old, and how often that is looked for.
func (p *pruner) add(what string, every time.Duration, prune func(context.Context, stores.Store, time.Time) (int, error)) {
	p.loops = append(p.loops, retention.Loop{
		Every: every,
		Prune: func(ctx context.Context, now time.Time) (int, error) {
			open := p.store.get()
			if open == nil {
				return 0, nil
			}
			return prune(ctx, open, now)
		},
		OnPruned: func(deleted int, err error) { p.tell(what, deleted, err) },
	})
}

// tell logs what came of a look at what is old. A part may be deleted before a failure.
func (p *pruner) tell(what string, deleted int, err error) {
	if err != nil {
		p.logger.Error("old "+what+" cannot be deleted", zap.Int("deleted", deleted), zap.Error(err))
		return
	}
	p.logger.Info("old "+what+" deleted", zap.Int(what, deleted))
}

// start begins to delete, once the store is there.
func (p *pruner) start() {
	p.once.Do(func() {
		for i := range p.loops {
			p.done.Go(func() {
				p.store.await(p.ctx)
				p.loops[i].Run(p.ctx)
			})
		}
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
