package openai_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// OpenRouter's own records (provider-openrouter.md 3 and 5).
func TestOpenRouterStreamToMessages(t *testing.T) {
	claude := func() *translate.Exchange { return exchange(openRouter()) }
	gemini := func() *translate.Exchange {
		target := openRouter()
		target.Family, target.Model, target.Origin = translate.FamilyGoogle, "google/gemini-3-pro", "o1"
		return exchange(target)
	}
	gpt := func() *translate.Exchange {
		target := openRouter()
		target.Family, target.Model = translate.FamilyOpenAI, "openai/gpt-5.2"
		return exchange(target)
	}
	const begin = "start 7+0+0→0\n"
	const ends = "delta end_turn 3+0+0→2\nstop"
	text := func(index string) string {
		return index + " begins: text\n" + index + " text \"x\"\n" + index + " ends\n"
	}
	x := delta(`"content":"x"`)
	for _, s := range []stream{
		{name: "D2: an error record after content", x: claude, in: x + `{"id":"gen-1","error":{"code":502,"message":"Provider returned error","metadata":{"raw":"inner words"}},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}` + "\n",
			want: begin + "0 begins: text\n0 text \"x\"\nerror api_error: the provider failed"},
		{name: "D2: an end of error without an error object", x: claude, in: x + `{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}` + "\n" + "[DONE]",
			want: begin + "0 begins: text\n0 text \"x\"\nerror api_error: the provider failed"},
		{name: "D4: an error whose code is a word", x: claude, in: x + `{"error":{"code":"server_error","message":"boom"},"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}` + "\n",
			want: begin + "0 begins: text\n0 text \"x\"\nerror api_error: the provider failed"},
		{name: "D4: an overload in the stream keeps its kind", x: claude, in: x + `{"error":{"code":503,"message":"busy"}}` + "\n",
			want: begin + "0 begins: text\n0 text \"x\"\nerror overloaded_error: the provider is overloaded"},
		{name: "pain 29: an overflow in the stream keeps the words that clients compact on", x: claude, in: `{"error":{"code":400,"message":"This endpoint's maximum context length is 200000 tokens. However, you requested about 250000 tokens (218000 of text input, 32000 in the output)."}}` + "\n",
			want: "error invalid_request_error: prompt is too long: 218000 tokens > 200000 maximum (capability_rejected: prompt_too_long)"},
		{name: "D6: usage in a record without choices", x: claude, in: x + finished("stop"), want: begin + text("0") + ends},
		{name: "D7: a first record of debug words, and one of metadata", x: claude, in: `{"id":"gen-1","choices":[],"debug":{"echo_upstream_body":{}}}` + "\n" + `{"id":"gen-1","choices":[],"openrouter_metadata":{"attempts":[]}}` + "\n" + x + finished("stop"), want: begin + text("0") + ends},
		{name: "D22: text, text, then nothing but the signature: one block", x: claude, in: delta(`"content":"","reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","format":"anthropic-claude-v1","index":0}]`) +
			delta(`"content":"","reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","format":"anthropic-claude-v1","index":0}]`) +
			delta(`"content":"","reasoning_details":[{"type":"reasoning.text","signature":"S+/=","format":"anthropic-claude-v1","index":0}]`) + x + finished("stop"),
			want: begin + "0 begins: thinking\n0 thinking \"a\"\n0 thinking \"b\"\n0 signature \"S+/=\"\n0 ends\n" + text("1") + ends},
		{name: "pain 15: two signed blocks stay two, each with its own signature", x: claude, in: delta(`"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]`) +
			delta(`"reasoning_details":[{"type":"reasoning.text","text":"","signature":"S0","index":0}]`) +
			delta(`"reasoning_details":[{"type":"reasoning.encrypted","data":"R1","format":"anthropic-claude-v1","index":1}]`) +
			delta(`"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","index":2}]`) +
			delta(`"reasoning_details":[{"type":"reasoning.text","text":"","signature":"S2","index":2}]`) +
			delta(`"reasoning":"c","reasoning_details":[{"type":"reasoning.text","text":"c","signature":"S3","index":3}]`) + x + finished("stop"),
			want: begin + "0 begins: thinking\n0 thinking \"a\"\n0 signature \"S0\"\n0 ends\n1 begins: redacted_thinking R1\n1 ends\n2 begins: thinking\n2 thinking \"b\"\n2 signature \"S2\"\n2 ends\n" +
				"3 begins: thinking\n3 thinking \"c\"\n3 signature \"S3\"\n3 ends\n" + text("4") + ends},
		{name: "pain 15: blocks of LiteLLM's thinking_blocks", x: claude, in: delta(`"reasoning_content":"a","thinking_blocks":[{"type":"thinking","thinking":"a","signature":""}]`) +
			delta(`"reasoning_content":"","thinking_blocks":[{"type":"thinking","thinking":"","signature":"S0"}]`) +
			delta(`"thinking_blocks":[{"type":"redacted_thinking","data":"R1"}]`) + x + finished("stop"),
			want: begin + "0 begins: thinking\n0 thinking \"a\"\n0 signature \"S0\"\n0 ends\n1 begins: redacted_thinking R1\n1 ends\n" + text("2") + ends},
		{name: "pain 16: a signature without any text is a block", x: claude, in: delta(`"reasoning_details":[{"type":"reasoning.text","text":"","signature":"S","format":"anthropic-claude-v1","index":0}]`) + x + finished("stop"),
			want: begin + "0 begins: thinking\n0 signature \"S\"\n0 ends\n" + text("1") + ends},
		{name: "rule 4: reasoning and its details say the same and are told once", x: gpt, in: delta(`"reasoning":"sum","reasoning_details":[{"type":"reasoning.summary","summary":"sum","format":"openai-responses-v1","index":0}]`) + x + finished("stop"),
			want: begin + "0 begins: thinking\n0 thinking \"sum\"\n0 signature \"\"\n0 ends\n" + text("1") + ends},
		{name: "rule 8: [REDACTED] is never shown, and the item is told once", x: gpt, in: delta(`"reasoning_details":[{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":0}]`) +
			delta(`"reasoning_details":[{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":0}]`) + x + finished("stop"),
			want: begin + `0 begins: redacted_thinking xjp1.openai..{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":0}` + "\n0 ends\n" + text("1") + ends},
		{name: "pain 17: Gemini's seal before a call", x: gemini, in: delta(`"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}],"reasoning_details":[{"type":"reasoning.encrypted","data":"CiQB","id":"a","format":"google-gemini-v1","index":0}]`) + finished("tool_calls"),
			want: begin + `0 begins: redacted_thinking xjp1.google..{"type":"reasoning.encrypted","data":"CiQB","id":"a","format":"google-gemini-v1","index":0}` + "\n0 ends\n" + call("1", "a", "f", "{}") + "delta tool_use 3+0+0→2\nstop"},
		{name: "pain 17: Google's own compatible server seals the call itself", x: gemini, in: fragment(`{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"CiQB"}}}`) + finished("tool_calls"),
			want: begin + "0 begins: redacted_thinking xjp1.google.o1.CiQB\n0 ends\n" + call("1", "a", "f", "{}") + "delta tool_use 3+0+0→2\nstop"},
		{name: "rule 8: a signature that comes when the text has begun is reported as lost, and shows nothing", x: claude, lost: "signature=dropped", late: true, in: delta(`"reasoning":"a"`) + x + delta(`"content":"","reasoning_details":[{"type":"reasoning.text","text":"","signature":"S","format":"anthropic-claude-v1","index":0}]`) + finished("stop"),
			want: begin + "0 begins: thinking\n0 thinking \"a\"\n0 signature \"\"\n0 ends\n" + text("1") + ends},
		{name: "D32: the end is missing while calls were made", x: claude, in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}`) + `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}` + "\n[DONE]",
			want: begin + call("0", "a", "f", "{}") + "delta tool_use 3+0+0→2\nstop"},
		{name: "D32: the end is stop while calls were made", x: claude, in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}`) + finished("stop"),
			want: begin + call("0", "a", "f", "{}") + "delta tool_use 3+0+0→2\nstop"},
	} {
		s.run(t)
	}
}
