package openai_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"testing/iotest"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// FuzzMessagesRequest checks that any body of a client is either refused with words or
// becomes one JSON body, the same each time, that no part of the gateway's own shows in.
func FuzzMessagesRequest(f *testing.F) {
	for _, members := range []string{
		``, `"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}],"stop_sequences":["x"],"stream":true`,
		calls(callA, `{"type":"tool_result","tool_use_id":"toolu_a","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"`+png+`"}}],"is_error":true}`),
		turns(`{"role":"user","content":[{"type":"document","title":"t","source":{"type":"base64","media_type":"application/pdf","data":"` + pdf + `"}}]},{"role":"system","content":"late"},{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"xjp1.google.o.S"},{"type":"redacted_thinking","data":"R"},{"type":"text","text":"b"}]}`),
		`"tools":[{"name":"f","input_schema":{"type":"object"},"strict":true},{"type":"bash_20250124","name":"bash"},{"type":"web_search_20250305","name":"w"}],"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}`,
		`"thinking":{"type":"enabled","budget_tokens":2048},"output_config":{"effort":"max","format":{"type":"json_schema","schema":{"type":"object"}}},"metadata":{"user_id":"u"}`,
		turns(`{"role":"assistant","content":[{"type":"compaction","content":"x"},{"type":"server_tool_use","id":"s","name":"w","input":{}},{"type":"web_search_tool_result","tool_use_id":"s","content":[{"url":"u","title":"t"}]},{"type":"search_result","title":"t","source":"s","content":[{"type":"text","text":"x"}]}]}`),
	} {
		f.Add([]byte(`{"model":"m","max_tokens":100,` + members + `}`))
		f.Add([]byte(`{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}],` + members + `}`))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc := new(scan.Doc)
		if doc.Parse(body, scan.DefaultLimits) != nil {
			return
		}
		before := bytes.Clone(body)
		_, _, _ = anthropic.Peek(doc)
		var lost translate.Losses
		r, err := anthropic.Dialect{}.DecodeRequest(doc, &lost)
		if err != nil {
			if err.Message == "" || err.Kind != translate.ErrInvalid {
				t.Fatalf("refused without words: %+v", err)
			}
			return
		}
		for _, make := range []func() *translate.Target{gpt5, local, openRouter} {
			var first []byte
			for range 2 {
				x := &translate.Exchange{ID: "1", Model: "m"}
				x.Begin(make())
				x.Request = r
				out, err := openai.Dialect{}.EncodeRequest(nil, r, x)
				switch {
				case err != nil && err.Message == "":
					t.Fatalf("refused without words: %+v", err)
				case err != nil:
					continue
				case !json.Valid(out):
					t.Fatalf("no JSON: %s", out)
				case first != nil && !bytes.Equal(first, out):
					t.Fatalf("twice the same request:\n%s\n%s", first, out)
				}
				first = out
			}
		}
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
	})
}

