package gemini_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	double "github.com/rickyjim626/xjp-gateway/internal/doubles/gemini"
	"github.com/rickyjim626/xjp-gateway/recall"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// agent is a client that keeps a conversation.
type agent interface {
	translate.Inbound
	// ask says something, hear takes a message of the model's and answers its calls.
	ask(text string)
	hear(message object)
	body() string
	// gather makes a message of a stream's frames.
	gather(frames []frame) object
}

// chatAgent keeps a Chat conversation. One that forgets keeps what Chat has fields for.
type chatAgent struct {
	translate.Inbound
	messages []any
	forgets  bool
}

func (a *chatAgent) ask(text string) {
	a.messages = append(a.messages, object{"role": "user", "content": text})
}

func (a *chatAgent) body() string {
	return encodeJSON(object{"model": "m", "messages": a.messages, "tools": []any{
		object{"type": "function", "function": object{"name": "f", "parameters": object{"type": "object", "properties": object{"n": object{"type": "integer"}}}}}}})
}

func (a *chatAgent) hear(v object) {
	m := v
	if choices := list(v["choices"]); choices != nil {
		m = in(choices[0], "message").(object)
	}
	if a.forgets {
		m = object{"role": "assistant", "content": m["content"], "tool_calls": m["tool_calls"]}
		for _, c := range list(m["tool_calls"]) {
			delete(c.(object), "extra_content")
		}
		if m["tool_calls"] == nil {
			delete(m, "tool_calls")
		}
	}
	a.messages = append(a.messages, m)
	for _, c := range list(m["tool_calls"]) {
		a.messages = append(a.messages, object{"role": "tool", "tool_call_id": in(c, "id"), "content": "done"})
	}
}

// gather keeps of a field that it does not know the last fragment, as SDKs do.
func (a *chatAgent) gather(frames []frame) object {
	m := object{"role": "assistant", "content": ""}
	var calls []any
	for _, f := range frames {
		if f.data == "[DONE]" {
			break
		}
		var v object
		_ = json.Unmarshal([]byte(f.data), &v)
		for _, choice := range list(v["choices"]) {
			for key, value := range in(choice, "delta").(object) {
				switch key {
				case "content", "reasoning_content":
					m[key] = str(m[key]) + str(value)
				case "tool_calls":
					for _, c := range list(value) {
						if str(in(c, "id")) != "" {
							calls = append(calls, c)
							continue
						}
						f := in(calls[int(in(c, "index").(float64))], "function").(object)
						f["arguments"] = str(f["arguments"]) + str(in(c, "function", "arguments"))
					}
				case "role":
				default:
					m[key] = value
				}
			}
		}
	}
	if calls != nil {
		m["tool_calls"] = calls
	}
	return m
}

// messagesAgent keeps a Messages conversation. One that forgets keeps no thinking.
type messagesAgent struct {
	translate.Inbound
	messages []any
	forgets  bool
}

func (a *messagesAgent) ask(text string) {
	a.messages = append(a.messages, object{"role": "user", "content": text})
}

func (a *messagesAgent) body() string {
	return encodeJSON(object{"model": "m", "max_tokens": 1000, "messages": a.messages, "tools": []any{
		object{"name": "f", "input_schema": object{"type": "object", "properties": object{"n": object{"type": "integer"}}}}}})
}

func (a *messagesAgent) hear(v object) {
	var kept, results []any
	for _, b := range list(v["content"]) {
		kind := str(in(b, "type"))
		if a.forgets && strings.HasSuffix(kind, "thinking") {
			continue
		}
		kept = append(kept, b)
		if kind == "tool_use" {
			results = append(results, object{"type": "tool_result", "tool_use_id": in(b, "id"), "content": "done"})
		}
	}
	a.messages = append(a.messages, object{"role": "assistant", "content": kept})
	if results != nil {
		a.messages = append(a.messages, object{"role": "user", "content": results})
	}
}

func (a *messagesAgent) gather(frames []frame) object {
	var content []any
	var args strings.Builder
	for _, f := range frames {
		var v object
		_ = json.Unmarshal([]byte(f.data), &v)
		switch f.name {
		case "content_block_start":
			content = append(content, v["content_block"])
			args.Reset()
		case "content_block_delta":
			addDelta(nil, content[len(content)-1].(object), v["delta"], &args)
		case "content_block_stop":
			if args.Len() > 0 {
				content[len(content)-1].(object)["input"] = json.RawMessage(args.String())
			}
		}
	}
	return object{"content": content}
}

func encodeJSON(v any) string { b, _ := json.Marshal(v); return string(b) }

// steps are the parts of a conversation's answers; $0, $1 … are signatures. What was signed
// must come back signed alike, each time.
var steps = [][]string{
	{`{"text":"I should call.","thought":true}`, `{"functionCall":{"id":"c0","name":"f","args":{"n":0}},"thoughtSignature":"$0"}`},
	{`{"functionCall":{"id":"c1","name":"f","args":{"n":1}},"thoughtSignature":"$1"}`, `{"functionCall":{"id":"c2","name":"f","args":{"n":2}}}`, `{"functionCall":{"id":"c3","name":"f","args":{"n":3}}}`},
	{`{"text":"Now this: ","thoughtSignature":"$2"}`, `{"functionCall":{"id":"c4","name":"f","args":{"n":4}},"thoughtSignature":"$3"}`},
	{`{"text":"All is done."}`, `{"text":"","thoughtSignature":"$4"}`}, // the turn ends here
	{`{"functionCall":{"id":"c5","name":"f","args":{"n":5}},"thoughtSignature":"$5"}`, `{"functionCall":{"id":"c6","name":"f","args":{"n":6}},"thoughtSignature":"$6"}`, `{"text":""}`},
	{`{"text":"Well, "}`, `{"text":"then.","thoughtSignature":"$7"}`, `{"functionCall":{"id":"c7","name":"f","args":{"n":7}},"thoughtSignature":"$8"}`},
}

