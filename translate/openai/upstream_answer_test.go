package openai_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// whole is a whole answer of a provider of Chat and what a client of Messages gets of it.
type whole struct {
	name string
	to   func() *translate.Target
	in   string // members of the choice's message
	ends string // the reason to stop; "" is stop
	want string // the content's blocks
	stop string // what follows the content
	lost string
}

func (w whole) run(t *testing.T) {
	t.Run(w.name, func(t *testing.T) {
		to, ends := w.to, w.ends
		if to == nil {
			to = local
		}
		if ends == "" {
			ends = "stop"
		}
		got := wholeAnswer(t, `{"id":"chatcmpl-1","object":"chat.completion","model":"up","choices":[{"index":0,"message":{"role":"assistant",`+w.in+`},"finish_reason":"`+ends+`"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}`, to())
		if got.err != nil {
			t.Fatal(got.err)
		}
		members(t, got.body, `"id":"msg_1","type":"message","role":"assistant","model":"logical","content":[`+w.want+`]`)
		if !strings.Contains(string(got.body), "],"+w.stop) {
			t.Errorf("the content is not followed by %s in %s", w.stop, got.body)
		}
		if got.lost != w.lost {
			t.Errorf("losses %q, want %q", got.lost, w.lost)
		}
	})
}

// Content and reasons to stop (4.1 to 4.3).
func TestChatAnswerToMessages(t *testing.T) {
	const (
		end     = `"stop_reason":"end_turn","stop_sequence":null,"stop_details":null`
		tools   = `"stop_reason":"tool_use","stop_sequence":null`
		refusal = `"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":null,"explanation":`
	)
	thinking := func(text, signature string) string {
		return `{"type":"thinking","thinking":"` + text + `","signature":"` + signature + `"}`
	}
	calls := func(arguments string) string {
		return `"content":null,"tool_calls":[{"id":"call_a","type":"function","function":{"name":"f","arguments":` + arguments + `}}]`
	}
	tool := func(input string) string {
		return `{"type":"tool_use","id":"call_a","name":"f","input":` + input + `}`
	}
	for _, w := range []whole{
		{name: "4.2 content: a string, its escapes kept", in: `"content":"h\u00e9 \"x\"\n"`, want: `{"type":"text","text":"h\u00e9 \"x\"\n"}`, stop: end},
		{name: "4.2 content: a list of parts", in: `"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]`, want: `{"type":"text","text":"ab"}`, stop: end},
		{name: "4.2 content: an empty string is no block", in: `"content":""`, want: ``, stop: end},
		{name: "4.2 content: null is a list without blocks", in: `"content":null`, want: ``, stop: end},
		{name: "4.2 content: <think> stays text", in: `"content":"<think>a</think>b"`, want: `{"type":"text","text":"<think>a</think>b"}`},
		{name: "4.2 refusal: text and why", in: `"content":null,"refusal":"I won't."`, want: `{"type":"text","text":"I won't."}`, stop: refusal + `"I won't."}`},
		{name: "4.2 reasoning_content: thinking with a signature key", in: `"content":"b","reasoning_content":"a"`, want: thinking("a", "") + `,{"type":"text","text":"b"}`},
		{name: "4.2 reasoning: the same", in: `"content":"b","reasoning":"a"`, want: thinking("a", "") + `,{"type":"text","text":"b"}`},
		{name: "4.2 reasoning twice: one of the copies counts", in: `"content":"b","reasoning":"a","reasoning_content":"a"`, want: thinking("a", "") + `,{"type":"text","text":"b"}`},
		{name: "trap 94: reasoning as a list of thinking parts (Mistral)", in: `"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"type":"text","text":"c"}]`, want: thinking("ab", "") + `,{"type":"text","text":"c"}`},
		{name: "trap 94: reasoning_content as a list of parts (Qwen)", in: `"content":"c","reasoning_content":[{"type":"text","text":"a"},{"type":"thinking","thinking":"b"}]`, want: thinking("ab", "") + `,{"type":"text","text":"c"}`},
		{name: "4.2 reasoning_details: signed blocks in order, pain 15", to: openRouter, in: `"content":"c","reasoning":"ab","reasoning_details":[{"type":"reasoning.text","text":"a","signature":"S0","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"R1","format":"anthropic-claude-v1","index":1},{"type":"reasoning.text","text":"b","signature":"S2","format":"anthropic-claude-v1","index":2}]`,
			want: thinking("a", "S0") + `,{"type":"redacted_thinking","data":"R1"},` + thinking("b", "S2") + `,{"type":"text","text":"c"}`},
		{name: "4.2 thinking_blocks: the same from LiteLLM", in: `"content":"c","reasoning_content":"ab","thinking_blocks":[{"type":"thinking","thinking":"a","signature":"S0"},{"type":"redacted_thinking","data":"R1"},{"type":"thinking","thinking":"b","signature":"S2"}]`,
			want: thinking("a", "S0") + `,{"type":"redacted_thinking","data":"R1"},` + thinking("b", "S2") + `,{"type":"text","text":"c"}`},
		{name: "pain 16: a signature without text", to: openRouter, in: `"content":"c","reasoning_details":[{"type":"reasoning.text","text":"","signature":"S","format":"anthropic-claude-v1","index":0}]`, want: thinking("", "S") + `,{"type":"text","text":"c"}`},
		{name: "4.2 a signature of another family comes in the gateway's own wrapping", to: openRouter, in: `"content":"c","reasoning_details":[{"type":"reasoning.text","text":"a","signature":"S","format":"google-gemini-v1","index":0}]`, want: thinking("a", "xjp1.google..S") + `,{"type":"text","text":"c"}`},
		{name: "D25: an empty list of details says nothing to Messages", to: openRouter, in: `"content":"c","reasoning_details":[]`, want: `{"type":"text","text":"c"}`, stop: end},

		{name: "4.2 tool_calls: the input keeps the model's bytes", in: calls(`"{\"b\": 1.50, \"a\": 12345678901234567890, \"c\": \"\\u00e9\"}"`), ends: "tool_calls", want: tool(`{"b": 1.50, "a": 12345678901234567890, "c": "\u00e9"}`), stop: tools},
		{name: "pain 25: empty arguments are an object", in: calls(`""`), ends: "tool_calls", want: tool(`{}`), stop: tools},
		{name: "pain 25: arguments of null as well", in: calls(`null`), ends: "tool_calls", want: tool(`{}`), stop: tools},
		{name: "pain 25: broken arguments keep the model's words", in: calls(`"{\"a\": tru"`), ends: "tool_calls", want: tool(`{"_raw":"{\"a\": tru"}`), stop: tools},
		{name: "4.2 tool_calls: arguments encoded twice", in: calls(`"\"{\\\"a\\\":1}\""`), ends: "tool_calls", want: tool(`{"a":1}`), stop: tools},
		{name: "4.2 tool_calls: arguments as an object", in: calls(`{"a":1}`), ends: "tool_calls", want: tool(`{"a":1}`), stop: tools},
		{name: "4.2 tool_calls beside text", in: strings.Replace(calls(`"{}"`), "null", `"x"`, 1), ends: "tool_calls", want: `{"type":"text","text":"x"},` + tool(`{}`), stop: tools},
		{name: "4.2 tool_calls: an empty list", in: `"content":"a","tool_calls":[]`, want: `{"type":"text","text":"a"}`, stop: end},
		{name: "4.2 function_call: its id is derived", in: `"content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}`, ends: "function_call", want: `{"type":"tool_use","id":"` + minted(0) + `","name":"f","input":{"a":1}}`, stop: tools},
		{name: "4.2 audio: its transcript", in: `"content":null,"audio":{"id":"a1","data":"AAAA","transcript":"hello"}`, want: `{"type":"text","text":"hello"}`},
		{name: "4.2 images: told in words", in: `"content":"a","images":[{"type":"image_url","image_url":{"url":"https://h/a.png"}}]`, want: `{"type":"text","text":"a"},{"type":"text","text":"[Left out: image, which this API cannot carry.]"}`, lost: "image=dropped"},
		{name: "4.2 annotations: dropped", in: `"content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"https://a","title":"A","start_index":0,"end_index":1}}]`, want: `{"type":"text","text":"a"}`, lost: "annotations=dropped"},

		{name: "trap 91: stop with calls, pain 6", in: calls(`"{}"`), want: tool(`{}`), stop: tools},
		{name: "trap 92: tool_calls without any", in: `"content":"a","tool_calls":null`, ends: "tool_calls", want: `{"type":"text","text":"a"}`, stop: end},
		{name: "trap 93: content_filter is a refusal", in: `"content":"a"`, ends: "content_filter", want: `{"type":"text","text":"a"}`, stop: refusal + `null}`},
		{name: "4.3 length", in: `"content":"a"`, ends: "length", want: `{"type":"text","text":"a"}`, stop: `"stop_reason":"max_tokens"`},
		{name: "4.3 length inside of arguments", in: calls(`"{\"a\":\"lo"`), ends: "length", want: tool(`{"_raw":"{\"a\":\"lo"}`), stop: `"stop_reason":"max_tokens"`},
		{name: "4.3 an unknown reason is no failure", in: `"content":"a"`, ends: "eos_found", want: `{"type":"text","text":"a"}`, stop: end},
	} {
		w.run(t)
	}
}

