package behaviour

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// keepAlives are the frames that say nothing, by dialect: an event for Messages, whose
// SDKs count events (trap 115), a comment for Chat (pain 13).
var keepAlives = map[dialect]string{openai: ": keep-alive\n\n", anthropic: "event: ping\ndata: {\"type\":\"ping\"}\n\n"}

// inTurn configures two doubles as two routes of a model for each wire, the second of
// another wire. limits are those of the first route. The models one-… have it alone.
func inTurn(first, second *double, limits string) string {
	options := ""
	for _, w := range [][2]string{{"chat", "openai"}, {"messages", "anthropic"}, {"gemini", "gemini"}} {
		options += provider("first-"+w[0], w[1], first) + provider("second-"+w[0], w[1], second)
	}
	for i, w := range wireNames {
		route := "\t\t\troute first-" + w + " up {\n\t\t\t\ttimeout {\n" + limits + "\t\t\t\t}\n\t\t\t}\n"
		options += "\t\tmodel " + w + " {\n" + route + "\t\t\troute second-" + wireNames[(i+1)%3] + " up\n\t\t}\n"
		options += "\t\tmodel one-" + w + " {\n" + route + "\t\t}\n"
	}
	return options
}

// TestHeaderPoint checks what a client sees when the first content takes longer than the
// keep-alive delay: its stream has begun, with frames of the gateway's own, and another
// route can still answer.
func TestHeaderPoint(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(inTurn(first, second, "")+"\t\tkeep_alive 50ms")))
	late := func(die http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, wireOf(r).life...)
			time.Sleep(200 * time.Millisecond)
			die(w, r)
		}
	}
	each := func(t *testing.T, check func(where string, d dialect, got reply)) {
		var asking sync.WaitGroup // at once, to save time
		for _, dialect := range dialects {
			for _, w := range wireNames {
				asking.Go(func() { check(dialect.name+" to "+w, dialect, post(t, url+dialect.path, hello(w, true))) })
			}
		}
		asking.Wait()
	}
	t.Run("pain 9: another route takes over behind the header point", func(t *testing.T) {
		first.will(late(func(w http.ResponseWriter, r *http.Request) { reset(w) }))
		second.will(well)
		each(t, func(where string, d dialect, got reply) {
			checkAnswer(t, where, d, true, got)
			if n := strings.Count(got.body, keepAlives[d]); n < 1 || n > 20 || !strings.HasPrefix(got.body, keepAlives[d]) {
				t.Errorf("%s: %d frames in 200 ms of silence: %s", where, n, got.body)
			}
		})
		if n := len(second.asked()); n != 6 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("no route is left behind the header point", func(t *testing.T) {
		first.will(late(func(w http.ResponseWriter, r *http.Request) { reset(w) }))
		second.will(failing(429, "application/json", `{"error":{"message":"slow down"}}`))
		each(t, func(where string, d dialect, got reply) {
			s := read(got.body, d, true)
			if got.status != 200 || !s.failed || s.ended || s.starts != 0 || strings.Contains(got.body, "[DONE]") || strings.Contains(got.body, "message_stop") {
				t.Errorf("%s: %d, %+v in %s", where, got.status, s, got.body)
			}
			if !strings.Contains(got.body, `"rate_limit_error"`) { // of both failures the one that clients can act on (CC18)
				t.Errorf("%s: the wrong failure is told: %s", where, got.body)
			}
		})
	})
	t.Run("frames of the provider's that say nothing do not begin the stream", func(t *testing.T) {
		url := gatewaytest.Run(t, quiet(gatewaytest.Site(inTurn(first, second, ""))))
		for _, dialect := range dialects {
			for _, w := range wireNames {
				first.will(func(w http.ResponseWriter, r *http.Request) {
					streaming(w)
					for range 5 {
						send(w, wireOf(r).life...)
						time.Sleep(10 * time.Millisecond)
					}
					send(w, wireOf(r).failure)
				})
				second.will(failing(529, "application/json", `{}`))
				got := post(t, url+dialect.path, hello(w, true))
				if e := errorIn(t, dialect, got); got.status < 500 {
					t.Errorf("%s to %s: %d %+v", dialect.name, w, got.status, e)
				}
			}
		}
	})
}

// TestSilence checks the frames that keep a stream alive in the middle of it.
func TestSilence(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tkeep_alive 50ms")
	for _, dialect := range dialects {
		for _, w := range wireNames {
			t.Run(name("CC26: silence of the provider is filled,", dialect.name, "to", w), func(t *testing.T) {
				d.will(func(rw http.ResponseWriter, r *http.Request) {
					streaming(rw)
					send(rw, wires[w].life...)
					send(rw, wires[w].hello)
					time.Sleep(200 * time.Millisecond)
					send(rw, strings.Replace(wires[w].hello, "Hello", " there", 1))
					send(rw, ends[w]...)
				})
				got := post(t, url+dialect.path, hello(w, true))
				s := read(got.body, dialect, true)
				s.text = strings.Replace(s.text, "Hello thereHello there", "Hello there", 1) // Gemini's end repeats it
				if s.text != "Hello there" || !s.ended || s.failed {
					t.Fatalf("%+v in %s", s, got.body)
				}
				_, middle, _ := strings.Cut(got.body, "Hello")
				middle, _, _ = strings.Cut(middle, " there")
				if n := strings.Count(middle, keepAlives[dialect]); n < 1 || n > 20 {
					t.Errorf("%d frames in 200 ms of silence: %s", n, got.body)
				}
			})
		}
	}
	t.Run("CC27: pings of a Messages provider go on, comments become pings", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, messagesStream[:3]...)
			send(w, `{"type":"ping"}`, ": a comment")
			send(w, messagesStream[3:]...)
		})
		got := post(t, url+anthropic.path, hello("messages", true))
		if n := strings.Count(got.body, "event: ping\n"); n != 2 || strings.Contains(got.body, ": a comment") {
			t.Errorf("%d pings in %s", n, got.body)
		}
	})
	t.Run("trap 64: comments of a Chat provider go on as comments, never as data", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, chatStream[:2]...)
			send(w, ": OPENROUTER PROCESSING")
			send(w, chatStream[2:]...)
		})
		got := post(t, url+openai.path, hello("chat", true))
		for line := range strings.Lines(got.body) {
			if strings.HasPrefix(line, "data:") && strings.Contains(line, "PROCESSING") {
				t.Errorf("%s", got.body)
			}
		}
		checkAnswer(t, "with comments", openai, true, got)
	})
}

