package xjpgateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/standard" // Caddy's own modules
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rickyjim626/xjp-gateway/internal/ports"
	"github.com/rickyjim626/xjp-gateway/registry"
)

// TestCredentialRecovers: a refused credential rests with its route for a minute. Then one
// call probes both, and brings both back, or neither.
func TestCredentialRecovers(t *testing.T) {
	var refuses atomic.Bool
	refuses.Store(true)
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if refuses.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"error":{"message":"a wrong key"}}`)
			return
		}
		io.WriteString(w, `{"id":"c","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}`)
	}))
	t.Cleanup(provider.Close)
	site, app := serve(t, fmt.Sprintf(`"providers":{"p":{"kind":"openai","api_keys":["key-of-the-provider"],"base_url":%q}},"models":[{"name":"m","routes":[{"provider":"p","model":"up"}]}],"retry":{"max":0}`, provider.URL))
	ask := func() int {
		t.Helper()
		res, err := http.Post(site+"/v1/chat/completions", "application/json", strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"Hi"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}
	is := func(when, breaker, cause string) {
		t.Helper()
		r := app.report(time.Now()).Routes[0]
		if c := r.Credentials[0]; r.Breaker != breaker || r.Cause != cause || c.Breaker != breaker || c.Cause != cause || r.InFlight != 0 {
			t.Errorf("%s: the route is %s for %q, the credential %s for %q, not %s for %q", when, r.Breaker, r.Cause, c.Breaker, c.Cause, breaker, cause)
		}
	}
	before := breakerChanges(t, app)
	if status := ask(); status != http.StatusBadGateway {
		t.Fatalf("refused: %d", status)
	}
	is("refused", "open", "auth")
	if status := ask(); status != http.StatusServiceUnavailable {
		t.Errorf("while it rests: %d", status)
	}
	for _, still := range []bool{true, false} {
		refuses.Store(still)
		app.minuteAgo(t)
		is("after its rest", "half_open", "auth")
		if status, want := ask(), map[bool]int{true: 502, false: 200}[still]; status != want {
			t.Errorf("the probe: %d, want %d", status, want)
		}
		if still {
			is("refused again", "open", "auth")
		}
	}
	is("when it serves", "closed", "")
	if status := ask(); status != http.StatusOK {
		t.Errorf("afterwards: %d", status)
	}
	after := breakerChanges(t, app)
	for _, of := range []string{"route", "credential"} {
		for to, want := range map[string]float64{"open": 2, "half_open": 2, "closed": 1} {
			if n := after[of+to] - before[of+to]; n != want {
				t.Errorf("the %s is told to be %s %v times, not %v", of, to, n, want)
			}
		}
	}
}

// breakerChanges counts the changes of breakers at the provider p.
func breakerChanges(t *testing.T, app *App) map[string]float64 {
	t.Helper()
	all := prometheus.NewRegistry()
	all.MustRegister(app.metrics.breakers)
	families, err := all.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			label := map[string]string{}
			for _, l := range m.GetLabel() {
				label[l.GetName()] = l.GetValue()
			}
			if label["provider"] == "p" {
				found[label["of"]+label["to"]] += m.GetCounter().GetValue()
			}
		}
	}
	return found
}

// minuteAgo lets what rests for a refused credential have begun to rest a minute ago, so
// that its time is over.
func (a *App) minuteAgo(t *testing.T) {
	a.Wake()
	then := time.Now().Add(-time.Minute)
	rested := 0
	a.snapshot.Load().runtime.states.Each(func(name string, state *registry.State) {
		if state == a.snapshot.Load().upstreams["p"].state {
			return
		}
		state.Change(then) // what waking has brought about
		state.Rest(then, state.Ticket(then), time.Minute, registry.CauseAuth)
		rested++
	})
	if rested != 2 {
		t.Fatalf("%d states rest, not those of a route and a credential", rested)
	}
}

// serve runs Caddy with the app's options and gives the address of its site, which asks for
// no key.
func serve(t *testing.T, options string) (site string, app *App) {
	t.Helper()
	l, err := ports.Hold()
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	err = caddy.Load([]byte(fmt.Sprintf(`{"admin":{"disabled":true,"config":{"persist":false}},"logging":{"logs":{"default":{"writer":{"output":"discard"}}}},"apps":{
		"http":{"servers":{"s":{"listen":[%q],"routes":[{"handle":[{"handler":"xjp_gateway","auth":"off"}]}]}}},
		"xjp":{"log_filter_ok":true,%s}}}`, address, options)), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	mod, err := caddy.ActiveContext().AppIfConfigured("xjp")
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + address, mod.(*App)
}
