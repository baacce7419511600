package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/admin"
)

// told is what of an error names what is wrong: a field or a parameter, or the body or the
// query as a whole.
var told = regexp.MustCompile(`(?s)^(.*: |the body |the query |unknown limit ")`)

// expectAnswer checks what has to hold of any answer: no failure of the gateway's own, and
// of an error in what was sent, what it is about.
func expectAnswer(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var answer struct{ Error string }
	switch {
	case w.Code >= 500:
		t.Fatalf("%d %s", w.Code, w.Body)
	case w.Header().Get("Cache-Control") != "no-store":
		t.Error("the answer may be kept")
	case w.Code < 400:
	case json.Unmarshal(w.Body.Bytes(), &answer) != nil || answer.Error == "":
		t.Errorf("the error is %q", w.Body)
	case w.Code == http.StatusBadRequest && !told.MatchString(answer.Error):
		t.Errorf("the error names no field: %s", answer.Error)
	}
}

// FuzzBody sends any body to all that take one.
func FuzzBody(f *testing.F) {
	operations := [][2]string{
		{"POST", "/xjp/tenants"}, {"PATCH", "/xjp/tenants/acme"}, {"POST", "/xjp/keys"}, {"PATCH", "/xjp/keys/{key}"},
		{"POST", "/xjp/keys/{key}/rotate"}, {"POST", "/xjp/billing/quote"}, {"POST", "/internal/billing/quote"},
	}
	for i, bodies := range [][]string{
		{`{"id":"labs","name":"Labs","limits":{"budget_per_month":"50"},"model_limits":{"a*":{"requests_per_day":1}}}`, `{"id":"../x"}`, `{"id":null}`, `[]`, `{}`, ``},
		{`{"limits":{"requests_per_minute":null},"metadata":{"a":"b"}}`, `{"key_limits":{"concurrent":-2}}`, `{"disabled":"yes"}`, `null`, `{"LIMITS":{}}`},
		{`{"tenant":"acme","limits":{"tokens_per_day":1e30},"scope":{"models":["a*b*"]},"expires":"2030-01-01T00:00:00Z"}`, `{"tenant":"acme","create_tenant":1}`, `{} {}`, `{"expires":"soon"}`, `{"limits":{"":""}}`, `{"expires":5}`},
		{`{"scope":{"endpoints":["generate"]},"expires":null}`, `{"revoked":true}`, `{"limits":{"budget":"1e9"}}`, `"x"`, "{\"metadata\":{\"\x00\":\"\xff\"}}"},
		{`{"overlap":"24h"}`, `{"overlap":"-1d"}`, `{"overlap":"999999999999w"}`, `{"overlap":5}`},
		{`{"model":"chat","input_tokens":1000}`, `{"model":"chat","usage":{"usage":{}}}`, `{"request":{},"dialect":"x"}`, `{"input_tokens":-1}`},
		{`{"provider_model_id":"a","usage":{"prompt_tokens":"many"}}`},
	} {
		for _, body := range bodies {
			f.Add(uint8(i), body)
		}
	}
	b := stored(f, inFile(f), 2)
	made := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/xjp/keys", strings.NewReader(`{"tenant":"acme","create_tenant":true}`))
	r.Header.Set("Content-Type", "application/json")
	admin.New(b).ServeHTTP(made, r)
	var key admin.NewKey
	if err := json.Unmarshal(made.Body.Bytes(), &key); err != nil || key.ID == "" {
		f.Fatalf("%v in %s", err, made.Body)
	}
	f.Fuzz(func(t *testing.T, operation uint8, body string) {
		o := operations[int(operation)%len(operations)]
		r := httptest.NewRequest(o[0], strings.ReplaceAll(o[1], "{key}", key.ID), strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		admin.New(b).ServeHTTP(w, r)
		expectAnswer(t, w)
	})
}

// FuzzQuery sends any query, and any name, to all that lists and shows.
func FuzzQuery(f *testing.F) {
	paths := []string{
		"/xjp/tenants", "/xjp/tenants/{id}", "/xjp/keys", "/xjp/keys/{id}", "/xjp/usage", "/xjp/requests", "/xjp/requests/{id}",
		"/xjp/billing/transactions", "/xjp/billing/summary", "/xjp/audit", "/xjp/limits", "/xjp/models", "/xjp/routes", "/xjp/openapi.json",
	}
	for _, query := range []string{
		"tenant=acme&limit=5", "limit=-1", "limit=99999999999999999999", "after=x", "after=%00%ff", "since=7d&until=1d", "since=0001-01-01&until=9999-12-31",
		"by=day,tenant,key,model,provider&format=csv", "by=,", "format=jsonl&end=lost", "offset=5&limit=2", "start=2026-11-26T00:00:00Z&end=2026-11-27", "tenant=%zz", "a=b;c", "key=' OR 1=1 --",
	} {
		for i := range paths {
			f.Add(uint8(i), query, "acme")
		}
	}
	f.Add(uint8(3), "", "../%2e' OR 1=1")
	b := stored(f, inFile(f), 4)
	f.Fuzz(func(t *testing.T, path uint8, query, id string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: strings.ReplaceAll(paths[int(path)%len(paths)], "{id}", id), RawQuery: query}
		w := httptest.NewRecorder()
		admin.New(b).ServeHTTP(w, r)
		expectAnswer(t, w)
	})
}
