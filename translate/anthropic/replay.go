package anthropic

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// maxReplay bounds what is kept of a paused answer.
const maxReplay = 8 << 20

// replay gathers the blocks of a streamed answer as they would stand in a whole one, to
// be sent back so that the model goes on after pause_turn.
type replay struct {
	doc    scan.Doc
	blocks []*replayed
	open   map[int64]*replayed
	size   int
}

// replayed is one block: how it began, and what was added to it.
type replayed struct {
	start                     []byte
	text, thinking, signature scan.Text
	input                     []byte
	citations                 []byte
}

// NewReplay makes a Replay for a streamed answer.
func (Dialect) NewReplay() translate.Replay { return &replay{open: map[int64]*replayed{}} }

// Record takes the data of one event.
func (r *replay) Record(data []byte) bool {
	if r.size += len(data); r.size > maxReplay {
		r.blocks, r.open = nil, nil
		return false
	}
	if r.doc.Parse(data, scan.Limits{}) != nil {
		return true
	}
	v := r.doc.Root()
	index, _ := v.Get("index").Int()
	switch v.Get("type").Str() {
	case "message_start":
		clear(r.open)
	case "content_block_start":
		b := &replayed{start: bytes.Clone(v.Get("content_block").Raw())}
		r.blocks = append(r.blocks, b)
		r.open[index] = b
	case "content_block_delta":
		if b := r.open[index]; b != nil {
			b.add(v.Get("delta"))
		}
	}
	return true
}

func (b *replayed) add(delta scan.Value) {
	b.text = append(b.text, delta.Get("text").Text()...)
	b.thinking = append(b.thinking, delta.Get("thinking").Text()...)
	b.signature = append(b.signature, delta.Get("signature").Text()...)
	b.input = append(b.input, delta.Get("partial_json").Str()...)
	if c := delta.Get("citation"); c.Exists() {
		if len(b.citations) > 0 {
			b.citations = append(b.citations, ',')
		}
		b.citations = append(b.citations, c.Raw()...)
	}
}

// Body returns the request with the answer so far as the assistant's last turn.
func (r *replay) Body(sent []byte) []byte {
	v, err := scan.Parse(sent)
	if err != nil {
		return sent
	}
	end := v.Get("messages").End() - 1
	w := emit.Writer{B: append(make([]byte, 0, len(sent)+r.size), sent[:end]...)}
	w.Object()
	w.KeyString("role", "assistant")
	w.KeyArray("content")
	for _, b := range r.blocks {
		b.write(&w)
	}
	w.EndArray()
	w.EndObject()
	return append(w.B, sent[end:]...)
}

// write writes the whole block. A text that stayed empty is left out: the API refuses it.
func (b *replayed) write(w *emit.Writer) {
	v, err := scan.Parse(b.start)
	if err != nil {
		return
	}
	if v.Get("type").Text().Equal("text") && len(v.Get("text").Text())+len(b.text) == 0 {
		return
	}
	w.Object()
	for key, member := range v.Members() {
		switch string(key) {
		case "text", "thinking", "signature", "input", "citations":
		default:
			w.KeyRaw(string(key), member.Raw())
		}
	}
	b.joined(w, "text", v, b.text)
	b.joined(w, "thinking", v, b.thinking)
	b.joined(w, "signature", v, b.signature)
	if input := v.Get("input"); input.Exists() || len(b.input) > 0 {
		w.KeyRaw("input", b.object(input))
	}
	if len(b.citations) > 0 {
		w.KeyRaw("citations", append(append([]byte{'['}, b.citations...), ']'))
	}
	w.EndObject()
}

// object is a call's input: what was added to the block, unless it broke off.
func (b *replayed) object(start scan.Value) []byte {
	if v, err := scan.Parse(b.input); err == nil && v.Kind() == scan.Object {
		return b.input
	}
	if start.Kind() == scan.Object {
		return start.Raw()
	}
	return []byte("{}")
}

// joined writes a text of the block's beginning with what was added to it.
func (b *replayed) joined(w *emit.Writer, key string, start scan.Value, added scan.Text) {
	if first := start.Get(key).Text(); first != nil || len(added) > 0 {
		w.KeyText(key, append(append(scan.Text(nil), first...), added...))
	}
}
