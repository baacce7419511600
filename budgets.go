package xjpgateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

// budgets looks at those budgets of which requests have used something, soon after they have
// ended, and remembers which thresholds have been told of, so that each is told of once in
// each window. It is safe for concurrent use, and bounded: what is forgotten is at worst told
// of twice.
type budgets struct {
	mu      sync.Mutex
	told    map[budget]int // the highest threshold
	watched map[budget]*watch
	// due says that those that are watched will be looked at.
	due bool
}

// budget is one in one window. With another limit it is another one, of which is told anew.
type budget struct {
	tenant, meter, window string
	limit                 int64
}

// watch is a budget that is to be looked at, for a request that used something of it last.
type watch struct {
	meter  limits.Meter
	key    string
	counts limits.Engine
	app    *App
	alerts *alerts
	tries  int
}

const (
	// maxBudgets bounds what is remembered, and what is watched.
	maxBudgets = 100_000
	// lookAfter is how long it takes until a budget is looked at. Many requests are looked at
	// together, and other nodes' counts have arrived.
	lookAfter = time.Second
	// maxLooks is how often counts are asked for in vain.
	maxLooks = 60
	// lookTime is how long the counts of a tenant may take.
	lookTime = 2 * time.Second
)

// watchBudgets has the budgets among meters looked at, of which a key has used something.
func (s *snapshot) watchBudgets(app *App, key *keys.Principal, meters []limits.Meter) {
	for i := range meters {
		if m := &meters[i]; m.IsBudget() {
			of := budget{key.Tenant, m.Key, m.Window, m.Limit}
			s.runtime.budgets.put(of, watch{meter: *m, key: key.ID, counts: s.accounts.engines.Limits, app: app, alerts: &s.alerts})
		}
	}
}

// put watches a budget.
func (b *budgets) put(of budget, w watch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.watched[of]; known != nil {
		*known = w
		return
	}
	if len(b.watched) >= maxBudgets {
		return
	}
	if b.watched == nil {
		b.watched = map[budget]*watch{}
	}
	fresh := w // only this one is allocated
	b.watched[of] = &fresh
	if !b.due {
		b.due = true
		time.AfterFunc(lookAfter, b.look)
	}
}

// take takes all that is watched, by tenant.
func (b *budgets) take() map[string]map[budget]*watch {
	b.mu.Lock()
	defer b.mu.Unlock()
	byTenant := map[string]map[budget]*watch{}
	for of, w := range b.watched {
		if byTenant[of.tenant] == nil {
			byTenant[of.tenant] = map[budget]*watch{}
		}
		byTenant[of.tenant][of] = w
	}
	b.watched, b.due = nil, false
	return byTenant
}

// look looks at what is watched.
func (b *budgets) look() {
	for tenant, watched := range b.take() {
		b.lookAt(tenant, watched)
	}
}

