package openai_test

import (
	"errors"
	"testing"
)

// slow is how a body ends that was silent for too long.
type slow struct{}

func (slow) Error() string { return "nothing for 2m0s" }
func (slow) Timeout() bool { return true }

// How a stream of Chat ends, well or not (4.3, 4.4, 5.2, 5.5).
func TestChatStreamEndsToMessages(t *testing.T) {
	const (
		text  = `{"choices":[{"index":0,"delta":{"role":"assistant","content":"abcdefgh"},"finish_reason":null}]}` + "\n"
		stop  = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n"
		usage = `{"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":10}}}` + "\n"
		done  = "[DONE]\n"
		told  = "start 7+0+0→0\n0 begins: text\n0 text \"abcdefgh\"\n"
		block = told + "0 ends\n"
	)
	ended := func(reason string) string { return block + "delta " + reason + " 7+0+0→2\nstop" }
	finish := func(reason string) string {
		return `{"choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}` + "\n"
	}
	for _, s := range []stream{
		{name: "trap 103: a usage record without choices is merged", in: text + stop + usage + done, want: block + "delta end_turn 20+10+0→5\nstop"},
		{name: "trap 103: choices of null as well", in: text + stop + `{"choices":null,"usage":{"prompt_tokens":30,"completion_tokens":5}}` + "\n" + done, want: block + "delta end_turn 30+0+0→5\nstop"},
		{name: "trap 104: an end without usage, then the body's end", in: text + stop, want: ended("end_turn")},
		{name: "trap 104: an end without usage, then a cut", in: text + stop, end: errors.New("connection reset"), want: ended("end_turn")},
		{name: "trap 105: usage before the end is told once", in: text + usage + stop + done, want: block + "delta end_turn 20+10+0→5\nstop"},
		{name: "trap 105: usage with each record, and an end that comes twice", in: `{"choices":[{"index":0,"delta":{"content":"abcdefgh"}}],"usage":{"prompt_tokens":30,"completion_tokens":1}}` + "\n" +
			`{"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":30,"completion_tokens":5}}` + "\n" +
			`{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":6}}` + "\n" + done,
			want: told + "0 ends\ndelta max_tokens 30+0+0→6\nstop"},
		{name: "trap 105: usage of null says nothing", in: `{"choices":[{"index":0,"delta":{"content":"abcdefgh"}}],"usage":null}` + "\n" + usage + `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}` + "\n" + done,
			want: block + "delta end_turn 20+10+0→5\nstop"},
		{name: "trap 106: an end, again an end, and [DONE]: one stop for each block", in: text + stop + stop + done + done, want: ended("end_turn")},
		{name: "trap 113: the body ends in the middle of text", in: text, want: told + "error api_error: the provider's stream ended before the answer was complete"},
		{name: "trap 113: the connection breaks in the middle of text (pain 7)", in: text, end: errors.New("connection reset"), want: told + "error api_error: the provider's stream ended before the answer was complete"},
		{name: "pain 7: the body ends inside of a call", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}`), want: "start 7+0+0→0\n0 begins: tool_use a f\n0 input_json `{\"x\":`\nerror api_error: the provider's stream ended before the answer was complete"},
		{name: "trap 114: the input is told at the end", in: text + stop + usage + done, want: block + "delta end_turn 20+10+0→5\nstop"},
		{name: "trap 114: and at the beginning, where the provider tells it", in: usage + text + stop + done, want: "start 20+10+0→0\n0 begins: text\n0 text \"abcdefgh\"\n0 ends\ndelta end_turn 20+10+0→5\nstop"},
		{name: "4.4: usage in Groq's own place", in: text + `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":26,"completion_tokens":41}}}` + "\n" + done, want: block + "delta end_turn 26+0+0→41\nstop"},

		{name: "5.5: [DONE] without a reason, with output", in: text + done, want: ended("end_turn")},
		{name: "5.5: [DONE] without a reason, with a whole call", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}`) + done, want: "start 7+0+0→0\n" + call("0", "a", "f", "{}") + "delta tool_use 7+0+0→1\nstop"},
		{name: "5.5: [DONE] without a reason, inside of a call", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}`) + done, want: "start 7+0+0→0\n0 begins: tool_use a f\n0 input_json `{\"x\":`\nerror api_error: the provider's stream ended before the answer was complete"},
		{name: "5.5: [DONE] without a reason, inside of a call without a name", in: fragment(`{"index":0,"id":"a","function":{"arguments":"{\"x\":"}}`) + done, want: "error api_error: the provider's stream ended before the answer was complete"},
		{name: "5.5: nothing at all", in: "", want: "error api_error: the provider sent an empty answer"},
		{name: "5.5: nothing but [DONE]", in: done, want: "error api_error: the provider sent an empty answer"},
		{name: "5.5: a role, and no more", in: `{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}` + "\n" + done, want: "error api_error: the provider sent an empty answer"},
		{name: "5.5: an empty answer with a reason is one", in: stop + done, want: "start 7+0+0→0\ndelta end_turn 7+0+0→0\nstop"},
		{name: "5.5: silence", in: text, end: slow{}, want: told + "error timeout_error: the provider sent nothing for 2m0s"},
		{name: "5.5: after [DONE] nothing is told", in: text + stop + done + text, want: ended("end_turn")},
		{name: "5.5: text beside and after the reason is told", in: `{"choices":[{"index":0,"delta":{"content":"abcd"},"finish_reason":"stop"}]}` + "\n" + `{"choices":[{"index":0,"delta":{"content":"efgh"}}]}` + "\n" + done,
			want: "start 7+0+0→0\n0 begins: text\n0 text \"abcd\"\n0 text \"efgh\"\n0 ends\ndelta end_turn 7+0+0→2\nstop"},

		{name: "4.3: stop", in: text + finish("stop") + done, want: ended("end_turn")},
		{name: "4.3: length, pain 6", in: text + finish("length") + done, want: ended("max_tokens")},
		{name: "trap 93: content_filter, pain 6", in: text + finish("content_filter") + done, want: ended("refusal")},
		{name: "4.3: a word that nobody knows is no failure", in: text + finish("recitation") + done, want: ended("end_turn")},
		{name: "4.3: a refusal cut by the limit", in: delta(`"refusal":"abcdefgh"`) + finish("length") + done, want: block + "delta max_tokens 7+0+0→2\nstop"},
		{name: "4.3: a stop sequence that vLLM names", in: text + `{"choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":"END"}]}` + "\n" + done, want: ended(`stop_sequence "END"`)},
		{name: "4.3: a stop sequence that SGLang names", in: text + `{"choices":[{"index":0,"delta":{},"finish_reason":"stop","matched_stop":"END"}]}` + "\n" + done, want: ended(`stop_sequence "END"`)},
		{name: "4.3: a stop token that the client did not ask for", in: text + `{"choices":[{"index":0,"delta":{},"finish_reason":"stop","matched_stop":"<|end|>"}]}` + "\n" + `{"choices":[{"index":0,"delta":{},"stop_reason":151643}]}` + "\n" + done, want: ended("end_turn")},
	} {
		s.run(t)
	}
}
