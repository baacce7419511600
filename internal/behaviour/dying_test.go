package behaviour

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// death is a way in which a provider fails before any content.
type death struct {
	name string
	die  http.HandlerFunc
	// status and kind are what clients of Chat and of Messages are told if there is no
	// other route; 0 is 502.
	chat, messages       int
	chatKind, chatCode   string
	messagesKind         string
	onlyStream, onlyJSON bool
}

// html is an error page as proxies make it.
const html = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

var deaths = []death{
	{name: "reset before headers", die: func(w http.ResponseWriter, r *http.Request) { hardReset(w) }},
	{name: "closed before headers", die: func(w http.ResponseWriter, r *http.Request) { reset(w) }},
	{name: "reset after headers", die: func(w http.ResponseWriter, r *http.Request) {
		if asksForStream(r) {
			streaming(w)
		} else {
			w.Header().Set("Content-Length", "1000")
			whole(w, `{"id":"x",`)
			flush(w)
		}
		reset(w)
	}},
	{name: "ended after headers", die: func(w http.ResponseWriter, r *http.Request) {
		if asksForStream(r) {
			streaming(w)
		} else {
			whole(w, "")
		}
	}},
	{name: "reset after frames without content", onlyStream: true, die: func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, wireOf(r).life...)
		reset(w)
	}},
	{name: "ended after frames without content", onlyStream: true, die: func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, wireOf(r).life...)
	}},
	{name: "pain 8: an error in the first frame of a 200", onlyStream: true, die: func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, wireOf(r).failure)
	}},
	{name: "an error after frames without content", onlyStream: true, die: func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, wireOf(r).life...)
		send(w, wireOf(r).failure)
	}},
	{name: "garbage in the stream", onlyStream: true, die: func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, wireOf(r).garbage)
	}},
	{name: "binary in the stream", onlyStream: true, die: func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		w.Write([]byte("\x00\x01\xff\xfe\x1f\x8b\n\n\x00"))
	}},
	{name: "nothing but [DONE]", onlyStream: true, die: func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, "[DONE]")
	}},
	{name: "an error as the whole answer of a 200", die: func(w http.ResponseWriter, r *http.Request) {
		whole(w, wireOf(r).failure)
	}},
	{name: "a truncated document", onlyJSON: true, die: func(w http.ResponseWriter, r *http.Request) {
		whole(w, chatWhole[:60])
	}},
	{name: "a web page with 200", die: failing(200, "text/html; charset=utf-8", html)},
	{name: "a web page under the name of JSON", die: failing(200, "application/json", html)},
	{name: "plain text with 200", onlyJSON: true, die: failing(200, "text/plain", "hello")},
	{name: "no content", die: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }},
	{name: "a redirect", die: failing(307, "text/html", "", "Location", "http://192.0.2.1/elsewhere")},
	{name: "500", die: failing(500, "application/json", `{"error":{"message":"their words"}}`)},
	{name: "trap 120: a web page with 502", die: failing(502, "text/html", html)},
	{name: "500 without a body", die: failing(500, "", "")},
	{name: "503", chat: 503, messages: 529, chatCode: "overloaded", messagesKind: "overloaded_error", die: failing(503, "text/plain", "busy")},
	{name: "504", chat: 504, messages: 504, chatCode: "upstream_timeout", messagesKind: "timeout_error", die: failing(504, "text/html", html)},
	{name: "429", chat: 429, messages: 429, chatKind: "rate_limit_error", chatCode: "upstream_rate_limited", messagesKind: "rate_limit_error",
		die: failing(429, "application/json", `{"error":{"message":"slow down"}}`, "Retry-After", "7")},
	{name: "401", chatCode: "upstream_auth_failed", die: failing(401, "application/json", `{"error":{"message":"Incorrect API key provided: `+secret+`"}}`)},
	{name: "403", chatCode: "upstream_auth_failed", die: failing(403, "application/json", `{"error":{"message":"key `+secret+` has no access"}}`)},
	{name: "402", chatCode: "upstream_auth_failed", die: failing(402, "application/json", `{"error":{"message":"account acct_1 has no credits"}}`)},
}

