package xjpgateway

import (
	"errors"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// metrics are the gateway's collectors. Caddy's registry is new at each reload, so they
// live as long as the process and are registered again with each configuration.
// Labels come from the configuration or from closed lists, never from clients.
type metrics struct {
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	ttft      *prometheus.HistogramVec
	tokens    *prometheus.CounterVec
	upstream  *prometheus.CounterVec
	losses    *prometheus.CounterVec
	breakers  *prometheus.CounterVec
	unspent   *prometheus.CounterVec
	hedges    *prometheus.CounterVec
	streams   *prometheus.GaugeVec
	inFlight  prometheus.Gauge
	authFails prometheus.Counter
	limited   *prometheus.CounterVec
	cost      *prometheus.CounterVec
	unpriced  *prometheus.CounterVec
	lost      prometheus.Counter
	lateCosts *prometheus.CounterVec

	stateFailures prometheus.Counter
	idempotent    *prometheus.CounterVec
	unkept        prometheus.Counter
	captures      *prometheus.CounterVec
}

var longBuckets = []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}

var collectors = newMetrics()

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "caddy", Subsystem: "xjp", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "caddy", Subsystem: "xjp", Name: name, Help: help, Buckets: longBuckets}, labels)
	}
	return &metrics{
		requests:      counter("requests_total", "Requests by what became of them.", "dialect", "model", "provider", "status"),
		duration:      histogram("request_duration_seconds", "Time from request to the answer's end.", "dialect", "model", "provider", "stream"),
		ttft:          histogram("time_to_first_token_seconds", "Time from request to the first content of a stream.", "dialect", "model", "provider"),
		tokens:        counter("tokens_total", "Tokens by kind.", "model", "provider", "kind"),
		upstream:      counter("upstream_errors_total", "Failed calls to providers by kind of error.", "provider", "model", "kind"),
		breakers:      counter("breaker_changes_total", "Changes of breakers by the state that they went to.", "provider", "model", "of", "to"),
		unspent:       counter("retries_refused_total", "Repeats of calls that a provider's retry budget did not allow.", "provider"),
		hedges:        counter("hedges_total", "Requests that two routes were asked for, by the one that answered.", "model", "won"),
		limited:       counter("limits_reached_total", "Requests that a limit of their key or tenant refused, by what it is of.", "model", "of"),
		cost:          counter("cost_usd_total", "What requests cost, in USD.", "model", "provider"),
		unpriced:      counter("unpriced_requests_total", "Requests of which a part has no known price.", "model", "provider"),
		lost:          prometheus.NewCounter(prometheus.CounterOpts{Namespace: "caddy", Subsystem: "xjp", Name: "ledger_unrecorded_total", Help: "Requests that the ledger could not take."}),
		lateCosts:     counter("late_costs_total", "Answers that ended before they told their cost, by whether their provider has told it since.", "provider", "result"),
		stateFailures: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "caddy", Subsystem: "xjp", Name: "state_failures_total", Help: "Times that the engine of state could not be reached any more."}),
		idempotent:    counter("idempotent_requests_total", "Requests with an Idempotency-Key, by what was known of it.", "state"),
		unkept:        prometheus.NewCounter(prometheus.CounterOpts{Namespace: "caddy", Subsystem: "xjp", Name: "idempotency_failures_total", Help: "Times that an answer could not be looked up or kept."}),
		captures:      counter("captures_total", "Requests whose bodies were to be kept, by what became of those.", "state"),
		losses:        counter("losses_total", "Fields that a translation could not carry whole.", "model", "provider", "action"),
		streams:       prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "caddy", Subsystem: "xjp", Name: "streams_open", Help: "Streams being answered."}, []string{"dialect"}),
		inFlight:      prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "caddy", Subsystem: "xjp", Name: "requests_in_flight", Help: "Requests being answered."}),
		authFails:     prometheus.NewCounter(prometheus.CounterOpts{Namespace: "caddy", Subsystem: "xjp", Name: "auth_failures_total", Help: "Requests with a missing or wrong key."}),
	}
}

// registerMetrics registers the collectors in the configuration's registry, with one for
// what the configuration itself shows.
func registerMetrics(ctx caddy.Context, own ...prometheus.Collector) *metrics {
	m := collectors
	registry := ctx.GetMetricsRegistry()
	if registry == nil {
		return m
	}
	for _, c := range append(own, m.requests, m.duration, m.ttft, m.tokens, m.upstream, m.losses, m.breakers, m.unspent, m.hedges, m.streams, m.inFlight, m.authFails, m.limited, m.cost, m.unpriced, m.lost, m.lateCosts, m.stateFailures, m.idempotent, m.unkept, m.captures) {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &already) {
			caddy.Log().Named("xjp").Warn("metric is not registered: " + err.Error())
		}
	}
	return m
}

