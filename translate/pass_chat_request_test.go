package translate_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// patched gives the body that a provider of Chat gets of a client's.
func patched(t *testing.T, body string, x *translate.Exchange) string {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(body), scan.DefaultLimits); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	edits, err := openai.Dialect{}.PatchRequest(doc, x)
	if err != nil {
		t.Fatal(err)
	}
	return string(scan.Splice(nil, doc.Source(), edits))
}

// passing is an exchange between two sides of Chat.
func passing(stream, usage bool) *translate.Exchange {
	x := &translate.Exchange{ID: "1", Model: "logical"}
	x.Begin(&translate.Target{Model: "up"})
	x.Request = &translate.Request{Stream: stream, IncludeUsage: usage}
	return x
}

// Rule G1: a body of the same dialect keeps every byte but those that must change.
func TestPassedChatRequests(t *testing.T) {
	const odd = `{ "messages" : [ {"role":"user","content":"h\u00e9 \/ \ud83d\ude00 <&>","unknown":{"b":1,"a":[ ]}} ] ,` + "\n\t" +
		`"temperature":1.50e+0,"seed":123456789012345678901234567890,"metadata":{"x":1,"x":2},"zzz":null, "model":"logical" ,"logit_bias":{"50256":-100}, "future_field":{"deep":[[[1.0]]]} }`
	for _, p := range []struct {
		name, in, want string
		stream         bool
	}{
		{name: "G1: number formats, key order, escapes, white space, duplicate keys and unknown fields survive", in: odd, want: strings.Replace(odd, `"model":"logical"`, `"model":"up"`, 1)},
		{name: "G1: the target's own model name changes nothing", in: `{"model":"up","messages":[]}`, want: `{"model":"up","messages":[]}`},
		{name: "G1: a model name in escapes is the same name", in: `{"model":"u\u0070","messages":[]}`, want: `{"model":"u\u0070","messages":[]}`},
		{name: "G7: a stream is asked for usage", stream: true, in: `{"model":"m","stream":true,"messages":[]}`, want: `{"model":"up","stream":true,"messages":[],"stream_options":{"include_usage":true}}`},
		{name: "G7: in options that say something else", stream: true, in: `{"model":"m","stream_options":{ "include_obfuscation":false },"stream":true}`, want: `{"model":"up","stream_options":{"include_usage":true, "include_obfuscation":false },"stream":true}`},
		{name: "G7: in options that are empty", stream: true, in: `{"model":"m","stream":true,"stream_options":{}}`, want: `{"model":"up","stream":true,"stream_options":{"include_usage":true}}`},
		{name: "G7: in options of null", stream: true, in: `{"model":"m","stream":true,"stream_options":null}`, want: `{"model":"up","stream":true,"stream_options":{"include_usage":true}}`},
		{name: "G7: in options that say no", stream: true, in: `{"model":"m","stream":true,"stream_options":{"include_usage":false,"x":1}}`, want: `{"model":"up","stream":true,"stream_options":{"include_usage":true,"x":1}}`},
		{name: "G7: options that ask already stay", stream: true, in: `{"model":"m","stream":true,"stream_options":{"x":1,"include_usage" : true}}`, want: `{"model":"up","stream":true,"stream_options":{"x":1,"include_usage" : true}}`},
		{name: "G7: not without a stream", in: `{"model":"m","messages":[]}`, want: `{"model":"up","messages":[]}`},
	} {
		t.Run(p.name, func(t *testing.T) {
			if got := patched(t, p.in, passing(p.stream, false)); got != p.want {
				t.Errorf("got\n%s\nwant\n%s", got, p.want)
			}
		})
	}
}