// expected fills in the defaults: a bad gateway.
func (f death) expected(d dialect) (status int, kind, code string) {
	if d == anthropic {
		return or(f.messages, 502), or(f.messagesKind, "api_error"), ""
	}
	return or(f.chat, 502), or(f.chatKind, "server_error"), f.chatCode
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// TestDiesBeforeContent lets a provider fail before the content point in every way: the
// next route answers without a trace, and without one the client gets a true status, with
// nothing of the provider's words.
func TestDiesBeforeContent(t *testing.T) {
	bad, good := newDouble(t), newDouble(t)
	options := ""
	for _, w := range [][2]string{{"chat", "openai"}, {"messages", "anthropic"}, {"gemini", "gemini"}} {
		options += provider("bad-"+w[0], w[1], bad) + provider("good-"+w[0], w[1], good)
		options += "\t\tmodel " + w[0] + " {\n\t\t\troute bad-" + w[0] + " up\n\t\t}\n"
	}
	// The next route speaks another wire.
	for i, w := range wireNames {
		next := wireNames[(i+1)%len(wireNames)]
		options += "\t\tmodel two-" + w + " {\n\t\t\troute bad-" + w + " up\n\t\t\troute good-" + next + " up\n\t\t}\n"
	}
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(options)))
	for _, f := range deaths {
		t.Run(f.name, func(t *testing.T) {
			for _, dialect := range dialects {
				for _, w := range wireNames {
					for _, stream := range []bool{false, true} {
						if f.onlyStream && !stream || f.onlyJSON && stream {
							continue
						}
						where := fmt.Sprintf("%s to %s, stream %t", dialect.name, w, stream)
						bad.will(f.die)
						got := post(t, url+dialect.path, hello(w, stream))
						checkDeath(t, where, f, dialect, got)
						if n := len(bad.asked()); n < 1 || n > 2 {
							t.Errorf("%s: the provider was called %d times", where, n)
						}
						good.will(well)
						checkAnswer(t, where+", with a second route", dialect, stream, post(t, url+dialect.path, hello("two-"+w, stream)))
						good.last(t)
					}
				}
			}
		})
	}
}

// quiet lets Caddy log nothing.
func quiet(caddyfile string) string {
	return strings.Replace(caddyfile, "level ERROR", "output discard", 1)
}

func checkDeath(t *testing.T, where string, f death, d dialect, got reply) {
	t.Helper()
	status, kind, code := f.expected(d)
	if got.status != status {
		t.Errorf("%s: status %d, want %d: %.300s", where, got.status, status, got.body)
		return
	}
	e := errorIn(t, d, got)
	if e.kind != kind || d == openai && code != "" && e.code != code {
		t.Errorf("%s: type %q, code %q: %s", where, e.kind, e.code, got.body)
	}
	for _, leak := range []string{secret, "their words", "acct_1", "nginx", "192.0.2.1", "127.0.0.1", "slow down"} {
		if strings.Contains(got.body, leak) {
			t.Errorf("%s: the client is told %q: %s", where, leak, got.body)
		}
	}
	if f.name == "429" && got.header.Get("Retry-After") != "7" {
		t.Errorf("%s: Retry-After is %q", where, got.header.Get("Retry-After"))
	}
}

// checkAnswer checks that the answer is the whole of what healthy providers say.
func checkAnswer(t *testing.T, where string, d dialect, stream bool, got reply) {
	t.Helper()
	if got.status != 200 {
		t.Errorf("%s: %d %.300s", where, got.status, got.body)
		return
	}
	said := read(got.body, d, stream)
	if said.text != "Hello there" || said.failed || !said.ended || said.starts != 1 {
		t.Errorf("%s: %+v in %s", where, said, got.body)
	}
}

// said is what an answer says.
type said struct {
	text   string
	failed bool // it tells an error
	ended  bool // it has a stop reason, and the end of its form
	starts int  // how often it begins
}

// read reads an answer without any help of the gateway's.
func read(body string, d dialect, stream bool) said {
	var s said
	switch {
	case !stream && d == openai:
		s.text, s.starts = texts(body, `"content":"`), 1
		s.ended = strings.Contains(body, `"finish_reason":"stop"`)
	case !stream:
		s.text, s.starts = texts(body, `"text":"`), 1
		s.ended = strings.Contains(body, `"stop_reason":"end_turn"`)
	case d == openai:
		s.text, s.starts = texts(body, `"content":"`), strings.Count(body, `"role":"assistant"`)
		s.failed = strings.Contains(body, `data: {"error":`)
		s.ended = strings.Contains(body, `"finish_reason":"stop"`) && strings.HasSuffix(body, "data: [DONE]\n\n")
	default:
		s.text, s.starts = texts(body, `"text_delta","text":"`), strings.Count(body, "event: message_start\n")
		s.failed = strings.Contains(body, "event: error\n")
		s.ended = strings.Contains(body, `"stop_reason":"end_turn"`) && strings.HasSuffix(body, "data: {\"type\":\"message_stop\"}\n\n")
	}
	return s
}

