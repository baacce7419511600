package behaviour

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// priced is a model of a double that costs 3 USD per million tokens of the prompt and 15
// per million of the answer: 12 + 3 tokens are 0.000081 USD.
func priced(name, provider string) string {
	return "\t\tmodel " + name + " {\n\t\t\troute " + provider + " up\n\t\t\tprice {\n\t\t\t\tinput 3\n\t\t\t\toutput 15\n\t\t\t}\n\t\t}\n"
}

const costOfHello = prices.Amount(81_000)

// ledgerOf gives the ledger's records of a request.
func ledgerOf(t testing.TB, r reply) []ledger.Record {
	t.Helper()
	return recordsOf(t, r.header.Get("X-Request-Id"))
}

func recordsOf(t testing.TB, id string) (found []ledger.Record) {
	t.Helper()
	page, _, err := gatewaytest.Store(t).Records(context.Background(), ledger.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page {
		if r.ID == id {
			found = append(found, r)
		}
	}
	return found
}

// record is the one record of a request.
func record(t testing.TB, r reply) ledger.Record {
	t.Helper()
	list := ledgerOf(t, r)
	if len(list) != 1 {
		t.Fatalf("there are %d records of %s, not one", len(list), r.header.Get("X-Request-Id"))
	}
	return list[0]
}

// TestLedger checks that each request is recorded once, with what it used and cost, in both
// dialects, whole and streamed, passed and translated.
func TestLedger(t *testing.T) {
	d := newDouble(t)
	options := providers(d) + gatewaytest.Stored(t)
	for _, wire := range []string{"chat", "messages", "gemini"} {
		options += priced("priced-"+wire, wire)
	}
	url := gatewaytest.Start(t, options)
	for _, dialect := range dialects {
		for _, wire := range []string{"chat", "messages", "gemini"} {
			for _, stream := range []bool{false, true} {
				t.Run(name(dialect.name, wire, fmt.Sprint(stream)), func(t *testing.T) {
					d.will(well)
					got := post(t, url+dialect.path, hello("priced-"+wire, stream), "X-Xjp-Session", "s1")
					r := record(t, got)
					want := ledger.Record{
						ID: got.header.Get("X-Request-Id"), Time: r.Time, Tenant: "default", Key: "key1", Endpoint: "generate", Dialect: dialect.name,
						Model: "priced-" + wire, Session: "s1", Stream: stream, Status: 200, End: ledger.Complete, Route: "priced-" + wire + "#1",
						Provider: wire, Upstream: "up", Tokens: ledger.Tokens{Input: 12, Output: 3}, Cost: costOfHello,
						Latency: r.Latency, FirstToken: r.FirstToken, Losses: r.Losses, Attempts: r.Attempts,
					}
					if fmt.Sprintf("%+v", r) != fmt.Sprintf("%+v", want) {
						t.Errorf("recorded is\n%+v, want\n%+v", r, want)
					}
					if time.Since(r.Time) > time.Minute || r.Latency < 0 {
						t.Errorf("at %v for %d ms", r.Time, r.Latency)
					}
					if len(r.Attempts) != 1 {
						t.Fatalf("%d attempts", len(r.Attempts))
					}
					a := r.Attempts[0]
					if a.Number != 1 || a.Status != 200 || a.End != ledger.Complete || a.Tokens != r.Tokens || a.Cost != costOfHello || a.Priced != costOfHello ||
						!strings.HasPrefix(a.Price, "config:") || a.Reported != "" || a.Estimated || a.Unpriced || !strings.Contains(a.Raw, "12") {
						t.Errorf("the attempt is %+v", a)
					}
				})
			}
		}
	}
}

// TestLedgerOfFailures checks what is recorded of requests that were not served, or not by
// the first route.
func TestLedgerOfFailures(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	options := provider("first", "openai", first) + provider("second", "anthropic", second) +
		"\t\tmodel two {\n\t\t\troute first up\n\t\t\tfallback second up2\n\t\t}\n\t\tmodel one {\n\t\t\troute first up\n\t\t}\n" + gatewaytest.Stored(t)
	url := gatewaytest.Start(t, options)
	broken := func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, chatStream[:3]...)
		panic(http.ErrAbortHandler)
	}
	for _, test := range []struct {
		name          string
		body          string
		first, second http.HandlerFunc
		status        int
		end           ledger.End
		attempts      string // end, status and tokens of each
	}{
		{"another route", hello("two", false), failing(500, "application/json", `{}`), well, 200, ledger.Complete, "upstream_broken 500 0+0, complete 200 12+3"},
		{"a rate limit, then another route", hello("two", true), failing(429, "application/json", `{}`), well, 200, ledger.Complete, "refused 429 0+0, complete 200 12+3"},
		{"none serves", hello("two", false), failing(500, "application/json", `{}`), failing(529, "application/json", `{}`), 503, ledger.Refused, "upstream_broken 500 0+0, refused 529 0+0"},
		{"the request is wrong", hello("one", false), failing(400, "application/json", `{"error":{"message":"bad"}}`), well, 400, ledger.Refused, "refused 400 0+0"},
		{"the stream breaks", hello("one", true), broken, well, 200, ledger.UpstreamBroken, "upstream_broken 200 estimated"},
		{"no such model", hello("none", false), well, well, 404, ledger.Rejected, ""},
		{"no JSON", `{`, well, well, 400, ledger.Rejected, ""},
	} {
		for _, dialect := range dialects {
			t.Run(name(test.name, dialect.name), func(t *testing.T) {
				first.will(test.first)
				second.will(test.second)
				got := post(t, url+dialect.path, test.body)
				r := record(t, got)
				if got.status != r.Status || r.End != test.end {
					t.Errorf("%d is recorded as %d, %s", got.status, r.Status, r.End)
				}
				if test.status != got.status && !(test.status == 503 && dialect == anthropic && got.status == 529) {
					t.Errorf("status %d %s", got.status, got.body)
				}
				var attempts []string
				for _, a := range r.Attempts {
					tokens := fmt.Sprintf("%d+%d", a.Tokens.Input, a.Tokens.Output)
					if a.Estimated {
						tokens = "estimated"
						if a.Tokens.Input == 0 || a.Tokens.Output == 0 {
							t.Errorf("estimated is %+v", a.Tokens)
						}
					}
					attempts = append(attempts, fmt.Sprintf("%s %d %s", a.End, a.Status, tokens))
				}
				if got := strings.Join(attempts, ", "); got != test.attempts {
					t.Errorf("attempts: %s, want %s", got, test.attempts)
				}
			})
		}
	}
	t.Run("without a key there is no record", func(t *testing.T) {
		got := post(t, url+openai.path, hello("one", false), "Authorization", "Bearer XJP_wrong_key")
		if list := ledgerOf(t, got); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	})
	t.Run("lists and counts are recorded", func(t *testing.T) {
		if r := record(t, get(t, url+"/v1/models")); r.Endpoint != "models" || r.End != ledger.Complete || len(r.Attempts) != 0 {
			t.Errorf("%+v", r)
		}
		first.will(well)
		second.will(well)
		if r := record(t, post(t, url+"/v1/messages/count_tokens", hello("two", false))); r.Endpoint != "count_tokens" || r.Cost != 0 || r.Tokens.Total() != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// TestLedgerOfClientsGone checks that what was delivered to a client that went away is
// recorded once, as an estimate.
func TestLedgerOfClientsGone(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, providers(d)+priced("priced", "chat")+gatewaytest.Stored(t))
	for _, dialect := range dialects {
		gone := make(chan struct{})
		d.will(func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, chatStream[:3]...)
			<-r.Context().Done()
			close(gone)
		})
		ctx, cancel := context.WithCancel(context.Background())
		res, err := client.Do(request(t, http.MethodPost, url+dialect.path, hello("priced", true)).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		id := res.Header.Get("X-Request-Id")
		buf := make([]byte, 1)
		res.Body.Read(buf)
		cancel()
		res.Body.Close()
		<-gone
		var list []ledger.Record
		eventually(t, "the request is recorded", func() bool {
			list = recordsOf(t, id)
			return len(list) > 0
		})
		r := list[0]
		if len(list) != 1 || r.End != ledger.ClientGone || !r.Estimated || r.Tokens.Input == 0 || r.Tokens.Output == 0 || r.Tokens.Output > 20 || r.Cost == 0 {
			t.Errorf("%s: %+v", dialect.name, list)
		}
	}
}

