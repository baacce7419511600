package translate_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// canonical spells JSON one way: members sorted, numbers as they were written.
func canonical(t *testing.T, raw []byte) string {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func parsed(t *testing.T, body string) *scan.Doc {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(body), scan.DefaultLimits); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return doc
}

// there takes a Messages request to the neutral form and back.
func there(t *testing.T, body string) (string, string) {
	t.Helper()
	doc := parsed(t, body)
	model := doc.Root().Get("model").Str()
	var lost translate.Losses
	r, err := anthropic.Dialect{}.DecodeRequest(doc, &lost)
	if err != nil {
		t.Fatalf("%s: %s", err.Param, err.Message)
	}
	x := &translate.Exchange{ID: "1", Model: model, Request: r}
	x.Begin(&translate.Target{Model: model, Family: translate.FamilyAnthropic, Caps: registry.Defaults(model)})
	out, err := anthropic.Dialect{}.EncodeRequest(nil, r, x)
	if err != nil {
		t.Fatalf("%s: %s", err.Param, err.Message)
	}
	return string(out), strings.Trim(lost.String()+","+x.Losses.String(), ",")
}

// A request of Messages says the same after the neutral form (architecture, 3).
func TestMessagesRequestsAreTheSameAfterTheNeutralForm(t *testing.T) {
	for name, members := range map[string]string{
		"a string":     `"messages":[{"role":"user","content":[{"type":"text","text":"h\u00e9"}]}]`,
		"settings":     `"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"temperature":0.50,"top_k":5,"stop_sequences":["x","y"],"stream":true,"metadata":{"user_id":"u"},"service_tier":"standard_only"`,
		"system":       `"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"system":[{"type":"text","text":"s"},{"type":"text","text":"t","cache_control":{"type":"ephemeral","ttl":"1h"}}]`,
		"a tool loop":  `"tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"z":{"minimum":1.0},"a":{}},"$defs":{}},"cache_control":{"type":"ephemeral"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true},"messages":[{"role":"user","content":[{"type":"text","text":"go"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"S+/="},{"type":"redacted_thinking","data":"R"},{"type":"text","text":"a"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"z":1.50,"a":[1, 2]}},{"type":"tool_use","id":"toolu_2","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"r","is_error":true},{"type":"tool_result","tool_use_id":"toolu_2","content":"s"},{"type":"text","text":"and?","cache_control":{"type":"ephemeral"}}]}],"thinking":{"type":"enabled","budget_tokens":2048}`,
		"media":        `"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"image","source":{"type":"url","url":"https://h/a.png"}},{"type":"document","title":"t","context":"c","citations":{"enabled":true},"source":{"type":"text","media_type":"text/plain","data":"d"}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}},{"type":"text","text":"what?"}]}]`,
		"a schema":     `"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}`,
		"forced tools": `"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"tool","name":"f"},"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]`,
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"model":"claude-sonnet-4-5","max_tokens":4096,` + members + `}`
			got, lost := there(t, body)
			if got, want := canonical(t, []byte(got)), canonical(t, []byte(body)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if lost != "" {
				t.Errorf("losses %q", lost)
			}
			for _, exact := range []string{`"input":{"z":1.50,"a":[1, 2]}`, `"input_schema":{"type":"object","properties":{"z":{"minimum":1.0},"a":{}},"$defs":{}}`, `"temperature":0.50`} {
				if strings.Contains(body, exact) && !strings.Contains(got, exact) {
					t.Errorf("the bytes of %s changed in %s", exact, got)
				}
			}
			if again, _ := there(t, got); again != got {
				t.Errorf("twice through it is\n%s\nonce\n%s", again, got)
			}
		})
	}
}

// An answer of Chat says the same after the neutral form.
func TestChatAnswersAreTheSameAfterTheNeutralForm(t *testing.T) {
	for name, c := range map[string]struct{ message, reason, usage string }{
		"text":      {`"content":"h\u00e9 \"x\"\n","refusal":null`, "stop", `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":80}}`},
		"length":    {`"content":"a","refusal":null`, "length", `{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":1}}`},
		"calls":     {`"content":null,"refusal":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"z\": 1.50, \"a\": [1,  2]}"}},{"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]`, "tool_calls", `{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":0}}`},
		"reasoning": {`"content":"a","refusal":null,"reasoning_content":"r"`, "stop", `{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":0}}`},
		"signed":    {`"content":"a","refusal":null,"reasoning_content":"rs","reasoning_details":[{"type":"reasoning.text","text":"r","signature":"S","format":"anthropic-claude-v1","index":0},{"type":"reasoning.text","text":"s","signature":"T","format":"anthropic-claude-v1","index":1}]`, "stop", `{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":0}}`},
		"filtered":  {`"content":"a","refusal":null`, "content_filter", `{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":0}}`},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"logical","choices":[{"index":0,"message":{"role":"assistant",` + c.message + `},"logprobs":null,"finish_reason":"` + c.reason + `"}],"usage":` + c.usage + `}`
			x := passing(false, false)
			x.Created = 5
			r, err := openai.Dialect{}.DecodeResponse(parsed(t, body), x)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := canonical(t, openai.Dialect{}.EncodeResponse(nil, r, x)), canonical(t, []byte(body)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
