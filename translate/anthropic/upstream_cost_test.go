package anthropic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// underWay is a translated stream that has come to a block.
func underWay(t testing.TB, first ...string) (translate.Pass, []byte) {
	x := asking(t, "")
	p := pass(x)
	var out []byte
	for _, e := range append([]string{started}, first...) {
		out, _ = p.Record(out, nil, []byte(e), nil)
	}
	return p, make([]byte, 0, 4096)
}

// TestTranslatedChunksAllocateLittle holds the goals of performance.md: nothing for a chunk
// of text, at most four allocations for one of a call.
func TestTranslatedChunksAllocateLittle(t *testing.T) {
	for _, c := range []struct {
		name   string
		first  []string
		record string
		most   float64
	}{
		{"text", events(textBlock(0)), textDelta(0, `Hello \"there\" é`), 0},
		{"a piece of arguments", events(tool(0, "t1", "f")), args(0, `{\"path\":\"/src`), 4},
		{"a ping", events(textBlock(0)), pinged, 0},
		{"an end of a block", events(textBlock(0)), end(0), 0},
	} {
		p, out := underWay(t, c.first...)
		record := []byte(c.record)
		p.Record(out, nil, record, nil)
		if got := testing.AllocsPerRun(1000, func() { p.Record(out, nil, record, nil) }); got > c.most {
			t.Errorf("%s: %v allocations, more than %v", c.name, got, c.most)
		}
	}
	// Thinking is kept for its seal, in a buffer that grows now and then.
	p, out := underWay(t, thought(0))
	record := []byte(thinks(0, "Hm, let me see. "))
	if got := testing.AllocsPerRun(1000, func() { p.Record(out, nil, record, nil) }); got > 0.1 {
		t.Errorf("thinking: %v allocations", got)
	}
}

// agentBody is a request of an agent, of 62 KB or so: code as strings, calls and results.
var agentBody = func() []byte {
	code := strings.Repeat(`func main() {\n\tfmt.Println(\"hello, \\\"world\\\"\") // prints a line\n}\n`, 8)
	var b strings.Builder
	b.WriteString(`{"model":"m","stream":true,"max_tokens":8000,"messages":[{"role":"system","content":"` + code + `"},{"role":"user","content":"Fix it."}`)
	for i := range 40 {
		fmt.Fprintf(&b, `,{"role":"assistant","content":"%s","tool_calls":[{"id":"call_%d","type":"function","function":{"name":"read","arguments":"{\"path\":\"/src/main.go\",\"offset\":%d}"}}]},{"role":"tool","tool_call_id":"call_%d","content":"%s"}`, code, i, i, i, code)
	}
	b.WriteString(`],"tools":[{"type":"function","function":{"name":"read","description":"Reads a file.","parameters":{"type":"object","properties":{"path":{"type":"string"},"offset":{"type":"integer"}},"required":["path"],"additionalProperties":false}}}]}`)
	return []byte(b.String())
}()

func BenchmarkAgentRequestToMessages(b *testing.B) {
	doc, target := new(scan.Doc), sonnet45()
	out := make([]byte, 0, 2*len(agentBody))
	b.SetBytes(int64(len(agentBody)))
	b.ReportAllocs()
	for b.Loop() {
		if err := doc.Parse(agentBody, scan.DefaultLimits); err != nil {
			b.Fatal(err)
		}
		var lost translate.Losses
		r, err := openai.Dialect{}.DecodeRequest(doc, &lost)
		if err != nil {
			b.Fatal(err)
		}
		x := &translate.Exchange{Request: r}
		x.Begin(target)
		if _, err := (anthropic.Dialect{}).EncodeRequest(out[:0], r, x); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMessagesChunkToChat(b *testing.B) {
	for _, c := range []struct{ name, first, record string }{
		{"text", textBlock(0), textDelta(0, `Hello \"there\" é`)},
		{"arguments", tool(0, "t1", "f"), args(0, `{\"path\":\"/src`)},
		{"thinking", thought(0), thinks(0, "Hm, let me see. ")},
	} {
		b.Run(c.name, func(b *testing.B) {
			p, out := underWay(b, c.first)
			record := []byte(c.record)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%10_000 == 0 { // a stream has an end
					p, out = underWay(b, c.first)
				}
				p.Record(out, nil, record, nil)
			}
		})
	}
}

func BenchmarkMessagesStreamToChat(b *testing.B) {
	list := events(started, textBlock(0))
	for range 100 {
		list = append(list, textDelta(0, " word"))
	}
	var body strings.Builder
	for _, e := range append(list, end(0), ends("end_turn"), stopped) {
		body.WriteString("event: x\ndata: " + e + "\n\n")
	}
	x := asking(b, "")
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for b.Loop() {
		carried(x, strings.NewReader(body.String()))
	}
}

func BenchmarkMessagesAnswerToChat(b *testing.B) {
	body := []byte(answer(text(strings.Repeat(`Hello \"there\". `, 100))+`,{"type":"tool_use","id":"t","name":"f","input":{"path":"/src"}}`, `"stop_reason":"tool_use","stop_sequence":null`))
	x, doc := asking(b, ""), new(scan.Doc)
	out := make([]byte, 0, 8192)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := doc.Parse(body, scan.Limits{}); err != nil {
			b.Fatal(err)
		}
		r, err := anthropic.Dialect{}.DecodeResponse(doc, x)
		if err != nil {
			b.Fatal(err)
		}
		openai.Dialect{}.EncodeResponse(out[:0], r, x)
	}
}
