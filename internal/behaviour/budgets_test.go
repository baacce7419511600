package behaviour

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// alert is what a webhook is sent.
type alert struct {
	Tenant, Key, Budget, Window string
	Threshold                   int
	Used, Limit                 string
	Time                        time.Time
}

// alerted makes a webhook that takes nothing the first time, and is sent no secret.
func alerted(t *testing.T) (url string, told chan alert) {
	told = make(chan alert, 10)
	var tries atomic.Int64
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if tries.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var e alert
		if err := json.Unmarshal(body, &e); err != nil || strings.Contains(string(body), limitedKey) {
			t.Errorf("%v in %s", err, body)
		}
		told <- e
	}))
	t.Cleanup(hook.Close)
	return hook.URL, told
}

// using answers well, with a number of output tokens.
func using(output int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		whole(w, strings.Replace(chatWhole, `"completion_tokens":3`, fmt.Sprint(`"completion_tokens":`, output), 1))
	}
}

// TestBudgetAlerts checks that a webhook is told of each threshold that the use of a budget has
// reached, soon and once, again if it did not take it, and again of a budget that is raised.
// What is only reserved is no use.
func TestBudgetAlerts(t *testing.T) {
	d := newDouble(t)
	hook, told := alerted(t)
	site := func(budget string) string {
		return gatewaytest.Site(providers(d) + priced("priced", "chat") + keyWith("budget "+budget+"/day") + "\t\tbudget_alerts 50 85 {\n\t\t\twebhook " + hook + "\n\t\t}\n")
	}
	url := gatewaytest.Run(t, site("0.0018"))
	ask := func(want int) {
		t.Helper()
		if got := post(t, url+openai.path, hello("priced", false), "Authorization", "Bearer "+limitedKey); got.status != want {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	silent := func() {
		t.Helper()
		select {
		case e := <-told:
			t.Errorf("told of %+v", e)
		case <-time.After(1500 * time.Millisecond):
		}
	}
	hears := func(used, limit string, thresholds ...int) {
		t.Helper()
		seen := map[int]bool{}
		for range thresholds {
			select {
			case e := <-told:
				if seen[e.Threshold] || e.Tenant != "acme" || e.Key != "limited" || e.Used != used || e.Limit != limit || e.Window != time.Now().UTC().Format(time.DateOnly) {
					t.Errorf("%+v", e)
				}
				seen[e.Threshold] = true
			case <-time.After(20 * time.Second):
				t.Fatalf("only %v was told of", seen)
			}
		}
		for _, threshold := range thresholds {
			if !seen[threshold] {
				t.Errorf("%v were told of", seen)
			}
		}
		silent()
	}
	// Each request reserves some 0.0016 USD.
	started, release := make(chan struct{}), make(chan struct{})
	d.will(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-release
		using(3)(w, r) // 0.000081 USD
	})
	var first sync.WaitGroup
	first.Go(func() { post(t, url+openai.path, hello("priced", false), "Authorization", "Bearer "+limitedKey) })
	<-started
	second := post(t, url+openai.path, hello("priced", false), "Authorization", "Bearer "+limitedKey)
	silent()
	close(release)
	first.Wait()
	if second.status != 429 {
		t.Errorf("%d %s", second.status, second.body)
	}
	silent()
	d.will(using(96)) // 0.001476 USD
	ask(200)
	hears("0.001557", "0.0018", 50, 85)
	gatewaytest.Load(t, strings.ReplaceAll(site("0.018"), "{port}", url[strings.LastIndex(url, ":")+1:]))
	client.CloseIdleConnections()
	d.will(using(500)) // 0.007536 USD
	ask(200)
	hears("0.009093", "0.018", 50)
}

// TestBudgetHeld checks what a request is told that does not fit into a budget: that it may
// come again where only open requests hold what is left, else what is left.
func TestBudgetHeld(t *testing.T) {
	for i, dialect := range dialects {
		t.Run(dialect.name, func(t *testing.T) {
			d := newDouble(t)
			url := gatewaytest.Start(t, providers(d)+priced("priced", "chat")+keyWith("budget 0.0018/month"))
			ask := func() reply {
				return post(t, url+dialect.path, hello("priced", false), "Authorization", "Bearer "+limitedKey)
			}
			started, release := make(chan struct{}), make(chan struct{})
			d.will(func(w http.ResponseWriter, r *http.Request) {
				close(started)
				<-release
				using(3)(w, r)
			})
			var first sync.WaitGroup
			first.Go(func() { ask() })
			<-started
			got := ask()
			if e := errorIn(t, dialect, got); got.status != 429 || e.kind != "rate_limit_error" || !strings.Contains(e.message, "under way") {
				t.Errorf("%d %+v", got.status, e)
			}
			if wait, retry := got.header.Get("Retry-After"), got.header.Get("X-Should-Retry"); wait != "5" || retry == "false" {
				t.Errorf("Retry-After %q, X-Should-Retry %q", wait, retry)
			}
			close(release)
			first.Wait()
			d.will(using(30))
			if got := ask(); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
			got = ask()
			if e := errorIn(t, dialect, got); got.status != 429 || e.kind != [2]string{"insufficient_quota", "billing_error"}[i] || !strings.Contains(e.message, "only 0.001233 is left") || got.header.Get("X-Should-Retry") != "false" {
				t.Errorf("%d %+v", got.status, e)
			}
		})
	}
}

// TestUnknownPrices checks that a model without a price is served and marked, unless the
// configuration wants prices for all.
func TestUnknownPrices(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	url := gatewaytest.Start(t, providers(d)+gatewaytest.Stored(t))
	if r := record(t, post(t, url+openai.path, hello("chat", false))); !r.Unpriced || r.Cost != 0 || !r.Attempts[0].Unpriced {
		t.Errorf("%+v", r)
	}
	url = gatewaytest.Start(t, providers(d)+priced("priced", "chat")+"\t\tprices {\n\t\t\toffline\n\t\t\tstrict\n\t\t}\n")
	d.will(well)
	for _, dialect := range dialects {
		got := post(t, url+dialect.path, hello("chat", true))
		if e := errorIn(t, dialect, got); got.status < 500 || !strings.Contains(e.message, "no known price") {
			t.Errorf("%s: %d %+v", dialect.name, got.status, e)
		}
		if got := post(t, url+dialect.path, hello("priced", true)); got.status != 200 {
			t.Errorf("%s: with a price: %d", dialect.name, got.status)
		}
	}
}

// TestStoreAway checks what clients are told while no store can be opened, and that the
// journal keeps what is to be recorded.
func TestStoreAway(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	caddyfile := gatewaytest.Site(providers(d) + "\t\tstore sqlite " + dir + "/file/xjp.db\n\t\tledger {\n\t\t\tjournal " + dir + "/journal\n\t\t}\n")
	url := gatewaytest.Run(t, quiet(caddyfile))
	for _, dialect := range dialects {
		if got := post(t, url+dialect.path, hello("chat", false)); got.status != 200 {
			t.Errorf("pain 39: %s: a key of the configuration: %d %s", dialect.name, got.status, got.body)
		}
		want := 503
		if dialect == anthropic {
			want = 529
		}
		got := post(t, url+dialect.path, hello("chat", false), "Authorization", "Bearer XJP_0123456789012345678901234567890123456789012")
		if e := errorIn(t, dialect, got); got.status != want || got.header.Get("Retry-After") == "" || !strings.Contains(e.message, "cannot be checked") {
			t.Errorf("%s: another key: %d %s", dialect.name, got.status, got.body)
		}
	}
	if got := get(t, url+"/readyz"); got.status != 503 || !strings.Contains(got.body, `"store"`) {
		t.Errorf("readiness: %d %s", got.status, got.body)
	}
	if got := get(t, url+"/healthz"); got.status != 200 || !strings.Contains(got.body, `"degraded":["store"`) {
		t.Errorf("health: %d %s", got.status, got.body)
	}
}
