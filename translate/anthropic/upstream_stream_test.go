package anthropic_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

// The events of Messages' streams.
const (
	started = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1}}}`
	pinged  = `{"type":"ping"}`
	stopped = `{"type":"message_stop"}`
)

func block(i int, start string) string {
	return `{"type":"content_block_start","index":` + strconv.Itoa(i) + `,"content_block":` + start + `}`
}

func delta(i int, kind, key, value string) string {
	return `{"type":"content_block_delta","index":` + strconv.Itoa(i) + `,"delta":{"type":"` + kind + `","` + key + `":"` + value + `"}}`
}

func textBlock(i int) string           { return block(i, `{"type":"text","text":""}`) }
func textDelta(i int, s string) string { return delta(i, "text_delta", "text", s) }
func thought(i int) string             { return block(i, `{"type":"thinking","thinking":"","signature":""}`) }
func thinks(i int, s string) string    { return delta(i, "thinking_delta", "thinking", s) }
func seals(i int, s string) string     { return delta(i, "signature_delta", "signature", s) }
func tool(i int, id, name string) string {
	return block(i, `{"type":"tool_use","id":"`+id+`","name":"`+name+`","input":{}}`)
}
func args(i int, s string) string { return delta(i, "input_json_delta", "partial_json", s) }
func end(i int) string            { return `{"type":"content_block_stop","index":` + strconv.Itoa(i) + `}` }
func ends(reason string) string {
	return `{"type":"message_delta","delta":{"stop_reason":"` + reason + `","stop_sequence":null},"usage":{"output_tokens":3}}`
}

// The chunks of Chat's streams, as told writes them.
const (
	roleChunk = `{"role":"assistant","content":""}`
	done      = "data: [DONE]"
)

func content(s string) string   { return `{"content":"` + s + `"}` }
func reasoning(s string) string { return `{"reasoning_content":"` + s + `"}` }
func called(k int, id, name string) string {
	return `{"tool_calls":[{"index":` + strconv.Itoa(k) + `,"id":"` + id + `","type":"function","function":{"name":"` + name + `","arguments":""}}]}`
}
func argued(k int, s string) string {
	return `{"tool_calls":[{"index":` + strconv.Itoa(k) + `,"function":{"arguments":"` + s + `"}}]}`
}
func sealed(text, signature string, i int) string {
	return `{"reasoning_details":[{"type":"reasoning.text","text":"` + text + `","signature":"` + signature + `","format":"anthropic-claude-v1","index":` + strconv.Itoa(i) + `}]}`
}

func events(list ...string) []string { return list }

// streamRow is a stream of Messages and the chunks that a client of Chat must get of it.
type streamRow struct {
	name  string
	asked string
	in    []string
	want  []string
	lost  string
}

func (r streamRow) run(t *testing.T) {
	t.Run(r.name, func(t *testing.T) {
		x := asking(t, r.asked)
		same(t, streamed(t, x, r.in...), r.want)
		if lost := x.AnswerLosses.String(); lost != r.lost {
			t.Errorf("losses %q, want %q", lost, r.lost)
		}
	})
}

// Streams (wire-openai-anthropic.md 5.3).
func TestMessagesStreamToChat(t *testing.T) {
	const (
		withUsage = `,"stream":true,"stream_options":{"include_usage":true}`
		usage     = `usage {"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}`
		format    = `,"response_format":{"type":"json_schema","json_schema":{"name":"person","schema":{"type":"object"}}}`
		custom    = `,"tools":[{"type":"custom","custom":{"name":"patch"}}]`
	)
	for _, r := range []streamRow{
		{name: "5.3 text", in: events(started, textBlock(0), pinged, textDelta(0, "Hé "), textDelta(0, `\u00e9\n\"`), end(0), ends("end_turn"), stopped),
			want: events(roleChunk, ": keep-alive", content("Hé "), content(`\u00e9\n\"`), `{} stop`, done)},
		{name: "5.3 text in a block's beginning", in: events(started, block(0, `{"type":"text","text":"Hi"}`), textDelta(0, "!"), end(0), ends("end_turn"), stopped),
			want: events(roleChunk, content("Hi"), content("!"), `{} stop`, done)},
		{name: "trap 56: thinking is reasoning_content, and content is never empty", in: events(started, thought(0), thinks(0, "Hm"), thinks(0, ""), thinks(0, "."), end(0), textBlock(1), textDelta(1, ""), textDelta(1, "a"), end(1), ends("end_turn"), stopped),
			want: events(roleChunk, reasoning("Hm"), reasoning("."), content("a"), `{} stop`, done)},
		{name: "5.3 the seal comes with all that it seals", in: events(started, thought(0), thinks(0, "Hm"), thinks(0, "."), seals(0, "sig"), end(0), thought(1), thinks(1, "So"), seals(1, "sig2"), end(1), textBlock(2), textDelta(2, "a"), end(2), ends("end_turn"), stopped),
			want: events(roleChunk, reasoning("Hm"), reasoning("."), sealed("Hm.", "sig", 0), reasoning("So"), sealed("So", "sig2", 1), content("a"), `{} stop`, done)},
		{name: "pain 16: a seal without text is told", in: events(started, thought(0), seals(0, "sig"), end(0), textBlock(1), textDelta(1, "a"), end(1), ends("end_turn"), stopped),
			want: events(roleChunk, sealed("", "sig", 0), content("a"), `{} stop`, done)},
		{name: "5.3 hidden thinking", in: events(started, block(0, `{"type":"redacted_thinking","data":"xyz"}`), end(0), textBlock(1), textDelta(1, "a"), end(1), ends("end_turn"), stopped),
			want: events(roleChunk, `{"reasoning_details":[{"type":"reasoning.encrypted","data":"xyz","format":"anthropic-claude-v1","index":0}]}`, content("a"), `{} stop`, done)},

		{name: "trap 57: calls are counted from 0, wherever their blocks stand", in: events(started, textBlock(0), textDelta(0, "I look."), end(0), tool(1, "t1", "f"), args(1, `{\"a\":`), args(1, "1}"), end(1),
			block(2, `{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}}`), args(2, "{}"), end(2), tool(3, "t2", "g"), args(3, "{}"), end(3), ends("tool_use"), stopped),
			want: events(roleChunk, content("I look."), called(0, "t1", "f"), argued(0, `{\"a\":`), argued(0, "1}"), called(1, "t2", "g"), argued(1, "{}"), `{} tool_calls`, done), lost: "server_tool_use=dropped"},
		{name: "trap 58: pieces of two open calls go to their own", in: events(started, tool(0, "t1", "f"), tool(1, "t2", "g"), args(0, `{\"a\"`), args(1, `{\"b\"`), args(0, ":1}"), args(1, ":2}"), end(0), end(1), ends("tool_use"), stopped),
			want: events(roleChunk, called(0, "t1", "f"), called(1, "t2", "g"), argued(0, `{\"a\"`), argued(1, `{\"b\"`), argued(0, ":1}"), argued(1, ":2}"), `{} tool_calls`, done)},
		{name: "trap 59: a call without a piece has no arguments", in: events(started, tool(0, "t1", "f"), args(0, ""), end(0), ends("tool_use"), stopped),
			want: events(roleChunk, called(0, "t1", "f"), argued(0, "{}"), `{} tool_calls`, done)},
		{name: "5.3 input that the block began with", in: events(started, block(0, `{"type":"tool_use","id":"t1","name":"f","input":{"a":"\"b\""}}`), end(0), ends("tool_use"), stopped),
			want: events(roleChunk, called(0, "t1", "f"), argued(0, `{\"a\":\"\\\"b\\\"\"}`), `{} tool_calls`, done)},
		{name: "5.3 input that the block began with, and pieces", in: events(started, block(0, `{"type":"tool_use","id":"t1","name":"f","input":{"a":1}}`), args(0, `{\"a\":2}`), end(0), ends("tool_use"), stopped),
			want: events(roleChunk, called(0, "t1", "f"), argued(0, `{\"a\":2}`), `{} tool_calls`, done)},
		{name: "trap 66: an answer that begins with a call has a role first", in: events(tool(0, "t1", "f"), args(0, "{}"), end(0), ends("tool_use"), stopped),
			want: events(roleChunk, called(0, "t1", "f"), argued(0, "{}"), `{} tool_calls`, done)},
		{name: "pain 26: a freeform call is told as its text", asked: custom, in: events(started, tool(0, "t1", "patch"), args(0, `{\"inp`), args(0, `ut\":\"a\\n\\\"b\\\"\"}`), end(0), ends("tool_use"), stopped),
			want: events(roleChunk, `{"tool_calls":[{"index":0,"id":"t1","type":"custom","custom":{"name":"patch","input":""}}]}`, `{"tool_calls":[{"index":0,"custom":{"input":"a\n\"b\""}}]}`, `{} tool_calls`, done)},
		{name: "2.5 the older form", asked: `,"functions":[{"name":"f"}]`, in: events(started, tool(0, "t1", "f"), args(0, `{\"a\":`), args(0, "1}"), end(0), ends("tool_use"), stopped),
			want: events(roleChunk, `{"function_call":{"name":"f","arguments":""}}`, `{"function_call":{"arguments":"{\"a\":"}}`, `{"function_call":{"arguments":"1}"}}`, `{} function_call`, done)},
		{name: "2.7 the stand-in for a schema is the content", asked: format, in: events(started, tool(0, "t1", "person"), args(0, `{\"a\":`), args(0, "1}"), end(0), ends("tool_use"), stopped),
			want: events(roleChunk, content(`{\"a\":`), content("1}"), `{} stop`, done)},
		{name: "2.7 the stand-in without a piece", asked: format, in: events(started, tool(0, "t1", "person"), end(0), ends("tool_use"), stopped), want: events(roleChunk, content("{}"), `{} stop`, done)},

		{name: "trap 60: usage that was not asked for is not told", in: events(started, textBlock(0), textDelta(0, "a"), end(0), ends("end_turn"), stopped), want: events(roleChunk, content("a"), `{} stop`, done)},
		{name: "trap 61: usage that was asked for is the last chunk, without choices", asked: withUsage, in: events(started, textBlock(0), textDelta(0, "a"), end(0), ends("end_turn"), stopped),
			want: events(roleChunk, content("a"), `{} stop`, usage, done)},
		{name: "trap 62: no chunk has a key error", asked: withUsage, in: events(started, thought(0), thinks(0, "Hm"), end(0), tool(1, "t1", "f"), args(1, "{}"), end(1), ends("tool_use"), stopped),
			want: events(roleChunk, reasoning("Hm"), called(0, "t1", "f"), argued(0, "{}"), `{} tool_calls`, usage, done)},
		{name: "trap 64: a ping keeps the client's connection alive", in: events(started, pinged, textBlock(0), textDelta(0, "a"), pinged, end(0), ends("end_turn"), stopped),
			want: events(roleChunk, ": keep-alive", content("a"), ": keep-alive", `{} stop`, done)},
		{name: "trap 65: the chunk that finishes has choices and a delta", in: events(started, textBlock(0), textDelta(0, "a"), end(0), ends("max_tokens"), stopped), want: events(roleChunk, content("a"), `{} length`, done)},
		{name: "trap 49: a refusal is told before the end", in: events(started, `{"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","explanation":"No \"way\"."}},"usage":{"output_tokens":3}}`, stopped),
			want: events(roleChunk, `{"refusal":"No \"way\"."}`, `{} content_filter`, done)},
		{name: "4.2 citations are told before the end", in: events(started, textBlock(0), textDelta(0, "Añ. "), end(0), textBlock(1), `{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://x","title":"T"}}}`, textDelta(1, "Blue"), textDelta(1, "."), end(1), ends("end_turn"), stopped),
			want: events(roleChunk, content("Añ. "), content("Blue"), content("."), `{"annotations":[{"type":"url_citation","url_citation":{"url":"https://x","title":"T","start_index":4,"end_index":9}}]}`, `{} stop`, done)},
		{name: "5.3 a second beginning is ignored", in: events(started, started, textBlock(0), textDelta(0, "a"), started, end(0), ends("end_turn"), stopped), want: events(roleChunk, content("a"), `{} stop`, done)},
		{name: "5.3 nothing stands behind the end", asked: withUsage, in: events(started, textBlock(0), textDelta(0, "a"), end(0), ends("end_turn"), stopped, textDelta(0, "b"), stopped, pinged),
			want: events(roleChunk, content("a"), `{} stop`, usage, done)},
		{name: "5.3 blocks left open are ended", in: events(started, tool(0, "t1", "f"), ends("tool_use"), stopped), want: events(roleChunk, called(0, "t1", "f"), argued(0, "{}"), `{} tool_calls`, done)},
		{name: "rule G9: an event, a block and a delta of unknown types", in: events(started, `{"type":"aurora"}`, block(0, `{"type":"hologram"}`), `{"type":"content_block_delta","index":0,"delta":{"type":"photon_delta","text":"x"}}`, end(0), textBlock(1), textDelta(1, "a"), textDelta(7, "lost"), end(1), ends("end_turn"), stopped),
			want: events(roleChunk, content("a"), `{} stop`, done), lost: "hologram=dropped"},
		{name: "pain 14: a broken record does not end the stream", in: events(started, textBlock(0), `{"type":"content_block_delta","index":0,"del`, textDelta(0, "a"), end(0), ends("end_turn"), stopped),
			want: events(roleChunk, content("a"), `{} stop`, done), lost: "record=dropped"},
		{name: "5.1 [DONE], of hosts that speak Chat as well", in: events(started, textBlock(0), textDelta(0, "a"), end(0), ends("end_turn"), stopped, "[DONE]"), want: events(roleChunk, content("a"), `{} stop`, done)},
		{name: "pain 4: the order of chunks, of thinking, text, a server's tool and two calls (5.6)", asked: withUsage, in: events(started, thought(0), thinks(0, "Hm"), seals(0, "sig"), end(0), textBlock(1), textDelta(1, "I look."), end(1), block(2, `{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`), end(2),
			tool(3, "t1", "f"), args(3, "{}"), end(3), tool(4, "t2", "g"), args(4, "{}"), end(4), ends("tool_use"), stopped),
			want: events(roleChunk, reasoning("Hm"), sealed("Hm", "sig", 0), content("I look."), called(0, "t1", "f"), argued(0, "{}"), called(1, "t2", "g"), argued(1, "{}"), `{} tool_calls`, usage, done), lost: "server_tool_use=dropped"},
	} {
		r.run(t)
	}
}

