package behaviour

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestCompressedAnswers checks answers that come compressed although the gateway asks for
// none: some hosts do so in any case (E18).
func TestCompressedAnswers(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	d.will(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zw := gzip.NewWriter(w)
		defer zw.Close()
		well(&zipping{w, zw}, r)
	})
	for _, dialect := range dialects {
		for _, model := range wireNames {
			for _, stream := range []bool{false, true} {
				t.Run(name("E18: gzip though none was asked for,", dialect.name, "to", model, strconv.FormatBool(stream)), func(t *testing.T) {
					got := post(t, url+dialect.path, hello(model, stream))
					checkAnswer(t, model, dialect, stream, got)
					if got.header.Get("Content-Encoding") != "" {
						t.Errorf("%v", got.header)
					}
					for _, call := range d.asked() {
						if call.header.Get("Accept-Encoding") != "identity" {
							t.Errorf("the provider is asked for %q", call.header.Get("Accept-Encoding"))
						}
					}
				})
			}
		}
	}
	t.Run("what says gzip and is none is a failure of the provider's", func(t *testing.T) {
		d.will(failing(200, "application/json", chatWhole, "Content-Encoding", "gzip"))
		for _, dialect := range dialects {
			got := post(t, url+dialect.path, hello("chat", false))
			if errorIn(t, dialect, got); got.status != 502 {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
	})
}

// zipping writes compressed.
type zipping struct {
	http.ResponseWriter
	zw *gzip.Writer
}

func (z *zipping) Write(p []byte) (int, error) { return z.zw.Write(p) }

// FlushError sends what is compressed so far.
func (z *zipping) FlushError() error {
	z.zw.Flush()
	return http.NewResponseController(z.ResponseWriter).Flush()
}

// TestUnfolded checks answers in another form than the one that was asked for.
func TestUnfolded(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	wholes := map[string]string{"chat": chatWhole, "messages": messagesWhole, "gemini": geminiWhole}
	streams := map[string][]string{"chat": chatStream, "messages": messagesStream, "gemini": {geminiWhole}}
	for _, dialect := range dialects {
		for _, model := range wireNames {
			t.Run(name("a whole answer to a streaming client,", dialect.name, "to", model), func(t *testing.T) {
				d.will(failing(200, "application/json", wholes[model]))
				got := post(t, url+dialect.path, hello(model, true))
				checkAnswer(t, model, dialect, true, got)
				if !strings.HasPrefix(got.header.Get("Content-Type"), "text/event-stream") {
					t.Errorf("%v", got.header)
				}
			})
			t.Run(name("a stream to a client that wants a whole answer,", dialect.name, "to", model), func(t *testing.T) {
				d.will(func(w http.ResponseWriter, r *http.Request) { events(w, streams[model]...) })
				got := post(t, url+dialect.path, hello(model, false))
				checkAnswer(t, model, dialect, false, got)
				if got.header.Get("Content-Type") != "application/json" {
					t.Errorf("%v", got.header)
				}
			})
			t.Run(name("a stream without its type,", dialect.name, "to", model), func(t *testing.T) {
				d.will(func(w http.ResponseWriter, r *http.Request) {
					w.Header()["Content-Type"] = nil
					w.WriteHeader(200)
					send(w, streams[model]...)
				})
				checkAnswer(t, model, dialect, true, post(t, url+dialect.path, hello(model, true)))
			})
			t.Run(name("an answer with blanks around it,", dialect.name, "to", model), func(t *testing.T) {
				d.will(failing(200, "application/json; charset=utf-8", "\n \r\n\t"+wholes[model]+"\n\n"))
				checkAnswer(t, model, dialect, false, post(t, url+dialect.path, hello(model, false)))
			})
		}
	}
}

// TestRetryAfter checks that each form in which providers ask to wait arrives in both
// headers that SDKs read.
func TestRetryAfter(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, test := range []struct {
		name           string
		headers        []string
		body           string
		seconds, milli string
	}{
		{"seconds", []string{"Retry-After", "30"}, `{}`, "30", "30000"},
		{"parts of a second", []string{"Retry-After", "0.4"}, `{}`, "1", "400"},
		{"milliseconds", []string{"Retry-After-Ms", "1500", "Retry-After", "2"}, `{}`, "2", "1500"},
		{"nothing", nil, `{}`, "1", "1000"},
		{"nonsense", []string{"Retry-After", "soon"}, `{}`, "1", "1000"},
		{"an age", []string{"Retry-After", "99999999999"}, `{}`, "86400", "86400000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				for _, model := range []string{"chat", "gemini"} {
					for _, stream := range []bool{false, true} {
						d.will(failing(429, "application/json", test.body, test.headers...))
						got := post(t, url+dialect.path, hello(model, stream))
						if got.status != 429 || got.header.Get("Retry-After") != test.seconds || got.header.Get("Retry-After-Ms") != test.milli {
							t.Errorf("%s to %s: %d, %q and %q", dialect.name, model, got.status, got.header.Get("Retry-After"), got.header.Get("Retry-After-Ms"))
						}
					}
				}
			}
		})
	}
	t.Run("a date", func(t *testing.T) {
		d.will(failing(429, "application/json", `{}`, "Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)))
		got := post(t, url+"/v1/messages", hello("chat", false))
		if n, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || n < 30 || n > 61 {
			t.Errorf("%q", got.header.Get("Retry-After"))
		}
	})
	t.Run("a delay in Google's body", func(t *testing.T) {
		d.will(failing(429, "application/json", `{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17s"}]}}`))
		if got := post(t, url+openai.path, hello("gemini", true)); got.status != 429 || got.header.Get("Retry-After") != "17" {
			t.Errorf("%d %q", got.status, got.header.Get("Retry-After"))
		}
	})
}

// TestModeration checks that a blocked prompt is the client's affair, not the credential's.
func TestModeration(t *testing.T) {
	d, second := newDouble(t), newDouble(t)
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(provider("router", "openrouter", d)+provider("second", "openai", second)+
		"\t\tmodel m {\n\t\t\troute router openai/gpt-4o\n\t\t\troute second up\n\t\t}")))
	const blocked = `{"error":{"code":403,"message":"Your chosen model requires moderation and your input was flagged","metadata":{"reasons":["violence"],"flagged_input":"…","provider_name":"OpenAI","model_slug":"openai/gpt-4o"}}}`
	for _, dialect := range dialects {
		t.Run(name("a moderation's 403 is a 400,", dialect.name), func(t *testing.T) {
			d.will(failing(403, "application/json", blocked))
			second.will(well)
			got := post(t, url+dialect.path, hello("m", false))
			e := errorIn(t, dialect, got)
			if got.status != 400 || e.kind != "invalid_request_error" || dialect == openai && e.code != "content_policy_violation" {
				t.Errorf("%d %s", got.status, got.body)
			}
			if len(second.asked()) != 0 {
				t.Error("it was sent elsewhere")
			}
		})
	}
}