// TestTimeLimits checks how long a provider is waited for.
func TestTimeLimits(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	const limits = "\t\t\t\t\tfirst_token 200ms\n\t\t\t\t\tidle 1s\n\t\t\t\t\ttotal 200ms\n"
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(inTurn(first, second, limits))))
	silent := func(w http.ResponseWriter, r *http.Request) { stall(r) }
	lifeless := func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		for r.Context().Err() == nil { // frames that say nothing do not count as content
			send(w, wireOf(r).life...)
			time.Sleep(20 * time.Millisecond)
		}
	}
	for _, test := range []struct {
		name   string
		stream bool
		answer http.HandlerFunc
	}{
		{"total: no whole answer", false, silent},
		{"first_token: no headers", true, silent},
		{"first_token: no content", true, lifeless},
	} {
		for _, dialect := range dialects {
			t.Run(name(test.name, dialect.name), func(t *testing.T) {
				first.will(test.answer)
				second.will(well)
				var asking sync.WaitGroup // at once, to save time
				for _, w := range wireNames {
					asking.Go(func() {
						checkAnswer(t, w, dialect, test.stream, post(t, url+dialect.path, hello(w, test.stream)))
					})
				}
				got := post(t, url+dialect.path, hello("one-chat", test.stream))
				asking.Wait()
				e := errorIn(t, dialect, got)
				if got.status != 504 || dialect == anthropic && e.kind != "timeout_error" || dialect == openai && e.code != "upstream_timeout" {
					t.Errorf("%d %s", got.status, got.body)
				}
			})
		}
	}
	t.Run("idle: frames that say nothing are no silence", func(t *testing.T) {
		first.will(func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, wireOf(r).life...)
			send(w, wireOf(r).hello)
			for range 45 {
				time.Sleep(30 * time.Millisecond)
				fmt.Fprint(w, ": thinking\n\n")
				flush(w)
			}
			send(w, strings.Replace(wireOf(r).hello, "Hello", " there", 1))
			send(w, ends[wireOf(r).name]...)
		})
		var asking sync.WaitGroup
		for _, w := range []string{"chat", "messages"} {
			asking.Go(func() { checkAnswer(t, w, openai, true, post(t, url+openai.path, hello(w, true))) })
		}
		asking.Wait()
	})
}
