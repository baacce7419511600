package translate_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// told reports whether a member says something that a pass may edit or act on.
func told(doc *scan.Doc, keys ...string) bool {
	for key := range doc.Root().Members() {
		for _, k := range keys {
			if string(key) == k {
				return true
			}
		}
	}
	return doc.Root().Kind() != scan.Object
}

// FuzzChatPass puts any record into a stream of Chat: it reaches the client byte for byte,
// in its place, unless it is none or says what the gateway acts on.
func FuzzChatPass(f *testing.F) {
	for _, record := range []string{
		`{"choices":[{"index":0,"delta":{"content":"\u00e9","x":1.0,"x":2}}],"z":[ ]}`, `{"object":"future","choices":[]}`, `[1,2]`, `"text"`, `{`, "{\"a\":\n1}",
		`{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`, `{"error":null,"model":"up"}`, `{"model":"up","choices":[{"error":{"code":1}}]}`, `[DONE]`, `{"x_groq":{"usage":{}}}`,
	} {
		f.Add([]byte(record), true)
		f.Add([]byte(record), false)
	}
	f.Fuzz(func(t *testing.T, record []byte, usage bool) {
		if bytes.ContainsAny(record, "\r\n") {
			record = bytes.ReplaceAll(bytes.ReplaceAll(record, []byte("\r"), nil), []byte("\n"), nil)
		}
		first, last := `{"choices":[{"index":0,"delta":{"content":"first"}}]}`, `{"choices":[{"index":0,"delta":{"content":"last"},"finish_reason":"stop"}]}`
		body := frames(first, string(record), last, "[DONE]")
		got := passedTwice(t, func() translate.Pass { return openai.Dialect{}.NewPass(passing(true, usage)) }, body)
		doc := new(scan.Doc)
		data := bytes.TrimPrefix(record, []byte(" "))
		switch {
		case bytes.HasPrefix(data, []byte("[DONE]")):
		case doc.Parse(data, scan.Limits{}) != nil:
			if want := frames(first, last, "[DONE]"); got != want {
				t.Fatalf("got\n%s\nwant\n%s", got, want)
			}
		case told(doc, "error", "usage", "model", "choices", "x_groq"):
			if !strings.HasPrefix(got, frames(first)) || !strings.HasSuffix(got, "\n\n") || !strings.Contains(got, `"last"`) && !strings.Contains(got, `"error"`) {
				t.Fatalf("lost or out of order:\n%s", got)
			}
		default:
			if want := frames(first, string(data), last, "[DONE]"); got != want {
				t.Fatalf("got\n%s\nwant\n%s", got, want)
			}
		}
	})
}

