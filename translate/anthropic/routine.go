package anthropic

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// routine recognises the events that most of a stream consists of: pieces of one block,
// which differ from one before only in their text.
type routine struct {
	stencil scan.Stencil
	slot    [1]scan.Value
	index   int64
	kind    string // the type of the delta
}

// pieces are the deltas that hold a piece of text, and where.
var pieces = map[string]string{"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}

// text returns the piece of text of an event that is routine, nil of others.
func (r *routine) text(data []byte) scan.Text {
	if texts := r.stencil.Match(data); len(texts) > 0 && len(texts[0]) > 0 {
		return texts[0]
	}
	return nil
}

// learn takes an event as the pattern, if it tells nothing but a piece of text.
func (r *routine) learn(v scan.Value) {
	if r.stencil.IsUseless() {
		return
	}
	delta := v.Get("delta")
	kind := delta.Get("type").Text()
	r.slot[0] = delta.Get(pieces[string(kind)])
	index, ok := v.Get("index").Int()
	if !ok || len(r.slot[0].Text()) == 0 || delta.Len() != 2 || v.Len() != 3 || bytes.ContainsAny(v.Raw(), "\r\n") {
		return
	}
	if r.stencil.Cut(v, r.slot[:]) {
		r.index, r.kind = index, string(kind)
	}
}
