package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// decoder reads the events of one streamed answer of a provider (5.3).
type decoder struct {
	x       *translate.Exchange
	doc     scan.Doc
	events  []translate.Event
	started bool
	ended   bool
	output  bool
	blocks  []upstreamBlock
	usage   translate.Usage
	stop    *translate.Stop
	written int // bytes of the answer
	routine routine
}

// blockState is what becomes of a block's deltas.
type blockState uint8

const (
	hidden blockState = iota // a server's own tool, or a kind that is not known
	asText
	asReasoning
	asRedacted
	asCall
	asCustom   // a freeform tool, called by an object with its input
	asJSONText // the tool that stands in for an output schema
)

// upstreamBlock is a block of the answer under way.
type upstreamBlock struct {
	index int64
	state blockState
	args  bool
	ended bool
	input scan.Text // given whole at the block's start, or gathered of a freeform tool
}

// NewDecoder makes a decoder for a streamed answer.
func (Dialect) NewDecoder(x *translate.Exchange) translate.Decoder { return &decoder{x: x} }

// Decode reads one event. Its kind stands in the data, too, which counts.
func (d *decoder) Decode(_, data []byte, events []translate.Event) []translate.Event {
	if d.ended {
		return events
	}
	if text := d.routine.text(data); text != nil {
		d.events = events
		if n := d.find(d.routine.index); n >= 0 {
			d.piece(n, d.routine.kind, text)
		}
		return d.taken()
	}
	if d.doc.Parse(data, scan.Limits{}) != nil {
		if string(data) != "[DONE]" { // of hosts that speak Chat as well
			d.x.AnswerLosses.Drop("record")
		}
		return events
	}
	d.events = events
	d.event(d.doc.Root())
	return d.taken()
}

// taken hands over the events of a record.
func (d *decoder) taken() []translate.Event {
	events := d.events
	d.events = nil
	return events
}

func (d *decoder) add(e translate.Event) { d.events = append(d.events, e) }

func (d *decoder) event(v scan.Value) {
	switch string(v.Get("type").Text()) {
	case "message_start":
		d.start(v.Get("message"))
	case "content_block_start":
		index, _ := v.Get("index").Int()
		d.blockStart(index, v.Get("content_block"))
	case "content_block_delta":
		index, _ := v.Get("index").Int()
		if n := d.find(index); n >= 0 {
			d.delta(n, v.Get("delta"))
			d.routine.learn(v)
		}
	case "content_block_stop":
		index, _ := v.Get("index").Int()
		if n := d.find(index); n >= 0 {
			d.blockStop(n)
		}
	case "message_delta":
		d.messageDelta(v)
	case "message_stop":
		d.end()
	case "ping":
		d.add(translate.Event{Kind: translate.EventPing})
	case "error":
		d.fail(upstreamError(200, translate.ReadError(v)))
	default:
		if !v.Get("error").IsNull() {
			d.fail(upstreamError(200, translate.ReadError(v)))
		}
	}
}

func (d *decoder) fail(err *translate.Error) {
	d.ended = true
	d.add(translate.Event{Kind: translate.EventFailed, Err: err})
}

// start begins the answer; a second beginning is ignored (trap 117).
func (d *decoder) start(m scan.Value) {
	if d.started {
		return
	}
	d.started = true
	d.add(translate.Event{Kind: translate.EventStart, ID: m.Get("id").Text(), Name: m.Get("model").Text()})
	d.tellUsage(m.Get("usage"))
}

func (d *decoder) tellUsage(v scan.Value) {
	if MergeUsage(&d.usage, v) {
		d.add(translate.Event{Kind: translate.EventUsage, Usage: &d.usage})
	}
}

// find gives the position of the block with an index, -1 if there is none.
func (d *decoder) find(index int64) int {
	for i := len(d.blocks) - 1; i >= 0; i-- {
		if d.blocks[i].index == index {
			return i
		}
	}
	return -1
}