// Failures inside of a 200 (5.5, provider-openrouter.md 5).
func TestChatAnswerFailures(t *testing.T) {
	for _, f := range []struct {
		name, in string
		kind     translate.ErrorKind
		message  string
	}{
		{"D5: a choice with an error beside partial content", `{"id":"gen-1","choices":[{"index":0,"message":{"role":"assistant","content":"half"},"finish_reason":"error","error":{"code":502,"message":"Provider disconnected"}}]}`, translate.ErrUpstream, "the provider failed"},
		{"D5: a choice that ended in error without saying which", `{"choices":[{"index":0,"message":{"role":"assistant","content":"half"},"finish_reason":"error"}]}`, translate.ErrUpstream, "the provider failed"},
		{"D5: nothing but an error", `{"error":{"code":429,"message":"slow down"},"user_id":"u"}`, translate.ErrUpstreamLimit, "the provider's rate limit is reached"},
		{"D4: whose code is a word", `{"error":{"code":"server_error","message":"boom"}}`, translate.ErrUpstream, "the provider failed"},
		{"5.5: no choices", `{"id":"x","choices":[]}`, translate.ErrUpstream, "the provider sent an empty answer"},
		{"5.5: something else", `{"ok":true}`, translate.ErrUpstream, "the provider sent an empty answer"},
		{"5.5: a list", `[]`, translate.ErrUpstream, "the provider sent an empty answer"},
	} {
		t.Run(f.name, func(t *testing.T) {
			got := wholeAnswer(t, f.in, openRouter())
			if got.err == nil || got.err.Kind != f.kind || got.err.Message != f.message {
				t.Errorf("got %+v and %s", got.err, got.body)
			}
		})
	}
}

// A request's tools under names that the provider does not take come back under their own.
func TestShortenedNamesComeBack(t *testing.T) {
	long := strings.Repeat("n", 80)
	got := toChat(t, request(t, `"tools":[{"name":"`+long+`","input_schema":{"type":"object","properties":{}}}]`), gpt5())
	short := strings.Repeat("n", 55) + "_feed930b"
	t.Run("trap 78: in a stream", func(t *testing.T) {
		s := clientEvents(t, converted(records(fragment(`{"index":0,"id":"a","function":{"name":"`+short+`","arguments":"{}"}}`)+finished("tool_calls")), nil, got.x))
		if name := s.message.Content[0].Name; name != long {
			t.Errorf("the client is told of %q", name)
		}
	})
	t.Run("trap 78: in a whole answer", func(t *testing.T) {
		answer := wholeAnswerOf(t, `{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"`+short+`","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`, got.x)
		if !strings.Contains(string(answer.body), `"name":"`+long+`"`) {
			t.Errorf("the client gets %s", answer.body)
		}
	})
}
