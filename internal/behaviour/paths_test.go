package behaviour

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// site is a Caddyfile in which another handler stands behind the gateway.
func site(options string) string {
	s := strings.Replace(gatewaytest.Site(options), "\txjp_gateway {", "\troute {\n\txjp_gateway {", 1)
	return strings.TrimSuffix(s, "}\n") + "\trespond \"next handler\" 299\n\t}\n}\n"
}

func TestPaths(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Run(t, site(providers(d)))
	for _, test := range []struct {
		name, path, model string
		wire              string // the path at the provider
	}{
		{"Chat", "/v1/chat/completions", "chat", "/v1/chat/completions"},
		{"Chat with a slash at the end", "/v1/chat/completions/", "chat", "/v1/chat/completions"},
		{"Chat with the version twice", "/v1/v1/chat/completions", "chat", "/v1/chat/completions"},
		{"Chat without the version", "/chat/completions", "chat", "/v1/chat/completions"},
		{"Messages", "/v1/messages", "messages", "/v1/messages"},
		{"Messages with the version twice", "/v1/v1/messages", "messages", "/v1/messages"},
		{"Messages without the version", "/messages", "messages", "/v1/messages"},
		{"counting", "/v1/messages/count_tokens", "messages", "/v1/messages/count_tokens"},
		{"counting with the version twice", "/v1/v1/messages/count_tokens", "messages", "/v1/messages/count_tokens"},
		{"counting without the version", "/messages/count_tokens", "messages", "/v1/messages/count_tokens"},
		{"a base URL with a slash at the end", "//v1/messages", "messages", "/v1/messages"},
		{"a base URL with a version and a slash", "/v1//chat/completions", "chat", "/v1/chat/completions"},
		{"an unknown query is ignored", "/v1/messages?beta=true", "messages", "/v1/messages"},
		{"any unknown query is ignored", "/v1/chat/completions?api-version=2&x=%20&;=", "chat", "/v1/chat/completions"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d.will(well)
			if got := post(t, url+test.path, hello(test.model, false)); got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if call := d.last(t); call.path != test.wire || call.query != "" {
				t.Errorf("the provider was asked at %s?%s", call.path, call.query)
			}
		})
	}
	t.Run("CC1: the query of Claude Code and unknown keys change nothing", func(t *testing.T) {
		bare := post(t, url+"/v1/messages", hello("messages", false))
		for _, query := range []string{"?beta=true", "?beta=true&foo=bar&foo=", "?%zz", "?stream=true&model=other"} {
			if got := post(t, url+"/v1/messages"+query, hello("messages", false)); got.status != 200 || got.body != bare.body {
				t.Errorf("%s: %d %s", query, got.status, got.body)
			}
		}
	})
	t.Run("the model list under its aliases", func(t *testing.T) {
		for _, path := range []string{"/v1/models", "/v1/models/", "/v1/v1/models", "/models", "/v1/models?client_version=1.2"} {
			if got := get(t, url+path); got.status != 200 || !strings.Contains(got.body, `"id":"messages"`) {
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
		}
	})
}

