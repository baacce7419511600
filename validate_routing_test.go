package xjpgateway

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/registry"
)

// TestRoutingJSON checks that a configuration in JSON, which no parser has seen, is
// refused with the name of the field.
func TestRoutingJSON(t *testing.T) {
	model := func(settings string) string {
		return `{"name":"m","routes":[{"provider":"p","model":"a"},{"provider":"p","model":"b"}],` + settings + `}`
	}
	route := func(settings string) string {
		return `{"name":"m","routes":[{"provider":"p","model":"a"},{"provider":"p","model":"b",` + settings + `}]}`
	}
	for _, test := range []struct{ config, model, want string }{
		{`{"retry":{"max":-1}}`, "", "retry: max must be from 0 to 10"},
		{`{"retry":{"max":0}}`, "", ""},
		{`{"retry":{"budget":20}}`, "", "retry: budget must be from 0.01 to 1"},
		{`{"retry":{"backoff":"-1s","max_wait":"-1s"}}`, "", "retry: backoff must not be negative\nmax_wait must not be negative"},
		{`{"breaker":{"failures":-5}}`, "", "breaker: failures must be from 1 to 1000000"},
		{`{"breaker":{"ratio":50}}`, "", "breaker: ratio must be from 0.01 to 1"},
		{`{"breaker":{"min_calls":-1}}`, "", "breaker: min_calls"},
		{`{"breaker":{"window":-1}}`, "", "breaker: window must not be negative"},
		{`{"breaker":{"cooldown":-1}}`, "", "breaker: cooldown must not be negative"},
		{`{"breaker":{"off":true,"failures":1}}`, "", "breaker: off"},
		{`{"queue":{"size":100001}}`, "", "queue: size must be from 0 to 100000"},
		{`{"queue":{"wait":-1}}`, "", "queue: wait must not be negative"},
		{"", model(`"policy":"random"`), `policy "random" is not known`},
		{"", model(`"affinity":"user"`), `affinity "user" is not known`},
		{"", model(`"fallback_on":["rate_limit","all"]`), ""},
		{"", model(`"fallback_on":["rate_limit","5xx"]`), `fallback_on: class of errors "5xx" is not known`},
		{"", model(`"fallback_on":["rate_limit","none"]`), "fallback_on: none excludes"},
		{"", model(`"hedge":{"delay":"2s","quantile":0.9}`), "hedge: there is either"},
		{"", model(`"hedge":{"delay":-1}`), "hedge: delay must not be negative"},
		{"", model(`"hedge":{"quantile":95}`), "hedge: quantile must be from 0.5 to 0.99"},
		{"", model(`"hedge":{"quantile":0.5}`), ""},
		{"", `{"name":"m","routes":[{"provider":"p","model":"a"}],"hedge":{"delay":"2s"}}`, "hedge: a second route is needed"},
		{"", `{"name":"m","routes":[{"provider":"p","model":"a","fallback":true}]}`, "all routes are fallbacks"},
		{"", `{"name":"m","policy":"first","routes":[{"provider":"p","model":"a","weight":1}]}`, "policy: first heeds no weight"},
		{"", route(`"weight":-1`), "weight must be from 1 to 1000000"},
		{"", route(`"weight":7`), ""},
		{"", route(`"weight":1,"fallback":true`), "weight: a fallback"},
		{"", route(`"max_concurrent":-1`), "max_concurrent must be from 1 to 1000000"},
		{"", route(`"breaker":{"ratio":2}`), "breaker: ratio must be"},
	} {
		t.Run(test.config+test.model, func(t *testing.T) {
			err := checked(t, test.config, test.model)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// checked validates a configuration or a model with its routes.
func checked(t *testing.T, config, model string) error {
	t.Helper()
	var c Config
	var m ModelConfig
	if config != "" {
		if err := json.Unmarshal([]byte(config), &c); err != nil {
			t.Fatal(err)
		}
		return c.validate()
	}
	if err := json.Unmarshal([]byte(model), &m); err != nil {
		t.Fatal(err)
	}
	if err := m.validate(); err != nil {
		return err
	}
	for _, r := range m.Routes {
		if err := r.validate(); err != nil {
			return err
		}
	}
	return nil
}

// TestBreakerInherits checks that a route changes what it names of the app's breaker, and
// can switch it off or on.
func TestBreakerInherits(t *testing.T) {
	for _, test := range []struct {
		name             string
		app, route, want BreakerConfig
	}{
		{"nothing", BreakerConfig{}, BreakerConfig{}, BreakerConfig{}},
		{"one field each", BreakerConfig{Failures: 9, Ratio: 0.1}, BreakerConfig{MinCalls: 7, Ratio: 0.2}, BreakerConfig{Failures: 9, MinCalls: 7, Ratio: 0.2}},
		{"off on the route", BreakerConfig{Failures: 9}, BreakerConfig{Off: true}, BreakerConfig{Off: true, Failures: 9}},
		{"on again", BreakerConfig{Off: true}, BreakerConfig{Failures: 5}, BreakerConfig{Failures: 5}},
	} {
		if got := test.app.override(test.route); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestSnapshotRouting checks what the settings of routing come to, and their defaults.
func TestSnapshotRouting(t *testing.T) {
	zero := 0
	for _, test := range []struct {
		name    string
		config  Config
		model   ModelConfig
		route   RouteConfig
		retry   retrySettings
		queue   queueSettings
		policy  registry.Policy
		breaker registry.Thresholds
	}{
		{
			name:  "defaults",
			retry: retrySettings{rounds: 2, backoff: 200 * time.Millisecond, maxWait: 5 * time.Second, budget: 0.2},
			queue: queueSettings{size: 100, wait: 2 * time.Second},
		},
		{
			name:   "no further rounds and no queue",
			config: Config{Retry: RetryConfig{Max: &zero}, Queue: QueueConfig{Size: &zero}, Breaker: BreakerConfig{Off: true}},
			model:  ModelConfig{Policy: "least_latency"},
			retry:  retrySettings{backoff: 200 * time.Millisecond, maxWait: 5 * time.Second, budget: 0.2},
			queue:  queueSettings{wait: 2 * time.Second},
			policy: registry.LeastLatency, breaker: registry.Thresholds{Off: true},
		},
		{
			name:    "a weight is a policy",
			config:  Config{Breaker: BreakerConfig{Window: caddyDuration(time.Minute)}},
			route:   RouteConfig{Weight: 3, Breaker: BreakerConfig{Failures: 2}},
			retry:   retrySettings{rounds: 2, backoff: 200 * time.Millisecond, maxWait: 5 * time.Second, budget: 0.2},
			queue:   queueSettings{size: 100, wait: 2 * time.Second},
			policy:  registry.Weighted,
			breaker: registry.Thresholds{Failures: 2, Window: time.Minute},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.model.Routes = []*RouteConfig{&test.route}
			if got := test.config.Retry.settings(); got != test.retry {
				t.Errorf("retry is %+v, want %+v", got, test.retry)
			}
			if got := test.config.Queue.settings(); got != test.queue {
				t.Errorf("queue is %+v, want %+v", got, test.queue)
			}
			if got := test.model.policy(); got != test.policy {
				t.Errorf("the policy is %v, want %v", got, test.policy)
			}
			if got := test.config.Breaker.override(test.route.Breaker).thresholds(); got != test.breaker {
				t.Errorf("the breaker is %+v, want %+v", got, test.breaker)
			}
		})
	}
}
