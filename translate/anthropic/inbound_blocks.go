package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

func (e *encoder) text(b *outBlock, t scan.Text) {
	if len(t) == 0 {
		return // no block for nothing (trap 97)
	}
	if !b.begun {
		b.begun = true
		e.start()
		e.w.KeyString("type", "text")
		e.w.KeyString("text", "")
		e.endStart()
	}
	e.delta(`,"delta":{"type":"text_delta","text":"`, t)
}

func (e *encoder) thinking(b *outBlock) {
	if b.begun {
		return
	}
	b.begun = true
	e.start()
	e.w.KeyString("type", "thinking")
	e.w.KeyString("thinking", "")
	e.w.KeyString("signature", "")
	e.endStart()
}

func (e *encoder) reasoning(b *outBlock, t scan.Text) {
	if len(t) == 0 {
		return // trap 101
	}
	e.thinking(b)
	e.delta(`,"delta":{"type":"thinking_delta","thinking":"`, t)
}

// seal tells a signature. It replaces an earlier one in clients, so it comes once and
// whole. A text has no place for one of its own: it goes into a block after it.
func (e *encoder) seal(b *outBlock, s *translate.Signature) {
	if b.kind != translate.ReasoningBlock {
		e.close()
		e.redacted(s.SealText())
		return
	}
	e.thinking(b)
	b.sealed = true
	e.delta(`,"delta":{"type":"signature_delta","signature":"`, own(s))
}

// own spells a signature for Messages clients: as it is if it belongs to this family,
// sealed under its own name otherwise (4.2).
func own(s *translate.Signature) scan.Text {
	if s.Family == translate.FamilyAnthropic {
		return s.Value
	}
	return s.Seal()
}

// opaqueOf spells encrypted reasoning. What another family's provider wants back as a
// whole item is sealed as a whole item.
func opaqueOf(r *translate.Reasoning) scan.Text {
	if r.Signature == nil {
		return r.Redacted
	}
	s := *r.Signature
	s.Value = r.Redacted
	if r.Raw != nil && s.Family != translate.FamilyAnthropic {
		s.Value = scan.Quote(string(r.Raw))
	}
	return own(&s)
}

func (e *encoder) redacted(data scan.Text) {
	e.start()
	e.w.KeyString("type", "redacted_thinking")
	e.w.KeyText("data", data)
	e.endStart()
	e.stopBlock()
	if e.open != nil {
		e.open.begun = false
	}
}

// call begins a tool call. The seal of a call goes where clients bring it back: into a
// redacted block of its own before it (provider-gemini-vertex.md 3.5).
func (e *encoder) call(b *outBlock, ev *translate.Event) {
	if ev.Signature != nil {
		e.redacted(own(ev.Signature))
	}
	e.calls++
	b.begun = true
	e.start()
	e.w.KeyString("type", "tool_use")
	e.w.KeyText("id", ev.ID)
	e.w.KeyText("name", ev.Name)
	e.w.KeyObject("input")
	e.w.EndObject()
	e.endStart()
}

func (e *encoder) args(b *outBlock, t scan.Text) {
	if len(t) == 0 {
		return
	}
	b.args = true
	b.progress.Write(t)
	e.delta(`,"delta":{"type":"input_json_delta","partial_json":"`, t)
}

func (e *encoder) cite(b *outBlock, c *translate.Citation) {
	if c.Dialect != "anthropic" || !b.begun {
		e.x.AnswerLosses.Drop("annotations")
		return
	}
	e.frame("content_block_delta")
	e.w.KeyInt("index", e.next-1)
	e.w.KeyObject("delta")
	e.w.KeyString("type", "citations_delta")
	e.w.KeyRaw("citation", c.Raw)
	e.w.EndObject()
	e.endFrame()
}

// note tells of a medium in words, since Messages has no block for one in an answer.
func (e *encoder) note(b *outBlock, ev *translate.Event) {
	e.x.AnswerLosses.Drop(ev.Media.Kind.String())
	if ev.Signature != nil { // seals nothing without its medium
		e.x.AnswerLosses.Drop("thought_signature")
	}
	e.text(b, scan.Quote(noteOf(ev.Media)))
	b.complete = true
}

func noteOf(m *translate.Media) string {
	kind := m.Kind.String()
	if m.Type != "" {
		kind += " of type " + m.Type
	}
	return "[Left out: " + kind + ", which this API cannot carry.]"
}

func (e *encoder) opaque(b *outBlock, o *translate.Opaque) {
	b.complete = true
	if o.Dialect != "anthropic" {
		e.x.AnswerLosses.Drop(o.Type)
		return
	}
	e.frame("content_block_start")
	e.w.KeyInt("index", e.next)
	e.next++
	e.w.KeyRaw("content_block", o.Raw)
	e.endFrame()
	e.stopBlock()
}

// close ends the open block. Thinking ends with a signature in any case, and a call
// with arguments.
func (e *encoder) close() {
	b := e.open
	if b == nil {
		return
	}
	e.open = nil
	e.closed = append(e.closed, b.number)
	if !b.begun {
		return
	}
	switch b.kind {
	case translate.ReasoningBlock:
		if !b.sealed {
			e.delta(`,"delta":{"type":"signature_delta","signature":"`, nil)
		}
	case translate.CallBlock:
		if !b.args {
			e.delta(`,"delta":{"type":"input_json_delta","partial_json":"`, scan.Text("{}"))
		}
	}
	e.stopBlock()
}

func (e *encoder) stopBlock() {
	e.frame("content_block_stop")
	e.w.KeyInt("index", e.next-1)
	e.endFrame()
}

// finish ends all blocks, tells why and with what usage, and ends the stream. Usage is
// told in any case: clients fail without (trap 104).
func (e *encoder) finish() {
	e.begin()
	e.close()
	for len(e.waiting) > 0 {
		e.take()
		e.close()
	}
	e.ended = true
	if e.stop == nil {
		e.stop = &translate.Stop{}
	}
	e.frame("message_delta")
	e.w.KeyObject("delta")
	writeStop(&e.w, e.stop, e.calls)
	e.w.EndObject()
	e.w.Key("usage")
	output := e.usage.Output
	if !e.usage.Reported {
		output = translate.EstimateOutput(e.written)
	}
	writeUsage(&e.w, &e.usage, output)
	e.endFrame()
	e.w.B = append(e.w.B, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...)
}

// fail tells an error in the stream, without the end that a good one has (5.5).
func (e *encoder) fail(err *translate.Error) {
	e.ended = true
	e.w.B = failFrame(e.w.B, err, e.x)
}

func failFrame(dst []byte, err *translate.Error, x *translate.Exchange) []byte {
	dst = sse.AppendOpen(dst, "error")
	dst = Dialect{}.EncodeError(dst, err, "req_"+x.ID)
	return sse.AppendClose(dst)
}
