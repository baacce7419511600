package gemini_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	double "github.com/rickyjim626/xjp-gateway/internal/doubles/gemini"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

// TestAccepted: whatever conversation a client sends, sensible or not, Google's API takes
// what becomes of it, on either surface and for every generation; or the client is told
// which field is at fault.
func TestAccepted(t *testing.T) {
	places := []*place{
		studio("gemma-3-27b-it"), studio("gemini-2.0-flash"), studio("gemini-2.5-flash"), studio("gemini-3-pro-preview"),
		vertexAI("gemini-2.5-pro"), vertexAI("gemini-3.7-flash"),
	}
	sealed := seals(true)
	rapid.Check(t, func(rt *rapid.T) {
		to := rapid.SampledFrom(places).Draw(rt, "to")
		g := generator{rt}
		var from translate.Inbound = openai.Dialect{}
		body := g.chat()
		if rapid.Bool().Draw(rt, "messages") {
			from, body = anthropic.Dialect{}, g.messages()
		}
		body = sealed.Replace(body)
		got := send(t, from, body, to, gemini.Dialect{}.EncodeRequest)
		switch {
		case got.err != nil && (got.err.Kind != translate.ErrInvalid || got.err.Message == ""):
			rt.Fatalf("error %+v for %s", got.err, body)
		case got.err != nil:
			return
		}
		if err := double.Check(got.body, to.surface, to.model); err != nil {
			rt.Fatalf("%v\n in %s\nout %s", err, body, got.body)
		}
		if again := send(t, from, body, to, gemini.Dialect{}.EncodeRequest); !bytes.Equal(got.body, again.body) {
			rt.Fatalf("two bodies of one request:\n%s\n%s", got.body, again.body)
		}
	})
}

// generator draws requests.
type generator struct{ t *rapid.T }

func (g generator) pick(of ...string) string { return rapid.SampledFrom(of).Draw(g.t, "pick") }

// list draws up to n elements.
func (g generator) list(n int, element func() string) string {
	var all []string
	for range rapid.IntRange(0, n).Draw(g.t, "length") {
		all = append(all, element())
	}
	return strings.Join(all, ",")
}

// maybe draws some members of an object.
func (g generator) maybe(all ...string) string {
	var kept []string
	for _, m := range all {
		if rapid.IntRange(0, 3).Draw(g.t, "there") == 0 {
			kept = append(kept, m)
		}
	}
	if len(kept) == 0 {
		return ""
	}
	return "," + strings.Join(kept, ",")
}

func (g generator) id() string   { return g.pick(`"a"`, `"b"`, `"c"`, `""`, `"toolu_01:x/y"`) }
func (g generator) name() string { return g.pick(`"f"`, `"g"`, `"2fa"`, `"a b.c"`, `"größe"`) }
func (g generator) text() string {
	return g.pick(`""`, `" "`, `"hi"`, `"\n"`, `"a \"b\""`, `"ü\ud83d\ude00"`)
}
func (g generator) seal() string {
	return g.pick(`"$studio1"`, `"$vertex1"`, `"EqQBCkYIBR"`, `"skip_thought_signature_validator"`, `"xjp1.openai..x"`, `""`)
}

func (g generator) schema() string {
	return g.pick(`{"type":"object"}`, `{"type":"object","properties":{"a":{}}}`, `{"type":"array","items":{"type":"string"}}`, `{"anyOf":[{"type":"null"},{"type":"string"}]}`,
		`{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":["array","null"]}},"required":["a","b"]}`)
}

func (g generator) media() string {
	return g.pick(`data:image/png;base64,iVBORw0KGgo=`, `https://h/a.png?x=1`, `https://h/v`, `gs://b/v.mp4`, `https://youtu.be/x`, `data:text/plain;base64,aGk=`, `data:application/pdf;base64,JVBERi0xLjc=`)
}

func (g generator) chat() string {
	return `{"model":"m","messages":[` + g.list(6, g.chatMessage) + `]` + g.maybe(
		`"tools":[`+g.list(3, func() string {
			return `{"type":"function","function":{"name":` + g.name() + g.maybe(`"description":`+g.text(), `"parameters":`+g.schema(), `"strict":true`) + `}}`
		})+`]`,
		`"tool_choice":`+g.pick(`"auto"`, `"none"`, `"required"`, `{"type":"function","function":{"name":"f"}}`, `{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}`),
		`"response_format":`+g.pick(`{"type":"json_object"}`, `{"type":"json_schema","json_schema":{"name":"n","schema":`+g.schema()+`}}`),
		`"reasoning_effort":`+g.pick(`"none"`, `"minimal"`, `"low"`, `"high"`, `"xhigh"`),
		`"max_tokens":`+g.pick("1", "100", "99999999"), `"seed":`+g.pick("1", "-1", "1e3", "9999999999"), `"stop":`+g.pick(`""`, `"x"`, `["1","2","3","4","5","6"]`),
		`"n":`+g.pick("1", "2", "20"), `"service_tier":`+g.pick(`"flex"`, `"priority"`, `"x"`), `"web_search_options":{}`, `"logprobs":true,"top_logprobs":3`, `"modalities":["text"]`, `"x":1`,
	) + `}`
}

