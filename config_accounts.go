package xjpgateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/capture"
)

// LedgerConfig says how the account of all requests is kept.
type LedgerConfig struct {
	// Journal is the folder in which records are kept until the store has them. Default: a
	// folder beside Caddy's data.
	Journal string `json:"journal,omitempty"`
	// Sync is how long records may wait to be safe from a loss of power; a killed process
	// loses none. "always" (0) makes each request wait for the disk. Default: 100ms.
	Sync *caddy.Duration `json:"sync,omitempty"`
	// MaxJournal is the most bytes that the journal holds while the store is away.
	// Default: 1 GiB.
	MaxJournal int64 `json:"max_journal,omitempty"`
	// Strict refuses requests that cannot be recorded, with 503. Default: they are served,
	// and counted as not recorded.
	Strict bool `json:"strict,omitempty"`
	// Retention is how long records of single requests are kept; the sums by day stay.
	// Default: for ever.
	Retention caddy.Duration `json:"retention,omitempty"`
	// LateCosts are the waits before each time that a provider is asked what an answer cost
	// that ended before it told. Default: 2s, 10s, 1m, 10m and 1h.
	LateCosts []caddy.Duration `json:"late_costs,omitempty"`
	// LateCostsOff asks for no such costs: they stay estimates.
	LateCostsOff bool `json:"late_costs_off,omitempty"`
	// Capture says how bodies of requests are kept, for keys whose setting asks for them.
	Capture CaptureConfig `json:"capture,omitzero"`
}

// CaptureConfig says how bodies of requests are kept. Of which requests they are, each key's
// own setting says; without it there are none.
type CaptureConfig struct {
	// Off keeps no bodies, whatever keys say.
	Off bool `json:"off,omitempty"`
	// MaxBody is the most bytes that are kept of a request's body, and of its answer's.
	// Default: 256 KiB.
	MaxBody int64 `json:"max_body,omitempty"`
	// Retention is how long they are kept. Default: 72h.
	Retention caddy.Duration `json:"retention,omitempty"`
	// MaxTotal is the most bytes that are kept of all requests together; the oldest go
	// first. Default: 1 GiB.
	MaxTotal int64 `json:"max_total,omitempty"`
}

func (c *CaptureConfig) maxBody() int64 { return orDefault(c.MaxBody, capture.DefaultMaxBody) }

func (c *CaptureConfig) maxTotal() int64 { return orDefault(c.MaxTotal, capture.DefaultMaxTotal) }

func (c *CaptureConfig) retention() time.Duration {
	return orDefault(time.Duration(c.Retention), defaultCaptureRetention)
}

// validate refuses what cannot be kept, and room for less than one request.
func (c *CaptureConfig) validate() error {
	switch {
	case c.MaxBody < 0 || c.MaxBody > maxCapturedBody:
		return fmt.Errorf("ledger: capture: max_body must be from 0 to %d", maxCapturedBody)
	case c.MaxTotal < 0 || c.MaxTotal > maxTogether:
		return fmt.Errorf("ledger: capture: max_total must be from 0 to %d", maxTogether)
	case c.Retention < 0:
		return errors.New("ledger: capture: retention must not be negative")
	case c.maxTotal() < leastTotal*c.maxBody():
		return fmt.Errorf("ledger: capture: max_total must be at least %d times max_body, %d bytes", leastTotal, leastTotal*c.maxBody())
	}
	return nil
}

// The largest body that can be kept, in bytes, and for how many of the largest there must
// be room.
const (
	maxCapturedBody = 16 << 20
	leastTotal      = 4
)

// PricesConfig says where prices come from that the configuration does not give.
type PricesConfig struct {
	// Refresh is how often OpenRouter's list of prices is fetched, for its models alone.
	// Default: 6h.
	Refresh caddy.Duration `json:"refresh,omitempty"`
	// Offline fetches no list.
	Offline bool `json:"offline,omitempty"`
	// Strict refuses requests for which no route has a known price, with 503.
	Strict bool `json:"strict,omitempty"`
}

