package translate_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// patchedMessages gives the body that a provider of Messages gets of a client's.
func patchedMessages(t *testing.T, body string, x *translate.Exchange) string {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(body), scan.DefaultLimits); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	edits, err := anthropic.Dialect{}.PatchRequest(doc, x)
	if err != nil {
		t.Fatal(err)
	}
	return string(scan.Splice(nil, doc.Source(), edits))
}

// Rule G1 for Messages: a body keeps every byte but those that must change.
func TestPassedMessagesRequests(t *testing.T) {
	small := func(x *translate.Exchange) { x.Target.Caps.MaxOutput = 8192 }
	vertex := func(x *translate.Exchange) { x.Target.Quirks.Vertex = true }
	stream := func(x *translate.Exchange) { x.Request.Stream = true }
	const claudeCode = `{ "model":"logical","system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1;"},{"type":"text","text":"You are \u2026","cache_control":{"ttl":"1h","type":"ephemeral"}}],` + "\n" +
		`"messages":[{"role":"user","content":[{"type":"hologram","z":1.0,"a":[ ],"a":2}]},{"role":"system","content":"mid"}],"future":{"b":1e3,"a":12345678901234567890},` +
		`"tools":[{"name":"f","defer_loading":true,"x_new":null,"input_schema":{"$ref":"#"}}],"context_management":{"edits":[]},"output_config":{"effort":"xhigh"},"thinking":{"type":"adaptive"},"max_tokens":32000}`
	for _, p := range []struct {
		name     string
		change   func(*translate.Exchange)
		in, want string
		lost     string
	}{
		{name: "CC7: unknown fields, block types and tool keys, number formats and key order survive", in: claudeCode, want: strings.Replace(claudeCode, `"logical"`, `"up"`, 1)},
		{name: "CC8: the system array keeps its entries, their order, bytes and marks", in: `{"model":"up","system":[{"type":"text","text":"x-anthropic-billing-header: a"},{"cache_control":{"type":"ephemeral"},"type":"text","text":"b"}]}`, want: `{"model":"up","system":[{"type":"text","text":"x-anthropic-billing-header: a"},{"cache_control":{"type":"ephemeral"},"type":"text","text":"b"}]}`},
		{name: "G1: a model name in escapes is the same name", in: `{"model":"u\u0070","messages":[]}`, want: `{"model":"u\u0070","messages":[]}`},
		{name: "3.1 max_tokens above the model's: clamped", change: small, in: `{"model":"up","max_tokens":32000 ,"x":1}`, want: `{"model":"up","max_tokens":8192 ,"x":1}`, lost: "max_tokens=clamped"},
		{name: "CC12: with the budget below it", change: small, in: `{"model":"up","thinking":{"budget_tokens": 31999,"type":"enabled"},"max_tokens":32000}`, want: `{"model":"up","thinking":{"budget_tokens": 8191,"type":"enabled"},"max_tokens":8192}`, lost: "thinking.budget_tokens=clamped,max_tokens=clamped"},
		{name: "CC12: a budget that fits stays", change: small, in: `{"model":"up","thinking":{"budget_tokens":2048,"type":"enabled"},"max_tokens":32000}`, want: `{"model":"up","thinking":{"budget_tokens":2048,"type":"enabled"},"max_tokens":8192}`, lost: "max_tokens=clamped"},
		{name: "B25: on Vertex AI the version stands where the model stood", change: vertex, in: `{"max_tokens":1,"model":"logical","messages":[]}`, want: `{"max_tokens":1,"anthropic_version":"vertex-2023-10-16","messages":[]}`},
		{name: "E1: a stream that only the provider needs is asked for", change: stream, in: `{"model":"up","messages":[]}`, want: `{"model":"up","messages":[],"stream":true}`},
		{name: "E1: also where the client says no", change: stream, in: `{"model":"up","stream":false,"messages":[]}`, want: `{"model":"up","stream":true,"messages":[]}`},
		{name: "pain 18: thinking that another family has sealed is taken out", in: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"xjp1.google.o.S"}, {"type":"text","text":"b"}]}]}`,
			want: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"text","text":"b"}]}]}`, lost: "messages[0].content[0]=dropped"},
		{name: "pain 18: at the end of a turn", in: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"text","text":"b"} , {"type":"redacted_thinking","data":"xjp1.openai..D"}]}]}`,
			want: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"text","text":"b"}]}]}`, lost: "messages[0].content[1]=dropped"},
		{name: "pain 18: at both ends of a turn", in: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"xjp1.openai..D"},{"type":"text","text":"b"},{"type":"redacted_thinking","data":"xjp1.openai..E"}]}]}`,
			want: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"text","text":"b"}]}]}`, lost: "messages[0].content[0]=dropped,messages[0].content[2]=dropped"},
		{name: "pain 18: content is never empty", in: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"xjp1.openai..D"},{"type":"redacted_thinking","data":"xjp1.openai..E"}]}]}`,
			want: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"text","text":"(reasoning of another model)"}]}]}`, lost: "messages[0].content[0]=dropped,messages[0].content[1]=dropped"},
		{name: "pain 15: Claude's own thinking goes byte for byte", in: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"thinking","signature":"EqQB\/==","thinking":"\u0061"},{"type":"redacted_thinking","data":"RR"},{"type":"text","text":"about xjp1. and more"}]}]}`,
			want: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"thinking","signature":"EqQB\/==","thinking":"\u0061"},{"type":"redacted_thinking","data":"RR"},{"type":"text","text":"about xjp1. and more"}]}]}`},
		{name: "pain 18: two at the end of a turn", in: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"text","text":"b"},{"type":"redacted_thinking","data":"xjp1.openai..D"},{"type":"redacted_thinking","data":"xjp1.openai..E"}]}]}`,
			want: `{"model":"up","messages":[{"role":"assistant","content":[{"type":"text","text":"b"}]}]}`, lost: "messages[0].content[1]=dropped,messages[0].content[2]=dropped"},
	} {
		t.Run(p.name, func(t *testing.T) {
			x := passing(false, true)
			if p.change != nil {
				p.change(x)
			}
			if got := patchedMessages(t, p.in, x); got != p.want {
				t.Errorf("got\n%s\nwant\n%s", got, p.want)
			}
			if lost := x.Losses.String(); lost != p.lost {
				t.Errorf("losses %q, want %q", lost, p.lost)
			}
		})
	}
}