func (g generator) chatMessage() string {
	content := g.text()
	if rapid.Bool().Draw(g.t, "parts") {
		content = `[` + g.list(3, g.chatPart) + `]`
	}
	switch g.pick("system", "user", "assistant", "assistant", "tool", "tool") {
	case "system":
		return `{"role":"system","content":` + g.text() + `}`
	case "user":
		return `{"role":"user","content":` + content + `}`
	case "tool":
		return `{"role":"tool","tool_call_id":` + g.id() + `,"content":` + content + `}`
	}
	return `{"role":"assistant","content":` + content + g.maybe(
		`"reasoning_content":"Hm."`, `"extra_content":{"google":{"thought_signature":`+g.seal()+`}}`, `"refusal":"No."`,
		`"reasoning_details":[{"type":"reasoning.encrypted","data":`+g.seal()+`,"format":"google-gemini-v1"}]`,
		`"tool_calls":[`+g.list(3, func() string {
			return fmt.Sprintf(`{"id":%s,"type":"function","function":{"name":%s,"arguments":%s}%s}`, g.id(), g.name(),
				g.pick(`""`, `"{}"`, `"{\"a\":1}"`, `"[1]"`, `"{"`), g.maybe(`"extra_content":{"google":{"thought_signature":`+g.seal()+`}}`))
		})+`]`,
	) + `}`
}

func (g generator) chatPart() string {
	switch g.pick("text", "image", "video", "file") {
	case "image":
		return `{"type":"image_url","image_url":{"url":"` + g.media() + `"` + g.maybe(`"detail":"high"`) + `}}`
	case "video":
		return `{"type":"video_url","video_url":{"url":"` + g.media() + `"` + g.maybe(`"video_metadata":{"fps":1}`) + `}}`
	case "file":
		return `{"type":"file","file":{"filename":"a.pdf","file_data":"` + g.media() + `"}}`
	}
	return `{"type":"text","text":` + g.text() + `}`
}

func (g generator) messages() string {
	return `{"model":"m","max_tokens":100,"messages":[` + g.list(6, g.message) + `]` + g.maybe(
		`"system":`+g.text(),
		`"tools":[`+g.list(3, func() string {
			return g.pick(`{"name":`+g.name()+`,"input_schema":`+g.schema()+`}`, `{"type":"bash_20250124","name":"bash"}`, `{"type":"web_search_20250305","name":"web_search"}`)
		})+`]`,
		`"tool_choice":`+g.pick(`{"type":"auto"}`, `{"type":"any"}`, `{"type":"none"}`, `{"type":"tool","name":"f"}`),
		`"thinking":`+g.pick(`{"type":"enabled","budget_tokens":2000}`, `{"type":"disabled"}`, `{"type":"adaptive"}`),
		`"output_config":{"format":{"type":"json_schema","schema":`+g.schema()+`}}`, `"temperature":0.5`, `"stop_sequences":["x"]`,
	) + `}`
}

func (g generator) message() string {
	if rapid.Bool().Draw(g.t, "user") {
		return `{"role":"user","content":[` + g.list(4, func() string {
			if rapid.Bool().Draw(g.t, "result") {
				return `{"type":"tool_result","tool_use_id":` + g.id() + `,"content":[` + g.list(2, g.userBlock) + `]` + g.maybe(`"is_error":true`) + `}`
			}
			return g.userBlock()
		}) + `]}`
	}
	return `{"role":"assistant","content":[` + g.list(4, func() string {
		switch g.pick("text", "thinking", "redacted", "call", "call", "other") {
		case "thinking":
			return `{"type":"thinking","thinking":` + g.text() + `,"signature":` + g.seal() + `}`
		case "redacted":
			return `{"type":"redacted_thinking","data":` + g.seal() + `}`
		case "call":
			return `{"type":"tool_use","id":` + g.id() + `,"name":` + g.name() + `,"input":{"a":1}}`
		case "other":
			return g.pick(`{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`, `{"type":"compaction","content":"short"}`)
		}
		return `{"type":"text","text":` + g.text() + `}`
	}) + `]}`
}

func (g generator) userBlock() string {
	switch g.pick("text", "image", "document", "search") {
	case "image":
		return `{"type":"image","source":` + g.pick(`{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}`, `{"type":"url","url":"https://h/a.png"}`) + `}`
	case "document":
		return `{"type":"document","source":` + g.pick(`{"type":"text","media_type":"text/plain","data":`+g.text()+`}`, `{"type":"content","content":[{"type":"text","text":`+g.text()+`}]}`, `{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjc="}`) +
			g.maybe(`"title":`+g.text(), `"context":`+g.text()) + `}`
	case "search":
		return `{"type":"search_result","title":` + g.text() + `,"source":"","content":[{"type":"text","text":` + g.text() + `}]}`
	}
	return `{"type":"text","text":` + g.text() + `}`
}
