package behaviour

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestBudgetAlerts checks that a webhook is told of each threshold once, again if it did
// not take it, and is sent no secret.
func TestBudgetAlerts(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	type event struct {
		Tenant, Key, Budget, Window string
		Threshold                   int
		Used, Limit                 string
		Time                        time.Time
	}
	told, tries := make(chan event, 10), 0
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var e event
		if err := json.Unmarshal(body, &e); err != nil || strings.Contains(string(body), limitedKey) {
			t.Errorf("%v in %s", err, body)
		}
		told <- e
	}))
	defer hook.Close()
	// Each request reserves some 0.0016 USD and costs 0.000081.
	url := gatewaytest.Start(t, providers(d)+priced("priced", "chat")+keyWith("budget 0.0018/day")+"\t\tbudget_alerts 50 85 {\n\t\t\twebhook "+hook.URL+"\n\t\t}\n")
	statuses := []int{}
	for range 5 {
		statuses = append(statuses, post(t, url+openai.path, hello("priced", false), "Authorization", "Bearer "+limitedKey).status)
	}
	if statuses[0] != 200 || statuses[4] != 429 {
		t.Fatalf("%v", statuses)
	}
	seen := map[int]bool{}
	for range 2 {
		select {
		case e := <-told:
			if seen[e.Threshold] || e.Tenant != "acme" || e.Key != "limited" || e.Limit != "0.0018" || e.Window != time.Now().UTC().Format(time.DateOnly) {
				t.Errorf("%+v", e)
			}
			seen[e.Threshold] = true
		case <-time.After(20 * time.Second):
			t.Fatalf("only %v was told of", seen)
		}
	}
	select {
	case e := <-told:
		t.Errorf("told of again: %+v", e)
	case <-time.After(100 * time.Millisecond):
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
		got := post(t, url+dialect.path, hello("chat", false), "Authorization", "Bearer XJP_0123456789012345678901234567890123456789012")
		if e := errorIn(t, dialect, got); got.status != 503 && got.status != 529 || got.header.Get("Retry-After") == "" || !strings.Contains(e.message, "cannot be checked") {
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
