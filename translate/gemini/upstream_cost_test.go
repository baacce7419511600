package gemini_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
)

// The events of an ordinary stream: nearly all are of the first kind.
const (
	textEvent  = `{"candidates":[{"content":{"parts":[{"text":"a \"piece\" of the answer"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":12,"totalTokenCount":1042,"promptTokensDetails":[{"modality":"TEXT","tokenCount":1000}],"thoughtsTokenCount":30},"modelVersion":"gemini-3-pro","responseId":"r1"}`
	callEvent  = `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"get_weather","args":{"city":"Paris","days":3}},"thoughtSignature":"` + someSeal + `"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":12,"totalTokenCount":1012},"modelVersion":"gemini-3-pro","responseId":"r1"}`
	pieceEvent = `{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.text","stringValue":"a piece","willContinue":true}],"willContinue":true}}],"role":"model"},"index":0}],"modelVersion":"gemini-3-pro","responseId":"r1"}`
	someSeal   = "EsoGCscGAdHtim8BiA2RWeAHXSQEMSCeBE4jhIcM99v859RQDSHCX1K7LxY06PvS4pSR1J42CiVVp1hsBUopJLr1x6oeCstpD2omVqXISGeXW2wGgsURowAKit59TWtRYHOKPB"
)

// TestCost holds what an event may cost in allocations, with the client's encoder.
func TestCost(t *testing.T) {
	for _, test := range []struct {
		name, before, event string
		decoding            float64 // allocations at most
		converting          float64
	}{
		{"text", parts(`{"text":"a"}`), textEvent, 0, 0},
		{"a whole call", parts(`{"text":"a"}`), callEvent, 4, 8},
		{"a piece of a call", parts(`{"functionCall":{"name":"f","willContinue":true}}`), pieceEvent, 4, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			decoder := gemini.Dialect{}.NewDecoder(exchange(nil))
			events := decoder.Decode(nil, []byte(test.before), nil)
			data := []byte(test.event)
			if n := testing.AllocsPerRun(100, func() { events = decoder.Decode(nil, data, events[:0]) }); n > test.decoding {
				t.Errorf("decoding: %v allocations", n)
			}
			for name, to := range map[string]translate.Inbound{"chat": chatDialect, "messages": messagesDialect} {
				x := exchange(nil)
				pass := translate.NewConversion(gemini.Dialect{}.NewDecoder(x), to.NewEncoder(x), nil)
				out, _ := pass.Record(make([]byte, 0, 1<<16), nil, []byte(test.before), nil)
				if n := testing.AllocsPerRun(100, func() { out, _ = pass.Record(out[:0], nil, data, nil) }); n > test.converting {
					t.Errorf("to %s: %v allocations", name, n)
				}
			}
		})
	}
}

func BenchmarkStream(b *testing.B) {
	for name, event := range map[string]string{"text": textEvent, "call": callEvent, "piece": pieceEvent} {
		for dialect, to := range map[string]translate.Inbound{"chat": chatDialect, "messages": messagesDialect} {
			b.Run(name+" to "+dialect, func(b *testing.B) {
				x := exchange(nil)
				pass := translate.NewConversion(gemini.Dialect{}.NewDecoder(x), to.NewEncoder(x), nil)
				out, _ := pass.Record(make([]byte, 0, 1<<16), nil, []byte(parts(`{"text":"a"}`)), nil)
				if name == "piece" {
					out, _ = pass.Record(out[:0], nil, []byte(parts(`{"functionCall":{"name":"f","willContinue":true}}`)), nil)
				}
				data := []byte(event)
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					out, _ = pass.Record(out[:0], nil, data, nil)
				}
			})
		}
	}
}
