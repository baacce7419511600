package xjpgateway_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"

	xjpgateway "github.com/rickyjim626/xjp-gateway"
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// askAdmin calls the gateway's part of the admin endpoint as the endpoint does, and
// returns the answer, or the error that the endpoint would write.
func askAdmin(t *testing.T, r *http.Request) (string, error) {
	t.Helper()
	info, err := caddy.GetModule("admin.api.xjp")
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range info.New().(caddy.AdminRouter).Routes() {
		if strings.HasPrefix(r.URL.Path, route.Pattern) {
			w := httptest.NewRecorder()
			err := route.Handler.ServeHTTP(w, r)
			return w.Body.String(), err
		}
	}
	t.Fatalf("nothing is at %s", r.URL.Path)
	return "", nil
}

// asking makes a request to the admin endpoint: a line with the query, lines with headers,
// an empty line and the body.
func asking(t *testing.T, text string) *http.Request {
	t.Helper()
	head, body, found := strings.Cut(text, "\n\n")
	if !found {
		t.Fatal("the request has no empty line")
	}
	lines := strings.Split(head, "\n")
	r := httptest.NewRequest(http.MethodPost, "/xjp/explain"+lines[0], strings.NewReader(body))
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	return r
}

// TestExplain compares the plans under testdata/explain: the options of a gateway, a
// request, and what is told of it, with lines of dashes between.
func TestExplain(t *testing.T) {
	files, err := filepath.Glob("testdata/explain/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("only %d tests: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.SplitN(string(text), "----------\n", 3)
			if len(parts) != 3 {
				t.Fatal("there are no two lines of dashes")
			}
			gatewaytest.Start(t, parts[0])
			got, err := askAdmin(t, asking(t, parts[1]))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				parts[2] = got
				if err := os.WriteFile(file, []byte(strings.Join(parts, "----------\n")), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != parts[2] {
				t.Errorf("got\n%s\nwant\n%s", got, parts[2])
			}
			if strings.Contains(got, "XJP_test_") {
				t.Errorf("a secret is told:\n%s", got)
			}
		})
	}
}

