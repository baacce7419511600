package replay

import (
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

// TestSameDialect plays answers to clients of the provider's own dialect: they get the
// recorded bytes with the model's name put back (architecture 3; wire-openai-anthropic.md
// G1, G4).
func TestSameDialect(t *testing.T) {
	var count tally
	list := playable(t, &count)
	p := newPlayer(t)
	url := gateway(t, p)
	each(list, func(e *traffic.Exchange) {
		dialect := dialectOf(e.API)
		if dialect == "" {
			count.skip("the provider's dialect is no client's")
			return
		}
		if said := read(e); said.failed || said.cut || said.empty() {
			count.skip("an error inside of a success: TestAnswers judges those")
			return
		}
		count.ran()
		p.put(e.ID, recorded(e))
		model := wires[e.API] + "/" + e.ID
		stream := e.Response.BodyKind == "sse"
		got := post(t, url+paths[dialect], question(dialect, model, stream))
		if got.status != http.StatusOK {
			t.Errorf("%s: status %d: %s", e.ID, got.status, got.body)
			return
		}
		switch {
		case !stream:
			if want := renamed(bytes.TrimLeft(e.Answer(), " \r\n\t"), model); !bytes.Equal(want, got.body) {
				t.Errorf("%s (%s): the answer changed at byte %d of\n%.2000s", e.ID, e.API, difference(want, got.body), got.body)
			}
		case dialect == "anthropic":
			sameEvents(t, e, model, got.body)
		default:
			sameChunks(t, e, model, got.body)
		}
	})
	count.print(t, "recorded answers were played to their own dialect")
}

// difference is where two texts begin to differ.
func difference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// sameEvents checks that the data of each event of Messages are the recorded bytes, up
// to the first message_stop.
func sameEvents(t *testing.T, e *traffic.Exchange, model string, body []byte) {
	got := events(body)
	var want [][]byte
	for _, data := range events(e.Answer()) {
		v := decode(data)
		if bytes.HasPrefix(data, []byte("[DONE]")) {
			continue // OpenRouter's, which Messages does not know
		}
		if str(at(v, "type")) == "message_start" {
			at := members(data)["message"]
			data = bytes.Join([][]byte{data[:at.value], renamed(data[at.value:at.end], model), data[at.end:]}, nil)
		}
		want = append(want, data)
		if str(at(v, "type")) == "message_stop" {
			break
		}
	}
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) {
			t.Errorf("%s: %d events, recorded were %d", e.ID, len(got), len(want))
			return
		}
		if !bytes.Equal(want[i], got[i]) {
			t.Errorf("%s: event %d\nwant %.300s\ngot  %.300s", e.ID, i, want[i], got[i])
			return
		}
	}
}

// sameChunks checks that the chunks of Chat are the recorded ones but for usage, which
// is told once and at the end: those without usage are equal in each byte.
func sameChunks(t *testing.T, e *traffic.Exchange, model string, body []byte) {
	got, want := chunks(body, ""), chunks(e.Answer(), model)
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) {
			t.Errorf("%s: %d chunks, recorded were %d", e.ID, len(got), len(want))
			return
		}
		if w, g := decode(want[i]), decode(got[i]); members(want[i])["usage"].end == 0 && !bytes.Equal(want[i], got[i]) || !reflect.DeepEqual(unpriced(w), unpriced(g)) {
			t.Errorf("%s: chunk %d\nwant %.300s\ngot  %.300s", e.ID, i, want[i], got[i])
			return
		}
	}
	if !strings.HasSuffix(string(body), "data: [DONE]\n\n") {
		t.Errorf("%s: no [DONE]", e.ID)
	}
}

// chunks are the chunks with choices that say more than usage, under a model's name.
func chunks(body []byte, model string) [][]byte {
	var out [][]byte
	stopped := false
	for _, data := range events(body) {
		v := decode(data)
		if v == nil {
			continue // [DONE]
		}
		choices := list(at(v, "choices"))
		priced := at(v, "usage") != nil
		if priced && len(choices) == 0 || priced && stopped && silent(choices) {
			continue
		}
		for _, c := range choices {
			stopped = stopped || at(c, "finish_reason") != nil
		}
		if model != "" {
			data = renamed(data, model)
		}
		out = append(out, bytes.ReplaceAll(data, []byte("\n"), []byte(" ")))
	}
	return out
}

// silent reports whether choices say nothing.
func silent(choices []any) bool {
	for _, c := range choices {
		d := at(c, "delta")
		if str(at(d, "content")) != "" || str(at(d, "reasoning")) != "" || len(list(at(d, "tool_calls"))) > 0 {
			return false
		}
	}
	return true
}

// unpriced takes usage out of a chunk.
func unpriced(v any) any {
	if m, ok := v.(object); ok {
		delete(m, "usage")
	}
	return v
}