func (d *decoder) blockStart(index int64, v scan.Value) {
	n := len(d.blocks)
	d.blocks = append(d.blocks, upstreamBlock{index: index})
	b := &d.blocks[n]
	switch kind := string(v.Get("type").Text()); kind {
	case "text":
		b.state = asText
		d.text(n, translate.EventText, v.Get("text").Text())
		for c := range v.Get("citations").Elements() {
			d.cite(n, c)
		}
	case "thinking":
		b.state = asReasoning
		d.text(n, translate.EventReasoning, v.Get("thinking").Text())
		d.seal(n, v.Get("signature").Text())
	case "redacted_thinking":
		b.state = asRedacted
		data := v.Get("data").Text()
		d.output = true
		d.add(translate.Event{Kind: translate.EventRedacted, Block: n, Reasoning: redacted(data)})
	case "tool_use":
		d.callStart(n, v)
	default:
		d.output = true
		d.add(translate.Event{Kind: translate.EventOpaque, Block: n, Opaque: &translate.Opaque{Dialect: "anthropic", Type: kind, Raw: v.Raw()}})
	}
}

// redacted is encrypted thinking of this family.
func redacted(data scan.Text) *translate.Reasoning {
	return &translate.Reasoning{Redacted: data, Signature: &translate.Signature{Family: translate.FamilyAnthropic, Value: data}}
}

func (d *decoder) callStart(n int, v scan.Value) {
	b := &d.blocks[n]
	d.output = true
	name := v.Get("name").Text()
	if input := v.Get("input"); input.Len() > 0 {
		b.input = emit.AppendEscaped(nil, input.Raw())
	}
	if d.x.FormatTool != "" && name.Equal(d.x.FormatTool) {
		b.state = asJSONText
		return
	}
	b.state = asCall
	name = d.x.ToolName(name)
	custom := d.x.IsCustom(name)
	if custom {
		b.state = asCustom
	}
	d.add(translate.Event{Kind: translate.EventCall, Block: n, ID: v.Get("id").Text(), Name: name, Custom: custom})
}

func (d *decoder) text(n int, kind translate.EventKind, t scan.Text) {
	if len(t) > 0 {
		d.output = true
		d.written += len(t)
		d.add(translate.Event{Kind: kind, Block: n, Text: t})
	}
}

func (d *decoder) seal(n int, value scan.Text) {
	if len(value) > 0 {
		d.output = true
		d.add(translate.Event{Kind: translate.EventSeal, Seals: translate.ReasoningBlock, Block: n, Signature: &translate.Signature{Family: translate.FamilyAnthropic, Value: value}})
	}
}

func (d *decoder) cite(n int, v scan.Value) {
	d.add(translate.Event{Kind: translate.EventCitation, Block: n, Citation: readCitation(v)})
}

// readCitation reads a citation; those of documents have no URL.
func readCitation(v scan.Value) *translate.Citation {
	return &translate.Citation{URL: v.Get("url").Text(), Title: v.Get("title").Text(), Cited: v.Get("cited_text").Text(), Dialect: "anthropic", Raw: v.Raw()}
}

func (d *decoder) delta(n int, v scan.Value) {
	switch kind := string(v.Get("type").Text()); kind {
	case "signature_delta":
		d.seal(n, v.Get("signature").Text())
	case "citations_delta":
		d.cite(n, v.Get("citation"))
	default:
		d.piece(n, kind, v.Get(pieces[kind]).Text())
	}
}

// piece tells a piece of a block's text.
func (d *decoder) piece(n int, kind string, t scan.Text) {
	switch kind {
	case "text_delta":
		d.text(n, translate.EventText, t)
	case "thinking_delta":
		d.text(n, translate.EventReasoning, t)
	case "input_json_delta":
		d.args(n, t)
	}
}

// args tells a piece of a call's arguments.
func (d *decoder) args(n int, t scan.Text) {
	if len(t) == 0 {
		return
	}
	b := &d.blocks[n]
	if !b.args { // the pieces count, not what the start told
		b.args, b.input = true, b.input[:0]
	}
	switch b.state {
	case asCall:
		d.written += len(t)
		d.add(translate.Event{Kind: translate.EventArgs, Block: n, Text: t})
	case asJSONText:
		d.text(n, translate.EventText, t)
	case asCustom:
		b.input = append(b.input, t...)
	}
}

