package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// encoder writes the events of one streamed answer (5.2): one block open at a time, in
// the order in which the blocks began. What comes for a later block waits until the
// open one is complete.
type encoder struct {
	w       emit.Writer
	x       *translate.Exchange
	started bool
	ended   bool
	next    int64 // the index of the next block
	open    *outBlock
	waiting []*outBlock
	closed  []int // numbers of blocks that have ended
	calls   int
	stop    *translate.Stop
	usage   translate.Usage
	written int // bytes of text, reasoning and arguments, for an estimate
}

// outBlock is a block under way.
type outBlock struct {
	number   int
	kind     translate.BlockKind
	begun    bool               // content_block_start has been sent
	progress translate.Progress // of a call's arguments
	args     bool
	sealed   bool
	complete bool
	queue    []translate.Event
}

// NewEncoder makes an encoder for a streamed answer.
func (Dialect) NewEncoder(x *translate.Exchange) translate.Encoder {
	return &encoder{x: x, usage: translate.Usage{Input: x.PromptEstimate}}
}

const pingFrame = "event: ping\ndata: {\"type\":\"ping\"}\n\n"

// KeepAlive appends a ping; older SDKs stumble over comments (trap 115).
func (e *encoder) KeepAlive(dst []byte) []byte { return append(dst, pingFrame...) }

// Encode appends the frames that an event causes.
func (e *encoder) Encode(dst []byte, ev *translate.Event) []byte {
	if e.ended {
		return dst
	}
	e.w.B = dst
	switch ev.Kind {
	case translate.EventStart, translate.EventLogprobs:
	case translate.EventPing:
		e.w.B = e.KeepAlive(e.w.B)
	case translate.EventUsage:
		raw := e.usage.Raw
		e.usage = *ev.Usage
		e.usage.Raw = raw
	case translate.EventStop:
		if ev.Choice == 0 && e.stop == nil {
			stop := *ev.Stop
			stop.Sequence, stop.Explanation = clone(stop.Sequence), clone(stop.Explanation)
			stop.Details = append([]byte(nil), stop.Details...)
			e.stop = &stop
		}
	case translate.EventDone:
		e.finish()
	case translate.EventFailed:
		e.fail(ev.Err)
	default:
		e.written += len(ev.Text)
		if ev.Choice == 0 {
			e.content(ev)
		} else { // Messages has one answer
			e.x.AnswerLosses.Drop("choices")
		}
	}
	dst = e.w.B
	e.w.B = nil
	return dst
}

// frame begins an event.
func (e *encoder) frame(name string) {
	e.w.B = sse.AppendOpen(e.w.B, name)
	e.w.Object()
	e.w.KeyString("type", name)
}

func (e *encoder) endFrame() {
	e.w.EndObject()
	e.w.B = sse.AppendClose(e.w.B)
}

// begin tells the beginning of the answer, once.
func (e *encoder) begin() {
	if e.started {
		return
	}
	e.started = true
	e.frame("message_start")
	w := &e.w
	w.KeyObject("message")
	writeHead(w, e.x)
	w.KeyArray("content")
	w.EndArray()
	w.KeyNull("stop_reason")
	w.KeyNull("stop_sequence")
	w.Key("usage")
	writeUsage(w, &e.usage, 0) // LangChain adds the figure here to the final one
	w.EndObject()
	e.endFrame()
}

// writeHead writes what an answer begins with.
func writeHead(w *emit.Writer, x *translate.Exchange) {
	w.KeyString("id", "msg_"+x.ID)
	w.KeyString("type", "message")
	w.KeyString("role", "assistant")
	w.KeyString("model", x.Model)
}

// content sends an event to its block: at once if that is the open one, else when its
// turn comes.
func (e *encoder) content(ev *translate.Event) {
	if e.open != nil && e.open.number == ev.Block {
		e.write(e.open, ev)
		return
	}
	for _, b := range e.waiting {
		if b.number == ev.Block {
			b.queue = append(b.queue, kept(ev))
			e.advance()
			return
		}
	}
	if e.late(ev) {
		return
	}
	b := &outBlock{number: ev.Block, kind: kindOf(ev)}
	if e.open == nil && len(e.waiting) == 0 {
		e.open = b
		e.write(b, ev)
		return
	}
	b.queue = append(b.queue, kept(ev))
	e.waiting = append(e.waiting, b)
	e.advance()
}

