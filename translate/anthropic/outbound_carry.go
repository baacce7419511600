package anthropic

import (
	"slices"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// carried gives the turns without the blocks that the API takes from nobody, before turns
// that say nothing without them leave the conversation. Turns that keep all are shared.
func (o *outbound) carried(turns []translate.Turn) []translate.Turn {
	out, copied := turns, false
	for i := range turns {
		t := &turns[i]
		if !slices.ContainsFunc(t.Blocks, func(b translate.Block) bool { return !o.takes(t, &b) }) {
			continue
		}
		if !copied {
			out, copied = slices.Clone(turns), true
		}
		out[i].Blocks = nil
		for _, b := range t.Blocks {
			if o.takes(t, &b) {
				out[i].Blocks = append(out[i].Blocks, b)
			} else {
				o.leaveOut(&b)
			}
		}
	}
	return out
}

// takes reports whether a block can be sent.
func (o *outbound) takes(t *translate.Turn, b *translate.Block) bool {
	switch b.Kind {
	case translate.TextBlock, translate.RefusalBlock:
		return b.Signature == nil || !b.Text.IsBlank() // nothing but another family's seal
	case translate.ReasoningBlock:
		return o.sendsReasoning(b.Reasoning)
	case translate.MediaBlock:
		return t.Role != translate.Assistant // Claude makes none
	case translate.OpaqueBlock:
		return b.Opaque.Dialect == "anthropic" || b.Opaque.Refuse || !b.Opaque.Summary.IsBlank()
	}
	return true
}

// leaveOut reports a block that is not sent.
func (o *outbound) leaveOut(b *translate.Block) {
	field := b.At.String()
	if b.Kind == translate.ReasoningBlock && b.At.Part < 0 { // not a part of the content
		field += ".reasoning"
	}
	o.x.Losses.Drop(field)
}

// sendsReasoning reports whether a piece of reasoning can go to the target: signed by
// its own family, or unsigned where that is accepted (trap 42).
func (o *outbound) sendsReasoning(r *translate.Reasoning) bool {
	if r.Family() == "" {
		return o.caps.UnsignedThinking && r.Redacted == nil
	}
	return r.Family() == translate.FamilyAnthropic && len(r.Signature.Value)+len(r.Redacted) > 0
}
