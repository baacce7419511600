package behaviour

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// accepted are requests as real clients send them (clients-need.md 3): what a provider
// does not know is left out, never a reason to refuse.
var accepted = []struct {
	name    string
	dialect dialect
	body    string // MODEL stands for the model
	// where gives what the provider of a wire must or, with !, must not be sent.
	where map[string]string
}{
	{"AI SDK and LangChain: developer and max_completion_tokens", openai, `{"model":"MODEL","max_completion_tokens":64,"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"Hi"}]}`,
		map[string]string{"chat": "Be brief.", "messages": `"max_tokens":64`, "gemini": `"maxOutputTokens":64`}},
	{"LangChain: name on tool messages", openai, `{"model":"MODEL","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","name":"f","tool_call_id":"call_1","content":"done"}]}`,
		map[string]string{"messages": `"tool_use_id":"call_1"`, "gemini": `"functionResponse":{"id":"call_1","name":"f","response":{"output":"done"}}`}},
	{"openai SDK: parsed on assistant messages", openai, `{"model":"MODEL","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"{\"a\":1}","parsed":{"a":1},"refusal":null,"annotations":[],"audio":null,"function_call":null},{"role":"user","content":"More"}]}`,
		map[string]string{"messages": "!parsed", "gemini": "!parsed"}},
	{"opencode: cache_control in parts and calls", openai, `{"model":"MODEL","messages":[{"role":"system","content":[{"type":"text","text":"Rules.","cache_control":{"type":"ephemeral"}}]},{"role":"user","content":"Hi"},{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","cache_control":{"type":"ephemeral"},"function":{"name":"f","arguments":""}}]},{"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}`,
		map[string]string{"messages": `"cache_control"`, "gemini": "!cache_control"}},
	{"OpenRouter provider: usage, reasoning and reasoning_details", openai, `{"model":"MODEL","usage":{"include":true},"reasoning":{"effort":"low"},"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","format":"unknown","index":0}]},{"role":"user","content":"More"}]}`,
		map[string]string{"messages": "!reasoning_details", "gemini": "!reasoning_details"}},
	{"assistant content missing beside calls", openai, `{"model":"MODEL","messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"call_1","content":"done"}]}`,
		map[string]string{"messages": `"input":{"a":1}`, "gemini": `"args":{"a":1}`}},
	{"stream_options without stream", openai, `{"model":"MODEL","stream":false,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]}`,
		map[string]string{"chat": `"stream_options":null`, "messages": "!stream_options", "gemini": "!stream_options"}},
	{"parallel results one after another", openai, `{"model":"MODEL","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"}]}`,
		map[string]string{"messages": `{"role":"user","content":[{"type":"tool_result","tool_use_id":"a",`, "gemini": `{"functionResponse":{"id":"b","name":"g","response":{"output":"2"}}}]}`}},
	{"schemas of zod and pydantic", openai, `{"model":"MODEL","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","additionalProperties":false,"$defs":{"P":{"type":"object","properties":{"x":{"type":["string","null"]}}}},"properties":{"p":{"$ref":"#/$defs/P"},"k":{"const":"v"},"n":{"type":"integer","exclusiveMinimum":0,"enum":[1,2]},"u":{"type":"string","format":"uri"},"l":{"type":"array","uniqueItems":true,"items":{"oneOf":[{"type":"string"},{"type":"number"}]}},"m":{"type":"object","propertyNames":{"pattern":"^a"}}}}}},{"type":"function","function":{"name":"empty","parameters":{"type":"object","properties":{}}}}]}`,
		map[string]string{"messages": `"name":"empty"`, "gemini": `"name":"empty"`}},
	{"video by URL, as OpenRouter has it", openai, `{"model":"gemini","messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"video_url","video_url":{"url":"https://www.youtube.com/watch?v=1"}}]}]}`,
		map[string]string{"gemini": `"fileUri":"https://www.youtube.com/watch?v=1"`}},
	{"system as blocks with marks, 27 KB", anthropic, `{"model":"MODEL","max_tokens":9,"system":[{"type":"text","text":"One.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"` + strings.Repeat("rule ", 5400) + `","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"Hi"}]}`,
		map[string]string{"chat": "!cache_control", "gemini": "!cache_control"}},
	{"metadata.user_id as JSON in a string", anthropic, `{"model":"MODEL","max_tokens":9,"metadata":{"user_id":"{\"a\":\"b\"}"},"messages":[{"role":"user","content":"Hi"}]}`,
		map[string]string{"chat": "Hi", "gemini": "!user_id"}},
	{"tool keys that only Messages knows", anthropic, `{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"custom","name":"f","input_schema":{"type":"object"},"strict":true,"eager_input_streaming":true,"defer_loading":true}]}`,
		map[string]string{"chat": "!eager_input_streaming", "gemini": "!defer_loading"}},
	{"a new kind of thinking", anthropic, `{"model":"MODEL","max_tokens":9,"thinking":{"type":"dreaming"},"messages":[{"role":"user","content":"Hi"}]}`,
		map[string]string{"chat": "!dreaming", "gemini": "!dreaming"}},
	{"output_format, the older name", anthropic, `{"model":"MODEL","max_tokens":99,"output_format":{"type":"json_schema","schema":{"type":"object","properties":{"answer":{"type":"string"}}}},"messages":[{"role":"user","content":"Hi"}]}`,
		map[string]string{"chat": "answer", "gemini": "answer"}},
	{"sampling by older clients", anthropic, `{"model":"MODEL","max_tokens":9,"temperature":0.5,"top_p":0.9,"top_k":5,"messages":[{"role":"user","content":"Hi"}]}`,
		map[string]string{"chat": `"temperature":0.5`, "gemini": `"topK":5`}},
	{"thinking of 31999 out of 32000 tokens with 24 tools", anthropic, `{"model":"MODEL","max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":31999},"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"t0","input_schema":{"type":"object"}}` + manyTools(23) + `]}`,
		map[string]string{"chat": "t0", "gemini": "t0"}},
}