// What must not reach a provider of Chat of the reasoning that a client sends back.
func TestPassedChatReasoning(t *testing.T) {
	const (
		signed = `{"type":"reasoning.text","text":"a","signature":"S","format":"anthropic-claude-v1","index":0}`
		bare   = `{"type":"reasoning.text","text":"b","format":"anthropic-claude-v1","index":1}`
		secret = `{"type":"reasoning.encrypted","data":"R","id":"rs_1","format":"openai-responses-v1","index":2}`
		own    = `{"type":"reasoning.text","text":"c","signature":"xjp1.google.o.S","format":"google-gemini-v1","index":0}`
	)
	history := func(members string) string {
		return `{"model":"up","messages":[{"role":"user","content":"go"},{"role":"assistant","content":"x",` + members + `},{"role":"user","content":"b"}]}`
	}
	or := func() *translate.Exchange {
		x := passing(false, false)
		x.Target.Quirks.OpenRouter = true
		return x
	}
	plain := func() *translate.Exchange { return passing(false, false) }
	for _, p := range []struct {
		name     string
		x        func() *translate.Exchange
		in, want string
		lost     string
	}{
		{"D23: unsigned reasoning of Claude goes, and the plain string with it", or, `"reasoning":"b","reasoning_details":[` + bare + `]`, `"reasoning":null,"reasoning_details":[]`, "messages[1].reasoning_details=dropped"},
		{"D23: without a format it counts as Claude's", or, `"reasoning_details":[{"type":"reasoning.text","text":"b"}],"reasoning_content":"b"`, `"reasoning_details":[],"reasoning_content":null`, "messages[1].reasoning_details=dropped"},
		{"D23: unsigned reasoning of Gemini as well", or, `"reasoning":"b","reasoning_details":[` + strings.Replace(bare, "anthropic-claude-v1", "google-gemini-v1", 1) + `]`, `"reasoning":null,"reasoning_details":[]`, "messages[1].reasoning_details=dropped"},
		{"D23: what is signed stays, with the plain string", or, `"reasoning":"ab","reasoning_details":[` + signed + `,` + bare + `, ` + secret + `]`, `"reasoning":"ab","reasoning_details":[` + signed + `,` + secret + `]`, "messages[1].reasoning_details=dropped"},
		{"D23: reasoning of OpenAI needs no signature", or, `"reasoning":"b","reasoning_details":[` + strings.Replace(bare, "anthropic-claude-v1", "openai-responses-v1", 1) + `]`, ``, ""},
		{"D24: the same item twice is sent once", or, `"reasoning_details":[` + signed + `,` + secret + `,` + signed + `,` + secret + `]`, `"reasoning_details":[` + signed + `,` + secret + `]`, "messages[1].reasoning_details=dropped"},
		{"D25: an empty list stays", or, `"reasoning_details":[],"content":"y"`, ``, ""},
		{"D25: also where another message loses something", or, `"reasoning_details":[]},{"role":"assistant","reasoning_details":[` + bare + `]`, `"reasoning_details":[]},{"role":"assistant","reasoning_details":[]`, "messages[2].reasoning_details=dropped"},
		{"pain 18: what the gateway has wrapped reaches no provider of Chat", plain, `"reasoning_details":[` + own + `]`, `"reasoning_details":[]`, "messages[1].reasoning_details=dropped"},
		{"pain 18: nor does a seal of Google's in a call", plain, `"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"xjp1.google.o.S"}}}]`,
			`"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{}}]`, "messages[1].extra_content=dropped"},
		{"G1: other hosts judge reasoning_details themselves", plain, `"reasoning":"b","reasoning_details":[` + bare + `,` + bare + `]`, ``, ""},
	} {
		t.Run(p.name, func(t *testing.T) {
			want := p.want
			if want == "" {
				want = p.in
			}
			x := p.x()
			if got := patched(t, history(p.in), x); got != history(want) {
				t.Errorf("got\n%s\nwant\n%s", got, history(want))
			}
			if lost := x.Losses.String(); lost != p.lost {
				t.Errorf("losses %q, want %q", lost, p.lost)
			}
		})
	}
}
