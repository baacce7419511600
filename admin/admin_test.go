package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// shanghai is a time zone whose days are not those of UTC.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// backend is a gateway with one model over a store.
type backend struct {
	store   stores.Store
	away    error
	woken   int
	off     bool // no bodies are captured
	changed []keys.Change
}

func (b *backend) Store() (stores.Store, error) { return b.store, b.away }
func (b *backend) Location() *time.Location     { return shanghai }
func (b *backend) CaptureOff() bool             { return b.off }
func (b *backend) Routes() any {
	return json.RawMessage(`{"routes":[{"route":"chat#1","provider":"demo","upstream_model":"a","breaker":"closed","in_flight":0}],"providers":[]}`)
}
func (b *backend) Wake() { b.woken++ }

func (b *backend) Manager() (*keys.Manager, error) {
	return &keys.Manager{
		Store: b.store, Dialects: []string{"openai", "anthropic"}, Endpoints: []string{"generate", "count_tokens", "models"},
		Changed: func(list ...keys.Change) { b.changed = append(b.changed, list...) },
	}, b.away
}

func (b *backend) Meters(_ context.Context, tenant, key string) ([]admin.Meter, error) {
	if key == "nothing" {
		return nil, keys.ErrNotFound
	}
	return []admin.Meter{
		{Scope: "key", Name: key, Limit: "requests_per_minute", Most: admin.Count(120), Used: admin.Count(20), Remaining: admin.Count(100), Resets: &noon},
		{Scope: "tenant", Name: tenant, Limit: "budget", Most: admin.Money(50 * prices.Dollar), Used: admin.Money(1_500_000_000), Remaining: admin.Money(48_500_000_000)},
	}, nil
}

func (b *backend) Quote(context.Context, *admin.QuoteRequest) (any, error) {
	return prices.NewQuote(&prices.Price{Source: prices.FromConfig}, nil, noon), nil
}

func (b *backend) Explain(r *http.Request) (any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.URL.Query().Get("dialect") == "none" {
		return nil, &admin.Error{Status: http.StatusBadRequest, Message: "dialect: 'none' is not known"}
	}
	return map[string]any{"dialect": "openai", "asked": string(body), "routes": []any{}}, nil
}

func (b *backend) Models() []admin.Model {
	return []admin.Model{{Model: "chat", Policy: "first", Routes: []admin.ModelRoute{{
		Route: "chat#1", Provider: "demo", Upstream: "a", Dialect: "openai", Price: &prices.Price{Source: prices.FromConfig},
	}}}}
}

// listening is a store that notes what it is asked for and knows two records.
type listening struct {
	stores.Store
	filters []ledger.Filter
	query   ledger.Query
	audit   keys.AuditFilter
	err     error
}

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func (s *listening) Records(_ context.Context, f ledger.Filter) ([]ledger.Record, string, error) {
	s.filters = append(s.filters, f)
	first := ledger.Record{ID: "r2", Time: noon, Tenant: "acme", Key: "k1", Endpoint: "generate", Dialect: "openai", Model: "chat", Status: 200, End: ledger.Complete,
		Route: "chat#1", Provider: "demo", Upstream: "a", Tokens: ledger.Tokens{Input: 5, CacheRead: 2, Output: 3, Reasoning: 1}, Cost: 1_250_000,
		Attempts: []ledger.Attempt{{Number: 1, Route: "chat#1", Provider: "demo", Upstream: "a", Price: "config:1", End: ledger.Complete}}}
	second := ledger.Record{ID: "r1", Time: noon, Endpoint: "generate", Dialect: "openai", Status: 429, End: ledger.Rejected, Error: "rate_limit"}
	if f.After == "" {
		return []ledger.Record{first}, "behind r2", s.err
	}
	return []ledger.Record{second}, "", s.err
}

func (s *listening) Record(_ context.Context, tenant, id string) (*ledger.Record, error) {
	if id != "r2" || tenant != "" && tenant != "acme" {
		return nil, s.err
	}
	return &ledger.Record{ID: id, Tenant: "acme", Time: noon, End: ledger.Complete}, s.err
}

func (s *listening) Usage(_ context.Context, q ledger.Query) ([]ledger.Sum, error) {
	s.query = q
	return []ledger.Sum{
		{Day: "2026-11-25", Tenant: "acme", Key: "k1", Model: "chat", Requests: 2, Failed: 1, Attempts: 3, Tokens: ledger.Tokens{Input: 10, Output: 4}, Cost: 2_000_000, Unpriced: 1},
		{Day: "2026-11-26", Tenant: "acme", Key: "k1", Model: "=cmd", Requests: 1, Attempts: 1, Tokens: ledger.Tokens{Input: 1, CacheRead: 7}, Cost: 500_000_000},
	}, s.err
}

func (s *listening) AuditLog(_ context.Context, f keys.AuditFilter) ([]keys.Audit, string, error) {
	s.audit = f
	return []keys.Audit{{ID: "a1", Time: noon, Actor: "ann", Action: "key.create", Tenant: "acme", Subject: "k1"}}, "a1", s.err
}

