package gemini_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// agentBodies are an agent's request in both dialects, of about 62 KB: thirty tools, and
// nineteen calls with their results.
func agentBodies() (chat, messages []byte) {
	type object = map[string]any
	code := strings.Repeat("func main() {\n\tfmt.Println(\"hello\") // prints a line\n}\n", 15)
	chatTurns := []any{object{"role": "system", "content": code}, object{"role": "user", "content": code}}
	turns := []any{object{"role": "user", "content": code}}
	var chatTools, tools []any
	for i := range 30 {
		name, description := fmt.Sprintf("tool_%02d", i), "Reads and writes a file. "+code[:280]
		schema := object{"type": "object", "additionalProperties": false, "required": []string{"path"}, "properties": object{
			"path": object{"type": "string", "description": "The absolute path of the file. " + code[:120]}, "offset": object{"type": "integer", "minimum": i},
			"mode": object{"type": "string", "enum": []string{"read", "write"}}, "ranges": object{"type": "array", "items": object{"type": "number"}},
		}}
		chatTools = append(chatTools, object{"type": "function", "function": object{"name": name, "description": description, "parameters": schema}})
		tools = append(tools, object{"name": name, "description": description, "input_schema": schema})
	}
	for i := range 19 {
		id, name, input := fmt.Sprintf("call_%02d", i), fmt.Sprintf("tool_%02d", i), object{"path": "/src/main.go", "text": code[:300]}
		arguments, _ := json.Marshal(input)
		chatTurns = append(chatTurns,
			object{"role": "assistant", "content": code[:300], "tool_calls": []any{object{"id": id, "type": "function", "function": object{"name": name, "arguments": string(arguments)}}}},
			object{"role": "tool", "tool_call_id": id, "content": code})
		turns = append(turns,
			object{"role": "assistant", "content": []any{object{"type": "text", "text": code[:300]}, object{"type": "tool_use", "id": id, "name": name, "input": input}}},
			object{"role": "user", "content": []any{object{"type": "tool_result", "tool_use_id": id, "content": code}}})
	}
	chat, _ = json.Marshal(object{"model": "m", "messages": chatTurns, "tools": chatTools, "max_tokens": 1000})
	messages, _ = json.Marshal(object{"model": "m", "system": code, "messages": turns, "tools": tools, "max_tokens": 1000})
	return chat, messages
}

// encodeAgent decodes and encodes a body into dst, as one attempt does.
func encodeAgent(tb testing.TB, from translate.Inbound, doc *scan.Doc, body, dst []byte, to *place) []byte {
	if err := doc.Parse(body, scan.DefaultLimits); err != nil {
		tb.Fatal(err)
	}
	var lost translate.Losses
	r, err := from.DecodeRequest(doc, &lost)
	if err != nil {
		tb.Fatal(err.Message)
	}
	x := &translate.Exchange{ID: "1", Model: "m", Request: r}
	x.Begin(&to.target)
	out, err := gemini.Dialect{}.EncodeRequest(dst[:0], r, x)
	if err != nil {
		tb.Fatal(err.Message)
	}
	return out
}

func BenchmarkAgentRequest(b *testing.B) {
	chat, messages := agentBodies()
	to := vertexAI("gemini-3-pro-preview")
	for _, bench := range []struct {
		name string
		from translate.Inbound
		body []byte
	}{{"Chat", openai.Dialect{}, chat}, {"Messages", anthropic.Dialect{}, messages}} {
		b.Run(bench.name, func(b *testing.B) {
			doc, dst := new(scan.Doc), make([]byte, 0, 2*len(bench.body))
			b.SetBytes(int64(len(bench.body)))
			b.ReportAllocs()
			for b.Loop() {
				encodeAgent(b, bench.from, doc, bench.body, dst, to)
			}
		})
	}
}

// maxAgentAllocs bounds the allocations of an agent's request of 41 messages and 30
// tools: a handful for each message, none for each byte.
const maxAgentAllocs = 900

// TestAgentAllocs: what a request costs grows with its messages, not with their length.
func TestAgentAllocs(t *testing.T) {
	chat, messages := agentBodies()
	to := vertexAI("gemini-3-pro-preview")
	for name, body := range map[string][]byte{"chat": chat, "messages": messages} {
		var from translate.Inbound = openai.Dialect{}
		if name == "messages" {
			from = anthropic.Dialect{}
		}
		doc, dst := new(scan.Doc), make([]byte, 0, 2*len(body))
		encodeAgent(t, from, doc, body, dst, to)
		allocs := testing.AllocsPerRun(20, func() { encodeAgent(t, from, doc, body, dst, to) })
		t.Logf("%s: %d bytes, %.0f allocations", name, len(body), allocs)
		if allocs > maxAgentAllocs {
			t.Errorf("%s: %.0f allocations, want at most %d", name, allocs, maxAgentAllocs)
		}
	}
}
