package native

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const loggingSite = `	log {
		output file {dir}/access.log {
			roll_disabled
		}
		format filter {
			request>headers>X-Api-Key delete
		}
	}
	log_append by {http.xjp.provider}
	log_append for {http.xjp.key.id}
	log_append in {http.xjp.usage.input}
	log_append out {http.xjp.usage.output}
	log_append failed {http.xjp.error}
	metrics /metrics
	xjp_gateway
`

// access returns the last line of the access log, once there are n.
func (s *server) access(n int) map[string]any {
	s.t.Helper()
	var lines []map[string]any
	eventually(s.t, "the access log has its line", func() bool {
		lines = s.lines(filepath.Join(filepath.Dir(s.log), "access.log"), "http.log.access")
		lines = slices.DeleteFunc(lines, func(l map[string]any) bool {
			uri := l["request"].(map[string]any)["uri"]
			return uri == "/healthz" || uri == "/metrics"
		})
		return len(lines) >= n
	})
	return lines[n-1]
}

// ours picks the gateway's own fields, in one line.
func ours(line map[string]any) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(line)) {
		field, found := strings.CutPrefix(name, "xjp_")
		switch {
		case !found || field == "request_id":
		case field == "ttft_ms":
			out = append(out, "ttft")
		default:
			out = append(out, fmt.Sprintf("%s=%v", field, line[name]))
		}
	}
	return strings.Join(out, " ")
}

// TestAccessLog checks each field of the access log, on whole and streamed answers and on
// errors, in both dialects and through both wires.
func TestAccessLog(t *testing.T) {
	s := start(t, tellingApp(telling(t)), loggingSite)
	const (
		chatTokens     = "cache_read_tokens=30 cache_write_tokens=0 input_tokens=70 output_tokens=20 reasoning_tokens=5"
		messagesTokens = "cache_read_tokens=30 cache_write_tokens=10 input_tokens=70 output_tokens=20 reasoning_tokens=0"
	)
	served := func(attempts int, dialect, model, provider, route string, stream bool) string {
		wire, stop, tokens, cost := "openai", "stop", chatTokens, " upstream_cost=0.0012 cost=0.0012"
		if provider == "messages" {
			wire, stop, tokens, cost = "anthropic", "end_turn", messagesTokens, ""
		}
		all := strings.Fields(fmt.Sprintf("attempts=%d dialect=%s model=%s provider=%s route=%s stop=%s stream=%t ttft upstream_dialect=%s upstream_model=up %s%s",
			attempts, dialect, model, provider, route, stop, stream, wire, tokens, cost))
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	for i, test := range []struct {
		name, path, model string
		stream            bool
		status            int
		want              string
	}{
		{"check 17: a whole Chat answer", chat, "by-chat", false, 200, served(1, "openai", "by-chat", "chat", "by-chat#1", false)},
		{"a streamed Chat answer", chat, "by-chat", true, 200, served(1, "openai", "by-chat", "chat", "by-chat#1", true)},
		{"a whole Messages answer", messages, "by-messages", false, 200, served(1, "anthropic", "by-messages", "messages", "by-messages#1", false)},
		{"a streamed Messages answer", messages, "by-messages", true, 200, served(1, "anthropic", "by-messages", "messages", "by-messages#1", true)},
		{"Chat by Messages, whole", chat, "by-messages", false, 200, served(1, "openai", "by-messages", "messages", "by-messages#1", false)},
		{"Chat by Messages, streamed", chat, "by-messages", true, 200, served(1, "openai", "by-messages", "messages", "by-messages#1", true)},
		{"Messages by Chat, whole", messages, "by-chat", false, 200, served(1, "anthropic", "by-chat", "chat", "by-chat#1", false)},
		{"Messages by Chat, streamed", messages, "by-chat", true, 200, served(1, "anthropic", "by-chat", "chat", "by-chat#1", true)},
		{"an alias", chat, "chat-alias", false, 200, served(1, "openai", "chat-alias", "chat", "by-chat#1", false)},
		{"the second route", chat, "second", true, 200, served(3, "openai", "second", "messages", "second#2", true)},
		{"no route, whole", chat, "none", false, 502, "attempts=3 dialect=openai error=upstream model=none provider=messages route=none#2 stream=false upstream_dialect=anthropic upstream_model=broken"},
		{"no route, streamed", messages, "none", true, 502, "attempts=3 dialect=anthropic error=upstream model=none provider=messages route=none#2 stream=true upstream_dialect=anthropic upstream_model=broken"},
		{"an error in a stream", chat, "breaks", true, 200, "attempts=1 dialect=openai error=upstream model=breaks provider=chat route=breaks#1 stream=true ttft upstream_dialect=openai upstream_model=breaks"},
		{"an unknown model", chat, "nobody", false, 404, "dialect=openai error=model_not_found model=nobody"},
		{"an unknown model in Messages", messages, "nobody", true, 404, "dialect=anthropic error=model_not_found model=nobody"},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, _ := s.post(test.path, ask(test.path, test.model, canaryPrompt, test.stream))
			line := s.access(i + 1)
			if got := ours(line); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if res.StatusCode != test.status || line["status"] != float64(res.StatusCode) {
				t.Errorf("status %d, logged %v, want %d", res.StatusCode, line["status"], test.status)
			}
			if line["user_id"] != "tester" || line["xjp_request_id"] != res.Header.Get("X-Request-Id") || res.Header.Get("X-Request-Id") == "" {
				t.Errorf("user %v, request %v", line["user_id"], line["xjp_request_id"])
			}
		})
	}
	s.noWords()
}