func (m *metrics) begin() { m.inFlight.Inc() }

// upstreamError counts a failed attempt.
func (m *metrics) upstreamError(a *attempt, e *translate.Error) {
	m.upstream.WithLabelValues(a.route.upstream.name, a.c.modelLabel(), errorKind(e)).Inc()
}

// breakerChanged counts a change of a route's breaker, or of a credential's.
func (m *metrics) breakerChanged(a *attempt, of string, to registry.Breaker) {
	m.breakers.WithLabelValues(a.route.upstream.name, a.c.modelLabel(), of, to.String()).Inc()
}

// end counts a request that is over.
func (m *metrics) end(c *call) {
	m.inFlight.Dec()
	if c.op != opGenerate {
		return
	}
	o := &c.outcome
	d, model, provider := c.dialect.Inbound.Name(), c.modelLabel(), o.provider()
	m.requests.WithLabelValues(d, model, provider, statusClass(o)).Inc()
	m.duration.WithLabelValues(d, model, provider, boolLabel(o.streamed)).Observe(time.Since(c.started).Seconds())
	if o.streamed && o.first > 0 {
		m.ttft.WithLabelValues(d, model, provider).Observe(o.first.Seconds())
	}
	m.countTokens(model, provider, &o.usage)
	m.cost.WithLabelValues(model, provider).Add(float64(c.account.cost) / float64(prices.Dollar))
	if o.route != nil {
		for _, l := range c.losses() {
			m.losses.WithLabelValues(model, provider, string(l.Action)).Inc()
		}
		for _, l := range c.x.AnswerLosses.List() {
			m.losses.WithLabelValues(model, provider, string(l.Action)).Inc()
		}
	}
}

func (m *metrics) countTokens(model, provider string, u *translate.Usage) {
	for _, part := range [...]struct {
		kind string
		n    int64
	}{{"input", u.Input}, {"cache_read", u.CacheRead}, {"cache_write", u.CacheWrite}, {"output", u.Output}, {"reasoning", u.Reasoning}} {
		if part.n > 0 {
			m.tokens.WithLabelValues(model, provider, part.kind).Add(float64(part.n))
		}
	}
}

// modelLabel is the configured name of the model, so that clients cannot make labels.
func (c *call) modelLabel() string {
	if c.match.Model == nil {
		return "other"
	}
	return c.match.Model.Name
}

func (o *outcome) provider() string {
	if o.route == nil {
		return "none"
	}
	return o.route.upstream.name
}

// statusClass is "2xx" and so on; a stream that failed after its beginning is "error",
// a client that went away "gone".
func statusClass(o *outcome) string {
	switch {
	case o.gone:
		return "gone"
	case o.err != nil && o.status == 200:
		return "error"
	case o.status == 0:
		return "none"
	}
	return string(rune('0'+o.status/100)) + "xx"
}

func boolLabel(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// errorKind names a kind of error for labels and log fields.
func errorKind(e *translate.Error) string {
	if e == nil {
		return ""
	}
	return errorKinds[e.Kind]
}

var errorKinds = map[translate.ErrorKind]string{
	translate.ErrInvalid: "invalid_request", translate.ErrContext: "context_overflow", translate.ErrTooLarge: "too_large",
	translate.ErrSlow: "slow_request", translate.ErrAuth: "auth", translate.ErrPermission: "permission", translate.ErrBilling: "billing",
	translate.ErrNotFound: "not_found", translate.ErrModel: "model_not_found", translate.ErrMethod: "method",
	translate.ErrConflict: "conflict", translate.ErrKeyReused: "idempotency_key_reused", translate.ErrContent: "content_blocked", translate.ErrRateLimit: "rate_limit", translate.ErrQuota: "quota",
	translate.ErrUpstreamLimit: "upstream_rate_limit", translate.ErrUpstreamAuth: "upstream_auth", translate.ErrUpstream: "upstream",
	translate.ErrOverloaded: "overloaded", translate.ErrTimeout: "timeout", translate.ErrInterrupted: "interrupted",
	translate.ErrInternal: "internal", translate.ErrUnsupported: "unsupported",
}
