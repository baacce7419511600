package behaviour

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

// limitedKey is a second key, with limits of its own.
const limitedKey = "XJP_limited_key"

// keyWith configures the second key. limits are lines such as "rpm 2".
func keyWith(limits ...string) string {
	return "\t\tkey " + limitedKey + " {\n\t\t\tid limited\n\t\t\ttenant acme\n\t\t\tlimits {\n\t\t\t\t" + strings.Join(limits, "\n\t\t\t\t") + "\n\t\t\t}\n\t\t}\n"
}

// TestLimits checks each kind of limit: what a request over it is told in each dialect, and
// that other keys do not feel it.
func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name, limit string
		pass        int // how many of the double's answers of 12 + 3 tokens pass
		code        string
		kind        [2]string // in Chat and in Messages
		retry       string    // x-should-retry
		message     string
	}{
		{"requests per minute", "rpm 2", 2, "rate_limit_exceeded", [2]string{"rate_limit_error", "rate_limit_error"}, "", "requests per minute of this key (2)"},
		{"requests per day", "rpd 2", 2, "insufficient_quota", [2]string{"insufficient_quota", "rate_limit_error"}, "false", "requests per day of this key (2)"},
		{"tokens per day", "tokens_per_day 165", 2, "insufficient_quota", [2]string{"insufficient_quota", "rate_limit_error"}, "false", "tokens per day of this key (165)"},
		{"output tokens per day", "output_tokens_per_day 105", 2, "insufficient_quota", [2]string{"insufficient_quota", "rate_limit_error"}, "false", "output tokens per day of this key (105)"},
		{"CC22: a budget", "budget 0.0017/month", 2, "insufficient_quota", [2]string{"insufficient_quota", "billing_error"}, "false", "USD per month of this key (0.0017)"},
	} {
		for i, dialect := range dialects {
			t.Run(name(test.name, dialect.name), func(t *testing.T) {
				d := newDouble(t)
				d.will(well)
				url := gatewaytest.Start(t, providers(d)+priced("priced", "chat")+keyWith(test.limit))
				ask := func() reply {
					return post(t, url+dialect.path, hello("priced", false), "Authorization", "Bearer "+limitedKey)
				}
				for n := range test.pass {
					if got := ask(); got.status != 200 {
						t.Fatalf("request %d: %d %s", n+1, got.status, got.body)
					}
				}
				asked := len(d.asked())
				got := ask()
				e := errorIn(t, dialect, got)
				if got.status != 429 || e.kind != test.kind[i] || dialect == openai && e.code != test.code || !strings.Contains(e.message, test.message) {
					t.Errorf("%d %+v", got.status, e)
				}
				if got.header.Get("Retry-After") == "" || got.header.Get("X-Should-Retry") != test.retry {
					t.Errorf("Retry-After %q, X-Should-Retry %q", got.header.Get("Retry-After"), got.header.Get("X-Should-Retry"))
				}
				if len(d.asked()) != asked {
					t.Error("the provider was called all the same")
				}
				if got := post(t, url+dialect.path, hello("priced", false)); got.status != 200 {
					t.Errorf("another key: %d", got.status)
				}
			})
		}
	}
}

