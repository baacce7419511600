package behaviour

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestClaudeCodeHeaders checks which headers of Claude Code go on to whom.
func TestClaudeCodeHeaders(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	ask := func(t *testing.T, model string, headers ...string) http.Header {
		t.Helper()
		d.will(well)
		if got := post(t, url+"/v1/messages?beta=true", hello(model, true), headers...); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return d.last(t).header
	}
	t.Run("CC4: betas reach a Messages provider byte for byte, all lines of them", func(t *testing.T) {
		const first, second = "zeta-2099-01-01 ,  claude-code-20250219,,x", "oauth-2025-04-20"
		h := ask(t, "messages", "anthropic-beta", first, "anthropic-beta", second)
		if got := h.Values("Anthropic-Beta"); len(got) != 2 || got[0] != first || got[1] != second {
			t.Errorf("%q", got)
		}
	})
	t.Run("CC5: any version is accepted and goes on", func(t *testing.T) {
		for _, version := range []string{"2023-06-01", "2026-10-21", "2999-12-31", "next"} {
			if got := ask(t, "messages", "anthropic-version", version).Values("Anthropic-Version"); len(got) != 1 || got[0] != version {
				t.Errorf("%s: %q", version, got)
			}
		}
		if got := ask(t, "messages").Get("Anthropic-Version"); got != "2023-06-01" {
			t.Errorf("without one the provider gets %q", got)
		}
	})
	t.Run("CC6: other headers of Anthropic's go to Messages providers, none goes elsewhere", func(t *testing.T) {
		sent := []string{"anthropic-version", "2026-10-21", "anthropic-beta", "a-1", "anthropic-foo", "1", "anthropic-workspace-id", "w", "x-claude-code-session-id", "s1",
			"x-claude-code-agent-id", "a1", "x-app", "cli", "x-stainless-os", "Linux", "x-tenant", "t1", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "user-agent", "claude-cli/2.1"}
		h := ask(t, "messages", sent...)
		if h.Get("anthropic-foo") != "1" || h.Get("anthropic-workspace-id") != "w" {
			t.Errorf("to a Messages provider: %v", h)
		}
		for _, model := range []string{"chat", "gemini"} {
			for name := range ask(t, model, sent...) {
				if regexp.MustCompile(`(?i)^(anthropic|x-claude|x-app|x-stainless|x-tenant)`).MatchString(name) {
					t.Errorf("to %s goes %s", model, name)
				}
			}
		}
	})
}

// claudeCode is a request as Claude Code makes it, shortened. MODEL stands for the model.
const claudeCode = `{ "model":"MODEL",  "max_tokens":32000,"stream":true,"metadata":{"user_id":"{\"device\":\"d\"}"},` +
	`"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.197; cch=1a2b3;"},{"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Long \u0026 rules.","cache_control":{"type":"ephemeral","ttl":"1h"}}],` +
	`"messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":"Hello."},{"role":"system","content":"Mid-way rule."},{"role":"user","content":"Go on."}],` +
	`"tools":[{"name":"Bash","description":"Run.","input_schema":{"$schema":"x","type":"object","properties":{"command":{"type":"string"}},"required":["command"]},"strict":true,"defer_loading":false,"eager_input_streaming":true}],` +
	`"thinking":{"type":"adaptive"},"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"output_config":{"effort":"high"},"a_new_field":{"n":1.50e2,"z":[1,2]}}`