// FuzzMessagesPass does the same with an event of Messages.
func FuzzMessagesPass(f *testing.F) {
	for _, record := range []string{
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\u00e9","x":1.0,"x":2}}`, `{"type":"future"}`, `{"type":"ping"}`, `[1]`, `{`, `{"type":"message_stop"}`,
		`{"type":"message_delta","usage":{"output_tokens":1}}`, `{"type":"error","error":{}}`, `{"error":1}`, `[DONE]`,
	} {
		for _, name := range []string{"content_block_delta", "future_event", "", "message", "error", "message_delta"} {
			f.Add(name, []byte(record))
		}
	}
	f.Fuzz(func(t *testing.T, name string, record []byte) {
		if strings.ContainsAny(name, "\r\n") || bytes.ContainsAny(record, "\r\n") || strings.HasPrefix(name, " ") {
			return
		}
		event := "event: " + name + "\ndata: " + string(record) + "\n\n"
		if name == "" {
			event = frames(string(record))
		}
		got := passedTwice(t, messagesPass, events(started)+event+events(finale, over))
		doc := new(scan.Doc)
		data := bytes.TrimPrefix(record, []byte(" "))
		switch name {
		case "", "message", "error", "message_stop", "message_start", "message_delta":
			if !strings.HasPrefix(got, events(started)) || !strings.Contains(got, "message_stop") && !strings.Contains(got, "error") {
				t.Fatalf("lost or out of order:\n%s", got)
			}
			return
		}
		want := events(started) + event + events(finale, over)
		if bytes.HasPrefix(data, []byte("[DONE]")) || doc.Parse(data, scan.Limits{}) != nil {
			want = events(started, finale, over)
		}
		if got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// passedTwice carries a body at once and byte by byte, and checks that the client gets the
// same in whole lines.
func passedTwice(t *testing.T, pass func() translate.Pass, body string) string {
	t.Helper()
	got := carry(pass(), strings.NewReader(body), nil)
	again := carry(pass(), iotest.OneByteReader(strings.NewReader(body)), nil)
	if !bytes.Equal(got.out, again.out) {
		t.Fatalf("byte by byte\n%s\nat once\n%s", again.out, got.out)
	}
	return string(got.out)
}

// FuzzPassedBody checks any body that would reach a provider untranslated: nothing of it
// is lost or out of order but what the pass edits.
func FuzzPassedBody(f *testing.F) {
	for _, body := range []string{
		`{"messages":[{"role":"user","content":"h\u00e9"}],"model":"m","x":1.0,"x":[ 2 ],"stream":true,"stream_options":{"a":1}}`,
		`{"model":"m","stream":true,"stream_options":null,"messages":[{"role":"assistant","content":"a","reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b"}]}]}`,
		`{"model":"m","max_tokens":99999,"thinking":{"type":"enabled","budget_tokens":99998},"messages":[{"role":"assistant","content":[{"type":"thinking","signature":"xjp1.a.b.c"},{"type":"text","text":"a"}]}]}`,
		`{"model":"m","messages":[{"role":"user","content":"a"}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc := new(scan.Doc)
		if doc.Parse(body, scan.DefaultLimits) != nil || doc.Root().Kind() != scan.Object || doc.Root().Repeated("model", "stream", "max_tokens") != "" {
			return
		}
		if _, _, _, err := openai.Peek(doc); err == nil {
			x := passing(true, false)
			x.Target.Quirks.OpenRouter = true
			edits, _ := openai.Dialect{}.PatchRequest(doc, x)
			samePassed(t, doc, edits, "stream_options")
		}
		if _, _, err := anthropic.Peek(doc); err == nil {
			x := passing(true, false)
			x.Target.Caps.MaxOutput = 8192
			edits, _ := anthropic.Dialect{}.PatchRequest(doc, x)
			samePassed(t, doc, edits, "stream")
		}
	})
}

// samePassed checks that a body with edits is JSON whose members stand in the same order
// with the same bytes, but those that a pass edits; one of the key added may be there besides.
func samePassed(t *testing.T, doc *scan.Doc, edits []scan.Edit, added string) {
	t.Helper()
	for i := 1; i < len(edits); i++ {
		if edits[i].Start < edits[i-1].End {
			t.Fatalf("edits overlap: %+v", edits)
		}
	}
	out := scan.Splice(nil, doc.Source(), edits)
	if !json.Valid(out) {
		t.Fatalf("no JSON: %s", out)
	}
	v, err := scan.Parse(out)
	if err != nil {
		t.Fatal(err)
	}
	before, after := doc.Root().Layout(), v.Layout()
	if len(after) == len(before)+1 && string(after[len(before)].Key) == added {
		after = after[:len(before)]
	}
	if len(after) != len(before) {
		t.Fatalf("%d members became %d: %s", len(before), len(after), out)
	}
	for i, m := range before {
		edited := false
		switch string(m.Key) {
		case "model", "messages", "stream", "stream_options", "max_tokens", "thinking":
			edited = true
		}
		if !bytes.Equal(m.Key, after[i].Key) || !edited && !bytes.Equal(m.Value.Raw(), after[i].Value.Raw()) {
			t.Fatalf("%s: %s became %s: %s", m.Key, m.Value.Raw(), after[i].Key, after[i].Value.Raw())
		}
	}
}