// The words of on_store_failure.
const (
	allowKnown = "allow_known"
	denyAll    = "deny"
)

// override returns l with the settings of o where those are set.
func (l LedgerConfig) override(o LedgerConfig) LedgerConfig {
	if len(o.LateCosts) == 0 {
		o.LateCosts = l.LateCosts
	}
	return LedgerConfig{
		Journal:    orDefault(o.Journal, l.Journal),
		Sync:       orDefault(o.Sync, l.Sync),
		MaxJournal: orDefault(o.MaxJournal, l.MaxJournal),
		Strict:     o.Strict || l.Strict,
		Retention:  orDefault(o.Retention, l.Retention),
		Capture:    orDefault(o.Capture, l.Capture),

		LateCosts:    o.LateCosts,
		LateCostsOff: o.LateCostsOff || l.LateCostsOff,
	}
}

// The bounds of late_costs.
const (
	maxLateWaits = 10
	maxLateWait  = 24 * time.Hour
)

// validateLateCosts checks the waits before providers are asked.
func (l *LedgerConfig) validateLateCosts() error {
	if len(l.LateCosts) > maxLateWaits {
		return fmt.Errorf("late_costs: %d waits are too many; there may be %d", len(l.LateCosts), maxLateWaits)
	}
	for _, wait := range l.LateCosts {
		if wait <= 0 || time.Duration(wait) > maxLateWait {
			return fmt.Errorf("late_costs: a wait of %s is not above zero and up to %s", time.Duration(wait), maxLateWait)
		}
	}
	return nil
}

// override returns p with the settings of o where those are set.
func (p PricesConfig) override(o PricesConfig) PricesConfig {
	return PricesConfig{Refresh: orDefault(o.Refresh, p.Refresh), Offline: o.Offline || p.Offline, Strict: o.Strict || p.Strict}
}

// BudgetAlertsConfig says when an event tells of a budget that is being used up.
type BudgetAlertsConfig struct {
	// Thresholds are the percentages of a budget at which the event xjp.budget_reached is
	// emitted, once for each window of the budget. Default: 80 and 100.
	Thresholds []int `json:"thresholds,omitempty"`
	// Webhook is an address that is sent each event as JSON by POST. Placeholders are
	// allowed. Default: none.
	Webhook string `json:"webhook,omitempty"`
}

// isSet reports whether anything is configured.
func (b *BudgetAlertsConfig) isSet() bool { return len(b.Thresholds) > 0 || b.Webhook != "" }

// IdempotencyConfig says how answers are kept for requests that are sent again under the
// same Idempotency-Key.
type IdempotencyConfig struct {
	// Off heeds no Idempotency-Key.
	Off bool `json:"off,omitempty"`
	// TTL is how long an answer is kept. Default: 24h.
	TTL caddy.Duration `json:"ttl,omitempty"`
	// MaxSize is the most bytes of an answer that is kept. Default: 1 MiB.
	MaxSize int64 `json:"max_size,omitempty"`
	// MaxTotal is the most bytes of answers that this process keeps, and of answers being
	// given at the same time. Default: 256 MiB.
	MaxTotal int64 `json:"max_total,omitempty"`
}

// inheritAccounts takes the settings of a part where they are set.
func (c *Config) inheritAccounts(from *Config) {
	c.StoreOff = c.StoreOff || from.StoreOff
	if len(from.Peppers) > 0 {
		c.Peppers = from.Peppers
	}
	c.OnStoreFailure = orDefault(from.OnStoreFailure, c.OnStoreFailure)
	c.TimeZone = orDefault(from.TimeZone, c.TimeZone)
	c.Limits = from.Limits.Over(c.Limits)
	c.Ledger = c.Ledger.override(from.Ledger)
	c.Prices = c.Prices.override(from.Prices)
	c.Idempotency = orDefault(from.Idempotency, c.Idempotency)
	if from.BudgetAlerts.isSet() {
		c.BudgetAlerts = from.BudgetAlerts
	}
}