func TestClaudeCodeBodies(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, provider("p", "anthropic", d)+"\t\tmodel small {\n\t\t\troute p up {\n\t\t\t\tcapability max_output 8000\n\t\t\t}\n\t\t}\n\t\tmodel adaptive {\n\t\t\troute chat up\n\t\t}")
	ask := func(t *testing.T, body string, headers ...string) asked {
		t.Helper()
		d.will(well)
		if got := post(t, url+"/v1/messages?beta=true", body, headers...); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return d.last(t)
	}
	of := func(model string) string { return strings.Replace(claudeCode, "MODEL", model, 1) }
	t.Run("CC7: a Messages provider gets the body as it is, but for the model's name", func(t *testing.T) {
		if got := ask(t, of("messages")).body; got != of("up") {
			t.Errorf("got  %s\nwant %s", got, of("up"))
		}
		odd := `{"model":"messages","max_tokens":1e2,"messages":[{"role":"user","content":[{"type":"smell_2027","intensity":1.0},{"type":"text","text":"Hi","new":null}]}],"tools":[{"type":"nose_20270101","name":"nose","reach":{"b":1,"a":2}}],"x":-0.0}`
		if got, want := ask(t, odd).body, strings.Replace(odd, `"messages","max`, `"up","max`, 1); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("CC8: the system array keeps length, order, bytes and marks", func(t *testing.T) {
		from, to := strings.Index(claudeCode, `"system":`), strings.Index(claudeCode, `"messages":[`)
		if got := ask(t, of("messages")).body; !strings.Contains(got, claudeCode[from:to]) {
			t.Errorf("%s", got)
		}
	})
	t.Run("CC9: other providers do not get the attribution entry, but all others", func(t *testing.T) {
		for _, model := range []string{"chat", "gemini"} {
			got := ask(t, of(model)).body
			if strings.Contains(got, "billing-header") || !strings.Contains(got, "You are Claude Code.") || !strings.Contains(got, "Long") {
				t.Errorf("%s: %s", model, got)
			}
		}
	})
	t.Run("CC11: what only Messages knows is left out elsewhere and kept with its beta there", func(t *testing.T) {
		const beta = "context-management-2025-06-27,effort-2025-11-24"
		for _, model := range []string{"chat", "gemini"} {
			got := ask(t, of(model), "anthropic-beta", beta)
			for _, key := range []string{"context_management", "output_config", `"thinking":{"type"`, "defer_loading", "eager_input_streaming", "a_new_field", "cache_control"} {
				if strings.Contains(got.body, key) {
					t.Errorf("to %s goes %s: %s", model, key, got.body)
				}
			}
			if !strings.Contains(got.body, "Mid-way rule.") || !strings.Contains(got.body, "Bash") {
				t.Errorf("%s lacks something: %s", model, got.body)
			}
		}
		got := ask(t, of("messages"), "anthropic-beta", beta)
		for _, key := range []string{"context_management", "output_config", "adaptive", "defer_loading", `"strict":true`, "Mid-way rule."} {
			if !strings.Contains(got.body, key) {
				t.Errorf("a Messages provider does not get %s", key)
			}
		}
		if got.header.Get("anthropic-beta") != beta {
			t.Errorf("beta is %q", got.header.Get("anthropic-beta"))
		}
	})
	t.Run("CC12: max_tokens above the route's limit is clamped, the budget below it", func(t *testing.T) {
		got := ask(t, `{"model":"small","max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":31999},"messages":[{"role":"user","content":"Hi"}]}`).body
		if !strings.Contains(got, `"max_tokens":8000,`) || !strings.Contains(got, `"budget_tokens":7999}`) {
			t.Errorf("%s", got)
		}
	})
	t.Run("CC13: the variant [1m] is the model, and its beta goes on", func(t *testing.T) {
		for _, model := range wireNames {
			got := ask(t, hello(model+"[1m]", false), "anthropic-beta", "context-1m-2025-08-07")
			if strings.Contains(got.body+got.path, "1m]") || model == "messages" && got.header.Get("anthropic-beta") != "context-1m-2025-08-07" {
				t.Errorf("%s: %s %s %v", model, got.path, got.body, got.header)
			}
		}
	})
	t.Run("CC36: the title request works on every route", func(t *testing.T) {
		const title = `{"model":"MODEL","max_tokens":512,"stream":true,"thinking":{"type":"disabled"},"messages":[{"role":"user","content":"Name it."}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"title":{"type":"string"}},"required":["title"],"additionalProperties":false}}}}`
		for _, model := range wireNames {
			got := ask(t, strings.Replace(title, "MODEL", model, 1), "anthropic-beta", "structured-outputs-2025-12-15").body
			if !strings.Contains(got, `"title"`) {
				t.Errorf("%s: the schema is lost: %s", model, got)
			}
		}
	})
	t.Run("CC29: a whole answer to a large request may take its time", func(t *testing.T) {
		tools := ""
		for i := range 25 {
			tools += fmt.Sprintf(`,{"name":"tool_%d","description":"%s","input_schema":{"type":"object","properties":{"a":{"type":"string"}}}}`, i, strings.Repeat("words ", 800))
		}
		for _, model := range wireNames {
			d.will(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(300 * time.Millisecond)
				well(w, r)
			})
			body := `{"model":"` + model + `","max_tokens":32000,"messages":[{"role":"user","content":"Hi"}],"tools":[` + tools[1:] + `]}`
			if len(body) < 120_000 {
				t.Fatalf("%d bytes", len(body))
			}
			got := post(t, url+"/v1/messages", body)
			checkAnswer(t, model, anthropic, false, got)
			if !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
				t.Errorf("%v", got.header)
			}
		}
	})
}