// TestLargeEvents checks the bound on a single event.
func TestLargeEvents(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tmax_event 2MB")
	for _, dialect := range dialects {
		for _, model := range wireNames {
			t.Run(name("trap 119: an event of a megabyte is whole,", dialect.name, "to", model), func(t *testing.T) {
				text := strings.Repeat("y", 1_000_000)
				d.will(func(w http.ResponseWriter, r *http.Request) {
					streaming(w)
					send(w, wires[model].life...)
					send(w, strings.Replace(wires[model].hello, "Hello", text, 1))
					send(w, ends[model]...)
				})
				got := post(t, url+dialect.path, hello(model, true))
				if s := read(got.body, dialect, true); !strings.HasPrefix(s.text, text) || s.failed || !s.ended {
					t.Errorf("%d bytes, failed %t, ended %t", len(s.text), s.failed, s.ended)
				}
			})
			t.Run(name("an event without end is a failure,", dialect.name, "to", model), func(t *testing.T) {
				d.will(func(w http.ResponseWriter, r *http.Request) {
					streaming(w)
					io.WriteString(w, `data: {"x":"`)
					for r.Context().Err() == nil {
						if _, err := io.WriteString(w, strings.Repeat("z", 64<<10)); err != nil {
							return
						}
					}
				})
				got := post(t, url+dialect.path, hello(model, true))
				if errorIn(t, dialect, got); got.status != 502 {
					t.Errorf("%d %.300s", got.status, got.body)
				}
			})
		}
	}
}

func init() { caddy.RegisterModule(panicking{}) }

