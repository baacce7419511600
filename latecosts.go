package xjpgateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// lateCosts asks providers what answers cost that ended before they told, and corrects the
// ledger, and what limits have counted, by the difference (D27). No request waits for it. It
// outlives reloads, and finds again what a process before it has left.
type lateCosts struct {
	waits   []time.Duration // before each time that a provider is asked
	store   *openStore
	logger  *zap.Logger
	results *prometheus.CounterVec
	app     atomic.Pointer[App] // the newest one, whose providers are asked

	once sync.Once
	ctx  context.Context
	stop context.CancelFunc
	done sync.WaitGroup

	mu    sync.Mutex
	queue []*lateCost
	added chan struct{}
}

// lateCost is an attempt whose cost is not known yet.
type lateCost struct {
	id, tenant, key, model string
	time                   time.Time // of the request
	attempt                ledger.Attempt
	tries                  int
	due                    time.Time
}

// defaultLateWaits are the waits before each time that a provider is asked: it may not know of
// an answer that has just ended.
var defaultLateWaits = []time.Duration{2 * time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour}

const (
	// maxLateCosts bounds the attempts that wait.
	maxLateCosts = 10_000
	// maxLateTime bounds how long one provider is asked.
	maxLateTime = 15 * time.Second
	// lateSpan is how old a request may be of which a process before this one has not told.
	lateSpan = 2 * time.Hour
	// findAgain is the wait for a store that is away when it is looked into.
	findAgain = 10 * time.Second
)

// holdLateCosts holds what asks for late costs, nil if none of the providers can be asked.
func (a *App) holdLateCosts(store *openStore, storeID string, s *snapshot, c LedgerConfig, h *holdings) (*lateCosts, error) {
	if c.LateCostsOff || !slices.ContainsFunc(slices.Collect(maps.Values(s.upstreams)), (*upstream).bills) {
		return nil, nil
	}
	waits := slices.Clone(defaultLateWaits)
	if len(c.LateCosts) > 0 {
		waits = waits[:0]
		for _, wait := range c.LateCosts {
			waits = append(waits, time.Duration(wait))
		}
	}
	logger := a.logger.Named("ledger")
	return hold(h, "late costs", fmt.Sprint(storeID, " ", waits), func() (*lateCosts, error) {
		l := &lateCosts{waits: waits, store: store, logger: logger, results: a.metrics.lateCosts, added: make(chan struct{}, 1)}
		l.ctx, l.stop = context.WithCancel(context.Background())
		return l, nil
	})
}

// start asks the providers of an app from now on.
func (l *lateCosts) start(a *App) {
	l.app.Store(a)
	l.once.Do(func() { l.done.Go(l.run) })
}

// Destruct ends the asking. What is not known yet is asked for by the next process.
func (l *lateCosts) Destruct() error {
	l.stop()
	closeLater(func() {
		l.once.Do(func() {})
		l.done.Wait()
	})
	return nil
}

// take notes the attempts of a request whose costs can be asked for.
func (l *lateCosts) take(r *ledger.Record, s *snapshot) {
	for i := range r.Attempts {
		a := &r.Attempts[i]
		if u := s.upstreams[a.Provider]; a.Untold() && u != nil && u.bills() {
			l.put(&lateCost{id: r.ID, tenant: r.Tenant, key: r.Key, model: r.Model, time: r.Time, attempt: *a})
		}
	}
}

// put queues an attempt until its provider is to be asked, again if it has been.
func (l *lateCosts) put(c *lateCost) {
	c.due = time.Now().Add(l.waits[c.tries])
	l.mu.Lock()
	full := len(l.queue) >= maxLateCosts
	if !full {
		l.queue = append(l.queue, c)
	}
	l.mu.Unlock()
	if full {
		l.end(c, "dropped", errors.New("too many costs are being asked for"))
		return
	}
	select {
	case l.added <- struct{}{}:
	default:
	}
}

// next takes the attempt off the queue that has been due for the longest, nil if none is;
// wait is how long it takes until one is.
func (l *lateCosts) next(now time.Time) (c *lateCost, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return nil, time.Hour
	}
	first := 0
	for i := range l.queue {
		if l.queue[i].due.Before(l.queue[first].due) {
			first = i
		}
	}
	if wait = l.queue[first].due.Sub(now); wait > 0 {
		return nil, wait
	}
	c = l.queue[first]
	l.queue = slices.Delete(l.queue, first, first+1)
	return c, 0
}

