package anthropic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// delta is an event of a block's piece.
func delta(index int, kind, key, text string) string {
	return fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":{"type":"%s","%s":"%s"}}`, index, kind, key, text)
}

// A stream with pieces of all kinds, in which indexes come again, as some hosts have it.
var routineStream = []string{
	`{"type":"message_start","message":{"id":"m","model":"up","usage":{"input_tokens":3,"output_tokens":1}}}`,
	`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}`,
	delta(0, "thinking_delta", "thinking", "a"), delta(0, "thinking_delta", "thinking", `b\n\"`), delta(0, "thinking_delta", "thinking", ""),
	delta(0, "signature_delta", "signature", "s"),
	`{"type":"content_block_stop","index":0}`,
	`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`,
	delta(1, "text_delta", "text", "c"), delta(1, "text_delta", "text", "d"), delta(1, "text_delta", "text", strings.Repeat("long ", 99)),
	delta(1, "text_delta", "text", `bad"`), delta(2, "text_delta", "text", "of no block"), delta(1, "text_delta", "text", "e"),
	`{"type":"content_block_stop","index":1}`,
	`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"gone":1}}}`,
	delta(1, "input_json_delta", "partial_json", `{\"a\"`), delta(1, "input_json_delta", "partial_json", `:1}`), delta(1, "text_delta", "text", "f"),
	`{"type":"content_block_stop","index":1}`,
	`{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}`,
	`{"type":"message_stop"}`,
}

// What pieces tell is the same whether they are recognised or read.
func TestRoutineEventsAreDecodedAsOthers(t *testing.T) {
	told := func(each func(*decoder)) (out []string) {
		d := &decoder{x: &translate.Exchange{Target: &translate.Target{}}}
		for _, r := range routineStream {
			each(d)
			for _, e := range d.Decode(nil, []byte(r), nil) {
				out = append(out, fmt.Sprintf("%d %d %q", e.Kind, e.Block, e.Text))
			}
		}
		return out
	}
	recognised := 0
	got := told(func(d *decoder) {
		if !d.routine.stencil.IsUseless() && d.routine.kind != "" {
			recognised++
		}
	})
	if want := told(func(d *decoder) { d.routine = routine{} }); !slices.Equal(got, want) || recognised == 0 {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// What becomes of pieces is the same whether they are recognised or read.
func TestRoutineEventsAreHandedOnAsOthers(t *testing.T) {
	for _, framing := range []string{"event: %s\ndata: %s\n\n", "event:%s\r\ndata:%s\r\n\r\n"} {
		carried := func(each func(*pass)) (out string) {
			p := Dialect{}.NewPass(&translate.Exchange{Model: "logical", Target: &translate.Target{}}).(*pass)
			for _, r := range routineStream {
				each(p)
				name := r[len(`{"type":"`):]
				name = name[:strings.IndexByte(name, '"')]
				b, seen := p.Record(nil, []byte(name), []byte(r), fmt.Appendf(nil, framing, name, r))
				out += fmt.Sprintf("%s%v\n", b, seen.Content)
			}
			return out
		}
		got := carried(func(*pass) {})
		if want := carried(func(p *pass) { p.routine = routine{} }); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func BenchmarkPassDelta(b *testing.B) {
	data := []byte(delta(0, "text_delta", "text", "Hello"))
	raw := fmt.Appendf(nil, "event: content_block_delta\ndata: %s\n\n", data)
	p := Dialect{}.NewPass(&translate.Exchange{Target: &translate.Target{}})
	out := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		out, _ = p.Record(out[:0], []byte("content_block_delta"), data, raw)
	}
}