// panicking is a transport with a fault.
type panicking struct {
	Late bool `json:"late,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (panicking) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.transport.behaviour_panics", New: func() caddy.Module { return new(panicking) }}
}

// RoundTrip panics, at once or in the middle of the answer.
func (p *panicking) RoundTrip(r *http.Request) (*http.Response, error) {
	if !p.Late {
		panic("a fault")
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: &faulty{}}, nil
}

// faulty is a body that panics behind its first piece.
type faulty struct{ said bool }

func (f *faulty) Read(p []byte) (int, error) {
	if f.said {
		panic("a fault")
	}
	f.said = true
	return copy(p, event(chatStream[0])+event(chatStream[1])), nil
}

func (f *faulty) Close() error { return nil }

// TestPanic checks that a fault of the gateway's own is told in the client's dialect.
func TestPanic(t *testing.T) {
	const app = `{"admin":{"disabled":true,"config":{"persist":false}},"logging":{"logs":{"default":{"writer":{"output":"discard"}}}},"apps":{"http":{"servers":{"s":{"listen":["127.0.0.1:%d"],
		"routes":[{"handle":[{"handler":"xjp_gateway","auth":"off"}]}]}}},"xjp":{"log_filter_ok":true,"providers":{
		"early":{"kind":"openai","base_url":"http://127.0.0.1:9","transport":{"protocol":"behaviour_panics"}},
		"late":{"kind":"openai","base_url":"http://127.0.0.1:9","transport":{"protocol":"behaviour_panics","late":true}}}}}}`
	port := gatewaytest.FreePort(t)
	if err := caddy.Load([]byte(fmt.Sprintf(app, port)), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { caddy.Stop() })
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	for _, dialect := range dialects {
		for _, stream := range []bool{false, true} {
			t.Run(name("CC35: a fault before the answer is an error in dialect,", dialect.name, strconv.FormatBool(stream)), func(t *testing.T) {
				got := post(t, url+dialect.path, hello("early/up", stream))
				e := errorIn(t, dialect, got)
				if got.status != 500 || e.kind != map[string]string{"openai": "server_error", "anthropic": "api_error"}[dialect.name] || strings.Contains(got.body, "a fault") {
					t.Errorf("%d %s", got.status, got.body)
				}
			})
		}
		t.Run(name("a fault in the middle of a stream is an error in it,", dialect.name), func(t *testing.T) {
			got := post(t, url+dialect.path, hello("late/up", true))
			if s := read(got.body, dialect, true); got.status != 200 || s.text != "Hello" || !s.failed || s.ended || strings.Contains(got.body, "a fault") {
				t.Errorf("%d %+v %s", got.status, s, got.body)
			}
		})
	}
}

// TestPanicGivesBack: what a call held when it panicked is given back, or the few places
// there are would be lost one after the other.
func TestPanicGivesBack(t *testing.T) {
	const app = `{"admin":{"disabled":true,"config":{"persist":false}},"logging":{"logs":{"default":{"writer":{"output":"discard"}}}},"apps":{"http":{"servers":{"s":{"listen":["127.0.0.1:%d"],
		"routes":[{"handle":[{"handler":"xjp_gateway","auth":"off"}]}]}}},"xjp":{"log_filter_ok":true,"queue":{"size":0},"providers":{
		"early":{"kind":"openai","base_url":"http://127.0.0.1:9","max_concurrent":1,"transport":{"protocol":"behaviour_panics"}},
		"late":{"kind":"openai","base_url":"http://127.0.0.1:9","max_concurrent":1,"transport":{"protocol":"behaviour_panics","late":true}}},
		"models":[{"name":"early","routes":[{"provider":"early","model":"up"}]},{"name":"late","routes":[{"provider":"late","model":"up"}]},
			{"name":"hedged","hedge":{"delay":"1ms"},"routes":[{"provider":"early","model":"up"},{"provider":"early","model":"other"}]}]}}}`
	port := gatewaytest.FreePort(t)
	if err := caddy.Load([]byte(fmt.Sprintf(app, port)), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { caddy.Stop() })
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	for range 3 {
		for _, dialect := range dialects {
			for _, stream := range []bool{false, true} {
				if got := post(t, url+dialect.path, hello("early", stream)); got.status != 500 {
					t.Errorf("%s, stream %t: %d %s", dialect.name, stream, got.status, got.body)
				}
			}
			if got := post(t, url+dialect.path, hello("late", true)); got.status != 200 || !read(got.body, dialect, true).failed {
				t.Errorf("%s, late: %d %s", dialect.name, got.status, got.body)
			}
			if got := post(t, url+dialect.path, hello("hedged", false)); got.status != 500 {
				t.Errorf("%s, hedged: %d %s", dialect.name, got.status, got.body)
			}
		}
	}
}
