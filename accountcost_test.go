package xjpgateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/keys/keystest"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// answering is a provider's transport that has the answer at once.
type answering struct{ body []byte }

// RoundTrip gives the answer.
func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(a.body)),
		Body: io.NopCloser(bytes.NewReader(a.body)), Request: r,
	}, nil
}

// way is how a request goes: to a provider of the client's dialect, whose answer is small.
type way struct{ kind, path, model, answer string }

var ways = []way{
	{"openai", "/v1/chat/completions", "gpt-4.1", `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":120,"completion_tokens":40,"total_tokens":160}}`},
	{"anthropic", "/v1/messages", "claude-sonnet-4-5", `{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":120,"output_tokens":40}}`},
}

// sixLimits are none that is reached.
var sixLimits = limits.Set{
	RequestsPerMinute: 100_000_000, RequestsPerDay: 100_000_000, TokensPerMinute: limits.MaxRate, TokensPerDay: limits.MaxRate,
	Concurrent: 100_000, BudgetPerMonth: 1_000_000 * prices.Dollar,
}

// costed is a gateway without a network: its provider answers at once, and its store of keys
// is in memory.
type costed struct {
	*Handler
	store        *keystest.Store
	path, secret string
	body         []byte
}

func newCosted(t testing.TB, by way, set limits.Set) *costed {
	t.Helper()
	config := fmt.Sprintf(`{"store_off":true,"prices":{"offline":true},"providers":{"p":{"kind":%q,"api_keys":["key-of-the-provider"]}},"models":[{"name":"m","routes":[{"provider":"p","model":%q}]}]}`, by.kind, by.model)
	if err := caddy.Load([]byte(`{"admin":{"disabled":true},"logging":{"logs":{"default":{"level":"PANIC"}}},"apps":{"xjp":`+config+`}}`), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	mod, err := caddy.ActiveContext().AppIfConfigured("xjp")
	if err != nil {
		t.Fatal(err)
	}
	app := mod.(*App)
	app.snapshot.Load().upstreams["p"].transport = answering{[]byte(by.answer)}
	store := keystest.New()
	directory := &openDirectory{options: keys.DirectoryOptions{Store: func() keys.Store { return store }}}
	app.accounts.directory = directory
	t.Cleanup(func() { directory.get().Close() })
	body, err := json.Marshal(map[string]any{"model": "m", "max_tokens": 1024, "messages": []any{map[string]string{"role": "user", "content": "Say a hundred words."}}})
	if err != nil {
		t.Fatal(err)
	}
	c := &costed{Handler: &Handler{app: app, logger: zap.NewNop()}, store: store, path: by.path, body: body}
	c.secret = c.addKey(t, set)
	return c
}

// addKey makes a key with some limits, and returns its secret.
func (c *costed) addKey(t testing.TB, set limits.Set) string {
	t.Helper()
	id, secret := keys.NewSecret()
	if err := c.store.CreateKey(t.Context(), &keys.Record{ID: id, Tenant: keys.DefaultTenant, Hash: keys.HashOf(secret), Limits: set}, nil); err != nil {
		t.Fatal(err)
	}
	return secret
}

// ask makes a request, as Caddy's server would, and returns the answer's status and headers.
func (c *costed) ask(t testing.TB) (int, http.Header) {
	w := &answered{unread: unread{header: http.Header{}}}
	r, err := http.NewRequest(http.MethodPost, "http://localhost"+c.path, bytes.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "127.0.0.1:40000"
	r.Header.Set("X-Api-Key", c.secret)
	r = caddyhttp.PrepareRequest(r, caddy.NewEmptyReplacer(), w, &caddyhttp.Server{})
	if err := c.ServeHTTP(w, r, nil); err != nil {
		t.Fatal(err)
	}
	return w.status, w.header
}

// awaitKeys waits until the directory has heard of its store.
func (c *costed) awaitKeys(t testing.TB) {
	t.Helper()
	for range 1000 {
		if status, _ := c.ask(t); status == http.StatusOK {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the key is not known")
}

// answered keeps the status of an answer.
type answered struct {
	unread
	status int
}

// WriteHeader keeps the status.
func (a *answered) WriteHeader(status int) { a.status = status }

// TestLimitsAllocateLittle holds six limits to the allocations that they are known to need:
// the meters, what is left of them, what they are settled with, and the headers, which are a
// string, a slice and the room for them in the map.
func TestLimitsAllocateLittle(t *testing.T) {
	const most = 10
	for _, by := range ways {
		t.Run(by.kind, func(t *testing.T) {
			c := newCosted(t, by, limits.Set{})
			allocations := func() float64 {
				return testing.AllocsPerRun(500, func() {
					if status, header := c.ask(t); status != http.StatusOK {
						t.Fatal(status, header)
					}
				})
			}
			c.awaitKeys(t)
			without := allocations()
			c.secret = c.addKey(t, sixLimits)
			if with := allocations(); with-without > most {
				t.Errorf("%v allocations with limits, %v without", with, without)
			}
		})
	}
}

// BenchmarkAccount measures what a request costs without a network and a store, by a key
// that has no limits and by one that has six: the difference is what limits cost.
func BenchmarkAccount(b *testing.B) {
	for _, by := range ways {
		for _, of := range []struct {
			name string
			set  limits.Set
		}{{"unlimited", limits.Set{}}, {"six limits", sixLimits}} {
			b.Run(by.kind+"/"+of.name, func(b *testing.B) {
				c := newCosted(b, by, of.set)
				c.awaitKeys(b)
				b.ReportAllocs()
				for b.Loop() {
					if status, header := c.ask(b); status != http.StatusOK {
						b.Fatal(status, header)
					}
				}
			})
		}
	}
}
