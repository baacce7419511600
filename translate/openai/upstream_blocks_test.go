package openai_test

import (
	"testing"
)

// Which blocks a stream of Chat becomes, and when each begins and ends (5.2).
func TestChatStreamBlocksToMessages(t *testing.T) {
	for _, s := range []stream{
		{name: "pain 4: the golden order of events (5.6)", in: `
			{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}
			{"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}
			{"choices":[{"index":0,"delta":{"content":"Let me look."}}]}
			{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_a","type":"function","function":{"name":"f","arguments":""}}]}}]}
			{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"x\":1}"}}]}}]}
			{"choices":[{"index":0,"delta":{"tool_calls":[{"index":2,"id":"call_b","type":"function","function":{"name":"g","arguments":"{}"}}]}}]}
			{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}
			{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":80}}}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "Hm"
			0 signature ""
			0 ends
			1 begins: text
			1 text "Let me look."
			1 ends
			2 begins: tool_use call_a f
			2 input_json ` + "`" + `{"x":1}` + "`" + `
			2 ends
			3 begins: tool_use call_b g
			3 input_json "{}"
			3 ends
			delta tool_use 20+80+0→20
			stop`},
		{name: "trap 97: reasoning first begins no text block", in: `
			{"choices":[{"delta":{"role":"assistant","content":"","reasoning_content":"a"}}]}
			{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "a"
			0 signature ""
			0 ends
			1 begins: text
			1 text "b"
			1 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "5.3 a seal that comes with all that it seals, as this gateway tells it", in: `
			{"choices":[{"delta":{"reasoning_content":"Hm"}}]}
			{"choices":[{"delta":{"reasoning_content":"."}}]}
			{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","text":"Hm.","signature":"sig","format":"anthropic-claude-v1","index":0}]}}]}
			{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "Hm"
			0 thinking "."
			0 signature "sig"
			0 ends
			1 begins: text
			1 text "b"
			1 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "trap 98: nothing but reasoning_content is thinking, not text", in: `
			{"choices":[{"delta":{"reasoning_content":"a"}}]}
			{"choices":[{"delta":{"reasoning_content":"b"},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "a"
			0 thinking "b"
			0 signature ""
			0 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "trap 98: reasoning under its other name", in: `
			{"choices":[{"delta":{"reasoning":"a","content":null}}]}
			{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "a"
			0 signature ""
			0 ends
			1 begins: text
			1 text "b"
			1 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "trap 94: reasoning as a list of parts", in: `
			{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]}]}}]}
			{"choices":[{"delta":{"reasoning":[{"type":"text","text":"b"}]}}]}
			{"choices":[{"delta":{"content":[{"type":"text","text":"c"}]},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "a"
			0 thinking "b"
			0 signature ""
			0 ends
			1 begins: text
			1 text "c"
			1 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "trap 99: the record that switches from reasoning to text loses nothing", in: `
			{"choices":[{"delta":{"reasoning_content":"think"}}]}
			{"choices":[{"delta":{"reasoning_content":"ing","content":"first "}}]}
			{"choices":[{"delta":{"content":"token"},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "think"
			0 thinking "ing"
			0 signature ""
			0 ends
			1 begins: text
			1 text "first "
			1 text "token"
			1 ends
			delta end_turn 7+0+0→5
			stop`},
		{name: "trap 100: reasoning after a call is a new block", in: `
			{"choices":[{"delta":{"reasoning_content":"a"}}]}
			{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"x\":1}"}}]}}]}
			{"choices":[{"delta":{"reasoning_content":"b"}}]}
			{"choices":[{"delta":{"content":"c"},"finish_reason":"tool_calls"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "a"
			0 signature ""
			0 ends
			1 begins: tool_use c1 f
			1 input_json ` + "`" + `{"x":1}` + "`" + `
			1 ends
			2 begins: thinking
			2 thinking "b"
			2 signature ""
			2 ends
			3 begins: text
			3 text "c"
			3 ends
			delta tool_use 7+0+0→3
			stop`},
		{name: "trap 100: reasoning after text as well", in: `
			{"choices":[{"delta":{"content":"a"}}]}
			{"choices":[{"delta":{"reasoning":"b"}}]}
			{"choices":[{"delta":{"content":"c"},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "a"
			0 ends
			1 begins: thinking
			1 thinking "b"
			1 signature ""
			1 ends
			2 begins: text
			2 text "c"
			2 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "trap 101: empty reasoning inside text is nothing", in: `
			{"choices":[{"delta":{"content":"a"}}]}
			{"choices":[{"delta":{"reasoning_content":"","reasoning":"","reasoning_details":[]}}]}
			{"choices":[{"delta":{"content":"b","reasoning_content":null}}]}
			{"choices":[{"delta":{},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "a"
			0 text "b"
			0 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "trap 102: one record with text, call, end and usage", in: `
			{"choices":[{"delta":{"role":"assistant","content":"a","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "a"
			0 ends
			1 begins: tool_use c1 f
			1 input_json "{}"
			1 ends
			delta tool_use 3+0+0→2
			stop`},
		{name: "trap 107: thinking ends before a call begins", in: `
			{"choices":[{"delta":{"reasoning":"a"}}]}
			{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f"}}]}}]}
			{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":"tool_calls"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "a"
			0 signature ""
			0 ends
			1 begins: tool_use c1 f
			1 input_json "{}"
			1 ends
			delta tool_use 7+0+0→1
			stop`},
		{name: "trap 108: no record tells a role", in: `
			{"choices":[{"delta":{"content":"a"}}]}
			{"choices":[{"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "a"
			0 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "trap 117: a host that begins twice begins once for the client", in: `
			{"id":"a","choices":[{"delta":{"role":"assistant","content":""}}]}
			{"id":"a","choices":[{"delta":{"role":"assistant","content":"x"}}]}
			{"id":"b","choices":[{"delta":{"role":"assistant","content":"y"}}]}
			{"id":"b","choices":[{"delta":{},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "x"
			0 text "y"
			0 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "pain 3: one block for all that is of one kind", in: `
			{"choices":[{"delta":{"content":"a\n"}}]}
			{"choices":[{"delta":{"content":"\n"}}]}
			{"choices":[{"delta":{"content":"b"}}]}
			{"choices":[{"delta":{},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "a\n"
			0 text "\n"
			0 text "b"
			0 ends
			delta end_turn 7+0+0→2
			stop`},
		{name: "5.2: white space before a call begins no block, before text it goes with it", in: `
			{"choices":[{"delta":{"content":"\n\n"}}]}
			{"choices":[{"delta":{"reasoning":"a"}}]}
			{"choices":[{"delta":{"content":"\n"}}]}
			{"choices":[{"delta":{"content":"b"}}]}
			{"choices":[{"delta":{},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "a"
			0 signature ""
			0 ends
			1 begins: text
			1 text "\n\n\nb"
			1 ends
			delta end_turn 7+0+0→2
			stop`},
		{name: "5.2: a refusal is text, and why the answer ended", in: `
			{"choices":[{"delta":{"role":"assistant","content":null,"refusal":"I "}}]}
			{"choices":[{"delta":{"refusal":"won't."}}]}
			{"choices":[{"delta":{},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "I "
			0 text "won't."
			0 ends
			delta refusal because "I won't." 7+0+0→2
			stop`},
		{name: "pain 14: a record that is no JSON is passed over", in: `
			{"choices":[{"delta":{"content":"a"}}]}
			{"choices":[{"delta":{"content":"
			{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "a"
			0 text "b"
			0 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "4.2: of several choices the first counts", lost: "choices=dropped", in: `
			{"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":"a"}}]}
			{"choices":[{"index":1,"delta":{},"finish_reason":"length"},{"index":0,"delta":{},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "a"
			0 ends
			delta end_turn 7+0+0→2
			stop`},
		{name: "4.2: sources before any text are reported as lost and begin nothing", lost: "annotations=dropped", in: `
			{"choices":[{"delta":{"content":"","annotations":[{"type":"url_citation","url_citation":{"url":"https://a","title":"A"}}]}}]}
			{"choices":[{"delta":{"reasoning":"r"}}]}
			{"choices":[{"delta":{"content":"a"}}]}
			{"choices":[{"delta":{"annotations":[{"type":"url_citation","url_citation":{"url":"https://b"}}]},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: thinking
			0 thinking "r"
			0 signature ""
			0 ends
			1 begins: text
			1 text "a"
			1 ends
			delta end_turn 7+0+0→1
			stop`},
		{name: "4.2: a picture is told in words", lost: "image=dropped", in: `
			{"choices":[{"delta":{"content":"a"}}]}
			{"choices":[{"delta":{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `"}}]}}]}
			{"choices":[{"delta":{},"finish_reason":"stop"}]}
			[DONE]`, want: `
			start 7+0+0→0
			0 begins: text
			0 text "a"
			0 ends
			1 begins: text
			1 text "[Left out: image of type image/png, which this API cannot carry.]"
			1 ends
			delta end_turn 7+0+0→1
			stop`},
	} {
		s.run(t)
	}
}

// The whole text of a stream, byte for byte.
func TestChatStreamBytesToMessages(t *testing.T) {
	t.Run("trap 116: each record has an event line", func(t *testing.T) {
		x := exchange(local())
		got := string(converted(records(`
			{"id":"chatcmpl-9","model":"qwen3-upstream","choices":[{"delta":{"content":"h\u00e9\"\n"}}]}
			{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":1}}}
			[DONE]`), nil, x))
		want := `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"logical","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"h\u00e9\"\n"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null},"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":4,"output_tokens_details":{"thinking_tokens":1}}}

event: message_stop
data: {"type":"message_stop"}

`
		if got != want {
			t.Errorf("got\n%s", got)
		}
	})
	t.Run("trap 115: the sign of life is a ping event", func(t *testing.T) {
		if got := string(conversionOf(exchange(local())).KeepAlive(nil)); got != "event: ping\ndata: {\"type\":\"ping\"}\n\n" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("4.1: the id is the gateway's own, in Messages' form", func(t *testing.T) {
		x := exchange(local())
		x.ID = "abc"
		got := clientEvents(t, converted(records(`{"id":"chatcmpl-1","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}`), nil, x))
		if len(got.lines) == 0 {
			t.Fatal("no events")
		}
		whole := wholeAnswerOf(t, `{"id":"chatcmpl-1","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}`, x)
		if id := member(t, whole.body, "id"); id != `"msg_abc"` {
			t.Errorf("the id is %s", id)
		}
	})
}
