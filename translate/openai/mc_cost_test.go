package openai_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// chunk is a record as OpenAI and its kin stream it.
func chunk(delta string) []byte {
	return []byte(`{"id":"chatcmpl-9aBcDeFgHiJkLmNoPqRsTuVw","object":"chat.completion.chunk","created":1764150000,"model":"gpt-5.2-2025-12-11","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":{` + delta + `},"logprobs":null,"finish_reason":null}],"obfuscation":"k3jD9aQ"}`)
}

// flow is a stream under way, with what is needed to send one more record through it.
type flow struct {
	pass   translate.Pass
	record []byte
	out    []byte
}

func newFlow(pass translate.Pass, first, record []byte) *flow {
	f := &flow{pass: pass, record: record}
	f.out, _ = pass.Record(nil, nil, first, nil)
	f.out = make([]byte, 0, 4096)
	return f
}

func (f *flow) step() {
	f.out, _ = f.pass.Record(f.out[:0], nil, f.record, nil)
}

// flows are the records that a stream consists of mostly.
func flows() map[string]*flow {
	call := chunk(`"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"read_file","arguments":"{\"path\":\""}}]`)
	x := exchange(gpt5())
	x.Request.Stream, x.Request.IncludeUsage = true, false
	return map[string]*flow{
		"text":      newFlow(conversionOf(exchange(gpt5())), chunk(`"content":"Hello"`), chunk(`"content":" wor\u00e9ld"`)),
		"reasoning": newFlow(conversionOf(exchange(local())), chunk(`"reasoning_content":"Hm"`), chunk(`"content":null,"reasoning_content":" so"`)),
		"arguments": newFlow(conversionOf(exchange(gpt5())), call, chunk(`"tool_calls":[{"index":0,"function":{"arguments":"src/\\\"a\\\""}}]`)),
		"pass":      newFlow(openai.Dialect{}.NewPass(x), chunk(`"content":"Hello"`), chunk(`"content":" world"`)),
	}
}

// What one record costs in allocations, once a stream runs.
func TestStreamedRecordsAllocate(t *testing.T) {
	for name, most := range map[string]float64{"text": 0, "reasoning": 0, "arguments": 0, "pass": 0} {
		f := flows()[name]
		f.step()
		if n := testing.AllocsPerRun(200, f.step); n > most {
			t.Errorf("%s: %v allocations for a record, want at most %v", name, n, most)
		}
		if len(f.out) == 0 {
			t.Errorf("%s: the record had no effect", name)
		}
	}
	t.Run("a call's beginning", func(t *testing.T) {
		// Each call is new state: its struct, its name and id.
		pass := conversionOf(exchange(gpt5()))
		out := make([]byte, 0, 1<<20)
		out, _ = pass.Record(out, nil, chunk(`"role":"assistant","content":null`), nil)
		n, records := 0, make([][]byte, 300)
		for i := range records {
			id := strings.Repeat("x", i+1)
			records[i] = chunk(`"tool_calls":[{"index":` + strconv.Itoa(i) + `,"id":"` + id + `","type":"function","function":{"name":"read_file","arguments":"{\"a\":1}"}}]`)
		}
		if got := testing.AllocsPerRun(100, func() { out, _ = pass.Record(out[:0], nil, records[n], nil); n++ }); got > 8 {
			t.Errorf("%v allocations for a whole call, want at most 8", got)
		}
	})
}

// BenchmarkChatRecord measures one record of each kind.
func BenchmarkChatRecord(b *testing.B) {
	for name, f := range flows() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(f.record)))
			for b.Loop() {
				f.step()
			}
		})
	}
}

// agent is a request of an agent of about 62 KB: a long system prompt, two dozen tools and
// a conversation with calls and results.
func agent() []byte {
	var b strings.Builder
	b.WriteString(`{"model":"m","max_tokens":32000,"stream":true,"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1;"},{"type":"text","text":"` + strings.Repeat(`You are an agent.\nBe \"careful\". `, 700) + `","cache_control":{"type":"ephemeral"}}],"tools":[`)
	for i := range 24 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"name":"tool_` + string(rune('a'+i)) + `","description":"` + strings.Repeat(`Does one thing well.\n`, 20) + `","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"A path."},"limit":{"type":"integer","minimum":1}},"required":["path"],"additionalProperties":false}}`)
	}
	b.WriteString(`],"messages":[{"role":"user","content":"Go on."}`)
	for i := range 20 {
		id := `toolu_` + string(rune('a'+i))
		b.WriteString(`,{"role":"assistant","content":[{"type":"text","text":"Let me look."},{"type":"tool_use","id":"` + id + `","name":"tool_a","input":{"path":"/src/main.go","limit":100}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"` + id + `","content":"` + strings.Repeat(`func main() {\n\tfmt.Println(\"x\")\n}\n`, 24) + `"}]}`)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// BenchmarkAgentBody measures the way of an agent's request to a provider of Chat.
func BenchmarkAgentBody(b *testing.B) {
	body := agent()
	doc, out := new(scan.Doc), make([]byte, 0, 2*len(body))
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := doc.Parse(body, scan.DefaultLimits); err != nil {
			b.Fatal(err)
		}
		var lost translate.Losses
		r, err := anthropic.Dialect{}.DecodeRequest(doc, &lost)
		if err != nil {
			b.Fatal(err)
		}
		x := &translate.Exchange{ID: "1", Model: "m", Request: r}
		x.Begin(gpt5())
		if out, err = (openai.Dialect{}).EncodeRequest(out[:0], r, x); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAgentPatch measures the same body where nothing is translated.
func BenchmarkAgentPatch(b *testing.B) {
	body := agent()
	doc := new(scan.Doc)
	x := exchange(gpt5())
	x.Request.Stream = true
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := doc.Parse(body, scan.DefaultLimits); err != nil {
			b.Fatal(err)
		}
		if _, err := (openai.Dialect{}).PatchRequest(doc, x); err != nil {
			b.Fatal(err)
		}
	}
}
