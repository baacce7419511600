package openai

import (
	"strconv"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// result writes a tool message and returns the media that must follow in a user
// message, since tool messages hold text only (traps 72 and 73).
func (o *outbound) result(b *translate.Block, ordinal int) []translate.Block {
	r := b.Result
	id := o.callID(r.CallID, ordinal)
	var moved []translate.Block
	cache := b.Cache
	o.Object()
	o.KeyString("role", "tool")
	o.KeyText("tool_call_id", id)
	o.Key("content")
	o.OpenText()
	if r.IsError && !startsWithError(r.Blocks) { // Chat has no flag (trap 75)
		o.Escaped("Error: ")
		if b.At.Field != "" { // else it is a repair, which is recorded
			o.x.Losses.Add(b.At.String()+".is_error", translate.Converted)
		}
	}
	for i := range r.Blocks {
		if i > 0 {
			o.Escaped("\n")
		}
		inner := &r.Blocks[i]
		if inner.Cache != nil {
			cache = inner.Cache
		}
		if inner.Kind != translate.MediaBlock {
			o.Piece(o.resultText(inner))
			continue
		}
		moved = append(moved, *inner)
		o.Escaped("[" + inner.Media.Kind.String() + " " + strconv.Itoa(len(moved)) + " of tool result ")
		o.Piece(id)
		o.Escaped("]")
	}
	o.CloseText()
	o.keyMark(cache)
	o.EndObject()
	return o.moved(b, moved, id)
}

// resultText renders a block of a result and records what that loses.
func (o *outbound) resultText(b *translate.Block) scan.Text {
	text := textOf(b)
	switch {
	case b.Kind == translate.TextBlock:
	case text.IsBlank():
		o.x.Losses.Drop(b.At.String())
	default:
		o.x.Losses.Add(b.At.String(), translate.Converted)
	}
	return text
}

// moved labels the media of a result for the user message after the tool messages.
// Those that the model does not take are left out: an agent that looks at a picture
// must not end there.
func (o *outbound) moved(b *translate.Block, media []translate.Block, id scan.Text) []translate.Block {
	var kept []translate.Block
	for i := range media {
		m := &media[i]
		m.Cache = nil // told on the tool message
		if o.takes(m.Media) {
			kept = append(kept, *m)
		} else {
			o.x.Losses.Drop(m.At.String())
		}
	}
	if len(kept) == 0 {
		return nil
	}
	o.x.Losses.Add(b.At.String(), translate.Converted)
	label := append(scan.Text("Media of tool result "), id...)
	return append([]translate.Block{{Kind: translate.TextBlock, Text: append(label, ':'), At: b.At}}, kept...)
}

func startsWithError(blocks []translate.Block) bool {
	return len(blocks) > 0 && blocks[0].Kind == translate.TextBlock && blocks[0].Text.HasPrefix("Error")
}
