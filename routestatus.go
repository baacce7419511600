package xjpgateway

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/registry"
)

// RoutesReport is what is known of all routes at a moment.
type RoutesReport struct {
	// Routes are the routes in the order of the configuration. A route of a wildcard
	// model is there once for each model of its provider that has been asked for, or once
	// without one.
	Routes []*RouteStatus `json:"routes"`
	// Providers are the providers by name.
	Providers []*ProviderStatus `json:"providers"`
}

// ProviderStatus is what is known of a provider.
type ProviderStatus struct {
	Provider string `json:"provider"`
	// LeftOut says why an optional provider is not used, "" if it is.
	LeftOut string `json:"left_out,omitempty"`
	*Load
}

// Load is how many calls are under way, and wait, where max_concurrent may be set.
type Load struct {
	MaxConcurrent int `json:"max_concurrent,omitempty"`
	InFlight      int `json:"in_flight"`
	Queued        int `json:"queued,omitempty"`
}

// RouteStatus is what is known of a route.
type RouteStatus struct {
	// Route is the model and the route's number.
	Route string `json:"route"`
	// Provider and UpstreamModel are where it leads; UpstreamModel is as configured for a
	// wildcard route that nothing has been asked of.
	Provider      string `json:"provider"`
	UpstreamModel string `json:"upstream_model"`
	Weight        int    `json:"weight,omitempty"`
	Fallback      bool   `json:"fallback,omitempty"`
	BreakerStatus
	// Latency is the average time to the first content in milliseconds, 0 if it is not known.
	Latency float64 `json:"latency_ms,omitempty"`
	Load
	Credentials []CredentialStatus `json:"credentials,omitempty"`
}

// CredentialStatus is what is known of a credential, for the model of its route.
type CredentialStatus struct {
	// Credential is its name, such as "api_key 2".
	Credential string `json:"credential"`
	BreakerStatus
}

// BreakerStatus is the state of a breaker.
type BreakerStatus struct {
	// Breaker is "closed", "open", "half_open" or "resting".
	Breaker string `json:"breaker"`
	// Cause is why it is not closed: "failures", "rate_limit", "auth" or "model_not_found".
	Cause string `json:"cause,omitempty"`
	// Until is the end of the rest.
	Until *time.Time `json:"until,omitempty"`
	// Failures is the number of failures in a row.
	Failures int `json:"failures,omitempty"`
}

// report tells what is known of all routes.
func (a *App) report(now time.Time) *RoutesReport {
	s := a.snapshot.Load()
	report := &RoutesReport{Routes: []*RouteStatus{}, Providers: []*ProviderStatus{}}
	for _, m := range s.registry.Models() {
		for _, planned := range m.Routes {
			report.Routes = append(report.Routes, s.statuses(planned, now)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.upstreams)) {
		u := s.upstreams[name]
		report.Providers = append(report.Providers, &ProviderStatus{Provider: name, Load: new(loadOf(u.state, u.Concurrency()))})
	}
	for _, name := range slices.Sorted(maps.Keys(s.missing)) {
		report.Providers = append(report.Providers, &ProviderStatus{Provider: name, LeftOut: s.missing[name]})
	}
	return report
}

// statuses tells what is known of a route: one thing, or one for each model that its
// wildcard has led to.
func (s *snapshot) statuses(planned *registry.Route, now time.Time) []*RouteStatus {
	r := planned.Data.(*route)
	if r.state != nil {
		return []*RouteStatus{s.status(planned, r.state, planned.Upstream, now)}
	}
	states := s.statesOf(r)
	if len(states) == 0 {
		return []*RouteStatus{s.status(planned, new(registry.State), planned.Upstream, now)}
	}
	var list []*RouteStatus
	for _, upstream := range slices.Sorted(maps.Keys(states)) {
		list = append(list, s.status(planned, states[upstream], upstream, now))
	}
	return list
}

// status tells what is known of a route for a model of its provider.
func (s *snapshot) status(planned *registry.Route, state *registry.State, upstream string, now time.Time) *RouteStatus {
	r := planned.Data.(*route)
	status := &RouteStatus{
		Route: r.id, Provider: planned.Provider, UpstreamModel: upstream, Weight: planned.Weight, Fallback: planned.Fallback,
		BreakerStatus: healthOf(&state.Health, now),
		Latency:       milliseconds(state.Latency.Average()),
		Load:          loadOf(state, r.config.MaxConcurrent),
	}
	for _, cred := range r.upstream.credentials {
		health := healthOf(&cred.state.Health, now)
		if limit := s.limitOf(r, cred, upstream); limit != nil && health.Breaker == registry.Closed.String() {
			health = healthOf(&limit.Health, now)
		}
		status.Credentials = append(status.Credentials, CredentialStatus{cred.Name(), health})
	}
	return status
}

// limitOf finds what is known of a credential's rate limit for the route's model, nil if
// that is nothing.
func (s *snapshot) limitOf(r *route, cred *credential, upstream string) *registry.State {
	t, err := r.target(dialectNames()[0], upstream)
	if err != nil {
		return nil
	}
	return s.runtime.states.Find(cred.limitKey(t.route.Model))
}

// statesOf finds what is known of a wildcard's route, by the provider's name of the model.
func (s *snapshot) statesOf(r *route) map[string]*registry.State {
	before, after, _ := strings.Cut(r.config.Model, "{model.rest}")
	found := map[string]*registry.State{}
	s.runtime.states.Each(func(key string, state *registry.State) {
		upstream, ok := r.upstreamOf(key)
		if ok && len(upstream) > len(before)+len(after) && strings.HasPrefix(upstream, before) && strings.HasSuffix(upstream, after) {
			found[upstream] = state
		}
	})
	return found
}

func healthOf(h *registry.Health, now time.Time) BreakerStatus {
	view := h.View(now)
	health := BreakerStatus{Breaker: view.State.String(), Cause: view.Cause.String(), Failures: view.Failures}
	if view.State == registry.Open || view.State == registry.Resting {
		health.Until = &view.Until
	}
	return health
}

// loadOf tells the load of a route or a provider. The gate counts what is under way also
// where it lets everybody in.
func loadOf(state *registry.State, limit int) Load {
	in, waiting := state.Gate.Load()
	return Load{MaxConcurrent: limit, InFlight: in, Queued: waiting}
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond).Microseconds()) / 1000
}
