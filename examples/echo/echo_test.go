package echo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// server is an echo server: it says what it is told, and is busy in the room "full".
func server(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/chat" || r.Header.Get("X-Echo-Key") != "echo-secret" {
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		if r.Header.Get("X-Echo-Room") == "full" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		var request struct {
			Model    string
			Messages []struct{ Content string }
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || len(request.Messages) == 0 {
			http.Error(w, "{}", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"1","object":"chat.completion","model":%q,"choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`,
			request.Model, request.Messages[len(request.Messages)-1].Content)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestProvider loads the module by a Caddyfile and asks it in both dialects.
func TestProvider(t *testing.T) {
	t.Setenv("ECHO_KEY", "echo-secret")
	url := server(t)
	address := gatewaytest.Start(t, `
		provider echo {env.ECHO_KEY} {
			base_url `+url+`
			room lobby
		}
		provider full echo {env.ECHO_KEY} {
			base_url `+url+`
			room full
		}
		model echo {
			route full any
			route echo any
		}
		model full {
			route full any
		}`)
	const hello = `"messages":[{"role":"user","content":"hello"}]`
	for _, test := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"Chat, by the second route", "/v1/chat/completions", `{"model":"echo",` + hello + `}`, 200, `"content":"hello"`},
		{"Messages", "/v1/messages", `{"model":"echo","max_tokens":9,` + hello + `}`, 200, `"text":"hello"`},
		{"a stream", "/v1/messages", `{"model":"echo","max_tokens":9,"stream":true,` + hello + `}`, 200, "message_stop"},
		{"a busy server", "/v1/chat/completions", `{"model":"full",` + hello + `}`, 503, "the provider is busy"},
		{"tools, which it does not take", "/v1/messages", `{"model":"echo","max_tokens":9,"tools":[{"name":"f","input_schema":{"type":"object"}}],` + hello + `}`, 400, "this model takes no tools"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodPost, address+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Api-Key", gatewaytest.Key)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != test.status || !strings.Contains(string(body), test.want) {
				t.Errorf("got %d: %s", res.StatusCode, body)
			}
		})
	}
}
