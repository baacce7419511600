package behaviour

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// handled is a site whose errors go to handle_errors.
func handled(d *double, handler string) string {
	site := gatewaytest.Site(providers(d) + "\t\terrors return")
	return quiet(strings.Replace(site, "\txjp_gateway {", "\thandle_errors {\n\t\t"+handler+"\n\t}\n\txjp_gateway {", 1))
}

// TestErrorsReturned checks that errors that go through Caddy's handle_errors come out of
// xjp_error as the gateway tells them itself, and that a site can tell its own.
func TestErrorsReturned(t *testing.T) {
	d := newDouble(t)
	cases := []struct {
		name, body, key string
		answer          http.HandlerFunc
		status          int
	}{
		{"a wrong key", hello("chat", false), "XJP_wrong_key", well, 401},
		{"bad input", `{"model":"chat","messages":[]}`, gatewaytest.Key, well, 400},
		{"an unknown model", hello("nobody", false), gatewaytest.Key, well, 404},
		{"a failing provider", hello("chat", false), gatewaytest.Key, failing(500, "text/html", html), 502},
		{"a failing provider of a stream", hello("gemini", true), gatewaytest.Key, failing(429, "application/json", `{}`, "Retry-After", "5"), 429},
	}
	t.Run("xjp_error", func(t *testing.T) {
		url := gatewaytest.Run(t, handled(d, "xjp_error"))
		for _, test := range cases {
			for _, dialect := range dialects {
				t.Run(name(test.name, dialect.name), func(t *testing.T) {
					d.will(test.answer)
					got := post(t, url+dialect.path, test.body, "Authorization", "Bearer "+test.key)
					if e := errorIn(t, dialect, got); got.status != test.status || e.message == "" {
						t.Errorf("%d %s", got.status, got.body)
					}
					if test.status == 429 && got.header.Get("Retry-After") != "5" {
						t.Errorf("%v", got.header)
					}
				})
			}
		}
		t.Run("an error in a stream stays in it", func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(func(w http.ResponseWriter, r *http.Request) {
					streaming(w)
					send(w, wireOf(r).life...)
					send(w, wireOf(r).hello)
					reset(w)
				})
				got := post(t, url+dialect.path, hello("messages", true))
				if s := read(got.body, dialect, true); got.status != 200 || s.text != "Hello" || !s.failed || strings.Count(got.body, "error\":{") != 1 {
					t.Errorf("%d %s", got.status, got.body)
				}
			}
		})
		t.Run("a good answer is untouched", func(t *testing.T) {
			d.will(well)
			for _, dialect := range dialects {
				checkAnswer(t, "good", dialect, true, post(t, url+dialect.path, hello("chat", true)))
			}
		})
	})
	t.Run("a site's own words", func(t *testing.T) {
		url := gatewaytest.Run(t, handled(d, `respond "sorry: {err.status_code}"`))
		for _, test := range cases {
			d.will(test.answer)
			got := post(t, url+openai.path, test.body, "Authorization", "Bearer "+test.key)
			if want := map[int]string{401: "sorry: 401", 400: "sorry: 400", 404: "sorry: 404", 502: "sorry: 502", 429: "sorry: 429"}[test.status]; got.body != want {
				t.Errorf("%s: %d %s", test.name, got.status, got.body)
			}
		}
	})
}
