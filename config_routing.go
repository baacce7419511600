package xjpgateway

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

// RetryConfig says how requests are tried again when no route could serve them for a
// reason that passes. A field that is not set takes the default.
type RetryConfig struct {
	// Max is the number of further rounds through a model's routes, from 0 to 10.
	// Default: 2.
	Max *int `json:"max,omitempty"`
	// Backoff is the wait before the first further round; it doubles with each and is
	// jittered. Default: 200ms.
	Backoff caddy.Duration `json:"backoff,omitempty"`
	// MaxWait bounds each wait, also the one that a provider asks for. Default: 5s.
	MaxWait caddy.Duration `json:"max_wait,omitempty"`
	// Budget is the share of a provider's requests that may be repeats, from 0.01 to 1.
	// Default: 0.2.
	Budget float64 `json:"budget,omitempty"`
}

// BreakerConfig says when a route that fails is let rest. A field that is not set takes
// the default.
type BreakerConfig struct {
	// Off lets no route rest for its failures. A rest that a provider asks for is kept
	// all the same.
	Off bool `json:"off,omitempty"`
	// Failures is the number of failures in a row that opens the breaker. Default: 5.
	Failures int `json:"failures,omitempty"`
	// Ratio is the share of failed calls in the window that opens it, from 0.01 to 1.
	// Default: 0.5.
	Ratio float64 `json:"ratio,omitempty"`
	// MinCalls is the number of calls in the window below which the ratio says nothing.
	// Default: 20.
	MinCalls int `json:"min_calls,omitempty"`
	// Window is the time over which calls are counted. Default: 30s.
	Window caddy.Duration `json:"window,omitempty"`
	// Cooldown is how long an open breaker lets its route rest before it is probed,
	// unless the provider says how long. Default: 20s.
	Cooldown caddy.Duration `json:"cooldown,omitempty"`
}

// QueueConfig bounds the waiting for a place where max_concurrent calls are in flight.
// A field that is not set takes the default.
type QueueConfig struct {
	// Size is the number of requests that may wait for one provider or route, from 0 to
	// 100,000; 0 has none wait. Default: 100.
	Size *int `json:"size,omitempty"`
	// Wait is the longest wait. Default: 2s.
	Wait caddy.Duration `json:"wait,omitempty"`
}

// HedgeConfig says when a request that is not streamed is sent by a second route as
// well, while the first has not answered. One of the fields is set.
type HedgeConfig struct {
	// Delay is how long the first route is waited for.
	Delay caddy.Duration `json:"delay,omitempty"`
	// Quantile waits as long as this share of the first route's calls took, from 0.5 to
	// 0.99.
	Quantile float64 `json:"quantile,omitempty"`
}

// The limits of the settings of routing.
const (
	maxRounds      = 10
	maxWeight      = 1_000_000
	maxConcurrency = 1_000_000
	maxQueue       = 100_000
	maxCalls       = 1_000_000 // that a breaker counts
	minShare       = 0.01
	minQuantile    = 0.5
	maxQuantile    = 0.99
)

// The defaults of the settings of routing. Those of breakers are in registry.Thresholds.
const (
	defaultRounds    = 2
	defaultBackoff   = 200 * time.Millisecond
	defaultMaxWait   = 5 * time.Second
	defaultBudget    = 0.2
	defaultQueueSize = 100
	defaultQueueWait = 2 * time.Second
)

// override returns r with the settings of o where those are set.
func (r RetryConfig) override(o RetryConfig) RetryConfig {
	return RetryConfig{
		Max:     orDefault(o.Max, r.Max),
		Backoff: orDefault(o.Backoff, r.Backoff),
		MaxWait: orDefault(o.MaxWait, r.MaxWait),
		Budget:  orDefault(o.Budget, r.Budget),
	}
}

// override returns b with the settings of o where those are set. Any setting of o but
// off switches on what b switches off.
func (b BreakerConfig) override(o BreakerConfig) BreakerConfig {
	if o == (BreakerConfig{}) {
		return b
	}
	return BreakerConfig{
		Off:      o.Off,
		Failures: orDefault(o.Failures, b.Failures),
		Ratio:    orDefault(o.Ratio, b.Ratio),
		MinCalls: orDefault(o.MinCalls, b.MinCalls),
		Window:   orDefault(o.Window, b.Window),
		Cooldown: orDefault(o.Cooldown, b.Cooldown),
	}
}

// override returns q with the settings of o where those are set.
func (q QueueConfig) override(o QueueConfig) QueueConfig {
	return QueueConfig{Size: orDefault(o.Size, q.Size), Wait: orDefault(o.Wait, q.Wait)}
}
