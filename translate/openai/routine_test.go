package openai

import (
	"fmt"
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

// A stream whose chunks all differ is not learned for ever.
func TestRoutineGivesUp(t *testing.T) {
	p := Dialect{}.NewPass(&translate.Exchange{}).(*pass)
	for i := range 100 {
		p.Record(nil, nil, fmt.Appendf(nil, `{"created":%d,"choices":[{"index":0,"delta":{"content":"a"}}]}`, i), nil)
	}
	if p.routine.misses != maxMisses {
		t.Errorf("%d misses", p.routine.misses)
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
const chatChunk = `{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"gpt-4.1-2025-04-14","service_tier":"default","system_fingerprint":"fp_fc9f1d7035","choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"a%d"}`

func BenchmarkPassChunk(b *testing.B) {
	for name, misses := range map[string]int{"routine": 0, "walk": maxMisses} {
		b.Run(name, func(b *testing.B) {
			p := Dialect{}.NewPass(&translate.Exchange{Model: "bench", Request: &translate.Request{IncludeUsage: true}}).(*pass)
			p.routine.misses = misses
			data, out := fmt.Appendf(nil, chatChunk, 7), make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				out, _ = p.Record(out[:0], nil, data, nil)
			}
		})
	}
}