// manyTools are further tools t1, t2 and so on.
func manyTools(n int) string {
	list := ""
	for i := range n {
		list += fmt.Sprintf(`,{"name":"t%d","input_schema":{"type":"object"}}`, i+1)
	}
	return list
}

func TestAcceptedRequests(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, strings.Replace(providers(d), "route gemini up", "route gemini gemini-2.5-flash", 1))
	for _, test := range accepted {
		t.Run(test.name, func(t *testing.T) {
			for _, model := range wireNames {
				if !strings.Contains(test.body, "MODEL") && model != "gemini" {
					continue
				}
				d.will(well)
				got := post(t, url+test.dialect.path, strings.Replace(test.body, "MODEL", model, 1))
				checkAnswer(t, model, test.dialect, false, got)
				if got.status != 200 {
					continue
				}
				sent := d.last(t).body
				want, ok := test.where[model]
				unwanted, not := strings.CutPrefix(want, "!")
				if ok && not == strings.Contains(sent, unwanted) {
					t.Errorf("%s, %q: %s", model, want, sent)
				}
			}
		})
	}
	t.Run("32 KB of headers", func(t *testing.T) {
		for _, dialect := range dialects {
			got := post(t, url+dialect.path, hello("chat", false), "x-codex-turn-metadata", strings.Repeat("m", 14_000))
			if got.status != 200 {
				t.Errorf("%d", got.status)
			}
		}
	})
}

// Streams of providers that call two tools at once, one of them without arguments.
var callStreams = map[string][]string{
	"chat": {
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]},"finish_reason":null}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Köln\"}"}}]},"finish_reason":null}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"time","arguments":"{}"}}]},"finish_reason":null}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}`,
		`[DONE]`,
	},
	"messages": {
		messagesStream[0],
		`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_a","name":"weather","input":{}}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"Köln\"}"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_b","name":"time","input":{}}}`,
		`{"type":"content_block_stop","index":1}`,
		`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":3}}`,
		`{"type":"message_stop"}`,
	},
	"gemini": {
		`{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"weather","args":{"city":"Köln"}},"thoughtSignature":"c2ln"}]},"index":0}]}`,
		`{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"time","args":{}}}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":3,"totalTokenCount":15}}`,
	},
}

// Streams of providers that think before they speak.
var thinkStreams = map[string][]string{
	"chat": {
		chatStream[0],
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"reasoning_content":"Let me"},"finish_reason":null}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"reasoning_content":" see."},"finish_reason":null}]}`,
		chatStream[1], chatStream[2], chatStream[3], chatStream[4], `[DONE]`,
	},
	"messages": {
		messagesStream[0],
		`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" see."}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello there"}}`,
		`{"type":"content_block_stop","index":1}`, messagesStream[5], messagesStream[6],
	},
	"gemini": {
		`{"candidates":[{"content":{"role":"model","parts":[{"text":"Let me","thought":true}]},"index":0}]}`,
		`{"candidates":[{"content":{"role":"model","parts":[{"text":" see.","thought":true}]},"index":0}]}`,
		geminiWhole,
	},
}

// Streams of providers that answer nothing, which is legal.
var emptyStreams = map[string][]string{
	"chat":     {chatStream[0], chatStream[3], chatStream[4], `[DONE]`},
	"messages": {messagesStream[0], messagesStream[5], messagesStream[6]},
	"gemini":   {`{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":12,"totalTokenCount":12}}`},
}

// TestStreamForm checks the streams of both dialects against all that current clients
// demand (clients-need.md 4), whatever wire the answer came by.
func TestStreamForm(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, test := range []struct {
		name    string
		streams map[string][]string
		want    form
	}{
		{"text", map[string][]string{"chat": chatStream, "messages": messagesStream, "gemini": {geminiWhole}}, form{text: "Hello there", stop: "stop"}},
		{"two calls at once, one without arguments", callStreams, form{calls: `weather({"city":"Köln"}) time({})`, stop: "calls"}},
		{"reasoning before text", thinkStreams, form{text: "Hello there", reasoning: "Let me see.", stop: "stop"}},
		{"nothing", emptyStreams, form{stop: "stop"}},
	} {
		for _, dialect := range dialects {
			for _, w := range wireNames {
				t.Run(name(test.name, dialect.name, "from", w), func(t *testing.T) {
					d.will(func(rw http.ResponseWriter, r *http.Request) { events(rw, test.streams[w]...) })
					body := strings.Replace(hello(w, true), `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1)
					if dialect == anthropic {
						body = hello(w, true)
					}
					got := post(t, url+dialect.path, body)
					if got.status != 200 {
						t.Fatalf("%d %s", got.status, got.body)
					}
					check := checkChat
					if dialect == anthropic {
						check = checkMessages
					}
					if f := check(t, got.body); f != test.want {
						t.Errorf("got %+v, want %+v from\n%s", f, test.want, got.body)
					}
				})
			}
		}
	}
}
