package behaviour

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

// TestLeavingIsNotFree checks that a client that leaves before the first content uses up its
// limits: the call is recorded with its prompt, as an estimate, so that less is left than the
// next request reserves.
func TestLeavingIsNotFree(t *testing.T) {
	for _, limit := range []string{"tokens_per_day 60", "budget 0.0001/month"} {
		for _, dialect := range dialects {
			for _, stream := range []bool{false, true} {
				t.Run(name(limit, dialect.name, fmt.Sprint("stream ", stream)), func(t *testing.T) {
					d := newDouble(t)
					url := gatewaytest.Start(t, providers(d)+priced("priced", "messages")+keyWith(limit)+gatewaytest.Stored(t))
					leaver := &http.Client{Transport: &http.Transport{}}
					defer leaver.CloseIdleConnections()
					began := make(chan struct{})
					d.will(func(w http.ResponseWriter, r *http.Request) {
						close(began)
						<-r.Context().Done()
					})
					leave(t, leaver, request(t, http.MethodPost, url+dialect.path, hello("priced", stream), "Authorization", "Bearer "+limitedKey), began, "")
					eventually(t, "the request is recorded", func() bool { return len(recorded(t)) == 1 })
					if r := recorded(t)[0]; r.End != ledger.ClientGone || !r.Estimated || r.Tokens.Input < 10 || r.Tokens.Output != 0 || r.Cost == 0 || r.Unpriced {
						t.Errorf("%+v", r)
					}
					d.will(well)
					if got := post(t, url+dialect.path, hello("priced", stream), "Authorization", "Bearer "+limitedKey); got.status != 429 {
						t.Errorf("the next request: %d %s", got.status, got.body)
					}
				})
			}
		}
	}
}

// TestUnanswered checks which calls that no model has answered are estimated: those of which
// the provider has the prompt and told nothing, not those that it refused or never met.
func TestUnanswered(t *testing.T) {
	d := newDouble(t)
	refusing := &double{url: fmt.Sprint("http://127.0.0.1:", gatewaytest.FreePort(t))}
	model := func(name, provider string) string {
		return "\t\tmodel " + name + " {\n\t\t\troute " + provider + " up {\n\t\t\t\ttimeout {\n\t\t\t\t\tfirst_token 200ms\n\t\t\t\t\ttotal 200ms\n\t\t\t\t}\n\t\t\t}\n\t\t}\n"
	}
	url := gatewaytest.Start(t, provider("up", "openai", d)+provider("away", "openai", refusing)+model("up", "up")+model("away", "away")+gatewaytest.Stored(t))
	for _, test := range []struct {
		name, model string
		answer      http.HandlerFunc
		estimated   bool
	}{
		{"no answer in time", "up", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true},
		{"headers, and then nothing in time", "up", func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			<-r.Context().Done()
		}, true},
		{"closed without an answer", "up", func(w http.ResponseWriter, r *http.Request) { reset(w) }, true},
		{"an empty answer", "up", failing(200, "application/json", ""), true},
		{"an error", "up", failing(500, "application/json", `{}`), false},
		{"an error with 200", "up", failing(200, "application/json", `{"error":{"message":"overloaded","code":503}}`), false},
		{"a web page", "up", failing(200, "text/html", html), false},
		{"a connection that is refused", "away", well, false},
	} {
		for _, dialect := range dialects {
			for _, stream := range []bool{false, true} {
				t.Run(name(test.name, dialect.name, fmt.Sprint("stream ", stream)), func(t *testing.T) {
					d.will(test.answer)
					got := post(t, url+dialect.path, hello(test.model, stream))
					r := record(t, got)
					if got.status == 200 || len(r.Attempts) != 1 || r.Estimated != test.estimated || (r.Tokens.Input > 10) != test.estimated || r.Tokens.Output != 0 {
						t.Errorf("%d: %+v", got.status, r)
					}
				})
			}
		}
	}
}