// run asks for costs when they are due.
func (l *lateCosts) run() {
	l.store.await(l.ctx)
	found, findNext := false, time.Time{}
	for l.ctx.Err() == nil {
		now := time.Now()
		if !found && !now.Before(findNext) {
			found, findNext = l.find(), now.Add(findAgain)
		}
		c, wait := l.next(now)
		if c != nil {
			l.ask(c)
			continue
		}
		if !found {
			wait = min(wait, findAgain)
		}
		timer := time.NewTimer(wait)
		select {
		case <-l.ctx.Done():
		case <-l.added:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// find queues what a process before this one has left, among the latest requests that broke
// off. It reports whether the store could be looked into.
func (l *lateCosts) find() bool {
	store := l.store.forLedger()
	if store == nil {
		return false
	}
	_ = catchUp(l.ctx) // what stays in a journal is not found
	since, looked := time.Now().Add(-lateSpan), 0
	for _, end := range []ledger.End{ledger.ClientGone, ledger.UpstreamBroken} {
		for r, err := range ledger.All(l.ctx, store, ledger.Filter{End: end, Since: since}) {
			if err != nil {
				l.logger.Warn("late costs cannot be looked for", zap.Error(err))
				return false
			}
			if looked++; looked > maxLateCosts {
				break
			}
			l.take(r, l.app.Load().snapshot.Load())
		}
	}
	return true
}

// ask asks for a cost, and has it asked for again if it is not known yet.
func (l *lateCosts) ask(c *lateCost) {
	ctx, cancel := context.WithTimeout(l.ctx, maxLateTime)
	defer cancel()
	err := l.amend(ctx, c)
	switch c.tries++; {
	case err == nil || l.ctx.Err() != nil:
	case c.tries < len(l.waits):
		l.put(c)
	default:
		l.end(c, "unknown", err)
	}
}

// end tells what has become of an attempt.
func (l *lateCosts) end(c *lateCost, result string, err error) {
	l.results.WithLabelValues(c.attempt.Provider, result).Inc()
	if err != nil {
		l.logger.Warn("late cost stays unknown", zap.String("request_id", c.id), zap.String("provider", c.attempt.Provider),
			zap.String("upstream_id", c.attempt.UpstreamID), zap.Error(err))
	}
}

// amend asks the provider, and corrects the ledger and the limits by what it tells.
func (l *lateCosts) amend(ctx context.Context, c *lateCost) error {
	app := l.app.Load()
	s := app.snapshot.Load()
	u := s.upstreams[c.attempt.Provider]
	if u == nil || !u.bills() {
		return errors.New("the provider is not configured any more")
	}
	usage, err := u.fetchBill(ctx, c.attempt.UpstreamID)
	if err != nil {
		return err
	}
	usage.Images, usage.OutputImages = c.attempt.Images, c.attempt.OutputImages
	told := c.attempt
	told.Raw = string(usage.Raw)
	bill(&told, usage, s.pricedBy(&c.attempt), c.time)
	store := l.store.forLedger()
	if store == nil {
		return errNoStore
	}
	replaced, err := store.Amend(ctx, c.id, &told)
	if err != nil || replaced == nil {
		return err
	}
	l.end(c, "told", nil)
	l.logger.Info("late cost is told", zap.String("request_id", c.id), zap.String("provider", c.attempt.Provider),
		zap.String("upstream_id", c.attempt.UpstreamID), zap.Stringer("estimated", replaced.Cost), zap.Stringer("cost", told.Cost))
	if err := app.correctLimits(ctx, c, replaced, &told); err != nil {
		l.logger.Warn("limits cannot be corrected by a late cost", zap.String("request_id", c.id), zap.Error(err))
	}
	return nil
}

// pricedBy is the price that an attempt was priced by, nil if that is another now.
func (s *snapshot) pricedBy(a *ledger.Attempt) *prices.Price {
	for _, m := range s.registry.Models() {
		for _, planned := range m.Routes {
			if planned.ID != a.Route {
				continue
			}
			if p := s.accounts.price(planned.Data.(*route), a.Upstream); p != nil && p.Version() == a.Price {
				return p
			}
		}
	}
	return nil
}

// correctLimits counts what an attempt used instead of what it was settled with.
func (a *App) correctLimits(ctx context.Context, c *lateCost, settled, told *ledger.Attempt) error {
	if c.key == "" {
		return nil
	}
	p, err := administration{a}.limited(ctx, c.tenant, c.key)
	if err != nil {
		return err
	}
	meters := p.Bounds(c.model, &a.accounts.defaults).Meters(&limits.Demand{}, c.time, a.accounts.calendar)
	by := make([]int64, len(meters))
	for i := range meters {
		by[i] = meters[i].Counts(0, told.Tokens.Prompt()-settled.Tokens.Prompt(), told.Tokens.Output-settled.Tokens.Output, told.Cost-settled.Cost)
	}
	a.accounts.engines.Limits.Correct(p.Tenant, meters, by, time.Now())
	a.snapshot.Load().watchBudgets(a, p, meters)
	return nil
}

// bills reports whether the provider tells late what an answer cost.
func (u *upstream) bills() bool {
	_, ok := u.Provider.(providers.Biller)
	return ok
}

// fetchBill asks what an answer used and cost, with one credential after another, as it is
// not known here with which one the answer was asked for.
func (u *upstream) fetchBill(ctx context.Context, answerID string) (*translate.Usage, error) {
	var failed error
	for _, credential := range u.Credentials() {
		req, err := u.NewRequest(ctx, &providers.Call{Op: providers.Bill, AnswerID: answerID, Client: http.Header{}})
		if err != nil {
			return nil, err
		}
		body, err := u.fetch(req, credential)
		if err == nil {
			return u.Provider.(providers.Biller).ParseBill(body)
		}
		failed = err
	}
	return nil, failed
}
