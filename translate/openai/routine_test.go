package openai

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// chunkOf makes a chunk of a provider; %s stands for the content.
func chunkOf(pattern, content string) string { return strings.Replace(pattern, "%s", content, 1) }

// What chunks of text become is the same whether they are recognised by a pattern or read
// one by one.
func TestRoutineChunksAreHandedOnAsOthers(t *testing.T) {
	for name, pattern := range map[string]string{
		"plain":           `{"id":"1","model":"up","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}],"usage":null}`,
		"model at end":    `{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"%s","refusal":null},"finish_reason":null}],"usage":null,"model":"up"}`,
		"padding":         `{"model":"up","choices":[{"index":0,"delta":{"content":"%s"}}],"obfuscation":"aXb"}`,
		"padding ahead":   `{"obfuscation":"aXb","model":"up","choices":[{"index":0,"delta":{"content":"%s"}}]}`,
		"model between":   `{"choices":[{"index":0,"delta":{"content":"%s"}}],"model":"up","p":"abc"}`,
		"no model":        `{"choices":[{"index":0,"delta":{"content":"%s"}}]}`,
		"spaces":          `{"model": "up", "choices": [{"index": 0, "delta": {"content": "%s"}}], "usage": null}`,
		"line ends":       "{\"model\":\"up\",\n\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}",
		"space ahead":     ` {"model":"up","choices":[{"index":0,"delta":{"content":"%s"}}]}`,
		"two choices":     `{"model":"up","choices":[{"index":0,"delta":{"content":"%s"}},{"index":1,"delta":{"content":"b"}}]}`,
		"beside a call":   `{"model":"up","choices":[{"index":0,"delta":{"content":"%s","tool_calls":[{"index":0,"function":{"arguments":"x"}}]}}]}`,
		"beside usage":    `{"model":"up","choices":[{"index":0,"delta":{"content":"%s"}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`,
		"a second member": `{"model":"up","choices":[{"index":0,"delta":{"content":"a","content":"%s"}}]}`,
	} {
		for _, usage := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, usage %v", name, usage), func(t *testing.T) {
				x := &translate.Exchange{Model: "logical", Request: &translate.Request{IncludeUsage: usage}}
				learning := Dialect{}.NewPass(x)
				for _, content := range []string{"", "a", "", "bc", `d\n\"\u00e9`, "", "é", strings.Repeat("long ", 100), `bad"`, `bad\x`, "bad\x01", "e", "f"} {
					data := []byte(chunkOf(pattern, content))
					fresh := Dialect{}.NewPass(x)
					want, wantSeen := fresh.Record(nil, nil, data, nil)
					got, seen := learning.Record(nil, nil, data, nil)
					if string(got) != string(want) || seen.Content != wantSeen.Content {
						t.Errorf("%q becomes\n%q, on its own\n%q", data, got, want)
					}
				}
			})
		}
	}
}

// What chunks of text tell is the same whether they are recognised or read.
func TestRoutineChunksAreDecodedAsOthers(t *testing.T) {
	const start, blank = `{"choices":[{"index":1,"delta":{"role":"assistant","content":" "}}]}`, `{"choices":[{"index":1,"delta":{"content":" "}}]}`
	pattern := `{"choices":[{"index":1,"delta":{"content":"%s"},"finish_reason":null}],"service_tier":"x","obfuscation":"aXb"}`
	call := `{"choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}}]}`
	records := []string{start, blank, chunkOf(pattern, "a"), chunkOf(pattern, "b"), chunkOf(pattern, ""), chunkOf(pattern, " "), call, chunkOf(pattern, "c"), chunkOf(pattern, " "), `[DONE]`}
	told := func(d *decoder, each func()) (out []string) {
		for _, r := range records {
			each()
			for _, e := range d.Decode(nil, []byte(r), nil) {
				out = append(out, fmt.Sprintf("%d %d %d %q", e.Kind, e.Choice, e.Block, e.Text))
			}
		}
		return out
	}
	usual, plain := &decoder{x: &translate.Exchange{}}, &decoder{x: &translate.Exchange{}}
	got := told(usual, func() {})
	want := told(plain, func() { plain.routine = routine{} })
	if !slices.Equal(got, want) || usual.routine.size == 0 {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// What a pattern matches is what the document's walk finds.
func FuzzRoutine(f *testing.F) {
	const pattern = `{"choices":[{"index":0,"delta":{"content":"%s"}}],"p":"ab"}`
	for _, s := range []string{"a", `\"`, `"`, `\`, "\x00", `a"}}],"p":"`, strings.Repeat("é", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		r := &routine{}
		learned, err := scan.Parse([]byte(chunkOf(pattern, "x")))
		if err != nil || !r.learn(learned) {
			t.Fatal("the pattern is not learned")
		}
		data := []byte(chunkOf(pattern, content))
		text := r.text(data)
		if text == nil {
			return
		}
		v, err := scan.Parse(data)
		if err != nil || string(v.Get("choices").First().At("delta", "content").Text()) != string(text) {
			t.Fatalf("%q is matched with %q: %v", data, text, err)
		}
	})
}

// chatChunk is a chunk as OpenAI sends it.
const chatChunk = `{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":174157028%d,"model":"gpt-4.1-2025-04-14","service_tier":"default","system_fingerprint":"fp_fc9f1d7035","choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aX"}`

func BenchmarkPassChunk(b *testing.B) {
	for name, step := range map[string]int{"routine": 0, "walk": 1} {
		b.Run(name, func(b *testing.B) {
			p := Dialect{}.NewPass(&translate.Exchange{Model: "bench", Request: &translate.Request{IncludeUsage: true}})
			var chunks [2][]byte
			for i := range chunks {
				chunks[i] = fmt.Appendf(nil, chatChunk, i*step)
			}
			out, i := make([]byte, 0, 1024), 0
			b.ReportAllocs()
			for b.Loop() {
				out, _ = p.Record(out[:0], nil, chunks[i&1], nil)
				i++
			}
		})
	}
}
