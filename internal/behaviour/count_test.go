package behaviour

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// counted are the ways in which prompts are counted.
var counted = []struct {
	name, options string
	path          string // at the provider; "" is that it is not asked
	tokens        int
	model         string // as the provider's body names it
}{
	{"Anthropic", "\t\tprovider p anthropic {\n\t\t\tapi_key K\n\t\t\tbase_url U\n\t\t}\n\t\tmodel m {\n\t\t\troute p claude-sonnet-4-5\n\t\t}", "/v1/messages/count_tokens", 4711, "claude-sonnet-4-5"},
	{"Claude on Vertex", "\t\tprovider p vertex {\n\t\t\taccess_token K\n\t\t\tproject proj\n\t\t\tregion europe-west1\n\t\t\tbase_url U\n\t\t}\n\t\tmodel m {\n\t\t\troute p claude-sonnet-4-5@20250929\n\t\t}",
		"/v1/projects/proj/locations/europe-west1/publishers/anthropic/models/count-tokens:rawPredict", 4711, "claude-sonnet-4-5@20250929"},
	{"Gemini on Vertex", "\t\tprovider p vertex {\n\t\t\taccess_token K\n\t\t\tproject proj\n\t\t\tregion europe-west1\n\t\t\tbase_url U\n\t\t}\n\t\tmodel m {\n\t\t\troute p gemini-2.5-pro\n\t\t}",
		"/v1beta1/projects/proj/locations/europe-west1/publishers/google/models/gemini-2.5-pro:countTokens", 4712, ""},
	{"Gemini", "\t\tprovider p gemini {\n\t\t\tapi_key K\n\t\t\tbase_url U\n\t\t}\n\t\tmodel m {\n\t\t\troute p gemini-2.5-pro\n\t\t}", "/v1beta/models/gemini-2.5-pro:countTokens", 4712, ""},
	{"Clewdr", "\t\tprovider p clewdr {\n\t\t\tapi_key K\n\t\t\tbase_url U\n\t\t}\n\t\tmodel m {\n\t\t\troute p claude-sonnet-4-5\n\t\t}", "/code/v1/messages/count_tokens", 4711, "claude-sonnet-4-5"},
	{"Clewdr's web interface", "\t\tprovider p clewdr {\n\t\t\tapi_key K\n\t\t\tbase_url U\n\t\t}\n\t\tmodel m {\n\t\t\troute p claude-sonnet-4-5 {\n\t\t\t\tbackend web\n\t\t\t}\n\t\t}", "", 0, ""},
	{"a Chat provider", "\t\tprovider p openai {\n\t\t\tapi_key K\n\t\t\tbase_url U\n\t\t}\n\t\tmodel m {\n\t\t\troute p up\n\t\t}", "", 0, ""},
	{"OpenRouter", "\t\tprovider p openrouter {\n\t\t\tapi_key K\n\t\t\tbase_url U\n\t\t}\n\t\tmodel m {\n\t\t\troute p anthropic/claude-sonnet-4.5\n\t\t}", "", 0, ""},
}

const prompt = `{"model":"m","system":"You count.","messages":[{"role":"user","content":"How many tokens has this prompt of twelve words, more or less?"}]}`

