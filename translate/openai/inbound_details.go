package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// The forms in which reasoning is shown (4.2).
const (
	asBoth = "both"
	asNone = "none"
)

// reasoningFormat is the form in which a client is shown reasoning.
func reasoningFormat(x *translate.Exchange) string {
	if x.Request != nil && x.Request.Reasoning.Hide {
		return asNone
	}
	return x.ReasoningFormat
}

func (e *encoder) reasoning(c *choice, ev *translate.Event) {
	if len(ev.Text) == 0 || e.shown == asNone {
		return
	}
	c.reasoning = append(c.reasoning, ev.Text...) // for the detail, should a signature come
	switch e.shown {
	case "reasoning":
		e.piece(c, `"reasoning":"`, ev.Text)
	case asBoth:
		e.piece(c, `"reasoning_content":"`, ev.Text)
		e.piece(c, `"reasoning":"`, ev.Text)
	default:
		e.piece(c, `"reasoning_content":"`, ev.Text)
	}
}

// seal tells a signature, with all that it seals: clients keep the last fragment only
// of a field they do not know (clients-need.md 6).
func (e *encoder) seal(c *choice, ev *translate.Event) {
	if ev.Seals != translate.ReasoningBlock {
		if c.sealed { // there is room for one
			e.x.AnswerLosses.Drop("thought_signature")
		}
		c.sealed = true
		e.open(c)
		e.w.B = append(e.w.B, `"extra_content":{"google":{"thought_signature":"`...)
		e.w.B = append(e.w.B, ev.Signature.Seal()...)
		e.w.B = append(e.w.B, `"}}`...)
		e.close()
		return
	}
	e.detail(c, &translate.Reasoning{Text: scan.Text(c.reasoning), Signature: ev.Signature})
	c.reasoning = c.reasoning[:0]
}

func (c *choice) find(number int) *block {
	for i := range c.blocks {
		if c.blocks[i].number == number {
			return &c.blocks[i]
		}
	}
	return nil
}

// detail writes an item of reasoning_details.
func (e *encoder) detail(c *choice, r *translate.Reasoning) {
	if e.shown == asNone {
		return
	}
	e.open(c)
	e.w.B = append(e.w.B, `"reasoning_details":[`...)
	writeDetail(&e.w, r, c.details)
	e.w.B = append(e.w.B, ']')
	e.close()
	c.details++
}

// writeDetail writes an item as OpenRouter has it. Signatures that are bound to an
// account are sealed with it.
func writeDetail(w *emit.Writer, r *translate.Reasoning, index int) {
	format := r.Format
	if format == nil {
		format = scan.Text(translate.FormatOf(r.Family()))
	}
	w.Object()
	if r.Redacted != nil {
		w.KeyString("type", "reasoning.encrypted")
		w.KeyText("data", sealed(r, r.Redacted))
	} else {
		w.KeyString("type", "reasoning.text")
		w.KeyText("text", r.Text)
		if r.Signature != nil {
			w.KeyText("signature", sealed(r, r.Signature.Value))
		}
	}
	if len(r.ID) > 0 {
		w.KeyText("id", r.ID)
	}
	w.KeyText("format", format)
	w.KeyInt("index", int64(index))
	w.EndObject()
}

// sealed is an opaque value as a client is given it.
func sealed(r *translate.Reasoning, value scan.Text) scan.Text {
	if r.Signature != nil && r.Signature.Origin != "" {
		return (&translate.Signature{Family: r.Signature.Family, Origin: r.Signature.Origin, Value: value}).Seal()
	}
	return value
}

// writeReasoning writes reasoning as text, and as details where something of it is
// sealed, so that a client which sends those back keeps the seal (4.2).
func writeReasoning(w *emit.Writer, c *translate.Choice, format string) {
	if format == asNone {
		return
	}
	var text []byte
	sealedAny := false
	for i := range c.Blocks {
		if b := &c.Blocks[i]; b.Kind == translate.ReasoningBlock {
			text = append(text, b.Reasoning.Text...)
			sealedAny = sealedAny || b.Reasoning.Signature != nil
		}
	}
	if len(text) > 0 {
		if format != "reasoning" {
			w.KeyText("reasoning_content", scan.Text(text))
		}
		if format == "reasoning" || format == asBoth {
			w.KeyText("reasoning", scan.Text(text))
		}
	}
	if !sealedAny {
		return
	}
	w.KeyArray("reasoning_details")
	n := 0
	for i := range c.Blocks {
		if b := &c.Blocks[i]; b.Kind == translate.ReasoningBlock && b.Reasoning.Signature != nil {
			writeDetail(w, b.Reasoning, n)
			n++
		}
	}
	w.EndArray()
}
