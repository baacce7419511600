package gemini_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// seedAnswers adds answers of all kinds, one record a line.
func seedAnswers(f *testing.F) {
	for _, records := range [][]string{
		append(talk, ends(``, "STOP")), piecesOfCall, talk,
		{`{"candidates":[{"index":1,"content":{"parts":[{"text":"a"}]},"finishReason":"OTHER"},{"finishReason":"SAFETY","finishMessage":"m"}]}`},
		{`{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}}`},
		{parts(`{"text":"a"}`), `{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}`},
		{`{"candidates":[{"content":{"parts":[{"text":"to be"}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":"u","title":"t"}}],"groundingSupports":[{"segment":{"startIndex":1,"endIndex":3,"text":"o "},"groundingChunkIndices":[0]}]},"citationMetadata":{"citations":[{"uri":"u","startIndex":9,"endIndex":2}]},"finishReason":"STOP"}]}`},
		{`{"candidates":[{"content":{"parts":[{"toolCall":{}},{"x":1},{"thoughtSignature":"s"}]},"logprobsResult":{"chosenCandidates":[{"token":"\n"}]},"finishReason":"STOP"}]}`},
		{`{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":"\u00e9\ud83d"}}},{"functionCall":{"name":"patch","args":{"input":"x"}}}]},"finishReason":"STOP"}]}`},
	} {
		f.Add([]byte(strings.Join(records, "\n")), uint(7))
	}
}

// fuzzed is an exchange whose tools and search make the decoder do all that it can.
func fuzzed() *translate.Exchange {
	return exchange(&translate.Request{WebSearch: &translate.WebSearch{}, Tools: []translate.Tool{{Name: scan.Text("patch"), Custom: true}}})
}

// FuzzStream decodes streams: events keep their order, frames are JSON, and the pieces in
// which the bytes arrive change nothing.
func FuzzStream(f *testing.F) {
	seedAnswers(f)
	f.Fuzz(func(t *testing.T, data []byte, cut uint) {
		body := wired("\n", strings.Split(string(data), "\n")...)
		for _, to := range []translate.Inbound{chatDialect, messagesDialect} {
			x := fuzzed()
			decoder := &ordered{t: t, dec: gemini.Dialect{}.NewDecoder(x)}
			pass := translate.NewConversion(decoder, to.NewEncoder(x), nil)
			whole := drain(pass, bytes.NewReader(body))
			decoder.end()
			for _, frame := range frames(whole) {
				if frame.data != "[DONE]" && !json.Valid([]byte(frame.data)) {
					t.Fatalf("a frame is no JSON: %s", frame.data)
				}
			}
			at := int(cut % uint(len(body)+1))
			if again := read(fuzzed(), to, io.MultiReader(bytes.NewReader(body[:at]), bytes.NewReader(body[at:]))); !bytes.Equal(again, whole) {
				t.Fatalf("cut at %d:\n%s\nwhole:\n%s", at, again, whole)
			}
		}
	})
}

