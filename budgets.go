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

	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

// budgets remembers which thresholds of which budgets have been told of, so that each is
// told of once in each window. It is safe for concurrent use, and bounded: what is
// forgotten is at worst told of twice.
type budgets struct {
	mu   sync.Mutex
	told map[string]int // the highest threshold, by tenant, meter and window
}

// maxToldBudgets bounds what is remembered.
const maxToldBudgets = 100_000

// reach notes that a budget is used up to some percentage, and gives the thresholds that
// it has not reached before.
func (b *budgets) reach(budget string, percent int, thresholds []int) (reached []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.told[budget]
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
	if b.told == nil || len(b.told) >= maxToldBudgets {
		b.told = map[string]int{}
	}
	b.told[budget] = highest
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

// watchBudget tells of a budget whose use has reached a threshold: in the log, as an event
// of Caddy's, and to the webhook.
func (c *call) watchBudget(m *limits.Meter, used int64, now time.Time) {
	percent := int(used * 100 / m.Limit) // budgets are far too small to overflow
	alerts := &c.s.alerts
	if percent < alerts.lowest {
		return
	}
	reached := c.s.runtime.budgets.reach(c.key.Tenant+" "+m.Key+" "+m.Window, percent, alerts.thresholds)
	for _, threshold := range reached {
		e := budgetEvent{
			Tenant: c.key.Tenant, Key: c.key.ID, Budget: m.Says(), Window: m.Window, Threshold: threshold,
			Used: prices.Amount(used), Limit: prices.Amount(m.Limit), Time: now.UTC(),
		}
		c.h.app.tellBudget(&e, alerts)
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
