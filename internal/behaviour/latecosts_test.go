package behaviour

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/doubles/openrouter"
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

// generation is what OpenRouter tells of the answer that a client has left.
const generation = `{"id":"gen-7","model":"vendor/up","total_cost":2.5e-2,"usage":0.025,"is_byok":false,"upstream_inference_cost":null,"cancelled":true,` +
	`"native_tokens_prompt":1200,"native_tokens_completion":800,"native_tokens_reasoning":300,"native_tokens_cached":200,"native_tokens_completion_images":null,"service_tier":null}`

// lateSite is a site with a double of OpenRouter, whose models cost little by our price.
func lateSite(t testing.TB, d *double, dir, waits string) string {
	price := "\t\t\tprice {\n\t\t\t\tinput 3\n\t\t\t\toutput 15\n\t\t\t}\n"
	options := provider("or", "openrouter", d) + "\t\tmodel chat {\n\t\t\troute or vendor/up\n" + price + "\t\t}\n\t\tmodel claude {\n\t\t\troute or anthropic/claude-sonnet-4.5\n" + price + "\t\t}\n" +
		keyWith("budget 0.026/month")
	return gatewaytest.Site(options + strings.Replace(gatewaytest.StoredIn(t, dir), "journal ", "late_costs "+waits+"\n\t\t\tjournal ", 1))
}

// breaking begins an answer of an id and then waits for the client to leave; of generations
// it tells what the double knows.
func breaking(g *openrouter.Generations, began chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/generation" {
			g.ServeHTTP(w, r)
			return
		}
		w.Header().Set("X-Generation-Id", "gen-7")
		streaming(w)
		list := chatStream[:3]
		if strings.HasSuffix(r.URL.Path, "/messages") {
			list = messagesStream[:4]
		}
		send(w, list...)
		close(began)
		<-r.Context().Done()
	}
}

// leftRequest is a request of the limited key that its client leaves in the middle, and its
// record.
func leftRequest(t *testing.T, d *double, g *openrouter.Generations, url string, client dialect, model string) ledger.Record {
	t.Helper()
	began := make(chan struct{})
	d.will(breaking(g, began))
	leaver := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	defer leaver.CloseIdleConnections()
	before := len(recorded(t))
	leave(t, leaver, request(t, "POST", url+client.path, hello(model, true), "Authorization", "Bearer "+limitedKey), began, "there")
	var list []ledger.Record
	eventually(t, "the request is recorded", func() bool {
		list = recorded(t)
		return len(list) == before+1
	})
	return list[0]
}

