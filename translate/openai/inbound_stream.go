package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// encoder writes the chunks of one streamed answer (5.3).
type encoder struct {
	w       emit.Writer
	x       *translate.Exchange
	head    []byte // the beginning of each chunk, up to the index of its choice
	legacy  bool
	usage   bool   // the client asked for usage
	shown   string // the form of reasoning
	ended   bool
	choices []*choice
	told    *translate.Usage
	written int // bytes of output, for an estimate
}

// choice is a candidate under way.
type choice struct {
	index     int
	calls     int
	blocks    []block
	text      int // code points of content so far
	citations []citation
	refused   bool
	sealed    bool // the signature of text has been sent
	stop      *translate.Stop
	details   int
	reasoning []byte
}

// block is a block of the answer that has state.
type block struct {
	number int
	kind   translate.BlockKind
	call   int // the index of a call among the calls
	custom bool
	args   bool // arguments have been sent
	// where a text block begins and ends in content, in code points
	start, end int
}

// NewEncoder makes an encoder for a streamed answer.
func (Dialect) NewEncoder(x *translate.Exchange) translate.Encoder {
	e := &encoder{x: x, shown: reasoningFormat(x)}
	if r := x.Request; r != nil {
		e.legacy, e.usage = r.LegacyFunctions, r.IncludeUsage
	}
	w := emit.Writer{B: make([]byte, 0, 160+len(x.Model))}
	w.B = sse.AppendOpen(w.B, "")
	w.Object()
	w.KeyString("id", "chatcmpl-"+x.ID)
	w.KeyString("object", "chat.completion.chunk")
	w.KeyInt("created", x.Created)
	w.KeyString("model", x.Model)
	w.Key("choices")
	e.head = append(w.B, `[{"index":`...)
	return e
}

// KeepAlive appends a comment, which every client of Chat skips (5.1).
func (e *encoder) KeepAlive(dst []byte) []byte { return sse.AppendComment(dst, "keep-alive") }

// Encode appends the chunks that an event causes.
func (e *encoder) Encode(dst []byte, ev *translate.Event) []byte {
	if e.ended {
		return dst
	}
	e.w.B = dst
	switch ev.Kind {
	case translate.EventStart:
		e.choice(0)
	case translate.EventPing:
		e.w.B = e.KeepAlive(e.w.B)
	case translate.EventUsage:
		e.keepUsage(ev.Usage)
	case translate.EventDone:
		e.finish()
	case translate.EventFailed:
		e.fail(ev.Err)
	default:
		e.content(e.choice(ev.Choice), ev)
	}
	dst = e.w.B
	e.w.B = nil
	return dst
}

// choice finds a candidate; a new one begins with a chunk that tells the role, without
// which clients fail (trap 66).
func (e *encoder) choice(index int) *choice {
	for _, c := range e.choices {
		if c.index == index {
			return c
		}
	}
	c := &choice{index: index}
	e.choices = append(e.choices, c)
	e.open(c)
	e.w.B = append(e.w.B, `"role":"assistant","content":""`...)
	e.close()
	return c
}

// open begins a chunk, up to the inside of its delta.
func (e *encoder) open(c *choice) {
	e.w.B = append(e.w.B, e.head...)
	e.w.B = appendInt(e.w.B, c.index)
	e.w.B = append(e.w.B, `,"delta":{`...)
}

// close ends a chunk that does not finish its choice.
func (e *encoder) close() {
	e.w.B = append(e.w.B, `},"finish_reason":null}]`...)
	e.end()
}

func (e *encoder) end() {
	if e.usage {
		e.w.B = append(e.w.B, `,"usage":null`...)
	}
	e.w.B = append(e.w.B, '}')
	e.w.B = sse.AppendClose(e.w.B)
}

func appendInt(b []byte, n int) []byte {
	if n >= 0 && n < 10 {
		return append(b, byte('0'+n))
	}
	w := emit.Writer{B: append(b, ' ')}
	w.Int(int64(n))
	return w.B
}

// piece writes a chunk whose delta is one string.
func (e *encoder) piece(c *choice, key string, t scan.Text) {
	e.open(c)
	e.w.B = append(e.w.B, key...)
	e.w.B = append(e.w.B, t...)
	e.w.B = append(e.w.B, '"')
	e.close()
	e.written += len(t)
}

func (e *encoder) content(c *choice, ev *translate.Event) {
	switch ev.Kind {
	case translate.EventText:
		if len(ev.Text) > 0 {
			b := c.at(ev.Block, translate.TextBlock)
			e.piece(c, `"content":"`, ev.Text)
			c.text += codePoints(ev.Text)
			b.end = c.text
		}
	case translate.EventRefusal:
		if len(ev.Text) > 0 {
			c.refused = true
			e.piece(c, `"refusal":"`, ev.Text)
		}
	case translate.EventReasoning:
		e.reasoning(c, ev)
	case translate.EventSeal:
		e.seal(c, ev)
	case translate.EventRedacted:
		e.detail(c, ev.Reasoning)
	case translate.EventBlockEnd:
		c.reasoning = c.reasoning[:0]
	case translate.EventCall:
		e.call(c, ev)
	case translate.EventArgs:
		if len(ev.Text) > 0 {
			e.args(c, c.at(ev.Block, translate.CallBlock), ev.Text)
		}
	case translate.EventCallEnd:
		if b := c.at(ev.Block, translate.CallBlock); !b.args && !b.custom {
			e.args(c, b, scan.Text("{}")) // trap 59
		}
	case translate.EventCitation:
		c.at(ev.Block, translate.TextBlock)
		c.cite(ev.Block, ev.Citation, e.x)
	case translate.EventMedia:
		e.media(c, ev.Media, ev.Signature)
	case translate.EventOpaque:
		e.x.AnswerLosses.Drop(ev.Opaque.Type) // never a call of the client's (trap 51)
	case translate.EventLogprobs:
		e.logprobs(c, ev.Raw)
	case translate.EventStop:
		stop := *ev.Stop
		stop.Sequence, stop.Explanation = clone(stop.Sequence), clone(stop.Explanation)
		c.stop = &stop
	}
}