// asked asks the admin API with a body in JSON, which it is to take.
func asked(t *testing.T, method, path, body string) string {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	got, err := askAdmin(t, r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestLimitsOfStaticKey checks that what is told of a key of the configuration holds what the
// store says of its tenant.
func TestLimitsOfStaticKey(t *testing.T) {
	gatewaytest.Start(t, "provider demo\nkey XJP_of_the_configuration {\n\tid static\n}"+gatewaytest.Stored(t))
	asked(t, "PATCH", "/xjp/tenants/default", `{"limits":{"requests_per_day":7},"key_limits":{"requests_per_minute":5},"disabled":true}`)
	told := strings.Join(strings.Fields(asked(t, "GET", "/xjp/limits?key=static", "")), "")
	for _, want := range []string{`"scope":"tenant","name":"default","limit":"requests_per_day","most":7`, `"scope":"key","name":"static","limit":"requests_per_minute","most":5`} {
		if !strings.Contains(told, want) {
			t.Errorf("%s is not in %s", want, told)
		}
	}
	plan := asked(t, "POST", "/xjp/explain?key=static", `{"model":"echo","messages":[{"role":"user","content":"Hello"}]}`)
	if !strings.Contains(plan, "the key is disabled") {
		t.Error(plan)
	}
}

// TestExplainStoredKey checks that a plan tells what a key of the store would be refused for: by
// its scope, its tenant's limits, or since it may not be used at all. Nothing is counted for it.
func TestExplainStoredKey(t *testing.T) {
	address := gatewaytest.Start(t, "provider demo\nmodel small {\n\troute demo a\n}\nmodel large {\n\troute demo b\n}"+gatewaytest.Stored(t))
	admin := func(method, path, body string) map[string]any {
		t.Helper()
		var read map[string]any
		if err := json.Unmarshal([]byte(asked(t, method, path, body)), &read); err != nil {
			t.Fatal(err)
		}
		return read
	}
	made := admin("POST", "/xjp/keys", `{"tenant":"acme","create_tenant":true,"scope":{"models":["small"],"dialects":["openai"]},"limits":{"requests_per_day":1,"tokens_per_minute":60000}}`)
	id, secret := made["id"].(string), made["secret"].(string)
	explain := func(query, model string) (told xjpgateway.Explanation) {
		t.Helper()
		got, err := askAdmin(t, httptest.NewRequest("POST", "/xjp/explain?key="+id+query, strings.NewReader(`{"model":"`+model+`","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]}`)))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(got), &told); err != nil || strings.Contains(got, secret) {
			t.Fatalf("%v in %s", err, got)
		}
		return told
	}
	expect := func(query, model string, status int, words string) {
		t.Helper()
		told := explain(query, model)
		if e := told.Error; e == nil || e.Status != status || !strings.Contains(e.Message, words) {
			t.Errorf("%s %s: %+v", query, model, told.Error)
		}
	}
	expect("", "large", 403, "may not use the model `large`")
	expect("&dialect=anthropic", "small", 403, "may not use the dialect anthropic")
	for range 2 { // the first has not counted
		if told := explain("", "small"); told.Error != nil || len(told.Routes) != 1 || told.Key != id {
			t.Errorf("a plan without an error is %+v", told)
		}
	}
	r, _ := http.NewRequest("POST", address+"/v1/chat/completions", strings.NewReader(`{"model":"small","messages":[{"role":"user","content":"Hello"}]}`))
	r.Header.Set("X-Api-Key", secret)
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	res.Body.Close()
	expect("", "small", 429, "the limit of requests per day of this key (1) is reached; it is renewed at")
	if told := explain("", "small"); len(told.Routes) != 1 || told.Error.RetryAfter <= 0 {
		t.Errorf("the plan at a limit is %+v", told)
	}
	admin("PATCH", "/xjp/keys/"+id, `{"disabled":true}`)
	expect("", "small", 403, "the key is disabled")
	admin("DELETE", "/xjp/keys/"+id, "")
	expect("", "small", 401, "the key is not valid")
}

// TestAdminMisuse checks that what the admin endpoint is asked wrongly is refused in
// Caddy's form, with what would be right.
func TestAdminMisuse(t *testing.T) {
	gatewaytest.Start(t, "provider demo")
	for _, test := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/xjp/explain", 405, "use POST"},
		{"POST", "/xjp/routes", 405, "use GET"},
		{"GET", "/xjp/wake", 405, "use POST"},
		{"POST", "/xjp/explain?dialect=gemini", 400, "dialect: 'gemini' is not known; there are openai and anthropic"},
		{"POST", "/xjp/explain?key=nobody", 400, "key: no key has the id 'nobody'"},
	} {
		_, err := askAdmin(t, httptest.NewRequest(test.method, test.path, strings.NewReader("{}")))
		expectAPIError(t, err, test.status, test.want)
	}
}

// TestAdminWake checks that an operator can end what rests.
func TestAdminWake(t *testing.T) {
	address := gatewaytest.Start(t, "provider demo")
	state := func(method, path string) bool {
		body, err := askAdmin(t, httptest.NewRequest(method, path, nil))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(body, `"resting"`)
	}
	r, _ := http.NewRequest(http.MethodPost, address+"/v1/chat/completions", strings.NewReader(`{"model":"demo","messages":[{"role":"user","content":"demo: status 429 retry 60"}]}`))
	if status, _ := ask(t, r, gatewaytest.Key); status != http.StatusTooManyRequests {
		t.Fatalf("a limited provider: %d", status)
	}
	if !state(http.MethodGet, "/xjp/routes") {
		t.Error("nothing rests after a rate limit")
	}
	if state(http.MethodPost, "/xjp/wake") || state(http.MethodGet, "/xjp/routes") {
		t.Error("something rests although it was woken")
	}
}