func recorded(t testing.TB) []ledger.Record {
	t.Helper()
	page, _, err := gatewaytest.Store(t).Records(t.Context(), ledger.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// checkTold checks a record whose cost has been told late.
func checkTold(t testing.TB, r ledger.Record) {
	t.Helper()
	want := ledger.Tokens{Input: 1000, CacheRead: 200, Output: 800, Reasoning: 300}
	a := r.Attempts[0]
	if r.End != ledger.ClientGone || r.Estimated || r.Unpriced || r.Cost != 25_000_000 || r.Tokens != want || a.Tokens != want || a.Cost != r.Cost || a.Reported != "2.5e-2" || a.Raw != generation {
		t.Errorf("told late: %+v", r)
	}
	if priced := (1000+200)*int64(3_000) + 800*15_000; int64(a.Priced) != priced || !strings.HasPrefix(a.Price, "config:") {
		t.Errorf("priced at %s by %q, not at %d nano-USD", a.Priced, a.Price, priced)
	}
}

// TestLateCost leaves an answer of OpenRouter's in the middle: what that costs is asked for
// until it is known, and then takes the place of the estimate in the ledger and in budgets.
func TestLateCost(t *testing.T) {
	for _, c := range []struct {
		client dialect
		model  string
	}{{openai, "chat"}, {anthropic, "chat"}, {anthropic, "claude"}} {
		t.Run(name("D27: asked for until it is known,", c.client.name, "to", c.model), func(t *testing.T) {
			d, g := newDouble(t), &openrouter.Generations{Key: secret}
			url := gatewaytest.Run(t, lateSite(t, d, t.TempDir(), "20ms 30ms 50ms"))
			g.Tell("gen-7", generation, 1)
			r := leftRequest(t, d, g, url, c.client, c.model)
			eventually(t, "the cost is told", func() bool {
				r = recorded(t)[0]
				return r.Attempts[0].Reported != ""
			})
			checkTold(t, r)
			if id := r.Attempts[0].UpstreamID; id != "gen-7" || g.Asked() != 2 {
				t.Errorf("%q was asked for %d times", id, g.Asked())
			}
			sums, err := gatewaytest.Store(t).Usage(t.Context(), ledger.Query{})
			if err != nil || len(sums) != 1 || sums[0].Cost != r.Cost || sums[0].Tokens != r.Tokens || sums[0].Estimated != 0 || sums[0].Requests != 1 {
				t.Errorf("summed up: %+v, %v", sums, err)
			}
			time.Sleep(100 * time.Millisecond) // limits are corrected after the ledger
			d.will(well)
			got := post(t, url+openai.path, hello("chat", false), "Authorization", "Bearer "+limitedKey)
			if e := errorIn(t, openai, got); got.status != 429 || !strings.Contains(e.message, "USD per month") {
				t.Errorf("the budget of 0.026 USD, of which 0.025 are used, lets pass: %d %s", got.status, got.body)
			}
		})
	}
}

// TestLateCostAfterRestart has what asks end before the cost is known: what begins anew, as a
// restart does, finds the request in the store.
func TestLateCostAfterRestart(t *testing.T) {
	d, g, dir := newDouble(t), &openrouter.Generations{Key: secret}, t.TempDir()
	g.Tell("gen-7", generation, 0)
	first, next := lateSite(t, d, dir, "1h"), lateSite(t, d, dir, "20ms 20ms")
	url := gatewaytest.Run(t, first)
	r := leftRequest(t, d, g, url, openai, "chat")
	if a := r.Attempts[0]; !r.Estimated || !a.Untold() || a.Cost <= 0 || g.Asked() != 0 {
		t.Fatalf("recorded is %+v, asked %d times", r, g.Asked())
	}
	gatewaytest.Load(t, strings.ReplaceAll(next, "{port}", strings.TrimPrefix(url, "http://127.0.0.1:")))
	eventually(t, "the cost is told", func() bool {
		r = recorded(t)[0]
		return r.Attempts[0].Reported != ""
	})
	checkTold(t, r)
}

// TestLateCostUnknown checks that a provider is not asked for ever, nor for answers that are
// complete, nor where that is turned off.
func TestLateCostUnknown(t *testing.T) {
	for _, c := range []struct {
		name, waits string
		asked       int
	}{{"D27: a cost that stays unknown stays an estimate", "10ms 10ms 10ms", 3}, {"turned off", "off", 0}} {
		t.Run(c.name, func(t *testing.T) {
			d, g := newDouble(t), &openrouter.Generations{Key: secret}
			url := gatewaytest.Run(t, lateSite(t, d, t.TempDir(), c.waits))
			left := leftRequest(t, d, g, url, openai, "chat")
			eventually(t, "the provider is asked", func() bool { return g.Asked() == c.asked })
			time.Sleep(100 * time.Millisecond)
			if r := recorded(t)[0]; !r.Estimated || r.Cost != left.Cost || r.Attempts[0].Reported != "" || g.Asked() != c.asked {
				t.Errorf("asked %d times: %+v", g.Asked(), r)
			}
		})
	}
	t.Run("complete answers", func(t *testing.T) {
		d := newDouble(t)
		url := gatewaytest.Run(t, lateSite(t, d, t.TempDir(), "10ms"))
		d.will(well)
		if got := post(t, url+openai.path, hello("chat", true)); got.status != 200 {
			t.Fatal(got.status, got.body)
		}
		time.Sleep(100 * time.Millisecond)
		if calls := d.asked(); len(calls) != 1 {
			t.Errorf("the provider was asked %+v", calls)
		}
	})
}
