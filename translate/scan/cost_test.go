package scan

import (
	"fmt"
	"strings"
	"testing"
)

// The documents whose walk is measured: a chunk of a Chat stream, an agent's request of
// 62 KB full of code, an image of 2 MB.
var costly = []struct{ name, text string }{
	{"chunk", `{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"gpt-4.1-2025-04-14","service_tier":"default","system_fingerprint":"fp_fc9f1d7035","choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null}`},
	{"agent", agentRequest()},
	{"image", `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("iVBORw0KGgo/", 2<<20/12) + `"}}]}]}`},
}

func agentRequest() string {
	code := strings.Repeat(`func main() {\n\tfmt.Println(\"hello, \\\"world\\\"\") // prints a line\n}\n`, 8)
	var b strings.Builder
	b.WriteString(`{"model":"m","stream":true,"messages":[{"role":"system","content":"` + code + `"}`)
	for i := range 40 {
		fmt.Fprintf(&b, `,{"role":"assistant","content":"%s","tool_calls":[{"id":"call_%d","type":"function","function":{"name":"read","arguments":"{\"path\":\"/src/main.go\",\"offset\":%d}"}}]},{"role":"tool","tool_call_id":"call_%d","content":"%s"}`, code, i, i, i, code)
	}
	b.WriteString(`]}`)
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, c := range costly {
		b.Run(c.name, func(b *testing.B) {
			d, src := new(Doc), []byte(c.text)
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Parse(src, DefaultLimits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	v, err := Parse([]byte(costly[0].text))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if v.Get("choices").First().At("delta", "content").Text() == nil {
			b.Fatal("not found")
		}
	}
}