// TestAdminWithoutGateway checks what is told where nothing of the gateway is configured.
func TestAdminWithoutGateway(t *testing.T) {
	if err := caddy.Load([]byte(`{"admin":{"disabled":true,"config":{"persist":false}},"logging":{"logs":{"default":{"level":"ERROR"}}}}`), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	_, err := askAdmin(t, httptest.NewRequest("GET", "/xjp/routes", nil))
	expectAPIError(t, err, 404, "holds no xjp_gateway")
}

func expectAPIError(t *testing.T, err error, status int, want string) {
	t.Helper()
	var api caddy.APIError
	if !errors.As(err, &api) || api.HTTPStatus != status || !strings.Contains(api.Error(), want) {
		t.Errorf("got %v, want %d %s", err, status, want)
	}
}

// fickle is a provider that answers by the key and the model that it is called with.
func fickle(t *testing.T) (url string, calls *atomic.Int32) {
	calls = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.Contains(string(body), `"limited"`):
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"error":{"message":"slow down","type":"rate_limit_error"}}`)
		case strings.Contains(r.Header.Get("Authorization"), "revoked"):
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}`)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// TestExplainWhatRests checks that a rest shows in the plan, in the state of its route and
// of its credential, and that nobody is called for it.
func TestExplainWhatRests(t *testing.T) {
	url, calls := fickle(t)
	address := gatewaytest.Start(t, `
provider one openai {
	base_url `+url+`
	api_key XJP_test_secret_alone
}
provider two openai {
	base_url `+url+`
	api_key XJP_test_secret_revoked
	api_key XJP_test_secret_good
	max_concurrent 7
}
model chat {
	route one limited
	route two works
}
model limited {
	route one limited
}
model one/* {
	route one {model.rest}
}`)
	for range 2 { // the second call takes the credential that the first has not
		r, _ := http.NewRequest("POST", address+"/v1/chat/completions", strings.NewReader(`{"model":"chat","messages":[{"role":"user","content":"Hello"}]}`))
		if status, answer := ask(t, r, gatewaytest.Key); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
	}
	before := calls.Load()

	var plan xjpgateway.Explanation
	explain(t, `{"model":"chat","messages":[{"role":"user","content":"Hello"}]}`, &plan)
	if len(plan.Routes) != 2 || plan.Routes[0].Route != "chat#2" || !plan.Routes[0].Tried || plan.Routes[0].Latency <= 0 || plan.Error != nil {
		t.Fatalf("the plan is %s", shown(plan))
	}
	rests := plan.Routes[1]
	if rests.Tried || rests.Reason != "resting" || rests.Breaker != "resting" || rests.Cause != "rate_limit" || rests.Wait < 1000 || rests.Wait > 30_000 || rests.Until == nil {
		t.Errorf("the first route is %s", shown(rests))
	}
	explain(t, `{"model":"limited","messages":[{"role":"user","content":"Hello"}]}`, &plan)
	if e := plan.Error; e == nil || e.Status != 429 || e.Kind != "upstream_rate_limit" || e.RetryAfter < 1000 {
		t.Errorf("the plan without a route is %s", shown(plan))
	}

	answer, err := askAdmin(t, httptest.NewRequest("GET", "/xjp/routes", nil))
	if err != nil {
		t.Fatal(err)
	}
	var report xjpgateway.RoutesReport
	if err := json.Unmarshal([]byte(answer), &report); err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, r := range report.Routes {
		line := r.Route + " " + r.UpstreamModel + " " + r.Breaker
		for _, cred := range r.Credentials {
			line += " / " + cred.Credential + " " + cred.Breaker + " " + cred.Cause
		}
		routes = append(routes, line)
	}
	const want = `chat#1 limited resting / api_key 1 closed 
chat#2 works closed / api_key 1 open auth / api_key 2 closed 
limited#1 limited resting / api_key 1 closed 
one/*#1 limited resting / api_key 1 closed `
	if got := strings.Join(routes, "\n"); got != want {
		t.Errorf("the routes are\n%s\nwant\n%s", got, want)
	}
	if p := report.Providers; len(p) != 2 || p[1].Provider != "two" || p[1].MaxConcurrent != 7 || p[1].InFlight != 0 {
		t.Errorf("the providers are %s", shown(p))
	}
	if calls.Load() != before {
		t.Error("a provider was called")
	}
	if strings.Contains(answer+shown(plan), "XJP_test_") {
		t.Errorf("a secret is told:\n%s", answer)
	}
}