// TestClaudeCodeErrors checks what Claude Code is told when things go wrong.
func TestClaudeCodeErrors(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(inTurn(first, second, ""))))
	t.Run("CC14: an error of a Messages provider arrives as it is", func(t *testing.T) {
		for _, e := range []struct {
			status       int
			kind, header string
		}{{400, "invalid_request_error", ""}, {404, "not_found_error", ""}, {413, "request_too_large", ""}, {429, "rate_limit_error", "8"}, {529, "overloaded_error", "2"}} {
			for _, stream := range []bool{false, true} {
				body := `{"type": "error",  "error": {"type": "` + e.kind + `", "message": "messages.0: their own words \u0026 more"}, "request_id": "req_theirs", "new": 1.0}`
				headers := []string{"anthropic-ratelimit-requests-limit", "50"}
				if e.header != "" {
					headers = append(headers, "Retry-After", e.header)
				}
				first.will(failing(e.status, "application/json", body, headers...))
				got := post(t, url+"/v1/messages", hello("one-messages", stream))
				if got.status != e.status || got.body != body || got.header.Get("Retry-After") != e.header {
					t.Errorf("%d: %d, Retry-After %q, %s", e.status, got.status, got.header.Get("Retry-After"), got.body)
				}
			}
		}
	})
	overflows := []struct {
		name, model, body string
		status            int
		want              string
	}{
		{"OpenAI", "one-chat", `{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, 400, "130000 tokens > 128000 maximum"},
		{"OpenRouter", "one-chat", `{"error":{"message":"This endpoint's maximum context length is 200000 tokens. However, you requested about 210000 tokens (178000 of text input, 32000 in the output).","code":400}}`, 400, ""},
		{"vLLM", "one-chat", `{"object":"error","message":"This model's maximum context length is 32768 tokens. However, you requested 40000 tokens in the messages, Please reduce the length of the messages.","type":"BadRequestError","code":400}`, 400, "40000 tokens > 32768 maximum"},
		{"without numbers", "one-chat", `{"error":{"message":"context_length_exceeded","code":"context_length_exceeded"}}`, 400, ""},
		{"Gemini", "one-gemini", `{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`, 400, "1200000 tokens > 1048576 maximum"},
	}
	words := regexp.MustCompile(`^(prompt is too long: (\d+) tokens > (\d+) maximum \(capability_rejected: prompt_too_long\)|input length and .max_tokens. exceed context limit: \d+ \+ \d+ > \d+)$`)
	for _, o := range overflows {
		t.Run(name("CC15: an overflow is told in the words that are looked for,", o.name), func(t *testing.T) {
			for _, stream := range []bool{false, true} {
				first.will(failing(o.status, "application/json", o.body))
				got := post(t, url+"/v1/messages", hello(o.model, stream))
				e := errorIn(t, anthropic, got)
				if got.status != 400 || e.kind != "invalid_request_error" || !words.MatchString(e.message) || !strings.Contains(e.message, o.want) {
					t.Errorf("%d %s", got.status, got.body)
				}
				first.will(failing(o.status, "application/json", o.body))
				got = post(t, url+openai.path, hello(o.model, stream))
				if e := errorIn(t, openai, got); got.status != 400 || e.code != "context_length_exceeded" {
					t.Errorf("to Chat: %d %s", got.status, got.body)
				}
			}
		})
	}
	t.Run("CC16: an overflow by the answer alone is told in its own sentence", func(t *testing.T) {
		first.will(failing(400, "application/json", `{"error":{"message":"This model's maximum context length is 200000 tokens. However, you requested 222000 tokens (190000 in the messages, 32000 in the completion).","code":"context_length_exceeded"}}`))
		got := post(t, url+"/v1/messages", hello("one-chat", true))
		if e := errorIn(t, anthropic, got); got.status != 400 || e.message != "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000" {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("CC17: an overflow sends the request nowhere else", func(t *testing.T) {
		for _, o := range overflows {
			first.will(failing(o.status, "application/json", o.body))
			second.will(well)
			model := strings.TrimPrefix(o.model, "one-")
			for range 3 { // nothing rests because of it either
				if got := post(t, url+"/v1/messages", hello(model, false)); got.status != 400 {
					t.Errorf("%s: %d", o.name, got.status)
				}
			}
			if a, b := len(first.asked()), len(second.asked()); a != 3 || b != 0 {
				t.Errorf("%s: %d and %d calls", o.name, a, b)
			}
		}
	})
	t.Run("CC18: of all failures one is told, as it is", func(t *testing.T) {
		for _, test := range []struct {
			first, second int
			status        int
		}{{500, 429, 429}, {429, 500, 429}, {429, 404, 429}, {500, 503, 529}, {503, 500, 529}, {500, 502, 502}, {401, 500, 502}, {500, 401, 502}, {401, 429, 429}} {
			first.will(failing(test.first, "application/json", `{"error":{"message":"one"}}`))
			second.will(failing(test.second, "application/json", `{"error":{"message":"two"}}`))
			got := post(t, url+"/v1/messages", hello("chat", false))
			e := errorIn(t, anthropic, got)
			if got.status != test.status || strings.Contains(e.message, "route") || strings.Contains(e.message, "attempt") {
				t.Errorf("%d and %d: %d %s", test.first, test.second, got.status, got.body)
			}
		}
	})
	t.Run("CC19: the provider's refusal of our credential is no 401 or 403 to the client", func(t *testing.T) {
		for _, dialect := range dialects {
			for _, model := range wireNames {
				for _, status := range []int{401, 403} {
					for _, stream := range []bool{false, true} {
						first.will(failing(status, "application/json", `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key `+secret+`"}}`))
						got := post(t, url+dialect.path, hello("one-"+model, stream))
						if errorIn(t, dialect, got); got.status != 502 || strings.Contains(got.body, secret) || strings.Contains(got.body, "x-api-key") {
							t.Errorf("%s to %s: %d %s", dialect.name, model, got.status, got.body)
						}
					}
				}
			}
		}
	})
	t.Run("CC19: nor is it told in a stream that has begun", func(t *testing.T) {
		for _, dialect := range dialects {
			first.will(func(w http.ResponseWriter, _ *http.Request) {
				events(w, append(messagesStream[:3:3], `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`)...)
			})
			if got := post(t, url+dialect.path, hello("one-messages", true)); !strings.Contains(got.body, "Hello") || !strings.Contains(got.body, `"error":{`) || strings.Contains(got.body, "x-api-key") || strings.Contains(got.body, "authentication") {
				t.Errorf("%s: %s", dialect.name, got.body)
			}
		}
	})
	t.Run("CC24: headers of the provider's account are not relayed", func(t *testing.T) {
		theirs := map[string]string{"anthropic-ratelimit-requests-remaining": "1", "anthropic-ratelimit-unified-status": "allowed", "x-ratelimit-remaining-tokens": "9",
			"Set-Cookie": "a=b", "Server": "theirs", "CF-Ray": "1", "openai-organization": "org", "openai-processing-ms": "5", "anthropic-organization-id": "o",
			"X-Should-Retry": "true", "Via": "1.1 theirs", "Alt-Svc": "h3", "X-Goog-Foo": "1", "Request-Id": "req_theirs", "X-Request-Id": "req_theirs"}
		for _, dialect := range dialects {
			for _, model := range wireNames {
				for _, status := range []int{200, 400, 429} {
					for _, stream := range []bool{false, true} {
						first.will(func(w http.ResponseWriter, r *http.Request) {
							for k, v := range theirs {
								w.Header().Set(k, v)
							}
							if status == 200 {
								well(w, r)
								return
							}
							failing(status, "application/json", `{"type":"error","error":{"type":"rate_limit_error","message":"no"}}`)(w, r)
						})
						got := post(t, url+dialect.path, hello("one-"+model, stream))
						for k, v := range theirs {
							if k == "Via" || k == "Server" {
								continue // Caddy's own
							}
							if got.header.Get(k) == v {
								t.Errorf("%s to %s, %d: %s is relayed", dialect.name, model, status, k)
							}
						}
						if got.header.Get("Server") == "theirs" {
							t.Error("Server is relayed")
						}
					}
				}
			}
		}
	})
}