// Ends and failures of streams (5.5).
func TestMessagesStreamFailuresToChat(t *testing.T) {
	failed := func(message, code string) string {
		return `{"error":{"message":"` + message + `","type":"server_error","param":null,"code":"` + code + `"}}`
	}
	const broke = "the provider's stream ended before the answer was complete"
	for _, r := range []streamRow{
		{name: "trap 63: an error behind text is told, and the stream does not end well", in: events(started, textBlock(0), textDelta(0, "a"), `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`),
			want: events(roleChunk, content("a"), failed("the provider is overloaded", "overloaded"))},
		{name: "5.5 an error of the API", in: events(started, textBlock(0), textDelta(0, "a"), `{"type":"error","error":{"type":"api_error","message":"secret internals"}}`, textDelta(0, "b"), stopped),
			want: events(roleChunk, content("a"), failed("the provider failed", "upstream_error"))},
		{name: "5.5 an error without a type of its event", in: events(started, textBlock(0), textDelta(0, "a"), `{"error":{"type":"rate_limit_error","message":"slow down"}}`),
			want: events(roleChunk, content("a"), `{"error":{"message":"the provider's rate limit is reached","type":"rate_limit_error","param":null,"code":"upstream_rate_limited"}}`)},
		{name: "pain 7: a stream cut in the text is an error", in: events(started, textBlock(0), textDelta(0, "a")), want: events(roleChunk, content("a"), failed(broke, "upstream_stream_interrupted"))},
		{name: "5.5 a stream cut in a call", in: events(started, tool(0, "t1", "f"), args(0, `{\"a`)), want: events(roleChunk, called(0, "t1", "f"), argued(0, `{\"a`), failed(broke, "upstream_stream_interrupted"))},
		{name: "5.5 a stream of nothing", in: events(started), want: events(roleChunk, failed("the provider sent an empty answer", "empty_upstream_response"))},
		{name: "5.5 a stream cut when all was said", asked: `,"stream_options":{"include_usage":true}`, in: events(started, textBlock(0), textDelta(0, "a"), end(0), ends("end_turn")),
			want: events(roleChunk, content("a"), `{} stop`, `usage {"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}`, done)},
		{name: "5.5 the limit cut the arguments", in: events(started, tool(0, "t1", "f"), args(0, `{\"a`), end(0), ends("max_tokens"), stopped), want: events(roleChunk, called(0, "t1", "f"), argued(0, `{\"a`), `{} length`, done)},
	} {
		r.run(t)
	}
	t.Run("5.5 a broken connection is told alike", func(t *testing.T) {
		x := asking(t, "")
		p := pass(x)
		var out []byte
		for _, e := range events(started, textBlock(0), textDelta(0, "a")) {
			out, _ = p.Record(out, nil, []byte(e), nil)
		}
		out, seen := p.Close(out, errors.New("read tcp 10.0.0.1: connection reset"))
		got := string(out)
		if seen.Err == nil || !strings.HasSuffix(got, `"code":"upstream_stream_interrupted"}}`+"\n\n") || strings.Contains(got, "10.0.0.1") {
			t.Errorf("%v, %s", seen.Err, got)
		}
	})
	t.Run("5.5 usage that never came is estimated", func(t *testing.T) {
		x := asking(t, `,"stream_options":{"include_usage":true}`)
		quiet := strings.Replace(started, `,"usage":{"input_tokens":10,"output_tokens":1}`, "", 1)
		got := streamed(t, x, quiet, textBlock(0), textDelta(0, "12345678"), end(0), `{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`, stopped)
		same(t, got, events(roleChunk, content("12345678"), `{} stop`, `usage {"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,"prompt_tokens_details":{"cached_tokens":0}}`, done))
	})
	t.Run("pain 13: a frame that keeps the connection alive is a comment, between any two chunks", func(t *testing.T) {
		x := asking(t, "")
		p := pass(x)
		var out []byte
		for _, e := range events(started, tool(0, "t1", "f"), args(0, "{}"), end(0), ends("tool_use"), stopped) {
			out = p.KeepAlive(out)
			out, _ = p.Record(out, nil, []byte(e), nil)
		}
		want := events(": keep-alive", roleChunk, ": keep-alive", called(0, "t1", "f"), ": keep-alive", argued(0, "{}"), ": keep-alive", ": keep-alive", ": keep-alive", `{} tool_calls`, done)
		same(t, told(t, x, out), want)
	})
	t.Run("pain 3: a block that is told in many pieces begins once", func(t *testing.T) {
		in := events(started, tool(0, "t1", "f"))
		want := events(roleChunk, called(0, "t1", "f"))
		for _, c := range `{\"a\": [1, 2]}` {
			if c != '\\' && c != '"' {
				in, want = append(in, args(0, string(c))), append(want, argued(0, string(c)))
			}
		}
		in, want = append(in, end(0), ends("tool_use"), stopped), append(want, `{} tool_calls`, done)
		same(t, streamed(t, asking(t, ""), in...), want)
	})
}