// FuzzWhole compares whole answers with streams of the same records: gathered, they say
// the same, and the same again after a way through the events of a whole answer.
func FuzzWhole(f *testing.F) {
	seedAnswers(f)
	f.Fuzz(func(t *testing.T, data []byte, _ uint) {
		if !utf8.Valid(data) {
			return // JSON is UTF-8
		}
		var records []string
		for _, r := range strings.Split(string(data), "\n") {
			if v, err := scan.Parse([]byte(r)); err == nil && v.Kind() == scan.Object {
				records = append(records, r)
			}
		}
		for _, to := range []translate.Inbound{chatDialect, messagesDialect} {
			x := fuzzed()
			r, err := decodeWhole(t, x, []byte("["+strings.Join(records, ",")+"]"))
			whole := encoded(to, x, r, err)
			if !json.Valid(whole) {
				t.Fatalf("no JSON: %s", whole)
			}
			x = fuzzed()
			fold := translate.NewFold(x)
			decoder := gemini.Dialect{}.NewDecoder(x)
			for _, r := range records {
				for _, e := range decoder.Decode(nil, []byte(r), nil) {
					fold.Add(&e)
				}
			}
			for _, e := range decoder.Close(nil, nil) {
				fold.Add(&e)
			}
			gathered, failed := fold.Response()
			if got := encoded(to, x, gathered, failed); !bytes.Equal(got, whole) {
				t.Fatalf("gathered:\n%s\nwhole:\n%s", got, whole)
			}
			if err != nil {
				continue
			}
			x = fuzzed()
			fold = translate.NewFold(x)
			for _, e := range r.Events(nil) {
				fold.Add(&e)
			}
			again, failed := fold.Response()
			if got := encoded(to, x, again, failed); !bytes.Equal(got, whole) {
				t.Fatalf("unfolded and gathered:\n%s\nwhole:\n%s", got, whole)
			}
		}
	})
}

func encoded(to translate.Inbound, x *translate.Exchange, r *translate.Response, err *translate.Error) []byte {
	if err != nil {
		return to.EncodeError(nil, err, "")
	}
	return to.EncodeResponse(nil, r, x)
}

// ordered is a decoder whose events are checked for their order (translate.EventKind).
type ordered struct {
	t       *testing.T
	dec     translate.Decoder
	started bool
	ended   bool
	blocks  map[[2]int]translate.EventKind // by choice and number, the first event of each
	stopped map[int]bool
}

func (o *ordered) Decode(name, data []byte, events []translate.Event) []translate.Event {
	return o.check(o.dec.Decode(name, data, events), len(events))
}

func (o *ordered) Close(err error, events []translate.Event) []translate.Event {
	return o.check(o.dec.Close(err, events), len(events))
}

func (o *ordered) check(events []translate.Event, from int) []translate.Event {
	for i := range events[from:] {
		o.event(&events[from+i])
	}
	return events
}

func (o *ordered) event(e *translate.Event) {
	if o.blocks == nil {
		o.blocks, o.stopped = map[[2]int]translate.EventKind{}, map[int]bool{}
	}
	if o.ended {
		o.t.Fatalf("event %d after the end", e.Kind)
	}
	at := [2]int{e.Choice, e.Block}
	first, begun := o.blocks[at]
	switch e.Kind {
	case translate.EventFailed, translate.EventDone:
		o.ended = true
		return
	case translate.EventStart:
		if o.started {
			o.t.Fatal("a second start")
		}
		o.started = true
	case translate.EventStop:
		if o.stopped[e.Choice] {
			o.t.Fatal("a second stop")
		}
		o.stopped[e.Choice] = true
	case translate.EventText, translate.EventReasoning, translate.EventSeal, translate.EventCall, translate.EventMedia, translate.EventOpaque:
		if o.stopped[e.Choice] {
			o.t.Fatal("content after the stop")
		}
		if begun && e.Kind != first && e.Kind != translate.EventSeal {
			o.t.Fatalf("event %d in a block of %d", e.Kind, first)
		}
		if begun && (e.Kind == translate.EventCall || e.Kind == translate.EventMedia || e.Kind == translate.EventOpaque) {
			o.t.Fatalf("event %d twice in a block", e.Kind)
		}
		if !begun {
			o.blocks[at] = e.Kind
		}
	case translate.EventArgs, translate.EventCallEnd:
		if first != translate.EventCall {
			o.t.Fatalf("arguments in a block of %d", first)
		}
	case translate.EventCitation:
		if first != translate.EventText && first != translate.EventSeal {
			o.t.Fatalf("a citation in a block of %d", first)
		}
	}
	if !o.started {
		o.t.Fatal("no start")
	}
}

func (o *ordered) end() {
	if !o.ended {
		o.t.Fatal("no end")
	}
}
