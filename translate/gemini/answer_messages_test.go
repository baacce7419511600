package gemini_test

import (
	"strings"
	"testing"
)

// messagesTeller spells what Messages clients are told.
type messagesTeller struct{}

func (messagesTeller) whole(t *testing.T, body []byte) string {
	v := decoded(t, string(body))
	if v["error"] != nil {
		return failure(v)
	}
	var out lines
	for _, b := range list(v["content"]) {
		tellBlock(&out, b)
	}
	tellStop(&out, v)
	tellMessagesUsage(&out, v["usage"])
	return out.String()
}

// stream gathers the events and checks their order: blocks have rising indexes, one is
// open at a time, and deltas fit its type (pains 1 to 4).
func (messagesTeller) stream(t *testing.T, frames []frame) string {
	var out lines
	var block object
	var args strings.Builder
	next, open, ended := 0, false, false
	for i, f := range frames {
		v := decoded(t, f.data)
		if str(v["type"]) != f.name {
			t.Errorf("event %s holds %s", f.name, v["type"])
		}
		if (f.name == "message_start") != (i == 0) && f.name != "error" {
			t.Errorf("event %d is %s", i, f.name)
		}
		if ended {
			t.Errorf("%s after the end", f.name)
		}
		switch f.name {
		case "error":
			return out.String() + failure(v)
		case "content_block_start":
			if open || count(v["index"]) != itoa(next) {
				t.Errorf("block %s begins, %d expected, open: %v", count(v["index"]), next, open)
			}
			block, open = in(v, "content_block").(object), true
			args.Reset()
		case "content_block_delta":
			if !open || count(v["index"]) != itoa(next) {
				t.Errorf("a delta for block %s, %d is open: %v", count(v["index"]), next, open)
			}
			addDelta(t, block, v["delta"], &args)
		case "content_block_stop":
			if !open || count(v["index"]) != itoa(next) {
				t.Errorf("block %s ends, %d is open: %v", count(v["index"]), next, open)
			}
			if args.Len() > 0 {
				block["input"] = decoded(t, args.String())
			}
			open = false
			next++
			tellBlock(&out, block)
		case "message_delta":
			tellStop(&out, v["delta"])
			tellMessagesUsage(&out, v["usage"])
		case "message_stop":
			ended = true
		}
	}
	if !ended {
		t.Error("no message_stop")
	}
	return out.String()
}

func itoa(n int) string { return string(rune('0' + n)) }

func addDelta(t *testing.T, block object, delta any, args *strings.Builder) {
	kind := str(in(delta, "type"))
	want := map[string]string{"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking", "input_json_delta": "tool_use"}[kind]
	if str(block["type"]) != want {
		t.Errorf("%s in a block of type %s", kind, block["type"])
	}
	switch kind {
	case "text_delta":
		block["text"] = str(block["text"]) + str(in(delta, "text"))
	case "thinking_delta":
		block["thinking"] = str(block["thinking"]) + str(in(delta, "thinking"))
	case "signature_delta":
		block["signature"] = str(in(delta, "signature"))
	case "input_json_delta":
		args.WriteString(str(in(delta, "partial_json")))
	}
}

func tellBlock(out *lines, b any) {
	switch str(in(b, "type")) {
	case "text":
		out.add("text %q", str(in(b, "text")))
	case "thinking":
		out.add("thinking %q%s", str(in(b, "thinking")), seal(in(b, "signature")))
	case "redacted_thinking":
		out.add("redacted%s", seal(in(b, "data")))
	case "tool_use":
		out.add("tool_use %s %s", str(in(b, "name")), unordered(in(b, "input")))
	default:
		out.add("%s", unordered(b))
	}
}

func tellStop(out *lines, v any) {
	out.add("stop %s", str(in(v, "stop_reason")))
	if why := str(in(v, "stop_details", "explanation")); why != "" {
		out.add("explained %q", why)
	}
}

func tellMessagesUsage(out *lines, u any) {
	if input, output := count(in(u, "input_tokens")), count(in(u, "output_tokens")); input+output != "00" {
		out.add("usage %s + %s", input, output)
	}
	if n := count(in(u, "cache_read_input_tokens")); n != "0" {
		out.add("cache read %s", n)
	}
	if n := count(in(u, "output_tokens_details", "thinking_tokens")); n != "0" {
		out.add("of which thinking %s", n)
	}
	if tier := str(in(u, "service_tier")); tier != "" {
		out.add("tier %s", tier)
	}
}