// TestLedgerOfHedges checks that both calls for one answer are recorded, as one request, and
// that the slower one, for whose prompt the provider may charge, is an estimate.
func TestLedgerOfHedges(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	url := gatewaytest.Start(t, provider("first", "openai", first)+provider("second", "openai", second)+
		"\t\tmodel two {\n\t\t\troute first up\n\t\t\troute second up\n\t\t\thedge 20ms\n\t\t\tprice {\n\t\t\t\tinput 3\n\t\t\t\toutput 15\n\t\t\t}\n\t\t}\n"+gatewaytest.Stored(t))
	first.will(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	second.will(well)
	r := record(t, post(t, url+openai.path, hello("two", false)))
	if r.End != ledger.Complete || r.Cost <= costOfHello || !r.Estimated || r.Provider != "second" || len(r.Attempts) != 2 {
		t.Fatalf("%+v", r)
	}
	hedged := 0
	for i, a := range r.Attempts {
		if a.Number != i+1 {
			t.Errorf("attempt %d has number %d", i+1, a.Number)
		}
		if a.Hedged {
			hedged++
			if a.Provider != "first" || !a.Estimated || a.Tokens.Input == 0 || a.Tokens.Output != 0 || a.Cost != r.Cost-costOfHello {
				t.Errorf("%+v", a)
			}
		} else if a.Estimated || a.Cost != costOfHello {
			t.Errorf("%+v", a)
		}
	}
	if hedged != 1 {
		t.Errorf("%d of the attempts are hedged", hedged)
	}
}
