package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/keys/keystest"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

// whole is a store of keys in memory, with a ledger that knows two records.
type whole struct {
	*keystest.Store
	records
	captures
}

type (
	records  interface{ ledger.Store }
	captures interface{ capture.Store }
)

func (whole) Ping(context.Context) error { return nil }
func (whole) Close() error               { return nil }

// decoded reads an answer, which must have a status.
func decoded[T any](t *testing.T, w *httptest.ResponseRecorder, status int) (value T) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("got %d %s, want %d", w.Code, w.Body, status)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return value
}

// keeping is a backend over a store of keys that has the tenants acme and other.
func keeping() (*backend, *keystest.Store) {
	s := keystest.New("acme", "other")
	return &backend{store: whole{s, &listening{}, nil}}, s
}

// created makes a key.
func created(t *testing.T, b *backend, body string) admin.NewKey {
	t.Helper()
	return decoded[admin.NewKey](t, ask(t, b, "POST", "/xjp/keys", body), 201)
}

// TestCreateKey checks that a key is made as it was asked for, that its secret is one of
// ours and works, and that nobody is told it again.
func TestCreateKey(t *testing.T) {
	b, s := keeping()
	w := ask(t, b, "POST", "/xjp/keys", `{"tenant":"acme","description":"the build server","scope":{"models":["claude-*"],"dialects":["openai"]},
		"limits":{"requests_per_minute":120,"budget_per_month":"50"},"expires":"2099-01-01T00:00:00Z","metadata":{"owner":"ann"}}`)
	k := decoded[admin.NewKey](t, w, 201)
	if w.Header().Get("Location") != "keys/"+k.ID || k.TenantCreated {
		t.Errorf("it is at %q: %+v", w.Header().Get("Location"), k)
	}
	if form, id := keys.ParseSecret(k.Secret); form != keys.Made || id != k.ID {
		t.Errorf("the secret %s has the form %v and the id %s, not %s", k.Secret, form, id, k.ID)
	}
	r, err := s.Key(context.Background(), "acme", k.ID)
	if err != nil || r.Hash != keys.HashOf(k.Secret) || r.Description != "the build server" || r.Limits.RequestsPerMinute != 120 ||
		r.Limits.BudgetPerMonth != 50_000_000_000 || r.Scope.Models[0] != "claude-*" || r.Expires.Year() != 2099 || r.Metadata["owner"] != "ann" {
		t.Errorf("kept is %+v (%v)", r, err)
	}
	if k.State != "active" || k.Tenant != "acme" {
		t.Errorf("told is %+v", k)
	}
	for _, target := range []string{"/xjp/keys", "/xjp/keys/" + k.ID, "/xjp/audit"} {
		answer := ask(t, b, "GET", target, "").Body.String()
		if strings.Contains(answer, k.Secret[len(keys.Prefix)+12:]) || strings.Contains(answer, fmt.Sprintf("%x", r.Hash[:])) || strings.Contains(answer, "ash") {
			t.Errorf("%s tells a secret: %s", target, answer)
		}
	}
	if len(b.changed) != 1 || b.changed[0].Key != k.ID {
		t.Errorf("known at once is %v", b.changed)
	}
}