// TestUnknownPaths checks that nothing under the gateway's prefixes is answered by bare
// Caddy, which would say 200 and nothing (architecture.md 5).
func TestUnknownPaths(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Run(t, site(providers(d)))
	ours := []struct {
		path    string
		dialect dialect
	}{
		{"/v1", openai}, {"/v1/", openai}, {"/v1/completions", openai}, {"/v1/embeddings", openai}, {"/v1/batches", openai},
		{"/v1/files", openai}, {"/v1/audio/speech", openai}, {"/v1/images/generations", openai}, {"/v1/realtime", openai},
		{"/v1beta/models/gemini-pro:generateContent", openai}, {"/v1/nothing/at/all", openai},
		{"/v1/messages/batches", anthropic}, {"/v1/messages/msgbatch_1", anthropic},
	}
	for _, test := range ours {
		t.Run(name("404 in dialect", test.path), func(t *testing.T) {
			d.will(well)
			for _, method := range []string{"GET", "POST", "DELETE"} {
				got := do(t, request(t, method, url+test.path, ""))
				e := errorIn(t, test.dialect, got)
				if got.status != 404 || got.header.Get("X-Should-Retry") != "false" {
					t.Errorf("%s: %d, %v", method, got.status, got.header)
				}
				if test.dialect == anthropic && e.kind != "not_found_error" || test.dialect == openai && e.kind != "invalid_request_error" {
					t.Errorf("%s: type %q", method, e.kind)
				}
			}
			got := do(t, request(t, "POST", url+test.path, "", "anthropic-version", "2023-06-01"))
			if e := errorIn(t, anthropic, got); got.status != 404 || e.kind != "not_found_error" {
				t.Errorf("with anthropic-version: %d %s", got.status, got.body)
			}
			if n := len(d.asked()); n != 0 {
				t.Errorf("the provider was called %d times", n)
			}
		})
	}
	t.Run("CC35: below /v1/messages an error is never a web page", func(t *testing.T) {
		for _, path := range []string{"/v1/messages/foo", "/v1/messages/count_tokens/foo", "/messages", "/v1/messages"} {
			got := do(t, request(t, "PUT", url+path, ""))
			errorIn(t, anthropic, got)
			if got.status != 404 && got.status != 405 {
				t.Errorf("%s: %d", path, got.status)
			}
		}
	})
	for _, path := range []string{"/", "/index.html", "/v1x", "/v2/messages", "/models", "/api/hello", "/metrics"} {
		t.Run(name("next handler", path), func(t *testing.T) {
			got := get(t, url+path, "Authorization", "")
			if got.status != 299 || got.body != "next handler" || got.header.Get("X-Request-Id") != "" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	t.Run("CC32: the warm-up of Claude Code needs no key and costs nothing", func(t *testing.T) {
		d.will(well)
		for range 30 { // more than the brake on wrong keys would bear
			for _, path := range []string{"/", "/api/hello"} {
				if got := do(t, request(t, "HEAD", url+path, "", "Authorization", "")); got.status != 299 {
					t.Fatalf("HEAD %s: %d", path, got.status)
				}
			}
		}
		if got := post(t, url+"/v1/messages", hello("messages", false)); got.status != 200 {
			t.Errorf("afterwards: %d", got.status)
		}
	})
	t.Run("without a key /models is a page of the site", func(t *testing.T) {
		for _, path := range []string{"/models", "/models/chat"} {
			if got := get(t, url+path, "Authorization", ""); got.status != 299 {
				t.Errorf("%s without a key: %d", path, got.status)
			}
			if got := get(t, url+path, "Authorization", "", "X-Api-Key", gatewaytest.Key); got.status != 200 {
				t.Errorf("%s with a key: %d", path, got.status)
			}
		}
	})
	for path, want := range map[string]string{"/healthz": `{"status":"ok"}`, "/readyz": `{"status":"ready"}`} {
		t.Run(name("no key is needed", path), func(t *testing.T) {
			got := get(t, url+path, "Authorization", "")
			if got.status != 200 || got.body != want {
				t.Errorf("%d %s", got.status, got.body)
			}
			if head := do(t, request(t, "HEAD", url+path, "", "Authorization", "")); head.status != 200 || head.body != "" {
				t.Errorf("HEAD: %d %s", head.status, head.body)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, test := range []struct {
		path    string
		dialect dialect
		allow   string
		wrong   []string
	}{
		{"/v1/chat/completions", openai, "POST, OPTIONS", []string{"GET", "HEAD", "PUT", "DELETE", "PATCH"}},
		{"/v1/messages", anthropic, "POST, OPTIONS", []string{"GET", "HEAD", "PUT", "DELETE"}},
		{"/v1/messages/count_tokens", anthropic, "POST, OPTIONS", []string{"GET", "PUT"}},
		{"/v1/models", openai, "GET, HEAD, OPTIONS", []string{"POST", "PUT", "DELETE"}},
		{"/v1/models/chat", openai, "GET, HEAD, OPTIONS", []string{"POST", "DELETE"}},
		{"/healthz", openai, "GET, HEAD, OPTIONS", []string{"POST"}},
		{"/readyz", openai, "GET, HEAD, OPTIONS", []string{"POST"}},
	} {
		t.Run(name("405 with Allow", test.path), func(t *testing.T) {
			d.will(well)
			for _, method := range test.wrong {
				got := do(t, request(t, method, url+test.path, ""))
				if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != test.allow {
					t.Errorf("%s: %d, Allow is %q", method, got.status, got.header.Get("Allow"))
				}
				if method == "HEAD" {
					continue // has no body
				}
				if e := errorIn(t, test.dialect, got); e.kind != "invalid_request_error" || !strings.Contains(e.message, test.allow[:3]) {
					t.Errorf("%s: %+v", method, e)
				}
			}
			if n := len(d.asked()); n != 0 {
				t.Errorf("the provider was called %d times", n)
			}
		})
	}
	t.Run("HEAD of the model list is as good as GET", func(t *testing.T) {
		got := do(t, request(t, "HEAD", url+"/v1/models", ""))
		if got.status != 200 || got.body != "" || got.header.Get("Content-Length") == "" {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
}

func TestCORS(t *testing.T) {
	preflight := []string{"Authorization", "", "Origin", "https://app.example", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "authorization,content-type,x-stainless-os"}
	for _, test := range []struct {
		name, option, allowed string
	}{
		{"without cors no page may read", "", ""},
		{"cors for all", "\t\tcors", "https://app.example"},
		{"cors for this origin", "\t\tcors https://other.example https://app.example", "https://app.example"},
		{"cors for another origin", "\t\tcors https://other.example", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDouble(t)
			url := gateway(t, d, test.option)
			got := do(t, request(t, "OPTIONS", url+"/v1/chat/completions", "", preflight...))
			if got.status != 204 || got.body != "" || got.header.Get("Allow") != "POST, OPTIONS" {
				t.Errorf("preflight: %d %q, %v", got.status, got.body, got.header)
			}
			if origin := got.header.Get("Access-Control-Allow-Origin"); origin != test.allowed {
				t.Errorf("preflight: allowed origin is %q", origin)
			}
			if test.allowed != "" && (!strings.Contains(got.header.Get("Access-Control-Allow-Methods"), "POST") ||
				got.header.Get("Access-Control-Allow-Headers") != "authorization,content-type,x-stainless-os") {
				t.Errorf("preflight: %v", got.header)
			}
			if n := len(d.asked()); n != 0 {
				t.Errorf("the provider was called %d times", n)
			}
			for what, answer := range map[string]reply{
				"an answer": post(t, url+"/v1/chat/completions", hello("chat", false), "Origin", "https://app.example"),
				"a stream":  post(t, url+"/v1/chat/completions", hello("chat", true), "Origin", "https://app.example"),
				"an error":  post(t, url+"/v1/chat/completions", `{}`, "Origin", "https://app.example"),
				"a refusal": post(t, url+"/v1/chat/completions", `{}`, "Origin", "https://app.example", "Authorization", ""),
			} {
				if origin := answer.header.Get("Access-Control-Allow-Origin"); origin != test.allowed {
					t.Errorf("%s: allowed origin is %q", what, origin)
				}
				for _, header := range []string{"Request-Id", "X-Request-Id", "Retry-After", "Retry-After-Ms", "X-Should-Retry"} { // which SDKs read
					if exposed := answer.header.Get("Access-Control-Expose-Headers"); (test.allowed != "") != strings.Contains(exposed+",", header+",") {
						t.Errorf("%s: exposed are %q", what, exposed)
					}
				}
				if vary := answer.header.Get("Vary"); test.allowed != "" && !strings.Contains(vary, "Origin") {
					t.Errorf("%s: Vary is %q", what, vary)
				}
			}
		})
	}
	t.Run("OPTIONS without an origin names the methods", func(t *testing.T) {
		url := gateway(t, newDouble(t))
		for path, allow := range map[string]string{"/v1/chat/completions": "POST, OPTIONS", "/v1/messages": "POST, OPTIONS", "/v1/models": "GET, HEAD, OPTIONS"} {
			got := do(t, request(t, "OPTIONS", url+path, "", "Authorization", ""))
			if got.status != 204 || got.header.Get("Allow") != allow {
				t.Errorf("%s: %d %q", path, got.status, got.header.Get("Allow"))
			}
		}
	})
}