// texts joins the strings that follow a mark.
func texts(body, mark string) string {
	out := ""
	for _, piece := range strings.Split(body, mark)[1:] {
		text, _, _ := strings.Cut(piece, `"`)
		out += text
	}
	return out
}

// TestRefusedConnection checks a provider that nobody listens for.
func TestRefusedConnection(t *testing.T) {
	gone := &double{url: fmt.Sprintf("http://127.0.0.1:%d", gatewaytest.FreePort(t))}
	good := newDouble(t)
	url := gateway(t, gone, provider("good", "openai", good), "\t\tmodel two {\n\t\t\troute chat up\n\t\t\troute good up\n\t\t}")
	for _, dialect := range dialects {
		for _, stream := range []bool{false, true} {
			where := fmt.Sprintf("%s, stream %t", dialect.name, stream)
			t.Run(where, func(t *testing.T) {
				checkDeath(t, where, death{name: "refused"}, dialect, post(t, url+dialect.path, hello("chat", stream)))
				checkAnswer(t, where, dialect, stream, post(t, url+dialect.path, hello("two", stream)))
			})
		}
	}
}

// TestDiesMidStream lets a provider fail after content: the client is told in its dialect,
// never by a normal end (pain 7), and no other route begins anew (pain 10).
func TestDiesMidStream(t *testing.T) {
	bad, good := newDouble(t), newDouble(t)
	options := provider("good", "openai", good)
	for _, w := range [][2]string{{"chat", "openai"}, {"messages", "anthropic"}, {"gemini", "gemini"}} {
		options += provider("bad-"+w[0], w[1], bad)
		options += "\t\tmodel " + w[0] + " {\n\t\t\troute bad-" + w[0] + " up {\n\t\t\t\ttimeout {\n\t\t\t\t\tidle 200ms\n\t\t\t\t}\n\t\t\t}\n\t\t\troute good up\n\t\t}\n"
	}
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(options)))
	for _, test := range []struct {
		name string
		die  func(w http.ResponseWriter, r *http.Request)
	}{
		{"pain 7: the connection breaks", func(w http.ResponseWriter, r *http.Request) { reset(w) }},
		{"trap 113: the body ends without its end", func(w http.ResponseWriter, r *http.Request) {}},
		{"it breaks inside an event", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, event(wireOf(r).hello)[:30])
			flush(w)
			reset(w)
		}},
		{"it ends inside an event", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, event(wireOf(r).hello)[:30])
		}},
		{"it ends inside a character", func(w http.ResponseWriter, r *http.Request) {
			e := event(strings.Replace(wireOf(r).hello, "Hello", "你", 1))
			io.WriteString(w, e[:strings.Index(e, "你")+2])
			flush(w)
			reset(w)
		}},
		{"CC28: an error after content", func(w http.ResponseWriter, r *http.Request) { send(w, wireOf(r).failure) }},
		{"garbage, then its end", func(w http.ResponseWriter, r *http.Request) { send(w, wireOf(r).garbage) }},
		{"silence beyond the limit", func(w http.ResponseWriter, r *http.Request) { stall(r) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				for _, w := range wireNames {
					where := dialect.name + " to " + w
					good.will(well)
					bad.will(func(w http.ResponseWriter, r *http.Request) {
						streaming(w)
						send(w, wireOf(r).life...)
						send(w, wireOf(r).hello)
						test.die(w, r)
					})
					got := post(t, url+dialect.path, hello(w, true))
					s := read(got.body, dialect, true)
					if got.status != 200 || s.text != "Hello" || !s.failed || s.ended || s.starts != 1 {
						t.Errorf("%s: %d, %+v in\n%s", where, got.status, s, got.body)
					}
					for _, end := range []string{"[DONE]", "message_stop", `finish_reason":"`, `stop_reason":"`, secret, "127.0.0.1"} {
						if strings.Contains(got.body, end) {
							t.Errorf("%s: the stream holds %q:\n%s", where, end, got.body)
						}
					}
					if n := len(good.asked()); n != 0 {
						t.Errorf("%s: another route was called %d times", where, n)
					}
				}
			}
		})
	}
	t.Run("what was asked for whole comes from the next route", func(t *testing.T) {
		for _, dialect := range dialects {
			for _, w := range wireNames {
				bad.will(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Length", "5000")
					whole(w, chatWhole[:80])
					flush(w)
					reset(w)
				})
				checkAnswer(t, dialect.name+" to "+w, dialect, false, post(t, url+dialect.path, hello(w, false)))
			}
		}
	})
}