func clone(t scan.Text) scan.Text {
	if t == nil {
		return nil
	}
	return append(scan.Text{}, t...)
}

// at finds a block by its number, or begins it.
func (c *choice) at(number int, kind translate.BlockKind) *block {
	for i := len(c.blocks) - 1; i >= 0; i-- {
		if c.blocks[i].number == number {
			return &c.blocks[i]
		}
	}
	b := block{number: number, kind: kind, start: c.text}
	if kind == translate.CallBlock {
		b.call = c.calls
		c.calls++
	}
	c.blocks = append(c.blocks, b)
	return &c.blocks[len(c.blocks)-1]
}

func (e *encoder) media(c *choice, m *translate.Media, s *translate.Signature) {
	if m.Kind != translate.Image {
		e.x.AnswerLosses.Drop(m.Kind.String())
		return
	}
	e.open(c)
	e.w.KeyArray("images")
	writeImage(&e.w, m, s)
	e.w.EndArray()
	e.close()
}

// writeImage writes an image that the model made, as OpenRouter has it, with its
// signature, without which Gemini does not edit it later.
func writeImage(w *emit.Writer, m *translate.Media, s *translate.Signature) {
	w.Object()
	w.KeyString("type", "image_url")
	w.KeyObject("image_url")
	w.Key("url")
	w.OpenText()
	if len(m.URL) > 0 {
		w.Piece(m.URL)
	} else {
		w.Escaped("data:" + m.Type + ";base64,")
		w.Piece(scan.Text(m.Data))
	}
	w.CloseText()
	w.EndObject()
	writeGoogle(w, s)
	w.EndObject()
}

func (e *encoder) logprobs(c *choice, raw []byte) {
	e.w.B = append(e.w.B, e.head...)
	e.w.B = appendInt(e.w.B, c.index)
	e.w.B = append(e.w.B, `,"delta":{},"logprobs":`...)
	e.w.B = append(e.w.B, raw...)
	e.w.B = append(e.w.B, `,"finish_reason":null}]`...)
	e.end()
}

func (e *encoder) keepUsage(u *translate.Usage) {
	if e.told == nil {
		e.told = new(translate.Usage)
	}
	*e.told = *u
	e.told.Raw = nil
}

// finish ends each choice, tells usage if asked, and ends the stream.
func (e *encoder) finish() {
	e.ended = true
	for _, c := range e.choices {
		e.finishChoice(c)
	}
	if e.usage {
		e.w.B = append(e.w.B, e.head[:len(e.head)-len(`[{"index":`)]...)
		e.w.B = append(e.w.B, `[],"usage":`...)
		writeUsage(&e.w, e.usageOrEstimate())
		e.tier()
		e.w.B = append(e.w.B, '}')
		e.w.B = sse.AppendClose(e.w.B)
	}
	e.w.B = append(e.w.B, sse.Done...)
}

// usageOrEstimate is what the provider told, or a guess if it told nothing.
func (e *encoder) usageOrEstimate() *translate.Usage {
	if e.told != nil {
		return e.told
	}
	return &translate.Usage{Input: e.x.PromptEstimate, Output: translate.EstimateOutput(e.written), Estimated: true}
}

func (e *encoder) finishChoice(c *choice) {
	stop := c.stop
	if stop == nil {
		stop = &translate.Stop{}
	}
	if stop.Reason == translate.StopFilter && len(stop.Explanation) > 0 && !c.refused {
		e.piece(c, `"refusal":"`, stop.Explanation)
	}
	if len(c.citations) > 0 {
		e.open(c)
		c.writeAnnotations(&e.w)
		e.close()
	}
	e.open(c)
	e.w.B = append(e.w.B, `},"finish_reason":"`...)
	e.w.B = append(e.w.B, finishReason(stop, c.calls, e.legacy)...)
	e.w.B = append(e.w.B, '"')
	if stop.Reason == translate.StopSequence && stop.Sequence != nil {
		e.w.KeyText("stop_reason", stop.Sequence)
	}
	e.w.B = append(e.w.B, `}]`...)
	e.tier()
	e.end()
}

// tier tells which tier served, in the last chunks only: it is known late.
func (e *encoder) tier() {
	if e.told != nil && e.told.ServiceTier != "" {
		e.w.KeyString("service_tier", tierWord(e.told.ServiceTier))
	}
}

// finishReason spells why an answer ended (4.3).
func finishReason(stop *translate.Stop, calls int, legacy bool) string {
	switch stop.Reason {
	case translate.StopLength, translate.StopContext:
		return "length"
	case translate.StopFilter:
		return "content_filter"
	case translate.StopTools, translate.StopEnd, translate.StopUnknown:
		if calls > 0 && legacy {
			return "function_call"
		}
		if calls > 0 {
			return "tool_calls"
		}
	}
	return "stop"
}

// fail tells an error in the stream, without the end that a good one has (5.5).
func (e *encoder) fail(err *translate.Error) {
	e.ended = true
	e.w.B = sse.AppendOpen(e.w.B, "")
	e.w.B = Dialect{}.EncodeError(e.w.B, err, "")
	e.w.B = sse.AppendClose(e.w.B)
}