// ask makes a request, whose answer must be as it is described; a body is JSON.
func ask(t *testing.T, b admin.Backend, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	admin.New(b).ServeHTTP(w, r)
	if err := described().check(method, r.URL.Path, w); err != nil {
		t.Error(err)
	}
	return w
}

// expectError checks an answer's status and words.
func expectError(t *testing.T, w *httptest.ResponseRecorder, status int, words string) {
	t.Helper()
	var told struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil || w.Code != status || !strings.Contains(told.Error, words) {
		t.Errorf("got %d %s, want %d with %q", w.Code, w.Body, status, words)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("the type of an error is %q", got)
	}
}

// TestMisuse checks that what is asked wrongly is refused, in words that help.
func TestMisuse(t *testing.T) {
	b := &backend{store: &listening{}}
	for _, test := range []struct {
		method, target string
		status         int
		words          string
	}{
		{"GET", "/xjp/nothing", 404, "nothing is at /xjp/nothing"},
		{"GET", "/xjp/requests/", 404, "nothing is at"},
		{"GET", "/xjp/requests/a/b", 404, "nothing is at"},
		{"POST", "/xjp/usage", 405, "the method POST is not allowed here; use GET or HEAD"},
		{"GET", "/xjp/wake", 405, "use POST"},
		{"GET", "/xjp/usage?tenat=acme", 400, "tenat: is no parameter here; there are by, format, key, model, since, tenant, until"},
		{"POST", "/xjp/wake?now=1", 400, "now: is no parameter here; there are none"},
		{"GET", "/xjp/usage?by=week", 400, "by: 'week' is not known"},
		{"GET", "/xjp/usage?by=day,day", 400, "by: 'day' is named twice"},
		{"GET", "/xjp/requests?end=nonsense", 400, "end: 'nonsense' is not known; there are complete, client_gone, upstream_broken, refused, rejected, lost"},
		{"GET", "/xjp/usage?format=xml", 400, "format: 'xml' is not known; there are json, csv"},
		{"GET", "/xjp/usage?since=yesterday", 400, "since: 'yesterday' is no time"},
		{"GET", "/xjp/usage?since=-7d", 400, "since: '-7d' is no time"},
		{"GET", "/xjp/usage?since=99999999999d", 400, "since: '99999999999d' is no time"},
		{"GET", "/xjp/usage?since=2026-11-26&until=2026-11-26", 400, "until: must be on a day after since"},
		{"GET", "/xjp/usage?tenant=a&tenant=b", 400, "tenant: is given 2 times"},
		{"GET", "/xjp/usage?tenant=%zz", 400, "the query cannot be read"},
		{"GET", "/xjp/requests?limit=0", 400, "limit: must be a number from 1 to 1000, not '0'"},
		{"GET", "/xjp/requests?limit=1001", 400, "limit: must be"},
		{"GET", "/xjp/requests?end=well", 400, "end: 'well' is not known"},
		{"GET", "/xjp/requests/r9", 404, "request 'r9' does not exist"},
		{"GET", "/xjp/requests/r2?tenant=other", 404, "request 'r2' does not exist"},
		{"GET", "/xjp/billing/transactions?offset=10001", 400, "offset: must be a number from 0 to 10000"},
		{"POST", "/xjp/explain?dialect=none", 400, "dialect: 'none' is not known"},
	} {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			w := ask(t, b, test.method, test.target, "")
			expectError(t, w, test.status, test.words)
			if allow := w.Header().Get("Allow"); (test.status == 405) != (allow != "") {
				t.Errorf("Allow is %q", allow)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
		})
	}
}

// TestStoreAway checks what is told where the store is off, or does not answer.
func TestStoreAway(t *testing.T) {
	for _, target := range []string{"/xjp/usage", "/xjp/requests", "/xjp/requests/r2", "/xjp/audit", "/xjp/billing/transactions", "/internal/billing/summary"} {
		expectError(t, ask(t, &backend{away: errors.New("no store is configured")}, "GET", target, ""), 503, "no store is configured")
		w := ask(t, &backend{store: &listening{err: errors.New("dial tcp: password=hunter2")}}, "GET", target, "")
		expectError(t, w, 503, "the store does not answer")
		if strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%s tells %s", target, w.Body)
		}
	}
	if w := ask(t, &backend{away: errors.New("no store is configured")}, "GET", "/xjp/models", ""); w.Code != 200 {
		t.Errorf("models need a store: %d %s", w.Code, w.Body)
	}
}

// TestGateway checks what is told of the gateway itself.
func TestGateway(t *testing.T) {
	b := &backend{}
	for _, test := range []struct{ method, target, body, want string }{
		{"GET", "/xjp/models", "", `"upstream_dialect": "openai"`},
		{"GET", "/xjp/routes", "", `"chat#1"`},
		{"POST", "/xjp/wake", "", `"chat#1"`},
		{"POST", "/xjp/explain?dialect=openai", `{}`, `"asked": "{}"`},
	} {
		if w := ask(t, b, test.method, test.target, test.body); w.Code != 200 || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s: %d %s", test.target, w.Code, w.Body)
		}
	}
	if b.woken != 1 {
		t.Errorf("woken %d times", b.woken)
	}
}