// explain asks for the plan of a Chat request.
func explain(t *testing.T, body string, into *xjpgateway.Explanation) {
	t.Helper()
	answer, err := askAdmin(t, asking(t, "?dialect=openai\n\n"+body))
	if err != nil {
		t.Fatal(err)
	}
	*into = xjpgateway.Explanation{}
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		t.Fatal(err)
	}
}

func shown(v any) string {
	text, _ := json.MarshalIndent(v, "", "\t")
	return string(text)
}

// TestAdminCommands runs the commands that ask the admin endpoint as an operator does.
func TestAdminCommands(t *testing.T) {
	admin, dir := fmt.Sprintf("localhost:%d", gatewaytest.FreePort(t)), t.TempDir()
	site := gatewaytest.Site(`
provider demo
provider absent openrouter {env.XJP_TEST_UNSET} {
	optional
}
model chat {
	route demo a {
		capability images false
	}
	route demo b {
		max_concurrent 3
	}
	fallback absent c
}`)
	site = strings.Replace(site, "admin off", "admin "+admin, 1)
	gatewaytest.Run(t, site)
	for name, text := range map[string]string{
		"Caddyfile":    strings.ReplaceAll(site, "{port}", "1"),
		"request.json": `{"model":"chat","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]}`,
		"unknown.json": `{"model":"chatt","messages":[{"role":"user","content":"Hello"}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name   string
		args   []string
		status int
		stdout []string // in this order
		stderr string
	}{
		{"routes", []string{"routes", "--address", admin}, 0, []string{"ROUTE", "chat#1", "demo", "a", "closed", "chat#2", "0 of 3", "absent", "left out: api_key: {env.XJP_TEST_UNSET}"}, ""},
		{"routes in JSON", []string{"routes", "--address", admin, "--json"}, 0, []string{`"route": "chat#1"`, `"max_concurrent": 3`}, ""},
		{"a plan", []string{"explain", "request.json", "--address", admin}, 0,
			[]string{"model chat, asked for as chat; policy first, affinity off", "1  chat#2  demo b", "-  chat#1  demo a", "incapable: lacks images", "left out", "provider absent"}, ""},
		{"the address of a configuration", []string{"explain", "request.json", "--config", "Caddyfile"}, 0, []string{"1  chat#2"}, ""},
		{"a plan in JSON", []string{"explain", "request.json", "--address", admin, "--session", "s", "--json"}, 0, []string{`"model": "chat"`, `"lacks": "images"`}, ""},
		{"an error for the client", []string{"explain", "unknown.json", "--address", admin}, 1, nil, "the client would be told: 404 model_not_found: model `chatt` does not exist"},
		{"a dialect that is none", []string{"explain", "request.json", "--address", admin, "--dialect", "gemini"}, 1, nil, "dialect: 'gemini' is not known"},
		{"no file", []string{"explain", "--address", admin}, 1, nil, "no request: name a file"},
		{"a file that is not there", []string{"explain", "none.json", "--address", admin}, 1, nil, "none.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, status := command(t, dir, append([]string{"xjp"}, test.args...)...)
			if status != test.status || !strings.Contains(stderr, test.stderr) {
				t.Errorf("status %d, want %d:\n%s", status, test.status, stderr)
			}
			rest := stdout
			for _, want := range test.stdout {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("%q is missing, or out of order, in\n%s", want, stdout)
				}
				rest = after
			}
		})
	}
}
