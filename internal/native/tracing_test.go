package native

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestTracing checks the spans of attempts, and the trace context that providers are sent.
func TestTracing(t *testing.T) {
	spans.drop()
	var parents []string
	address := watched(t, telling(t), func(r *http.Request) {
		if r.Method == http.MethodPost { // the list of prices is asked for as well
			parents = append(parents, r.Header.Get("Traceparent"))
		}
	})
	s := start(t, tellingApp(address), "\ttracing\n"+loggingSite)
	s.post(chat, ask(chat, "by-chat", canaryPrompt, false))
	s.post(messages, ask(messages, "second", canaryPrompt, true))
	traceID, _ := s.access(1)["traceID"].(string)
	failed := s.lines(s.log, "attempt failed")
	second, _ := s.access(2)["traceID"].(string)
	all := describe(spans.take(t))
	attempts := slices.DeleteFunc(all, func(d described) bool { return !strings.HasPrefix(d.Name, "chat ") })

	t.Run("check 23: a span for each attempt", func(t *testing.T) {
		want := []struct{ name, status, attributes string }{
			{"chat up", "Unset", `{"gen_ai.operation.name":"chat","gen_ai.provider.name":"chat","gen_ai.request.model":"up","gen_ai.response.finish_reasons":["stop"],"gen_ai.response.model":"up","gen_ai.usage.cache_creation.input_tokens":0,"gen_ai.usage.cache_read.input_tokens":30,"gen_ai.usage.input_tokens":100,"gen_ai.usage.output_tokens":20,"gen_ai.usage.reasoning.output_tokens":5}`},
			{"chat broken", "Errorupstream", `{"error.type":"upstream","gen_ai.operation.name":"chat","gen_ai.provider.name":"chat","gen_ai.request.model":"broken","gen_ai.response.model":"broken"}`},
			{"chat broken", "Errorupstream", `{"error.type":"upstream","gen_ai.operation.name":"chat","gen_ai.provider.name":"chat","gen_ai.request.model":"broken","gen_ai.response.model":"broken"}`},
			{"chat up", "Unset", `{"gen_ai.operation.name":"chat","gen_ai.provider.name":"messages","gen_ai.request.model":"up","gen_ai.response.finish_reasons":["end_turn"],"gen_ai.response.model":"up","gen_ai.usage.cache_creation.input_tokens":10,"gen_ai.usage.cache_read.input_tokens":30,"gen_ai.usage.input_tokens":110,"gen_ai.usage.output_tokens":20,"gen_ai.usage.reasoning.output_tokens":0}`},
		}
		if len(attempts) != len(want) {
			t.Fatalf("%d spans: %v", len(attempts), attempts)
		}
		for i, w := range want {
			got, _ := json.Marshal(attempts[i].Attributes)
			if attempts[i].Name != w.name || attempts[i].Status != w.status || string(got) != w.attributes || attempts[i].Kind != "client" {
				t.Errorf("span %d: %s %s\ngot  %s\nwant %s", i, attempts[i].Name, attempts[i].Status, got, w.attributes)
			}
		}
	})
	t.Run("providers are sent the attempt's own context", func(t *testing.T) {
		for i, parent := range parents {
			fields := strings.Split(parent, "-")
			if len(fields) != 4 || fields[1] != attempts[i].Trace || fields[2] != attempts[i].ID {
				t.Errorf("call %d was sent %q, its span is %s of %s", i, parent, attempts[i].ID, attempts[i].Trace)
			}
		}
		if len(parents) != len(attempts) {
			t.Errorf("%d calls", len(parents))
		}
	})
	t.Run("logs name the trace", func(t *testing.T) {
		if traceID == "" || traceID != attempts[0].Trace {
			t.Errorf("the access log names %q, the span is of %s", traceID, attempts[0].Trace)
		}
		if len(failed) != 2 || failed[0]["traceID"] != second || failed[0]["traceID"] != attempts[1].Trace {
			t.Errorf("failed attempts: %v", failed)
		}
	})
	t.Run("no words of client or provider", func(t *testing.T) {
		text, _ := json.Marshal(all)
		for _, word := range []string{canaryPrompt, said, key} {
			if strings.Contains(string(text), word) {
				t.Errorf("%q is in a span", word)
			}
		}
	})
	t.Run("nothing without the directive", func(t *testing.T) {
		parents = nil
		s := start(t, tellingApp(address), "\txjp_gateway\n")
		s.post(chat, ask(chat, "by-chat", "hi", false))
		if list := spans.take(t); len(list) != 0 || len(parents) != 1 || parents[0] != "" {
			t.Errorf("%d spans, sent %q", len(list), parents)
		}
	})
}

// watched forwards requests to a provider and shows them to see.
func watched(t *testing.T, provider string, see func(*http.Request)) string {
	target, err := url.Parse(provider)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		see(r)
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return s.URL
}