// TestLimitHeaders checks that answers tell how their key stands, in the headers of the
// client's dialect, and never how the provider's stands with us.
func TestLimitHeaders(t *testing.T) {
	d := newDouble(t)
	d.will(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Ratelimit-Remaining-Requests", "4711")
		w.Header().Set("Anthropic-Ratelimit-Requests-Remaining", "4711")
		well(w, r)
	})
	url := gatewaytest.Start(t, providers(d)+keyWith("rpm 10", "tokens_per_day 100000"))
	for _, test := range []struct {
		dialect              dialect
		limit, left, resets  string
		tokens, other, reset string
	}{
		{openai, "X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests", "X-Ratelimit-Remaining-Tokens", "Anthropic-Ratelimit-Requests-Remaining", ""},
		{anthropic, "Anthropic-Ratelimit-Requests-Limit", "Anthropic-Ratelimit-Requests-Remaining", "Anthropic-Ratelimit-Requests-Reset", "Anthropic-Ratelimit-Tokens-Remaining", "X-Ratelimit-Remaining-Requests", time.RFC3339},
	} {
		for n, stream := range []bool{false, true} {
			got := post(t, url+test.dialect.path, hello("chat", stream), "Authorization", "Bearer "+limitedKey)
			h := got.header
			if got.status != 200 || h.Get(test.limit) != "10" || h.Get(test.tokens) == "" || h.Get(test.other) != "" {
				t.Errorf("%s: %d %v", test.dialect.name, got.status, h)
			}
			if left := h.Get(test.left); left == "" || left == "4711" || left == "10" {
				t.Errorf("%s %d: %q requests are left", test.dialect.name, n, left)
			}
			if _, err := time.Parse(time.RFC3339, h.Get(test.resets)); (err == nil) != (test.reset != "") {
				t.Errorf("%s: reset %q", test.dialect.name, h.Get(test.resets))
			}
		}
	}
}

// TestConcurrentLimit checks that no more requests of a key than its limit are under way at
// once, and that each way out gives its place back.
func TestConcurrentLimit(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, providers(d)+keyWith("concurrent 3"))
	release := make(chan struct{})
	d.will(func(w http.ResponseWriter, r *http.Request) {
		<-release
		well(w, r)
	})
	var wg sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 10 {
		wg.Go(func() {
			res, err := client.Do(request(t, http.MethodPost, url+openai.path, hello("chat", false), "Authorization", "Bearer "+limitedKey))
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			mu.Lock()
			statuses[res.StatusCode]++
			mu.Unlock()
		})
	}
	eventually(t, "seven are refused", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return statuses[429] == 7
	})
	close(release)
	wg.Wait()
	if statuses[200] != 3 {
		t.Errorf("%v", statuses)
	}
	for n, ending := range []http.HandlerFunc{
		well, failing(500, "application/json", `{}`), failing(400, "application/json", `{}`),
		func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, well,
	} {
		d.will(ending)
		for _, dialect := range dialects {
			for range 4 {
				if got := post(t, url+dialect.path, hello("chat", true), "Authorization", "Bearer "+limitedKey); got.status == 429 {
					t.Fatalf("pain 38: ending %d keeps its place: %s", n, got.body)
				}
			}
		}
	}
}