// noWords checks that neither prompt nor answer is in any log.
func (s *server) noWords() {
	s.t.Helper()
	for _, file := range []string{s.log, filepath.Join(filepath.Dir(s.log), "access.log")} {
		text, _ := os.ReadFile(file)
		for _, word := range []string{canaryPrompt, said, key} {
			if i := strings.Index(string(text), word); i >= 0 {
				s.t.Errorf("%q is in …%s…", word, text[max(0, i-200):i+40])
			}
		}
	}
}

// TestAccessLogOfOthers checks what is logged of requests that are no plain answers.
func TestAccessLogOfOthers(t *testing.T) {
	s := start(t, tellingApp(telling(t))+"", strings.Replace(loggingSite, "metrics", "header >X-Seen {http.xjp.model}/{http.xjp.provider}/{http.xjp.usage.output}\n\tmetrics", 1))
	t.Run("losses", func(t *testing.T) {
		body := strings.Replace(ask(chat, "by-messages", "hi", false), "{", `{"logit_bias":{"1":2},`, 1)
		s.post(chat, body)
		if got := fmt.Sprint(s.access(1)["xjp_losses"]); !strings.Contains(got, "logit_bias") {
			t.Errorf("losses are %s", got)
		}
	})
	t.Run("a wrong key", func(t *testing.T) {
		r := s.request(http.MethodPost, messages, ask(messages, "by-chat", "hi", false))
		r.Header.Set("X-Api-Key", "XJP_wrong_key")
		res, _ := s.do(r)
		line := s.access(2)
		if res.StatusCode != 401 || ours(line) != "dialect=anthropic error=auth" || line["user_id"] != "" {
			t.Errorf("%d: %s of user %v", res.StatusCode, ours(line), line["user_id"])
		}
	})
	t.Run("a client that went away", func(t *testing.T) {
		s.load(strings.Replace(tellingApp(telling(t)), "model by-chat", "provider demo\n\t\tmodel demo {\n\t\t\troute demo demo\n\t\t}\n\t\tmodel by-chat", 1), loggingSite)
		st := s.open(chat, "demo: long 1000 pace 20ms")
		st.res.Body.Close()
		line := s.access(3)
		if got := ours(line); !strings.Contains(got, "client_gone=true") || !strings.Contains(got, "stream=true") {
			t.Errorf("got %s", got)
		}
		waiting := s.request(http.MethodPost, chat, ask(chat, "demo", "demo: stall", false))
		cancelled(t, waiting)
		if line := s.access(4); line["status"] != float64(499) {
			t.Errorf("check 20: the status of a client that went away is %v", line["status"])
		}
	})
	t.Run("sessions of agents", func(t *testing.T) {
		r := s.request(http.MethodPost, messages, ask(messages, "by-messages", "hi", false))
		r.Header.Set("X-Claude-Code-Session-Id", "session-1")
		s.do(r)
		if line := s.access(5); line["xjp_session"] != "session-1" {
			t.Errorf("session %v", line["xjp_session"])
		}
	})
}

// TestPlaceholders checks what other handlers can know, and when.
func TestPlaceholders(t *testing.T) {
	s := start(t, tellingApp(telling(t)), strings.Replace(loggingSite, "\tmetrics", "\theader >X-Seen {http.xjp.dialect}/{http.xjp.model}/{http.xjp.route}/{http.xjp.upstream_model}/{http.xjp.stream}/{http.xjp.attempts}/{http.xjp.usage.output}\n\theader >X-Id {http.xjp.request_id}\n\tmetrics", 1))
	for i, test := range []struct {
		name, path, model string
		stream            bool
		seen, appended    string
	}{
		{"a whole answer tells its usage to deferred headers", chat, "by-chat", false, "openai/by-chat/by-chat#1/up/false/1/20", "chat tester 70 20 "},
		{"a streamed answer", messages, "second", true, "anthropic/second/second#2/up/true/3/20", "messages tester 70 20 "},
		{"an error", chat, "nobody", false, "openai/nobody///false/0/0", " tester 0 0 model_not_found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, _ := s.post(test.path, ask(test.path, test.model, "hi", test.stream))
			if got := res.Header.Get("X-Seen"); got != test.seen {
				t.Errorf("headers saw %s, want %s", got, test.seen)
			}
			if got := res.Header.Get("X-Id"); got == "" || got != res.Header.Get("X-Request-Id") {
				t.Errorf("the id is %s", got)
			}
			line := s.access(i + 1)
			if got := fmt.Sprint(line["by"], " ", line["for"], " ", line["in"], " ", line["out"], " ", line["failed"]); got != test.appended {
				t.Errorf("log_append saw %v, want %s", got, test.appended)
			}
		})
	}
}
