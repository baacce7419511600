package xjpgateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/state"
)

// openEngines are the engines of state.
type openEngines struct {
	*state.Engines
	logger   *zap.Logger
	identity string
	up       atomic.Bool // as far as is known
	renewals renewals
}

// holdEngines holds the engines of state. What they have no count of, they ask the ledger in
// the store, for which those of another store are others.
func (a *App) holdEngines(acc *accounts, storeID string, parts []part, settings *Config, h *holdings) (*openEngines, error) {
	module, err := a.stateModule(parts)
	if err != nil {
		return nil, err
	}
	logger, failures := a.logger.Named("state"), a.metrics.stateFailures
	acc.maxAnswers = orDefault(settings.Idempotency.MaxTotal, defaultMaxAnswers)
	o := state.Settings{MaxAnswers: acc.maxAnswers}
	opened := &openEngines{logger: logger, identity: module.Identity() + " " + storeID}
	opened.up.Store(true)
	opened.renewals.renew = opened.renew
	o.OnFailure = func(f state.Failure) {
		opened.up.Store(!f.Down)
		if f.Down {
			failures.Inc()
			logger.Error("state cannot be reached", zap.Error(f.Err))
			return
		}
		logger.Info("state can be reached again")
	}
	if store, location := acc.store, acc.location; store != nil {
		o.Restore = func(ctx context.Context, tenant string, meters []limits.Meter) ([]int64, error) {
			return usedBefore(ctx, store, tenant, meters, location)
		}
	}
	return hold(h, "state", opened.identity, func() (*openEngines, error) {
		var err error
		opened.Engines, err = module.Open(o)
		return opened, err
	})
}

// renew keeps the reservations of requests that take long.
func (e *openEngines) renew(tenant string, ids []string) {
	ctx, cancel := closing()
	defer cancel()
	if err := e.Limits.Renew(ctx, tenant, ids, time.Now()); err != nil {
		e.logger.Warn("reservations cannot be renewed", zap.String("tenant", tenant), zap.Int("requests", len(ids)), zap.Error(err))
	}
}

// errNoStore is what is said of the ledger while the store is away.
var errNoStore = errors.New("the store is not open")

// usedBefore tells what the ledger knows to be used of quotas.
func usedBefore(ctx context.Context, from *openStore, tenant string, meters []limits.Meter, location *time.Location) ([]int64, error) {
	store := from.get()
	if store == nil {
		return nil, errNoStore
	}
	// A store that is away says so at once; nobody waits for what it is to catch up with.
	if _, err := usedIn(ctx, store, tenant, meters, location); err != nil {
		return nil, err
	}
	if err := catchUp(ctx); err != nil {
		return nil, err
	}
	return usedIn(ctx, store, tenant, meters, location)
}

// usedIn sums up what a store has of quotas.
func usedIn(ctx context.Context, store ledger.Store, tenant string, meters []limits.Meter, location *time.Location) ([]int64, error) {
	used := make([]int64, len(meters))
	for i := range meters {
		m := &meters[i]
		q := ledger.Query{Tenant: tenant, Since: m.Since(location)}
		scope, name := m.Scope()
		switch scope {
		case limits.ScopeKey:
			q.Key = name
		case limits.ScopeModel:
			q.By = []ledger.Group{ledger.ByModel}
		}
		sums, err := store.Usage(ctx, q)
		if err != nil {
			return nil, err
		}
		for k := range sums {
			if len(q.By) > 0 && !m.Models(sums[k].Model) {
				continue
			}
			// Those without a call to a provider count for nothing. Earlier versions did not sum
			// them up; of theirs it is known that there are no more than attempts.
			requests := min(sums[k].Requests-sums[k].Uncalled, sums[k].Attempts)
			used[i] += m.Counts(requests, sums[k].Tokens.Prompt(), sums[k].Tokens.Output, sums[k].Cost)
		}
	}
	return used, nil
}

// Destruct closes the engines, once all that was settled is counted.
func (e *openEngines) Destruct() error {
	closeLater(func() {
		if err := errors.Join(e.Limits.Close(), e.Answers.Close()); err != nil {
			e.logger.Error("engine of state cannot be closed", zap.Error(err))
		}
	})
	return nil
}