func TestCountTokens(t *testing.T) {
	for _, test := range counted {
		t.Run(test.name, func(t *testing.T) {
			d := newDouble(t)
			options := strings.NewReplacer("api_key K", "api_key "+secret, "access_token K", "access_token "+secret, "base_url U", "base_url "+d.url).Replace(test.options)
			url := gatewaytest.Run(t, quiet(gatewaytest.Site(options)))
			ask := func() reply { return post(t, url+"/v1/messages/count_tokens?beta=true", prompt, asAnthropic...) }
			estimate := 0
			for what, answer := range map[string]http.HandlerFunc{
				"its failure": failing(500, "text/html", html), "its refusal": failing(400, "application/json", `{"error":{"message":"no"}}`),
				"its garbage": failing(200, "application/json", `{"tokens":`), "its silence": func(w http.ResponseWriter, r *http.Request) { reset(w) },
				"an answer without a number": failing(200, "application/json", `{}`),
			} {
				d.will(answer)
				got := ask()
				if _, err := fmt.Sscanf(got.body, `{"input_tokens":%d}`, &estimate); err != nil || got.status != 200 || got.header.Get("X-Xjp-Token-Count") != "estimated" {
					t.Errorf("pain 30: %s must give an estimate: %d %v %s", what, got.status, got.header, got.body)
				}
				if estimate < 15 || estimate > 300 {
					t.Errorf("%s: the estimate is %d", what, estimate)
				}
			}
			d.will(well)
			got := ask()
			if test.path == "" {
				if len(d.asked()) != 0 || got.body != fmt.Sprintf(`{"input_tokens":%d}`, estimate) || got.header.Get("X-Xjp-Token-Count") != "estimated" {
					t.Errorf("%d calls, %s", len(d.asked()), got.body)
				}
				return
			}
			if got.status != 200 || got.body != fmt.Sprintf(`{"input_tokens":%d}`, test.tokens) || got.header.Get("X-Xjp-Token-Count") != "" {
				t.Errorf("%d %v %s", got.status, got.header, got.body)
			}
			call := d.last(t)
			if call.path != test.path {
				t.Errorf("the provider was asked at %s", call.path)
			}
			if test.model != "" && call.body != strings.Replace(prompt, `"model":"m"`, `"model":"`+test.model+`"`, 1) {
				t.Errorf("the provider was sent %s", call.body)
			}
			if test.model == "" && (!strings.Contains(call.body, `"contents"`) || !strings.Contains(call.body, "twelve words")) {
				t.Errorf("the provider was sent %s", call.body)
			}
		})
	}
}

// TestCountRefuses checks what count_tokens refuses.
func TestCountRefuses(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, test := range []struct {
		name, body, says string
		status           int
	}{
		{"no JSON", `{"model":`, "byte", 400},
		{"no messages", `{"model":"messages"}`, "messages", 400},
		{"an unknown role", `{"model":"messages","messages":[{"role":"robot","content":"Hi"}]}`, "messages.0.role", 400},
		{"an unknown model", `{"model":"message","messages":[{"role":"user","content":"Hi"}]}`, "messages", 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := post(t, url+"/v1/messages/count_tokens", test.body)
			if e := errorIn(t, anthropic, got); got.status != test.status || !strings.Contains(e.message, test.says) {
				t.Errorf("%d %s", got.status, got.body)
			}
			if len(d.asked()) != 0 {
				t.Error("the provider was asked")
			}
		})
	}
	t.Run("CC30: every route counts, whatever the provider", func(t *testing.T) {
		for _, w := range wireNames {
			got := post(t, url+"/v1/messages/count_tokens?beta=true", hello(w, false), asAnthropic...)
			if got.status != 200 || !strings.HasPrefix(got.body, `{"input_tokens":`) {
				t.Errorf("%s: %d %s", w, got.status, got.body)
			}
		}
	})
	t.Run("betas go on with the count", func(t *testing.T) {
		d.will(well)
		post(t, url+"/v1/messages/count_tokens", hello("messages", false), "anthropic-version", "2026-10-21", "anthropic-beta", "token-counting-2024-11-01")
		if h := d.last(t).header; h.Get("anthropic-version") != "2026-10-21" || h.Get("anthropic-beta") != "token-counting-2024-11-01" {
			t.Errorf("%v", h)
		}
	})
}

// TestThreads checks the typed refusal that makes the current SDK go on without message
// threads (clients-need.md 3).
func TestThreads(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, test := range []struct{ name, thread, details string }{
		{"a thread is created", `{"type":"create"}`, `{"error_code":"thread_unsupported_request","unsupported":["thread"]}`},
		{"a thread is continued", `{"type":"continue","previous_message_id":"msg_1"}`, `{"error_code":"thread_not_found"}`},
		{"a thread of an unknown kind", `{"type":"fork"}`, `{"error_code":"thread_unsupported_request","unsupported":["thread"]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, w := range wireNames {
				for _, stream := range []bool{false, true} {
					got := post(t, url+anthropic.path, withField(w, stream, "thread", test.thread))
					e := errorIn(t, anthropic, got)
					if got.status != 400 || e.kind != "invalid_request_error" || string(e.details) != test.details {
						t.Errorf("%d %s", got.status, got.body)
					}
				}
			}
			if len(d.asked()) != 0 {
				t.Error("the provider was called")
			}
		})
	}
	t.Run("a thread that is null is none", func(t *testing.T) {
		if got := post(t, url+anthropic.path, withField("chat", false, "thread", "null")); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}