// TestClaudeCodeLog checks what the access log says of a request of Claude Code's.
func TestClaudeCodeLog(t *testing.T) {
	d := newDouble(t)
	config, log := logged(t, providers(d))
	url := gatewaytest.Run(t, config)
	last := func(n int) map[string]any {
		var found map[string]any
		eventually(t, "the request is logged", func() bool {
			list := entries(t, log)
			var ours []map[string]any
			for _, e := range list {
				if e["xjp_model"] != nil {
					ours = append(ours, e)
				}
			}
			if len(ours) == n {
				found = ours[n-1]
			}
			return found != nil
		})
		return found
	}
	t.Run("CC33: session, task and parent are logged, bounded, and are nobody's identity", func(t *testing.T) {
		post(t, url+"/v1/messages", hello("chat", false), "x-claude-code-session-id", "s-1", "x-claude-code-agent-id", strings.Repeat("a", 5000), "x-claude-code-parent-agent-id", "p \"1\"")
		e := last(1)
		if e["xjp_session"] != "s-1" || len(fmt.Sprint(e["xjp_agent"])) > 200 || e["xjp_parent_agent"] == nil || e["user_id"] != "key1" {
			t.Errorf("%v", e)
		}
		post(t, url+"/v1/messages", hello("chat", false))
		if e := last(2); e["xjp_session"] != nil || e["xjp_agent"] != nil || e["user_id"] != "key1" {
			t.Errorf("%v", e)
		}
	})
	t.Run("CC37: usage is the prompt of the beginning and the answer of the end", func(t *testing.T) {
		n := 2
		for _, model := range wireNames {
			for _, stream := range []bool{false, true} {
				n++
				post(t, url+"/v1/messages", hello(model, stream))
				if e := last(n); e["xjp_input_tokens"] != 12.0 || e["xjp_output_tokens"] != 3.0 {
					t.Errorf("%s, stream %t: %v + %v", model, stream, e["xjp_input_tokens"], e["xjp_output_tokens"])
				}
			}
		}
	})
}