// FuzzChatStream checks that whatever a provider of Chat streams, its client gets a stream
// that no SDK of Messages stumbles over, the same however it is cut.
func FuzzChatStream(f *testing.F) {
	for _, records := range []string{
		delta(`"reasoning_content":"a"`) + delta(`"content":"b"`) + fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}`) + finished("stop"),
		fragment(`{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":1,"id":"b","function":{"name":"g","arguments":""}}`) + fragment(`{"index":1,"function":{"arguments":"{\"y\":"}}`) + fragment(`{"index":0,"function":{"arguments":"{\"x\":1}"}}`) + finished("tool_calls"),
		fragment(`{"function":{"name":"f","arguments":{"a":1}}}`) + fragment(`{"id":"x","function":{"name":null}}`) + delta(`"content":"\n"`) + finished("length"),
		delta(`"reasoning_details":[{"type":"reasoning.text","text":"a","signature":"S","index":0},{"type":"reasoning.encrypted","data":"D","format":"openai-responses-v1"}],"annotations":[{"type":"url_citation","url_citation":{"url":"u"}}]`) + delta(`"refusal":"no"`) + finished("content_filter"),
		delta(`"thinking_blocks":[{"type":"thinking","thinking":"a","signature":"S"},{"type":"redacted_thinking","data":"D"}],"images":[{"image_url":{"url":"data:image/png;base64,AAAA"}}]`) + `{"error":{"code":502,"message":"m"}}`,
		`{"choices":[{"index":0,"message":{"content":[{"type":"text","text":"a"}],"function_call":{"name":"f","arguments":"{"}}}],"usage":{"prompt_tokens":-1,"completion_tokens":1e3}}` + "\n[DONE]",
		`{"choices":[{"index":2,"delta":{"content":"a"}},{"index":-1,"delta":{"content":"b"},"finish_reason":"error"}]}`,
	} {
		body := ""
		for _, line := range lines(records) {
			body += "data: " + line + "\n\n"
		}
		f.Add([]byte(body))
	}
	f.Add([]byte(": comment\n\nevent: x\ndata:\ndata: {}\r\n\r\n{\"error\":1}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		run := func(reader *sse.Reader) ([]byte, *translate.Exchange) {
			defer reader.Release()
			x := exchange(openRouter())
			pass := conversionOf(x)
			var out []byte
			for {
				event, err := reader.Next()
				if err != nil {
					out, _ = pass.Close(out, nil)
					return out, x
				}
				if event.Data != nil {
					out, _ = pass.Record(out, event.Name, event.Data, event.Raw)
				}
			}
		}
		out, _ := run(sse.NewReader(bytes.NewReader(body), 0))
		again, _ := run(sse.NewReader(iotest.OneByteReader(bytes.NewReader(body)), 0))
		if !bytes.Equal(out, again) {
			t.Fatalf("read byte by byte:\n%s\nat once:\n%s", again, out)
		}
		clientEvents(t, out)
	})
}

// FuzzChatAnswer checks that any whole answer of a provider of Chat is either a failure
// with words or an answer of Messages, and that a stream of that one record says the same.
func FuzzChatAnswer(f *testing.F) {
	for _, message := range []string{
		`"content":"a"`, `"content":[{"type":"thinking","thinking":"a"},{"type":"text","text":"b"}]`, `"content":null,"refusal":"no"`,
		`"content":"a","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"a\":1}"}},{"function":{"name":"g","arguments":{"b":[1.0]}}}]`,
		`"reasoning":"ab","reasoning_details":[{"type":"reasoning.text","text":"a","signature":"S"},{"type":"reasoning.text","text":"b"},{"type":"reasoning.encrypted","data":"D"}]`,
		`"content":"a","annotations":[{"url_citation":{"url":"u"}}],"images":[{"image_url":{"url":"https://h/a.png"}}],"audio":{"transcript":"t"}`,
	} {
		f.Add([]byte(`{"id":"x","choices":[{"index":0,"message":{"role":"assistant",` + message + `},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}`))
	}
	f.Add([]byte(`{"error":{"message":{"a":1},"code":"x","metadata":{"raw":"{\"error\":\"y\"}"}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		doc := new(scan.Doc)
		if doc.Parse(body, scan.Limits{Depth: 1000}) != nil {
			return
		}
		x := exchange(openRouter())
		r, err := openai.Dialect{}.DecodeResponse(doc, x)
		if err != nil {
			if err.Message == "" {
				t.Fatalf("failed without words: %+v", err)
			}
			return
		}
		out := anthropic.Dialect{}.EncodeResponse(nil, r, x)
		m := readMessage(t, out)
		if m.Content == nil || m.Stop == nil || m.Usage.Input < 0 || m.Usage.Read < 0 || m.Usage.Write < 0 || m.Usage.Output < 0 {
			t.Fatalf("%s", out)
		}
		if len(r.Choices) == 0 || r.Choices[0].Index != 0 {
			return // clients of Messages are shown the first
		}
		// The same answer unfolded into a stream, as for a client that asked for one.
		encoder := anthropic.Dialect{}.NewEncoder(exchange(openRouter()))
		var streamed []byte
		for _, e := range r.Events(nil) {
			streamed = encoder.Encode(streamed, &e)
		}
		s := clientEvents(t, streamed)
		if got, want := contentOf(s.message), contentOf(m); got != want {
			t.Fatalf("unfolded it says\n%s\nwhole\n%s", got, want)
		}
	})
}

func contentOf(m message) string {
	m.Stop, m.Matched = nil, nil
	m.Usage.Input, m.Usage.Read, m.Usage.Write, m.Usage.Output = 0, 0, 0, 0
	return m.String()
}
