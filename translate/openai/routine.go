package openai

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// routine recognises the chunks that most of a stream consists of: they differ from one
// before only in a piece of text, and in padding that hides the text's length.
type routine struct {
	stencil scan.Stencil
	slots   []scan.Value
	piece   int // which of the stencil's strings is the text
	// what lies outside of [from, to) of the size bytes learned is the same in each
	from, to, size int
}

// text returns the piece of text of a chunk that is routine, nil of others.
func (r *routine) text(data []byte) scan.Text {
	texts := r.stencil.Match(data)
	if len(texts) == 0 || len(texts[r.piece]) == 0 {
		return nil
	}
	return texts[r.piece]
}

// learn takes a chunk as the pattern, if it tells nothing but a piece of text, and
// reports whether it did.
func (r *routine) learn(v scan.Value) bool {
	if r.stencil.IsUseless() || v.Start() > 0 || bytes.ContainsAny(v.Raw(), "\r\n") {
		return false
	}
	slots, piece := slotsOf(v, r.slots[:0])
	r.slots = slots
	if piece < 0 || !r.stencil.Cut(v, slots) {
		return false
	}
	r.piece = piece
	r.from, r.to, r.size = slots[0].Start(), slots[len(slots)-1].End(), v.End()
	return true
}

// slotsOf appends the strings of a chunk that tells nothing but a piece of text: that one
// and padding. piece is which it is, negative for other chunks.
func slotsOf(v scan.Value, slots []scan.Value) (_ []scan.Value, piece int) {
	piece = -1
	for key, m := range v.Members() {
		switch string(key) {
		case "choices":
			only := onlyPiece(m)
			if !only.Exists() || piece >= 0 {
				return slots, -1
			}
			piece = len(slots)
			slots = append(slots, only)
		case "obfuscation", "p": // padding of OpenAI, of Mistral
			if m.Kind() == scan.String {
				slots = append(slots, m)
			}
		case "usage", "error", "x_groq":
			if !m.IsNull() {
				return slots, -1
			}
		}
	}
	return slots, piece
}

// onlyPiece returns the content of the only choice, if it tells nothing else.
func onlyPiece(choices scan.Value) (piece scan.Value) {
	if choices.Len() != 1 {
		return piece
	}
	var delta scan.Value
	for key, m := range choices.First().Members() {
		switch {
		case string(key) == "index":
		case string(key) == "delta" && !delta.Exists():
			delta = m
		case !m.IsNull():
			return piece
		}
	}
	for key, m := range delta.Members() {
		switch {
		case string(key) == "role":
		case string(key) == "content" && !piece.Exists() && len(m.Text()) > 0:
			piece = m
		case !isNothing(m):
			return scan.Value{}
		}
	}
	return piece
}

// isNothing reports whether a member of a delta is as good as absent.
func isNothing(v scan.Value) bool {
	return v.IsNull() || v.Kind() == scan.String && len(v.Text()) == 0 || v.Kind() == scan.Array && v.Len() == 0
}
