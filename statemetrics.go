package xjpgateway

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rickyjim626/xjp-gateway/registry"
)

// stateCollector tells the state of routes and providers at the moment of a scrape. Most
// changes come with time alone, so nothing else would notice them. Routes of patterns are
// left out: clients name their models.
type stateCollector struct{ app *App }

var (
	breakerDesc = prometheus.NewDesc("caddy_xjp_breaker_state", "State of a route's breaker: 0 closed, 1 half open, 2 open, 3 resting.", []string{"model", "route", "provider"}, nil)
	callsDesc   = prometheus.NewDesc("caddy_xjp_provider_calls_in_flight", "Calls to the provider under way.", []string{"provider"}, nil)
	queueDesc   = prometheus.NewDesc("caddy_xjp_provider_queue_length", "Requests that wait for a place at the provider.", []string{"provider"}, nil)
)

// breakerLevels orders the states by how much they keep away.
var breakerLevels = map[registry.Breaker]float64{registry.Closed: 0, registry.HalfOpen: 1, registry.Open: 2, registry.Resting: 3}

// Describe lists the metrics.
func (stateCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- breakerDesc
	ch <- callsDesc
	ch <- queueDesc
}

// Collect reads the states.
func (sc stateCollector) Collect(ch chan<- prometheus.Metric) {
	s := sc.app.snapshot.Load()
	if s == nil {
		return
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	now := time.Now()
	for _, m := range s.registry.Models() {
		for _, r := range m.Routes {
			if state := r.Data.(*route).state; state != nil {
				gauge(breakerDesc, breakerLevels[state.View(now).State], m.Name, r.ID, r.Provider)
			}
		}
	}
	for name, u := range s.upstreams {
		in, waiting := u.state.Gate.Load()
		gauge(callsDesc, float64(in), name)
		gauge(queueDesc, float64(waiting), name)
	}
}