// late handles what comes for a block that has ended. A seal that comes too late has no
// place any more; the gateway's own memory keeps it.
func (e *encoder) late(ev *translate.Event) bool {
	for _, n := range e.closed {
		if n != ev.Block {
			continue
		}
		switch ev.Kind {
		case translate.EventText, translate.EventReasoning, translate.EventRefusal:
			return false // goes into a new block
		case translate.EventSeal:
			e.x.AnswerLosses.Drop("signature")
		case translate.EventCitation:
			e.x.AnswerLosses.Drop("annotations")
		}
		return true
	}
	return false
}

// advance opens the next block as long as the open one is complete: text and reasoning
// are when another block begins, a call is when its arguments are (5.4, rule 6).
func (e *encoder) advance() {
	for len(e.waiting) > 0 {
		if b := e.open; b != nil {
			if b.kind == translate.CallBlock && !b.complete && !(b.args && b.progress.Complete()) {
				return
			}
			e.close()
		}
		e.take()
	}
}

// take opens the first waiting block and writes what has come for it.
func (e *encoder) take() {
	b := e.waiting[0]
	e.waiting = e.waiting[1:]
	e.open = b
	queue := b.queue
	b.queue = nil
	for i := range queue {
		e.write(b, &queue[i])
	}
}

// kept copies an event whose bytes belong to the decoder.
func kept(ev *translate.Event) translate.Event {
	k := *ev
	k.Text, k.ID, k.Name = clone(ev.Text), clone(ev.ID), clone(ev.Name)
	if ev.Signature != nil {
		s := *ev.Signature
		s.Value = clone(s.Value)
		k.Signature = &s
	}
	if ev.Reasoning != nil {
		r := *ev.Reasoning
		r.Redacted, r.Text, r.Raw = clone(r.Redacted), clone(r.Text), append([]byte(nil), r.Raw...)
		if len(r.Raw) == 0 {
			r.Raw = nil
		}
		k.Reasoning = &r
	}
	if ev.Citation != nil {
		c := *ev.Citation
		c.Raw = append([]byte(nil), c.Raw...)
		k.Citation = &c
	}
	return k
}

func kindOf(ev *translate.Event) translate.BlockKind {
	switch ev.Kind {
	case translate.EventSeal:
		return ev.Seals
	case translate.EventReasoning, translate.EventRedacted:
		return translate.ReasoningBlock
	case translate.EventCall, translate.EventArgs, translate.EventCallEnd:
		return translate.CallBlock
	case translate.EventOpaque, translate.EventMedia:
		return translate.OpaqueBlock
	}
	return translate.TextBlock
}

// write writes an event of the open block.
func (e *encoder) write(b *outBlock, ev *translate.Event) {
	e.begin()
	switch ev.Kind {
	case translate.EventText, translate.EventRefusal:
		e.text(b, ev.Text)
	case translate.EventReasoning:
		e.reasoning(b, ev.Text)
	case translate.EventSeal:
		e.seal(b, ev.Signature)
	case translate.EventRedacted:
		e.redacted(opaqueOf(ev.Reasoning))
		b.complete = true
	case translate.EventCall:
		e.call(b, ev)
	case translate.EventArgs:
		e.args(b, ev.Text)
	case translate.EventCitation:
		e.cite(b, ev.Citation)
	case translate.EventMedia:
		e.note(b, ev)
	case translate.EventOpaque:
		e.opaque(b, ev.Opaque)
	case translate.EventCallEnd, translate.EventBlockEnd:
		b.complete = true
		e.close()
	}
}

// start begins a block of the answer.
func (e *encoder) start() {
	e.frame("content_block_start")
	e.w.KeyInt("index", e.next)
	e.w.KeyObject("content_block")
	e.next++
}

func (e *encoder) endStart() {
	e.w.EndObject()
	e.endFrame()
}

// delta writes a delta of the open block with one string; head is its JSON up to there.
func (e *encoder) delta(head string, t scan.Text) {
	e.w.B = append(e.w.B, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	e.w.B = appendInt(e.w.B, e.next-1)
	e.w.B = append(e.w.B, head...)
	e.w.B = append(e.w.B, t...)
	e.w.B = append(e.w.B, "\"}}\n\n"...)
}

func appendInt(b []byte, n int64) []byte {
	if n >= 0 && n < 10 {
		return append(b, byte('0'+n))
	}
	w := emit.Writer{B: append(b, ' ')}
	w.Int(n)
	return w.B
}