// TestKeyMisuse checks that what cannot be is refused, by the name of its field.
func TestKeyMisuse(t *testing.T) {
	b, _ := keeping()
	k := created(t, b, `{"tenant":"acme"}`)
	for _, test := range []struct {
		method, target, body string
		status               int
		words                string
	}{
		{"POST", "/xjp/keys", `{"tenant":"nobody"}`, 404, "tenant 'nobody' does not exist"},
		{"POST", "/xjp/keys", `{"tenant":"not an id"}`, 400, "tenant: may hold letters"},
		{"POST", "/xjp/keys", `{"teant":"acme"}`, 400, "teant: is not known"},
		{"POST", "/xjp/keys", `{"limits":{"requests_per_hour":1}}`, 400, `unknown limit "requests_per_hour"`},
		{"POST", "/xjp/keys", `{"limits":{"requests_per_minute":"many"}}`, 400, `requests_per_minute: "many" is not a whole number`},
		{"POST", "/xjp/keys", `{"limits":{"budget":"many"}}`, 400, "many"},
		{"POST", "/xjp/keys", `{"limits":{"budget":0}}`, 400, "budget: must be more than 0"},
		{"PATCH", "/xjp/keys/" + k.ID, `{"limits":{"budget_per_month":"0"}}`, 400, "budget_per_month: must be more than 0"},
		{"PATCH", "/xjp/tenants/acme", `{"key_limits":{"requests_per_minute":-1}}`, 400, `requests_per_minute: "-1" is not a whole number`},
		{"POST", "/xjp/keys", `{"Disabled":true,"disabled":false}`, 400, "Disabled: is not known"},
		{"POST", "/xjp/keys", `{"metadata":{"a":"1","a":"2"}}`, 400, "metadata.a: is given twice"},
		{"POST", "/xjp/keys", `{"scope":{"models":"x"}}`, 400, "scope.models: must be a list of strings"},
		{"POST", "/xjp/keys", `{"limits":"x"}`, 400, "limits: limits must be an object"},
		{"POST", "/xjp/tenants", `{"id":"x","id":"y"}`, 400, "id: is given twice"},
		{"POST", "/xjp/tenants", `{"id":"x","metadata":{"a":1}}`, 400, "metadata.a: must be a string"},
		{"POST", "/xjp/keys", `{"expires":"2001-01-01T00:00:00Z"}`, 400, "expires: is in the past"},
		{"POST", "/xjp/keys", `{"scope":{"models":["a*b*"]}}`, 400, "scope.models: "},
		{"POST", "/xjp/keys", `{"scope":{"dialects":["gemini"]}}`, 400, "scope.dialects: "},
		{"POST", "/xjp/keys", `{"id":"mine"}`, 400, "id: is not known"},
		{"POST", "/xjp/keys", `{"secret":"mine"}`, 400, "secret: is not known"},
		{"POST", "/xjp/keys", `[]`, 400, "body: must be a JSON object"},
		{"POST", "/xjp/keys", `{} {}`, 400, "more than one JSON value"},
		{"POST", "/xjp/keys", ` `, 400, "the body is empty"},
		{"POST", "/xjp/keys", `{"tenant":`, 400, "cannot be read as JSON"},
		{"POST", "/xjp/keys", `{"description":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "larger than"},
		{"GET", "/xjp/keys/nothing", "", 404, "key 'nothing' does not exist"},
		{"GET", "/xjp/keys/" + k.ID + "?tenant=other", "", 404, "does not exist"},
		{"PATCH", "/xjp/keys/" + k.ID + "?tenant=other", `{"disabled":true}`, 404, "does not exist"},
		{"DELETE", "/xjp/keys/" + k.ID + "?tenant=other", "", 404, "does not exist"},
		{"POST", "/xjp/keys/" + k.ID + "/rotate?tenant=other", "", 404, "does not exist"},
		{"PATCH", "/xjp/keys/" + k.ID, `{"tenant":"other"}`, 400, "tenant: "},
		{"PATCH", "/xjp/keys/" + k.ID, `[]`, 400, "must be a JSON object"},
		{"PATCH", "/xjp/keys/" + k.ID, `{"limits":{"concurrent":-5}}`, 400, `concurrent: "-5" is not a whole number`},
		{"POST", "/xjp/keys/" + k.ID + "/rotate", `{"overlap":"soon"}`, 400, "overlap: 'soon' is no span of time"},
		{"POST", "/xjp/keys/" + k.ID + "/rotate", `{"overlap":"91d"}`, 400, "overlap: must be from 0 to 90 days"},
		{"POST", "/xjp/tenants", `{"id":"acme"}`, 409, "tenant 'acme' exists already"},
		{"POST", "/xjp/tenants", `{"name":"x"}`, 400, "id: must have 1 to 64 characters"},
		{"DELETE", "/xjp/tenants/acme", "", 409, "tenant 'acme' still has keys"},
		{"DELETE", "/xjp/tenants/nobody", "", 404, "tenant 'nobody' does not exist"},
		{"DELETE", "/xjp/tenants/default", "", 400, "cannot be deleted"},
		{"PATCH", "/xjp/tenants/acme", `{"model_limits":{"a*b*c":{"concurrent":1}}}`, 400, "model_limits: "},
		{"GET", "/xjp/limits", "", 400, "tenant: name a tenant, or a key"},
		{"GET", "/xjp/limits?key=nothing", "", 404, "does not exist"},
	} {
		t.Run(test.method+" "+test.target+" "+test.body[:min(len(test.body), 60)], func(t *testing.T) {
			expectError(t, ask(t, b, test.method, test.target, test.body), test.status, test.words)
		})
	}
}

// TestBodyMustBeJSON checks that a form of a browser is not taken for JSON.
func TestBodyMustBeJSON(t *testing.T) {
	b, s := keeping()
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json"} {
		r := httptest.NewRequest("POST", "/xjp/keys", strings.NewReader(`{}`))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		admin.New(b).ServeHTTP(w, r)
		expectError(t, w, 415, "application/json")
	}
	if n := s.Calls("CreateKey"); n != 0 {
		t.Errorf("%d keys were made", n)
	}
	r := httptest.NewRequest("PATCH", "/xjp/tenants/acme", strings.NewReader(`{"name":"Acme"}`))
	r.Header.Set("Content-Type", "application/merge-patch+json; charset=utf-8")
	w := httptest.NewRecorder()
	admin.New(b).ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("a merge patch answers %d %s", w.Code, w.Body)
	}
}

// TestCreateTenantToo checks that a key can bring its tenant along, if that is asked for.
func TestCreateTenantToo(t *testing.T) {
	b, _ := keeping()
	if k := created(t, b, `{"tenant":"new","create_tenant":true}`); !k.TenantCreated || k.Tenant != "new" {
		t.Errorf("made is %+v", k)
	}
	if k := created(t, b, `{"tenant":"new","create_tenant":true}`); k.TenantCreated {
		t.Errorf("made again is %+v", k)
	}
	expectError(t, ask(t, b, "POST", "/xjp/keys", `{"tenant":"third","create_tenant":true,"scope":{"models":["**"]}}`), 400, "scope.models")
	expectError(t, ask(t, b, "GET", "/xjp/tenants/third", ""), 404, "does not exist")
	if k := created(t, b, `{}`); k.Tenant != keys.DefaultTenant {
		t.Errorf("a key without a tenant is of %q", k.Tenant)
	}
}

// TestKeyLife follows a key through changes, rotation and the end.
func TestKeyLife(t *testing.T) {
	b, _ := keeping()
	k := created(t, b, `{"tenant":"acme","limits":{"requests_per_minute":10,"concurrent":2},"metadata":{"a":"1","b":"2"}}`)
	changed := decoded[admin.Key](t, ask(t, b, "PATCH", "/xjp/keys/"+k.ID, `{"limits":{"requests_per_minute":null,"tokens_per_day":5},"metadata":{"a":null},"disabled":true,"description":"x"}`), 200)
	if changed.State != "disabled" || changed.Limits.RequestsPerMinute != 0 || changed.Limits.TokensPerDay != 5 || changed.Limits.Concurrent != 2 ||
		len(changed.Metadata) != 1 || changed.Description != "x" {
		t.Errorf("changed is %+v", changed)
	}
	decoded[admin.Key](t, ask(t, b, "PATCH", "/xjp/keys/"+k.ID, `{"disabled":null}`), 200)

	w := ask(t, b, "POST", "/xjp/keys/"+k.ID+"/rotate", `{"overlap":"24h"}`)
	successor := decoded[admin.NewKey](t, w, 201)
	if successor.Replaces != k.ID || successor.Limits != changed.Limits || successor.Secret == k.Secret || w.Header().Get("Location") != "../"+successor.ID {
		t.Errorf("the successor is %+v at %s", successor, w.Header().Get("Location"))
	}
	old := decoded[admin.Key](t, ask(t, b, "GET", "/xjp/keys/"+k.ID, ""), 200)
	if rest := time.Until(*old.Expires); old.State != "active" || rest < 23*time.Hour || rest > 25*time.Hour {
		t.Errorf("the old key is %+v", old)
	}
	third := decoded[admin.NewKey](t, ask(t, b, "POST", "/xjp/keys/"+successor.ID+"/rotate", ""), 201)
	if old := decoded[admin.Key](t, ask(t, b, "GET", "/xjp/keys/"+successor.ID, ""), 200); old.State != "expired" {
		t.Errorf("without an overlap the old key is %+v", old)
	}
	if gone := decoded[admin.Key](t, ask(t, b, "DELETE", "/xjp/keys/"+third.ID, ""), 200); gone.State != "revoked" || gone.Revoked == nil {
		t.Errorf("revoked is %+v", gone)
	}
	expectError(t, ask(t, b, "PATCH", "/xjp/keys/"+third.ID, `{"disabled":false}`), 409, "the key is revoked and cannot be changed")
}

// TestTenantLife follows a tenant.
func TestTenantLife(t *testing.T) {
	b, _ := keeping()
	w := ask(t, b, "POST", "/xjp/tenants", `{"id":"labs","name":"Labs","limits":{"budget_per_month":500},"key_limits":{"requests_per_minute":60},"model_limits":{"claude-*":{"tokens_per_day":1000}}}`)
	labs := decoded[keys.Tenant](t, w, 201)
	if w.Header().Get("Location") != "tenants/labs" || labs.Limits.BudgetPerMonth != 500_000_000_000 || labs.ModelLimits["claude-*"].TokensPerDay != 1000 {
		t.Errorf("made is %+v", labs)
	}
	labs = decoded[keys.Tenant](t, ask(t, b, "PATCH", "/xjp/tenants/labs", `{"name":null,"disabled":true,"model_limits":{"claude-*":null,"gpt-*":{"concurrent":1}}}`), 200)
	if labs.Name != "" || !labs.Disabled || len(labs.ModelLimits) != 1 || labs.KeyLimits.RequestsPerMinute != 60 {
		t.Errorf("changed is %+v", labs)
	}
	if w := ask(t, b, "DELETE", "/xjp/tenants/labs", ""); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("deleted: %d %s", w.Code, w.Body)
	}
	expectError(t, ask(t, b, "GET", "/xjp/tenants/labs", ""), 404, "tenant 'labs' does not exist")
}

// TestLists checks that pages hold each tenant and key once, and those of one tenant alone.
func TestLists(t *testing.T) {
	b, _ := keeping()
	want := map[string]bool{}
	for range 7 {
		want[created(t, b, `{"tenant":"acme"}`).ID] = true
		created(t, b, `{"tenant":"other"}`)
	}
	next := ""
	for pages := 1; ; pages++ {
		page := decoded[admin.Page[admin.Key]](t, ask(t, b, "GET", "/xjp/keys?tenant=acme&limit=3&after="+next, ""), 200)
		for _, k := range page.Data {
			if !want[k.ID] || k.Tenant != "acme" {
				t.Errorf("%+v is there twice, or of another tenant", k)
			}
			delete(want, k.ID)
		}
		if next = page.Next; next == "" {
			if pages != 3 || len(page.Data) != 1 {
				t.Errorf("the last of %d pages holds %d", pages, len(page.Data))
			}
			break
		}
	}
	if len(want) > 0 {
		t.Errorf("not listed are %v", want)
	}
	page := decoded[admin.Page[keys.Tenant]](t, ask(t, b, "GET", "/xjp/tenants?limit=2", ""), 200)
	if len(page.Data) != 2 || page.Data[0].ID != "acme" || page.Next != "default" {
		t.Errorf("the tenants are %+v", page)
	}
	if page = decoded[admin.Page[keys.Tenant]](t, ask(t, b, "GET", "/xjp/tenants?limit=2&after=default", ""), 200); len(page.Data) != 1 || page.Next != "" {
		t.Errorf("behind them are %+v", page)
	}
}

// TestActor checks that the audit knows who has made a change.
func TestActor(t *testing.T) {
	b, s := keeping()
	created(t, b, `{}`)
	r := httptest.NewRequest("POST", "/xjp/keys", strings.NewReader(`{}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	admin.New(b).ServeHTTP(w, r.WithContext(admin.WithActor(r.Context(), "ann")))
	k := decoded[admin.NewKey](t, w, 201)
	log, _, err := s.AuditLog(context.Background(), keys.AuditFilter{})
	if err != nil || len(log) != 2 {
		t.Fatalf("the audit is %+v (%v)", log, err)
	}
	for _, e := range log {
		if want := map[bool]string{true: "ann", false: "admin"}[e.Subject == k.ID]; e.Actor != want || e.Action != "key.create" {
			t.Errorf("the entry is %+v, want the actor %s", e, want)
		}
	}
}

// TestKeyStoreAway checks what is told where the store does not answer.
func TestKeyStoreAway(t *testing.T) {
	b, s := keeping()
	s.Fail(keystest.ErrAway)
	for _, test := range []struct{ method, target, body string }{
		{"GET", "/xjp/keys", ""}, {"POST", "/xjp/keys", "{}"}, {"GET", "/xjp/keys/a", ""}, {"PATCH", "/xjp/keys/a", "{}"}, {"DELETE", "/xjp/keys/a", ""},
		{"POST", "/xjp/keys/a/rotate", ""}, {"GET", "/xjp/tenants", ""}, {"POST", "/xjp/tenants", `{"id":"a"}`}, {"GET", "/xjp/tenants/a", ""},
		{"PATCH", "/xjp/tenants/a", "{}"}, {"DELETE", "/xjp/tenants/a", ""},
	} {
		expectError(t, ask(t, b, test.method, test.target, test.body), 503, "the store does not answer")
	}
}

// TestLimits checks what is told of the standing of limits.
func TestLimits(t *testing.T) {
	b, _ := keeping()
	w := ask(t, b, "GET", "/xjp/limits?tenant=acme&key=k1", "")
	page := decoded[admin.Page[admin.Meter]](t, w, 200)
	if len(page.Data) != 2 || page.Data[0].Most != admin.Count(120) || page.Data[1].Remaining != admin.Money(48_500_000_000) || page.Data[1].Remaining.String() != "48.5 USD" {
		t.Errorf("told is %s", w.Body)
	}
}

// TestQuoteMisuse checks that what could be meant in several ways is not priced.
func TestQuoteMisuse(t *testing.T) {
	b, _ := keeping()
	for body, words := range map[string]string{
		`{}`:                                               "name what is to be priced",
		`{"model":"a","provider_model_id":"b"}`:            "name what is to be priced",
		`{"model":"a","input_tokens":-1}`:                  "input_tokens: must not be negative",
		`{"model":"a","output_images":-1}`:                 "output_images: must not be negative",
		`{"model":"a","output_tokens":1000000001}`:         "output_tokens: must be at most 1000000000",
		`{"model":"a","usage":{},"output_tokens":1}`:       "either a usage or expected tokens",
		`{"request":{},"input_tokens":1}`:                  "the size of a request is its own",
		`{"request":{},"service_tier":"flex"}`:             "and so is its tier",
		`{"model":"a","service_tier":"flex"}`:              "service_tier: is that of a usage",
		`{"model":"a","dialect":"openai"}`:                 "dialect: is that of a request",
		`{"model":"a","tokens":1}`:                         "tokens: is not known",
		`{"model":"a","input_tokens":1.5}`:                 "input_tokens: must be a whole number",
		`{"model":"a","input_tokens":"5"}`:                 "input_tokens: must be a whole number",
		`{"model":"a","input_tokens":1e9}`:                 "input_tokens: must be a whole number",
		`{"model":"a","input_tokens":9223372036854775808}`: "input_tokens: must be a whole number",
	} {
		for _, path := range []string{"/xjp/billing/quote", "/internal/billing/quote"} {
			expectError(t, ask(t, b, "POST", path, body), 400, words)
		}
	}
	if w := ask(t, b, "POST", "/internal/billing/quote", `{"provider_model_id":"a"}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"pricing_only"`) {
		t.Errorf("a quote answers %d %s", w.Code, w.Body)
	}
}
