package gemini

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// routineStream has events that differ in text and counts, and some that differ in more.
func routineStream() []string {
	event := func(part, rest, counts string) string {
		return `{"candidates":[{"content":{"parts":[{` + part + `}],"role":"model"},"index":0` + rest + `}],"usageMetadata":{` + counts + `},"modelVersion":"m","responseId":"r"}`
	}
	counts := func(n int) string {
		return fmt.Sprintf(`"promptTokenCount":7,"candidatesTokenCount":%d,"totalTokenCount":%d`, n, n+7)
	}
	return []string{
		event(`"text":"why","thought":true`, "", counts(1)), event(`"text":" so","thought":true`, "", counts(1)),
		event(`"text":"a"`, "", counts(2)), event(`"text":"b\"\n"`, "", counts(2)), event(`"text":"c"`, "", counts(3)),
		event(`"text":""`, "", counts(3)), event(`"text":"d"`, "", `"promptTokenCount":7,"bad`), event(`"text":"e"`, "", ""),
		event(`"text":"f","thoughtSignature":"QUJD"`, "", counts(4)), event(`"text":"g"`, "", counts(5)),
		event(`"functionCall":{"name":"f","args":{}}`, "", counts(6)), event(`"text":"h"`, "", counts(7)),
		event(`"text":"i"`, `,"finishReason":"STOP"`, counts(8)),
	}
}

// What events tell is the same whether they are recognised or read, but for counts that
// were told already.
func TestRoutineEventsAreDecodedAsOthers(t *testing.T) {
	told := func(each func(*decoder)) (out []string, d *decoder) {
		d = &decoder{x: &translate.Exchange{Target: &translate.Target{}}}
		for _, r := range routineStream() {
			each(d)
			for _, e := range d.Decode(nil, []byte(r), nil) {
				if e.Kind != translate.EventUsage {
					out = append(out, fmt.Sprintf("%d %d %q", e.Kind, e.Block, e.Text))
				}
			}
			out = append(out, fmt.Sprintf("%+v", d.usage))
		}
		return out, d
	}
	got, usual := told(func(*decoder) {})
	if want, _ := told(func(d *decoder) { d.routine = routine{} }); !slices.Equal(got, want) || usual.routine.slots == nil {
		t.Errorf("%q\nwant %q", got, want)
	}
}

func BenchmarkDecodeEvent(b *testing.B) {
	stream := routineStream()
	for name, events := range map[string][]string{"text": {stream[2], stream[3]}, "text and counts": {stream[2], stream[4]}} {
		b.Run(name, func(b *testing.B) {
			d := &decoder{x: &translate.Exchange{Target: &translate.Target{}}}
			var out []translate.Event
			raw, i := [2][]byte{[]byte(events[0]), []byte(events[1])}, 0
			b.ReportAllocs()
			for b.Loop() {
				out = d.Decode(nil, raw[i&1], out[:0])
				i++
			}
		})
	}
}