// TestTurns plays a conversation of many turns. Every request is one that Google takes,
// and holds every signature where it was made, byte for byte.
func TestTurns(t *testing.T) {
	for surface, to := range map[string]*place{double.AIStudio: studio("gemini-3-pro"), double.Vertex: vertexAI("gemini-3-pro")} {
		for _, stream := range []bool{false, true} {
			for _, forgets := range []bool{false, true} {
				for name, a := range map[string]agent{
					"chat": &chatAgent{Inbound: chatDialect, forgets: forgets}, "messages": &messagesAgent{Inbound: messagesDialect, forgets: forgets},
				} {
					t.Run(fmt.Sprintf("%s %s, stream %v, forgets %v", surface, name, stream, forgets), func(t *testing.T) {
						converse(t, a, to, stream, forgets)
					})
				}
			}
		}
	}
}

func converse(t *testing.T, a agent, to *place, stream, forgets bool) {
	store := recall.New(1<<20, time.Hour)
	var want []string
	a.ask("Go on.")
	for i, step := range steps {
		x := &translate.Exchange{ID: fmt.Sprint(i), Model: "m"}
		body := sendTurn(t, a, to, x, store)
		if got := signed(t, body); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("request %d holds\n%q\nwant\n%q", i, got, want)
		}
		said := mint(to.surface, step)
		ended := !strings.Contains(strings.Join(step, ""), "functionCall")
		if !ended || !forgets { // without a call there is no id to remember it by
			want = append(want, signed(t, modelTurn(said))...)
		}
		answerTurn(t, a, x, store, said, stream)
		if ended {
			a.ask("And more.")
		}
	}
}

// TestPicturesReturn has a Chat client bring back pictures, which later requests edit: they
// stand in the model's turn again, with their signatures.
func TestPicturesReturn(t *testing.T) {
	for _, stream := range []bool{false, true} {
		to := studio("gemini-3-pro-image")
		a := &chatAgent{Inbound: chatDialect}
		a.ask("Draw.")
		x := &translate.Exchange{ID: "1", Model: "m"}
		store := recall.New(1<<20, time.Hour)
		sendTurn(t, a, to, x, store)
		said := mint(to.surface, []string{`{"text":"Here:"}`, `{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="},"thoughtSignature":"$1"}`})
		answerTurn(t, a, x, store, said, stream)
		a.ask("Larger.")
		body := sendTurn(t, a, to, x, store)
		if want := strings.Join(said, ","); !strings.Contains(string(body), `{"role":"model","parts":[`+want+`]}`) {
			t.Errorf("stream %v: the request lacks %s:\n%s", stream, want, body)
		}
	}
}

// mint puts signatures of a surface into parts.
func mint(surface string, parts []string) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		for n := range 9 {
			p = strings.ReplaceAll(p, fmt.Sprintf(`"$%d"`, n), `"`+double.Mint(surface, n)+`"`)
		}
		out[i] = p
	}
	return out
}

func modelTurn(parts []string) []byte {
	return []byte(`{"contents":[{"role":"model","parts":[` + strings.Join(parts, ",") + `]}]}`)
}

// signed lists what is signed in a request: calls by their argument, texts as such.
func signed(t *testing.T, body []byte) []string {
	var out []string
	for _, content := range list(decoded(t, string(body))["contents"]) {
		for _, p := range list(in(content, "parts")) {
			s := str(in(p, "thoughtSignature"))
			switch {
			case s == "":
			case in(p, "functionCall") != nil:
				out = append(out, "f "+count(in(p, "functionCall", "args", "n"))+" "+s)
			default:
				out = append(out, "text "+s)
			}
		}
	}
	return out
}

// sendTurn takes the agent's conversation to Google, as the gateway does.
func sendTurn(t *testing.T, a agent, to *place, x *translate.Exchange, store *recall.Store) []byte {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(a.body()), scan.DefaultLimits); err != nil {
		t.Fatal(err)
	}
	r, failed := a.DecodeRequest(doc, &translate.Losses{})
	if failed != nil {
		t.Fatalf("%s: %s", failed.Param, failed.Message)
	}
	store.Fill("tenant", r, &to.target)
	x.Request = r
	x.Begin(&to.target)
	body, failed := gemini.Dialect{}.EncodeRequest(nil, r, x)
	if failed != nil {
		t.Fatalf("%s: %s", failed.Param, failed.Message)
	}
	if err := double.Check(body, to.surface, to.model); err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	if strings.Contains(string(body), "skip_thought_signature_validator") {
		t.Errorf("a placeholder stands in %s", body)
	}
	return body
}

// answerTurn brings Google's answer to the agent.
func answerTurn(t *testing.T, a agent, x *translate.Exchange, store *recall.Store, said []string, stream bool) {
	t.Helper()
	observer := store.Observe("tenant")
	defer observer.Commit()
	if !stream {
		r, err := decodeWhole(t, x, []byte(ends(strings.Join(said, ","), "STOP")))
		if err != nil {
			t.Fatal(err)
		}
		observer.Response(r)
		a.hear(decoded(t, string(a.EncodeResponse(nil, r, x))))
		return
	}
	pass := translate.NewConversion(gemini.Dialect{}.NewDecoder(x), a.NewEncoder(x), observer.Event)
	var out []byte
	for _, p := range said {
		out, _ = pass.Record(out, nil, []byte(parts(p)), nil)
	}
	out, _ = pass.Record(out, nil, []byte(ends("", "STOP")), nil)
	out, _ = pass.Close(out, nil)
	a.hear(a.gather(frames(out)))
}
