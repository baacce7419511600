package anthropic_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/doubles/messages"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// FuzzChatRequest holds for every request of Chat: it is refused, or its translation is
// one that the API takes, the same each time, and of a size that its own bounds.
func FuzzChatRequest(f *testing.F) {
	for _, seed := range []string{
		`{"model":"m","messages":[{"role":"user","content":"hi"}]}`,
		`{"model":"m","max_tokens":9000,"reasoning_effort":"high","temperature":2,"stop":[" ","a"],"user":"a@b.c","n":1,"messages":[{"role":"developer","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"text","text":""},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]},{"role":"system","content":"late"}]}`,
		`{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"","reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"s","format":"anthropic-claude-v1"}],"tool_calls":[{"id":"","function":{"name":"f g","arguments":"[1"}},{"id":"","type":"custom","custom":{"name":"h","input":"x"}}]},{"role":"tool","tool_call_id":"","content":"A"},{"role":"user","content":"and?"},{"role":"tool","tool_call_id":"z","content":[{"type":"text","text":""}]}],"tools":[{"type":"function","function":{"name":"f g","parameters":{"anyOf":[{"type":"object"}]},"strict":true}}],"tool_choice":"required","parallel_tool_calls":false}`,
		`{"model":"m","functions":[{"name":"f"}],"function_call":{"name":"f"},"messages":[{"role":"user","content":"hi"},{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":null}],"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{"type":"object","additionalProperties":true}}}}`,
		`{"model":"m","thinking":{"type":"enabled","budget_tokens":1},"max_completion_tokens":2048,"messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.txt","file_data":"SGk="}}]},{"role":"assistant","content":"a "}]}`,
	} {
		f.Add([]byte(seed))
	}
	targets := []func() *translate.Target{sonnet45, opus48, opus55, claude("claude-3-haiku")}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc := new(scan.Doc)
		if doc.Parse(body, scan.DefaultLimits) != nil {
			return
		}
		var lost translate.Losses
		r, err := openai.Dialect{}.DecodeRequest(doc, &lost)
		if err != nil {
			return
		}
		before := bytes.Clone(body)
		for _, target := range targets {
			x := &translate.Exchange{ID: "1", Request: r}
			x.Begin(target())
			out, err := anthropic.Dialect{}.EncodeRequest(nil, r, x)
			if err != nil {
				continue
			}
			if refused := messages.Check(out); !json.Valid(out) || refused != nil {
				t.Fatalf("%v in %s", refused, out)
			}
			x.Begin(target())
			if again, _ := (anthropic.Dialect{}).EncodeRequest(nil, r, x); !bytes.Equal(out, again) {
				t.Fatalf("two bodies:\n%s\n%s", out, again)
			}
			if len(out) > 16*len(body)+2000 {
				t.Fatalf("%d bytes became %d", len(body), len(out))
			}
		}
		if !bytes.Equal(before, body) {
			t.Fatalf("the client's body was changed:\n%s\n%s", before, body)
		}
	})
}

// asks are the requests whose answers are fuzzed.
var asks = []string{
	``,
	`,"stream_options":{"include_usage":true},"tools":[{"type":"custom","custom":{"name":"f"}}]`,
	`,"functions":[{"name":"f"}]`,
	`,"response_format":{"type":"json_schema","json_schema":{"name":"f","schema":{"type":"object"}}}`,
}

// FuzzMessagesAnswer holds for every whole answer: it is an error, or one of Chat, and a
// client that asked for a stream is told the same.
func FuzzMessagesAnswer(f *testing.F) {
	for _, seed := range []string{
		answer(text("a")+`,{"type":"tool_use","id":"t","name":"f","input":{"input":"x"}}`, `"stop_reason":"tool_use","stop_sequence":null`),
		answer(`{"type":"thinking","thinking":"Hm","signature":"s"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"a","citations":[{"type":"web_search_result_location","url":"u","title":"t"}]},{"type":"server_tool_use"}`, ""),
		answer("", `"stop_reason":"refusal","stop_details":{"explanation":"No."}`),
		`{"type":"error","error":{"type":"api_error","message":"x"}}`,
	} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, ask uint8) {
		doc := new(scan.Doc)
		if doc.Parse(body, scan.Limits{}) != nil {
			return
		}
		x := asking(t, asks[int(ask)%len(asks)])
		r, err := anthropic.Dialect{}.DecodeResponse(doc, x)
		if err != nil {
			return
		}
		out := openai.Dialect{}.EncodeResponse(nil, r, x)
		if !json.Valid(out) || len(out) > 8*len(body)+1000 {
			t.Fatalf("%d bytes became %d: %s", len(body), len(out), out)
		}
		fold := translate.NewFold(x)
		for _, e := range r.Events(nil) {
			fold.Add(&e)
		}
		again, err := fold.Response()
		if err != nil {
			t.Fatal(err)
		}
		if folded := (openai.Dialect{}).EncodeResponse(nil, again, x); !bytes.Equal(out, folded) {
			t.Fatalf("whole\n%s\nfolded\n%s", out, folded)
		}
	})
}

// FuzzMessagesStream holds for every stream: each frame is one of Chat, the last of them
// is [DONE] or an error, whatever the pieces in which it comes, and its size is bounded.
func FuzzMessagesStream(f *testing.F) {
	seed := func(list ...string) {
		f.Add("data: "+strings.Join(list, "\n\ndata: ")+"\n\n", uint8(7), uint8(1))
		f.Add("event: x\ndata:"+strings.Join(list, "\r\n\r\nevent: x\r\ndata:"), uint8(1), uint8(3))
	}
	seed(started, thought(0), thinks(0, "Hm"), seals(0, "s"), end(0), textBlock(1), textDelta(1, `a\n`), end(1), ends("end_turn"), stopped)
	seed(started, tool(0, "t", "f"), args(0, `{\"input\":`), tool(1, "u", "g"), args(0, `\"x\"}`), end(0), ends("tool_use"), stopped)
	seed(started, block(0, `{"type":"redacted_thinking","data":"x"}`), block(0, `{"type":"text","text":"b"}`), textDelta(0, "a"), `{"type":"error","error":{"type":"api_error"}}`)
	f.Fuzz(func(t *testing.T, body string, size, ask uint8) {
		members := asks[int(ask)%len(asks)]
		out := carried(asking(t, members), &pieces{text: body})
		x := asking(t, members)
		list := told(t, x, carried(x, &pieces{text: body, sizes: []int{int(size) + 1}}))
		if whole := told(t, x, out); strings.Join(whole, "\n") != strings.Join(list, "\n") {
			t.Fatalf("whole\n%s\ncut\n%s", whole, list)
		}
		for i, frame := range list {
			last := frame == done || strings.HasPrefix(frame, `{"error":`)
			if last != (i == len(list)-1) {
				t.Fatalf("frame %d of %q", i, list)
			}
		}
		if len(out) > 200*len(body)+2000 {
			t.Fatalf("%d bytes became %d", len(body), len(out))
		}
	})
}