// TestReservations checks that what is not used is given back, and that what is refused
// before any provider was called costs nothing.
func TestReservations(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, providers(d)+keyWith("rpd 5", "tokens_per_day 400"))
	ask := func(body string) reply {
		return post(t, url+openai.path, body, "Authorization", "Bearer "+limitedKey)
	}
	d.will(failing(500, "application/json", `{}`))
	for range 2 {
		ask(hello("chat", false)) // each reserves some 120 tokens and uses none
	}
	for range 20 {
		if got := ask(hello("none", false)); got.status != 404 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	d.will(well)
	for n := range 3 {
		if got := ask(hello("chat", false)); got.status != 200 {
			t.Fatalf("request %d: %d %s", n+1, got.status, got.body)
		}
	}
	if got := ask(hello("chat", false)); got.status != 429 || !strings.Contains(got.body, "requests per day") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestLimitsOverReload checks that a reload forgets nothing, also one that changes the
// limit itself.
func TestLimitsOverReload(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	site := func(limit string) string { return gatewaytest.Site(providers(d) + keyWith(limit)) }
	url := gatewaytest.Run(t, site("rpd 2"))
	port := url[strings.LastIndex(url, ":")+1:]
	ask := func() int {
		for range 50 { // a connection that comes as listeners change is reset before a handler sees it
			res, err := client.Do(request(t, http.MethodPost, url+openai.path, hello("chat", false), "Authorization", "Bearer "+limitedKey))
			if err == nil {
				res.Body.Close()
				return res.StatusCode
			}
		}
		return 0
	}
	if got := []int{ask(), ask(), ask()}; got[1] != 200 || got[2] != 429 {
		t.Fatalf("%v", got)
	}
	gatewaytest.Load(t, strings.ReplaceAll(site("rpd 3"), "{port}", port))
	client.CloseIdleConnections()
	if got := []int{ask(), ask()}; got[0] != 200 || got[1] != 429 {
		t.Errorf("after the reload: %v", got)
	}
}

// TestLimitsOverKill checks that what a process used that was killed counts, though it is in
// the journal still when the first request comes.
func TestLimitsOverKill(t *testing.T) {
	const used = 300 // few enough for the race detector, which has the store take long
	dir := t.TempDir()
	dead, err := ledger.Open(ledger.Options{Dir: filepath.Join(dir, "journal")})
	if err != nil {
		t.Fatal(err)
	}
	for n := range used {
		err := dead.End(&ledger.Record{
			ID: fmt.Sprint("req_", n), Time: time.Now().UTC(), Tenant: "acme", Key: "limited", Endpoint: "generate", Dialect: "openai", Status: 200, End: ledger.Complete,
			Attempts: []ledger.Attempt{{Number: 1, Status: 200, End: ledger.Complete}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if dead.Close(ctx) == nil {
		t.Error("nothing is left of the ledger")
	}
	d := newDouble(t)
	d.will(well)
	url := gatewaytest.Start(t, providers(d)+keyWith(fmt.Sprint("rpd ", used))+gatewaytest.StoredIn(t, dir))
	if got := post(t, url+openai.path, hello("chat", false), "Authorization", "Bearer "+limitedKey); got.status != 429 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestLimitsOverRestart checks that the ledger tells what was used before the process began:
// requests that took two calls to a provider, and others that took none.
func TestLimitsOverRestart(t *testing.T) {
	d := newDouble(t)
	var calls atomic.Int64
	d.will(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1)%2 == 1 {
			failing(500, "application/json", `{}`)(w, r)
			return
		}
		well(w, r)
	})
	options := providers(d) + keyWith("rpd 2") + gatewaytest.Stored(t) + "\t\tretry 1\n"
	for _, want := range [][]int{{200}, {200, 429}} {
		t.Run(fmt.Sprint(want), func(t *testing.T) {
			url := gatewaytest.Start(t, options)
			// What does not reach a model counts for nothing, then and afterwards.
			if got := post(t, url+openai.path, hello("absent", false), "Authorization", "Bearer "+limitedKey); got.status != 404 {
				t.Errorf("a model that is not there: %d %s", got.status, got.body)
			}
			for _, status := range want {
				if got := post(t, url+openai.path, hello("chat", false), "Authorization", "Bearer "+limitedKey); got.status != status {
					t.Errorf("%d %s, want %d", got.status, got.body, status)
				}
			}
			gatewaytest.Store(t) // all is stored
		})
	}
}

// TestCheapest checks that a model goes by the route that costs least for the request.
func TestCheapest(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	options := providers(d) + `
		model cheap {
			policy cheapest
			route chat long {
				price {
					input 1
					output 100
				}
			}
			route chat short {
				price {
					input 10
					output 10
				}
			}
			route chat unknown-to-all
		}
`
	url := gatewaytest.Start(t, options)
	for _, test := range []struct{ text, want string }{
		{"Hi", "short"},
		{strings.Repeat("many words ", 4000), "long"},
	} {
		d.will(well)
		body := `{"model":"cheap","max_tokens":100,"messages":[{"role":"user","content":"` + test.text + `"}]}`
		if got := post(t, url+openai.path, body); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if call := d.last(t); !strings.Contains(call.body, `"model":"`+test.want+`"`) {
			t.Errorf("%.20q went to %.80s", test.text, call.body)
		}
	}
}
