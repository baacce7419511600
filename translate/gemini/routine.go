package gemini

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// routine recognises the events that most of a stream consists of: they differ from one
// before only in a piece of text and in the counts of tokens.
type routine struct {
	stencil scan.Stencil
	slots   []scan.Value
	text    int // which of the stencil's slots is the text
	index   int // of the candidate
	block   translate.BlockKind
	counts  scan.Doc // of the event at hand
}

// repeat tells an event that is routine, and reports whether it is.
func (d *decoder) repeat(data []byte) bool {
	r := &d.routine
	slots := r.stencil.Match(data)
	if len(slots) == 0 || len(slots[r.text]) == 0 {
		return false
	}
	for i, slot := range slots {
		if i != r.text && !bytes.Equal(slot, d.counts.raw) && r.counts.Parse(slot, scan.Limits{}) == nil {
			d.count(r.counts.Root())
		}
	}
	d.text(d.find(r.index), r.block, slots[r.text], nil)
	return true
}

// learn takes an event as the pattern, if it tells nothing but a piece of text and counts.
func (r *routine) learn(v scan.Value) {
	if r.stencil.IsUseless() {
		return
	}
	r.slots = r.slots[:0]
	text, index, block := -1, 0, translate.TextBlock
	for key, m := range v.Members() {
		switch string(key) {
		case "usageMetadata":
			if m.Kind() == scan.Object {
				r.slots = append(r.slots, m)
			}
		case "candidates":
			part, i := onlyPart(m)
			if part.Get("thought").True() {
				block = translate.ReasoningBlock
			}
			if len(part.Get("text").Text()) == 0 || text >= 0 {
				return
			}
			text, index = len(r.slots), i
			r.slots = append(r.slots, part.Get("text"))
		case "modelVersion", "responseId", "createTime":
		default:
			return
		}
	}
	if text >= 0 && r.stencil.Cut(v, r.slots) {
		r.text, r.index, r.block = text, index, block
	}
}

// onlyPart returns the only part of the only candidate, if it can hold nothing but text
// and nothing else stands beside it.
func onlyPart(candidates scan.Value) (part scan.Value, index int) {
	if candidates.Len() != 1 {
		return part, 0
	}
	for key, m := range candidates.First().Members() {
		switch string(key) {
		case "content":
			if part = m.Get("parts").First(); m.Get("parts").Len() != 1 {
				return scan.Value{}, 0
			}
		case "index":
			n, ok := m.Int()
			if !ok || n < 0 || n > translate.MaxChoices {
				return scan.Value{}, 0
			}
			index = int(n)
		default:
			return scan.Value{}, 0
		}
	}
	for key := range part.Members() {
		if string(key) != "text" && string(key) != "thought" {
			return scan.Value{}, 0
		}
	}
	if part.Get("text").Exists() && part.Len() == 1 || part.Get("thought").Exists() && part.Len() == 2 {
		return part, index
	}
	return scan.Value{}, 0
}
