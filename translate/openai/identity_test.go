package openai_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// maybe is one of some members, or none.
func maybe(t *rapid.T, members ...string) string {
	return rapid.SampledFrom(append(members, "")).Draw(t, "member")
}

// chatTexts are texts as JSON has them.
var chatTexts = rapid.Custom(func(t *rapid.T) string {
	parts := []string{"a", "é", `\u00e9`, `\n`, `\"`, `\\`, "😀", `\ud83d\ude00`, " ", "}{", `\/`}
	return "w" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 6).Draw(t, "parts"), "")
})

// chatRequests are requests as this gateway writes them: the messages in turns, a user's
// as a string or as several parts, each call answered.
var chatRequests = rapid.Custom(func(t *rapid.T) string {
	text := func() string { return chatTexts.Draw(t, "text") }
	mark := func() string {
		return maybe(t, `,"cache_control":{"type":"ephemeral"}`, `,"cache_control":{"type":"ephemeral","ttl":"1h"}`)
	}
	part := func() string { return `{"type":"text","text":"` + text() + `"` + mark() + `}` }
	var list []string
	if rapid.Bool().Draw(t, "system") {
		list = append(list, `{"role":"system","content":"`+text()+`"}`)
	}
	calls := 0
	for range rapid.IntRange(1, 4).Draw(t, "rounds") {
		switch rapid.IntRange(0, 2).Draw(t, "user") {
		case 0:
			list = append(list, `{"role":"user","content":"`+text()+`"}`)
		case 1:
			list = append(list, `{"role":"user","content":[`+part()+`,`+part()+`]}`)
		default:
			list = append(list, `{"role":"user","content":[`+part()+`,{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="`+maybe(t, `,"detail":"low"`)+`}}]}`)
		}
		n := rapid.IntRange(0, 2).Draw(t, "calls")
		if n == 0 {
			list = append(list, `{"role":"assistant","content":"`+text()+`"}`)
			continue
		}
		content := rapid.SampledFrom([]string{`null`, `"` + text() + `"`}).Draw(t, "content")
		reasoning := maybe(t, `,"reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"s`+string(rune('a'+calls))+`","format":"anthropic-claude-v1","index":0}]`)
		message, results := `{"role":"assistant","content":`+content+reasoning+`,"tool_calls":[`, ""
		for i := range n {
			id := "call_" + string(rune('a'+calls))
			calls++
			if i > 0 {
				message += ","
			}
			message += `{"id":"` + id + `","type":"function","function":{"name":"f","arguments":"{\"a\": 1.50,\"z\":\"` + strings.Repeat(`\\n`, i) + `\"}"}}`
			results += `,{"role":"tool","tool_call_id":"` + id + `","content":"` + text() + `"}`
		}
		list = append(list, message+`]}`+results)
	}
	list = append(list, `{"role":"user","content":"`+text()+`"}`)
	return `{"model":"anthropic/claude-sonnet-4.5","messages":[` + strings.Join(list, ",") + `],"tools":[{"type":"function","function":{"name":"f"` +
		maybe(t, `,"description":"`+text()+`"`) + `,"parameters":{"type":"object", "properties":{"a":{"minimum":1.50}}}}` + mark() + `}]` +
		maybe(t, `,"tool_choice":"auto"`, `,"tool_choice":"none"`, `,"tool_choice":"required"`, `,"tool_choice":{"type":"function","function":{"name":"f"}}`) +
		maybe(t, `,"parallel_tool_calls":false`) + maybe(t, `,"max_tokens":5000`) + maybe(t, `,"stream":true,"stream_options":{"include_usage":true}`) +
		maybe(t, `,"temperature":1.50`) + maybe(t, `,"top_p":0.90`) + maybe(t, `,"stop":["a","\n"]`) + maybe(t, `,"user":"u-1"`) + maybe(t, `,"prompt_cache_key":"k"`) +
		maybe(t, `,"n":2`) + maybe(t, `,"service_tier":"flex"`) + maybe(t, `,"response_format":{"type":"json_object"}`) + maybe(t, `,"reasoning":{"effort":"low"}`) + `}`
})

// TestChatRequestsComeBack holds for every request in the gateway's own form: read into
// the neutral form and written again it is the same, byte for byte, and nothing is lost.
func TestChatRequestsComeBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		body := chatRequests.Draw(r, "request")
		doc := new(scan.Doc)
		if err := doc.Parse([]byte(body), scan.DefaultLimits); err != nil {
			r.Fatalf("%v in %s", err, body)
		}
		var lost translate.Losses
		request, err := openai.Dialect{}.DecodeRequest(doc, &lost)
		if err != nil {
			r.Fatalf("%s: %s", err.Param, err.Message)
		}
		x := &translate.Exchange{ID: "1", Model: "m", Request: request}
		x.Begin(openRouter())
		back, err := openai.Dialect{}.EncodeRequest(nil, request, x)
		if err != nil {
			r.Fatalf("%s: %s", err.Param, err.Message)
		}
		if string(back) != body {
			r.Fatalf("came back as\n%s\nand was\n%s", back, body)
		}
		if lost := lost.String() + x.Losses.String(); lost != "" {
			r.Fatalf("losses %s", lost)
		}
	})
}
