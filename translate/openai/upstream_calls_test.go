package openai_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// delta is a record of one choice with the given members of its delta.
func delta(members string) string {
	return `{"choices":[{"index":0,"delta":{` + members + `},"finish_reason":null}]}` + "\n"
}

// fragment is a record with fragments of tool calls.
func fragment(calls string) string { return delta(`"tool_calls":[` + calls + `]`) }

// finished ends a choice, tells usage and ends the stream.
func finished(reason string) string {
	return `{"choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}` + "\n" + `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}` + "\n[DONE]"
}

// call spells the events of a call whose arguments come in pieces.
func call(index, id, name string, pieces ...string) string {
	out := index + " begins: tool_use " + id + " " + name + "\n"
	for _, p := range pieces {
		out += index + " input_json " + quote(p) + "\n"
	}
	return out + index + " ends\n"
}

// Fragments of tool calls (5.4).
func TestChatStreamCallsToMessages(t *testing.T) {
	const begin = "start 7+0+0→0\n"
	const ends = "delta tool_use 3+0+0→2\nstop"
	for _, s := range []stream{
		{name: "trap 95: three calls of index 0 with ids of their own (pain 5)", in: fragment(`{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}`) +
			fragment(`{"index":0,"id":"b","type":"function","function":{"name":"f","arguments":"{\"x\":2}"}}`) +
			fragment(`{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":3}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":1}`) + call("1", "b", "f", `{"x":2}`) + call("2", "c", "f", `{"x":3}`) + ends},
		{name: "pain 5: three calls of index 0 without ids", in: fragment(`{"index":0,"function":{"name":"f","arguments":"{\"x\":1}"}}`) +
			fragment(`{"index":0,"function":{"name":"f","arguments":"{\"x\":2}"}}`) +
			fragment(`{"index":0,"function":{"name":"g","arguments":"{\"x\":3}"}}`) + finished("tool_calls"),
			want: begin + call("0", minted(0), "f", `{"x":1}`) + call("1", minted(1), "f", `{"x":2}`) + call("2", minted(2), "g", `{"x":3}`) + ends},
		{name: "trap 95: three calls without index", in: fragment(`{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}`) +
			fragment(`{"id":"c","function":{"name":"f","arguments":"{\"x\":3}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":1}`) + call("1", "b", "g", `{}`) + call("2", "c", "f", `{"x":3}`) + ends},
		{name: "trap 96: parallel calls, one after the other", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":""}}`) +
			fragment(`{"index":0,"function":{"arguments":"{\"x\""}}`) + fragment(`{"index":0,"function":{"arguments":":1}"}}`) +
			fragment(`{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\":"}}`) + fragment(`{"index":1,"function":{"arguments":"2}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x"`, `:1}`) + call("1", "b", "g", `{"y":`, `2}`) + ends},
		{name: "trap 96: parallel calls whose pieces interleave (pain 1)", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":1,"id":"b","function":{"name":"g","arguments":""}}`) +
			fragment(`{"index":1,"function":{"arguments":"{\"y\":"}}`) + fragment(`{"index":0,"function":{"arguments":"{\"x\":"}}`) +
			fragment(`{"index":0,"function":{"arguments":"1}"}},{"index":1,"function":{"arguments":"2}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":`, `1}`) + call("1", "b", "g", `{"y":`, `2}`) + ends},
		{name: "5.4: a brace in a string ends nothing", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":\"}\\\""}}`) +
			fragment(`{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}`) + fragment(`{"index":0,"function":{"arguments":"{\"}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":"}\"`, `{"}`) + call("1", "b", "g", `{}`) + ends},
		{name: "5.4: indexes with gaps that begin at 3", in: fragment(`{"index":3,"id":"a","function":{"name":"f","arguments":"{}"}}`) + fragment(`{"index":7,"id":"b","function":{"name":"g","arguments":"{}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{}`) + call("1", "b", "g", `{}`) + ends},
		{name: "trap 79: an empty name in a later piece", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}`) + fragment(`{"index":0,"id":"","function":{"name":"","arguments":"1}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":`, `1}`) + ends},
		{name: "trap 79: a name that comes after the first piece", in: fragment(`{"index":0,"id":"a","function":{"name":"","arguments":"{\"x\":"}}`) + fragment(`{"index":0,"function":{"name":"f","arguments":"1}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":`, `1}`) + ends},
		{name: "trap 79: no name at all", in: fragment(`{"index":0,"id":"a","function":{"arguments":"{\"x\":1}"}}`) + fragment(`{"index":1,"id":"b","function":{"name":""}}`) + finished("tool_calls"),
			want: "start 3+0+0→0\n" + call("0", "a", "tool_0", `{"x":1}`) + ends},
		{name: "trap 109: the name in one record, the id in the next (pain 2)", in: fragment(`{"index":0,"function":{"name":"f"}}`) + fragment(`{"index":0,"id":"a"}`) + fragment(`{"index":0,"function":{"arguments":"{\"x\":1}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":1}`) + ends},
		{name: "trap 109: the id, then the name, then arguments (pain 2)", in: fragment(`{"index":0,"id":"a"}`) + fragment(`{"index":0,"function":{"name":"f"}}`) + fragment(`{"index":0,"function":{"arguments":"{}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{}`) + ends},
		{name: "trap 109: an id that never comes is made, the same each time", in: fragment(`{"index":0,"function":{"name":"f","arguments":"{\"x\":1}"}}`) + finished("tool_calls"),
			want: begin + call("0", minted(0), "f", `{"x":1}`) + ends},
		{name: "trap 110: a name and an id of null in later pieces", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}`) + fragment(`{"index":0,"id":null,"type":null,"function":{"name":null,"arguments":"1}"}}`) +
			fragment(`{"index":0,"function":{"name":null,"arguments":null}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":`, `1}`) + ends},
		{name: "5.4: name and id again with each piece", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}`) + fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"1}"}}`) + fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":""}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":`, `1}`) + ends},
		{name: "5.4: the name again, without id and arguments", in: fragment(`{"index":0,"function":{"name":"f","arguments":"{\"x\":1}"}}`) + fragment(`{"index":0,"function":{"name":"f","arguments":""}}`) + finished("tool_calls"),
			want: begin + call("0", minted(0), "f", `{"x":1}`) + ends},
		{name: "trap 111: arguments {} before the real ones", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}`) + fragment(`{"index":0,"function":{"arguments":"{\"x\":"}}`) + fragment(`{"index":0,"function":{"arguments":"1}"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"x":`, `1}`) + ends},
		{name: "trap 111: arguments {} and a name again before the real ones", in: fragment(`{"index":0,"function":{"name":"f","arguments":"{}"}}`) + fragment(`{"index":0,"function":{"name":"f","arguments":"{\"x\":1}"}}`) + finished("tool_calls"),
			want: begin + call("0", minted(0), "f", `{"x":1}`) + ends},
		{name: "5.4: arguments as an object", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":{"b": 1.0, "a": "\u00e9"}}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{"b": 1.0, "a": "\u00e9"}`) + ends},
		{name: "5.4: no arguments at all", in: fragment(`{"index":0,"id":"a","function":{"name":"f"}}`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{}`) + ends},
		{name: "5.4: the old function_call", in: delta(`"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}`) + delta(`"function_call":{"arguments":"{\"x\":"}`) + delta(`"function_call":{"arguments":"1}"}`) + finished("function_call"),
			want: begin + call("0", minted(0), "f", `{"x":`, `1}`) + ends},
		{name: "5.4: whole messages instead of deltas", in: `{"choices":[{"index":0,"message":{"role":"assistant","content":"a","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}` + "\n[DONE]",
			want: begin + "0 begins: text\n0 text \"a\"\n0 ends\n" + call("1", "a", "f", `{}`) + ends},
		{name: "5.4: text after a call without arguments of its own", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}`) + delta(`"content":"b"`) + finished("tool_calls"),
			want: begin + call("0", "a", "f", `{}`) + "1 begins: text\n1 text \"b\"\n1 ends\n" + ends},
		{name: "trap 91: the end says stop though a call was made, pain 6", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}`) + finished("stop"), want: begin + call("0", "a", "f", `{}`) + ends},
		{name: "trap 92: the end says tool_calls though none was made", in: delta(`"content":"a"`) + finished("tool_calls"), want: begin + "0 begins: text\n0 text \"a\"\n0 ends\ndelta end_turn 3+0+0→2\nstop"},
		{name: "5.5: the limit inside of arguments: what came is told", in: fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":\"lo"}}`) + finished("length"),
			want: begin + call("0", "a", "f", `{"x":"lo`) + "delta max_tokens 3+0+0→2\nstop"},
	} {
		s.run(t)
	}
}

// minted is the id that the gateway gives to a call without one in an exchange of a test.
func minted(n int) string {
	return translate.MintID("call_", exchange(local()), n) + string(rune('0'+n))
}

// Long arguments go on as they come.
func TestChatStreamArgumentsAreNotHeld(t *testing.T) {
	t.Run("trap 112: each piece of arguments is sent at once", func(t *testing.T) {
		pass := conversionOf(exchange(local()))
		record := func(data string) string {
			out, _ := pass.Record(nil, nil, []byte(data), nil)
			return string(out)
		}
		if got := record(fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":""}}`)); !strings.Contains(got, `"type":"tool_use","id":"a","name":"f","input":{}`) {
			t.Fatalf("the call begins with\n%s", got)
		}
		for _, piece := range []string{`{\"text\":\"`, `one `, `two `, `three`, `\"}`} {
			want := "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"" + piece + "\"}}\n\n"
			if got := record(fragment(`{"index":0,"function":{"arguments":"` + piece + `"}}`)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		}
	})
}

// Pieces of a call, cut at every byte, never make a delta without its beginning.
func TestChatStreamCallsCutAnywhere(t *testing.T) {
	const args = `{"path":"/a/\"b\"","n":[1,{"x":"}{"}],"e":""}`
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(args)
	t.Run("pain 2: arguments cut anywhere", func(t *testing.T) {
		for cut := 0; cut <= len(escaped); cut++ {
			if strings.HasSuffix(escaped[:cut], `\`) && (len(escaped[:cut])-len(strings.TrimRight(escaped[:cut], `\`)))%2 == 1 {
				continue // inside an escape, where no provider cuts
			}
			for _, in := range []string{
				fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"`+escaped[:cut]+`"}}`) + fragment(`{"index":0,"function":{"arguments":"`+escaped[cut:]+`"}}`),
				fragment(`{"index":0,"id":"a","function":{"arguments":"`+escaped[:cut]+`"}}`) + fragment(`{"index":0,"function":{"name":"f","arguments":"`+escaped[cut:]+`"}}`),
				fragment(`{"index":0,"function":{"name":"f","arguments":"`+escaped[:cut]+`"}}`) + fragment(`{"index":0,"id":"a","function":{"arguments":"`+escaped[cut:]+`"}}`),
			} {
				got := clientEvents(t, converted(records(in+finished("tool_calls")), nil, exchange(local())))
				content := got.message.Content
				if len(content) != 1 || content[0].Name != "f" || string(content[0].Input) != args {
					t.Fatalf("cut at %d the client has %s", cut, got.message)
				}
			}
		}
	})
}