func (d *decoder) blockStop(n int) {
	b := &d.blocks[n]
	if b.ended {
		return
	}
	b.ended = true
	switch b.state {
	case asCall:
		if !b.args && len(b.input) > 0 {
			d.add(translate.Event{Kind: translate.EventArgs, Block: n, Text: b.input})
		}
		d.add(translate.Event{Kind: translate.EventCallEnd, Block: n})
	case asCustom:
		d.add(translate.Event{Kind: translate.EventArgs, Block: n, Text: translate.CustomInput(b.input)})
		d.add(translate.Event{Kind: translate.EventCallEnd, Block: n})
	case asJSONText:
		if !b.args {
			if len(b.input) == 0 {
				b.input = scan.Text("{}")
			}
			d.text(n, translate.EventText, b.input)
		}
		d.add(translate.Event{Kind: translate.EventBlockEnd, Block: n})
	case asText, asReasoning:
		d.add(translate.Event{Kind: translate.EventBlockEnd, Block: n})
	}
}

// messageDelta notes why the answer ends; several may come.
func (d *decoder) messageDelta(v scan.Value) {
	delta := v.Get("delta")
	if reason := delta.Get("stop_reason").Text(); len(reason) > 0 {
		d.stop = readStop(delta, d.x)
		d.stop.Sequence = clone(d.stop.Sequence)
		d.stop.Explanation = clone(d.stop.Explanation)
		d.stop.Details = append([]byte(nil), d.stop.Details...)
	}
	usage := v.Get("usage")
	if isUncounted(d.x, usage) {
		estimate(&d.usage, d.x, d.written)
		d.add(translate.Event{Kind: translate.EventUsage, Usage: &d.usage})
		return
	}
	d.tellUsage(usage)
}

func clone(t scan.Text) scan.Text {
	if t == nil {
		return nil
	}
	return append(scan.Text{}, t...)
}

// readStop reads why an answer ended.
func readStop(v scan.Value, x *translate.Exchange) *translate.Stop {
	native := v.Get("stop_reason").Str()
	s := &translate.Stop{Reason: stopReason(native), Native: native, Sequence: v.Get("stop_sequence").Text()}
	if details := v.Get("stop_details"); details.Kind() == scan.Object {
		s.Details, s.Explanation = details.Raw(), details.Get("explanation").Text()
	}
	if s.Reason == translate.StopTools && x.FormatTool != "" {
		s.Reason = translate.StopEnd // the tool stood in for an output schema
	}
	return s
}

var stopReasons = map[string]translate.StopReason{
	"end_turn": translate.StopEnd, "stop_sequence": translate.StopSequence, "max_tokens": translate.StopLength,
	"model_context_window_exceeded": translate.StopContext, "tool_use": translate.StopTools, "pause_turn": translate.StopPause,
	"refusal": translate.StopFilter, "compaction": translate.StopCompaction,
}

func stopReason(word string) translate.StopReason { return stopReasons[word] }

// end tells the end of the answer, and before it that of blocks that were left open.
func (d *decoder) end() {
	for n := range d.blocks {
		d.blockStop(n)
	}
	if d.stop == nil {
		d.stop = &translate.Stop{}
	}
	d.ended = true
	d.add(translate.Event{Kind: translate.EventStop, Stop: d.stop})
	d.add(translate.Event{Kind: translate.EventDone})
}

// Close tells what the end of the body means: an answer whose reason to stop is known is
// complete, any other is not (5.5).
func (d *decoder) Close(err error, events []translate.Event) []translate.Event {
	if d.ended {
		return events
	}
	d.events = events
	defer func() { d.events = nil }()
	if d.stop != nil {
		d.end()
	} else {
		d.fail(translate.EndOf(err, d.output))
	}
	return d.events
}