// lookAt tells of budgets of a tenant whose use has reached a threshold. What is only reserved
// is no use yet; as long as something is, they are looked at again, as engines may take for
// reserved what has just been settled.
func (b *budgets) lookAt(tenant string, watched map[budget]*watch) {
	var list []budget
	var meters []limits.Meter
	var counts limits.Engine
	for of, w := range watched {
		if counts == nil {
			counts = w.counts
		}
		if w.counts != counts { // those of a configuration that another one has replaced
			b.putAgain(of, w)
			continue
		}
		list, meters = append(list, of), append(meters, w.meter)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	now := time.Now()
	used, reserved, err := counts.Used(ctx, tenant, meters, now)
	for i, of := range list {
		w := watched[of]
		if err != nil {
			b.putAgain(of, w)
			continue
		}
		b.tell(of, w, max(0, used[i]-reserved[i]), now)
		if reserved[i] > 0 {
			w.tries = 0
			b.putAgain(of, w)
		}
	}
}

// putAgain watches a budget further, unless a later request has it watched already, or its
// counts have been asked for in vain for too long.
func (b *budgets) putAgain(of budget, w *watch) {
	b.mu.Lock()
	newer := b.watched[of] != nil
	b.mu.Unlock()
	if w.tries++; !newer && w.tries < maxLooks {
		b.put(of, *w)
	}
}

// reach notes that a budget is used up to some percentage, and gives the thresholds that
// it has not reached before.
func (b *budgets) reach(of budget, percent int, thresholds []int) (reached []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.told[of]
	highest := before
	for _, t := range thresholds {
		if t > before && percent >= t {
			reached = append(reached, t)
			highest = max(highest, t)
		}
	}
	if highest == before {
		return nil
	}
	if b.told == nil || len(b.told) >= maxBudgets {
		b.told = map[budget]int{}
	}
	b.told[of] = highest
	return reached
}

// defaultThresholds are those of budget_alerts.
var defaultThresholds = []int{80, 100}

// budgetEvent is what is told of a budget.
type budgetEvent struct {
	Tenant    string        `json:"tenant"`
	Key       string        `json:"key"`
	Budget    string        `json:"budget"`
	Window    string        `json:"window"`
	Threshold int           `json:"threshold"`
	Used      prices.Amount `json:"used"`
	Limit     prices.Amount `json:"limit"`
	Time      time.Time     `json:"time"`
}

// tell tells of a budget whose use has reached a threshold: in the log, as an event of
// Caddy's, and to the webhook.
func (b *budgets) tell(of budget, w *watch, used int64, now time.Time) {
	percent := int(used * 100 / of.limit) // budgets are far too small to overflow
	if percent < w.alerts.lowest {
		return
	}
	for _, threshold := range b.reach(of, percent, w.alerts.thresholds) {
		w.app.tellBudget(&budgetEvent{
			Tenant: of.tenant, Key: w.key, Budget: w.meter.Says(), Window: of.window, Threshold: threshold,
			Used: prices.Amount(used), Limit: prices.Amount(of.limit), Time: now.UTC(),
		}, w.alerts)
	}
}

// alerts is where budgets are told of.
type alerts struct {
	thresholds []int
	lowest     int // of the thresholds
	webhook    string
}

// resolve checks the settings and resolves their placeholders.
func (b *BudgetAlertsConfig) resolve() (alerts, error) {
	to := alerts{thresholds: b.Thresholds}
	if len(to.thresholds) == 0 {
		to.thresholds = defaultThresholds
	}
	for _, t := range to.thresholds {
		if t < 1 || t > 100 {
			return to, fmt.Errorf("budget_alerts: %d is no percentage from 1 to 100", t)
		}
	}
	to.lowest = slices.Min(to.thresholds)
	if b.Webhook == "" {
		return to, nil
	}
	address, err := module.Resolve("budget_alerts webhook", b.Webhook)
	if err != nil {
		return to, err
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return to, errors.New("budget_alerts: webhook is no http or https address")
	}
	to.webhook = address
	return to, nil
}

// tellBudget tells of a budget.
func (a *App) tellBudget(e *budgetEvent, to *alerts) {
	a.logger.Warn("budget reached", zap.String("tenant", e.Tenant), zap.String("key", e.Key), zap.String("budget", e.Budget),
		zap.Int("threshold", e.Threshold), zap.Stringer("used", e.Used))
	a.emit("budget_reached", map[string]any{
		"tenant": e.Tenant, "key": e.Key, "budget": e.Budget, "window": e.Window, "threshold": e.Threshold,
		"used": e.Used.String(), "limit": e.Limit.String(),
	})
	if to.webhook != "" {
		go a.callWebhook(e, to.webhook)
	}
}

// The tries of a webhook.
const (
	webhookTries   = 5
	webhookTimeout = 10 * time.Second
)

// webhooks bounds how many calls of webhooks are under way, or wait to be tried again.
var webhooks = make(chan struct{}, 256)

// callWebhook sends an event, again after a while if it is not taken.
func (a *App) callWebhook(e *budgetEvent, address string) {
	select {
	case webhooks <- struct{}{}:
		defer func() { <-webhooks }()
	default:
		a.logger.Error("webhook is not called, as too many calls of it wait already", zap.String("budget", e.Budget))
		return
	}
	body, _ := json.Marshal(e)
	var err error
	for try := range webhookTries {
		if try > 0 {
			time.Sleep(time.Second << try)
		}
		if err = postJSON(address, body); err == nil {
			return
		}
	}
	a.logger.Error("webhook cannot be called", zap.String("budget", e.Budget), zap.Error(err))
}

// postJSON sends JSON, and takes any answer below 300 for its having been taken.
func postJSON(address string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errWebhook
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return errWebhook
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxErrorBody)); err != nil {
		return errWebhook
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("the webhook answered with status %d", res.StatusCode)
	}
	return nil
}

// errWebhook hides the address of a webhook, which may hold a secret.
var errWebhook = errors.New("the address of the webhook cannot be reached")
