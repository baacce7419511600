package docs

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// asked is what came of a call.
type asked struct {
	status int
	header http.Header
	body   string
	cut    bool // the connection broke before the end
}

// post makes a call with a key and headers in pairs.
func post(t *testing.T, url, body string, headers ...string) asked {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", gatewaytest.Key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return asked{res.StatusCode, res.Header, string(answer), err != nil}
}

// said is a request of the demo in which the user says something.
func said(text string, stream bool) string {
	return fmt.Sprintf(`{"model":"demo","max_tokens":4096,"stream":%v,"messages":[{"role":"user","content":%q}]}`, stream, text)
}

// TestDemo goes through the table of the demo's directives: what each does to an answer
// that is not streamed, before a stream's content, and within a stream.
func TestDemo(t *testing.T) {
	address := gatewaytest.Start(t, "provider demo\ntimeout {\n first_token 300ms\n idle 300ms\n total 300ms\n}")
	for _, test := range []struct {
		directive string
		chat      string // the status and code of Chat
		messages  string // the status and type of Messages
		within    string // what ends a stream of Chat in which it happens later, "" if it cannot
	}{
		{"status 429 retry 3", "429 upstream_rate_limited", "429 rate_limit_error", ""},
		{"status 500", "502 upstream_error", "502 api_error", ""},
		{"overflow", "400 context_length_exceeded", "400 invalid_request_error", ""},
		{"connection refused", "502 upstream_error", "502 api_error", ""},
		{"html", "502 upstream_error", "502 api_error", ""},
		{"empty", "502 upstream_error", "502 api_error", ""},
		{"garbage", "502 upstream_error", "502 api_error", `"error":`},
		{"error", "502 upstream_error", "502 api_error", `"error":`},
		{"cut", "502 upstream_stream_interrupted", "502 api_error", "upstream_stream_interrupted"},
		{"end", "502 upstream_error", "502 api_error", "upstream_stream_interrupted"},
		{"stall", "504 upstream_timeout", "504 timeout_error", "upstream_timeout"},
		{"refusal", `200 "refusal":"I will not do that."`, `200 "stop_reason":"refusal"`, ""},
		{"filter", `200 "finish_reason":"content_filter"`, `200 "stop_reason":"refusal"`, ""},
		{"length", `200 "finish_reason":"length"`, `200 "stop_reason":"max_tokens"`, ""},
		{"no usage", `200 "finish_reason":"stop"`, `200 "stop_reason":"end_turn"`, ""},
		{"long 3", `200 "content":"word0 word1 word2 "`, `200 "text":"word0 word1 word2 "`, ""},
		{"slow 1ms", `200 "finish_reason":"stop"`, `200 "stop_reason":"end_turn"`, ""},
	} {
		t.Run(test.directive, func(t *testing.T) {
			expect := func(what, path, body, want string) {
				t.Helper()
				gatewaytest.Wake() // after what an earlier failure has let rest
				got := post(t, address+path, body)
				status, words, _ := strings.Cut(want, " ")
				if fmt.Sprint(got.status) != status || !strings.Contains(got.body, words) {
					t.Errorf("%s: got %d, want %s:\n%s", what, got.status, want, got.body)
				}
				if strings.Contains(test.directive, "retry") && got.header.Get("Retry-After") != "3" {
					t.Errorf("%s: Retry-After is %q", what, got.header.Get("Retry-After"))
				}
			}
			expect("Chat", "/v1/chat/completions", said("demo: "+test.directive, false), test.chat)
			expect("Messages", "/v1/messages", said("demo: "+test.directive, false), test.messages)
			if failure := test.chat[:1] != "2"; failure {
				status, _, _ := strings.Cut(test.chat, " ")
				expect("a stream of Chat, before its content", "/v1/chat/completions", said("demo: "+test.directive, true), status+" ")
			}
			if test.within == "" {
				return
			}
			got := post(t, address+"/v1/chat/completions", said("demo: "+test.directive+" after 2", true))
			if got.status != 200 || !strings.Contains(got.body, `"content":"This"`) || !strings.Contains(got.body, test.within) || strings.Contains(got.body, "[DONE]") {
				t.Errorf("within a stream: got %d:\n%s", got.status, got.body)
			}
		})
	}
}

// TestDemoTalks checks what else the documentation says of the demo.
func TestDemoTalks(t *testing.T) {
	address := gatewaytest.Start(t, "provider demo")
	const tools = `"tools":[{"name":"first","input_schema":{"type":"object"}},{"name":"second","input_schema":{"type":"object"}}]`
	for _, test := range []struct {
		name, fields string
		calls        string
	}{
		{"the first tool", `"messages":[{"role":"user","content":"x"}],` + tools, "first"},
		{"a tool that is named", `"messages":[{"role":"user","content":"use second"}],` + tools, "second"},
		{"all tools", `"messages":[{"role":"user","content":"in parallel"}],` + tools, "first second"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := post(t, address+"/v1/messages", `{"model":"demo","max_tokens":99,`+test.fields+`}`)
			var names []string
			for _, m := range regexp.MustCompile(`"type":"tool_use","id":"[^"]*","name":"([^"]*)"`).FindAllStringSubmatch(got.body, -1) {
				names = append(names, m[1])
			}
			if strings.Join(names, " ") != test.calls {
				t.Errorf("called are %v, not %s:\n%s", names, test.calls, got.body)
			}
		})
	}
	t.Run("a directive in the header", func(t *testing.T) {
		if got := post(t, address+"/v1/messages", said("x", false), "X-Demo", "status 429"); got.status != 429 {
			t.Errorf("got %d: %s", got.status, got.body)
		}
	})
	t.Run("a pause between words", func(t *testing.T) {
		gatewaytest.Wake()
		started := time.Now()
		post(t, address+"/v1/messages", said("demo: long 5 pace 20ms", true))
		if took := time.Since(started); took < 80*time.Millisecond {
			t.Errorf("five words took %v", took)
		}
	})
}

// TestLossesAreTold checks the headers that docs/translation.md describes, and strict.
func TestLossesAreTold(t *testing.T) {
	address := gatewaytest.Start(t, `
		provider demo
		model demo {
			route demo demo {
				wire messages
			}
		}
		model strict {
			strict
			route demo demo {
				wire messages
			}
		}`)
	const body = `{"model":"%s","temperature":1.5,"seed":7,"messages":[{"role":"user","content":"x"}]}`
	got := post(t, address+"/v1/chat/completions", fmt.Sprintf(body, "demo"), "X-Xjp-Debug", "1")
	for name, want := range map[string]string{"X-Xjp-Lossy": "temperature=clamped", "X-Xjp-Provider": "demo", "X-Xjp-Upstream-Model": "demo"} {
		if !strings.Contains(got.header.Get(name), want) {
			t.Errorf("%s is %q", name, got.header.Get(name))
		}
	}
	if !strings.Contains(got.header.Get("X-Xjp-Lossy"), "seed=dropped") {
		t.Errorf("X-Xjp-Lossy is %q", got.header.Get("X-Xjp-Lossy"))
	}
	if got := post(t, address+"/v1/chat/completions", fmt.Sprintf(body, "demo")); got.header.Get("X-Xjp-Lossy") != "" {
		t.Errorf("a client that did not ask is told %q", got.header.Get("X-Xjp-Lossy"))
	}
	if got := post(t, address+"/v1/chat/completions", fmt.Sprintf(body, "strict")); got.status != 400 || !strings.Contains(got.body, `"param":"seed"`) && !strings.Contains(got.body, `"param":"temperature"`) {
		t.Errorf("strict answers %d: %s", got.status, got.body)
	}
}
