package gemini

import (
	"bytes"
	"strconv"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// decoder reads the events of one streamed answer; each is a whole response object
// (4.5). A whole answer is a stream of one.
type decoder struct {
	x          *translate.Exchange
	doc        scan.Doc
	events     []translate.Event
	started    bool
	ended      bool
	output     bool
	calls      int // over all candidates, for ids
	candidates []*candidate
	counts     counts
	usage      translate.Usage
}

// candidate is a choice under way.
type candidate struct {
	index  int
	blocks int
	open   translate.BlockKind
	number int // of the open block; -1 is none
	calls  int
	cited  int
	stop   *translate.Stop
}

// NewDecoder makes a decoder for a streamed answer.
func (Dialect) NewDecoder(x *translate.Exchange) translate.Decoder { return &decoder{x: x} }

// DecodeResponse reads a whole answer.
func (Dialect) DecodeResponse(doc *scan.Doc, x *translate.Exchange) (*translate.Response, *translate.Error) {
	d := &decoder{x: x}
	d.response(doc.Root())
	if !d.ended {
		d.events = d.close(nil)
	}
	fold := translate.NewFold(x)
	for i := range d.events {
		fold.Add(&d.events[i])
	}
	return fold.Response()
}

// Decode reads one event.
func (d *decoder) Decode(_, data []byte, events []translate.Event) []translate.Event {
	d.events = events
	defer func() { d.events = nil }()
	for len(data) > 0 && !d.ended {
		if d.doc.Parse(data, scan.Limits{}) == nil {
			d.response(d.doc.Root())
			break
		}
		// Seen once: data lines without blank lines between, which are one record.
		line, rest, more := bytes.Cut(data, []byte{'\n'})
		if more && d.doc.Parse(line, scan.Limits{}) == nil {
			d.response(d.doc.Root())
			d.events = owned(d.events)
		}
		data = rest
	}
	return d.events
}

// owned copies what events hold of the document that is given up for the next one.
func owned(events []translate.Event) []translate.Event {
	for i := range events {
		e := &events[i]
		e.Text, e.ID, e.Name = bytes.Clone(e.Text), bytes.Clone(e.ID), bytes.Clone(e.Name)
	}
	return events
}

func (d *decoder) add(e translate.Event) { d.events = append(d.events, e) }

func (d *decoder) fail(err *translate.Error) {
	d.ended = true
	d.add(translate.Event{Kind: translate.EventFailed, Err: err})
}

func (d *decoder) response(v scan.Value) {
	if v.Kind() == scan.Array { // a stream without alt=sse, or an error in an array
		for e := range v.Elements() {
			if !d.ended {
				d.response(e)
			}
		}
		return
	}
	if e := v.Get("error"); !e.IsNull() {
		d.fail(upstreamError(200, translate.ReadError(v)))
		return
	}
	if inner := v.Get("response"); inner.Kind() == scan.Object { // Code Assist wraps answers
		v = inner
	}
	if !d.started {
		d.started = true
		d.add(translate.Event{Kind: translate.EventStart, ID: v.Get("responseId").Text(), Name: v.Get("modelVersion").Text()})
	}
	if d.counts.merge(v.Get("usageMetadata")) {
		d.counts.usage(&d.usage)
		d.add(translate.Event{Kind: translate.EventUsage, Usage: &d.usage})
	}
	for c := range v.Get("candidates").Elements() {
		index, _ := c.Get("index").Int()
		d.candidate(d.find(int(index)), c)
		if d.ended {
			return
		}
	}
	if reason := v.At("promptFeedback", "blockReason").Str(); reason != "" && len(d.candidates) == 0 {
		d.blocked(reason, v.At("promptFeedback", "blockReasonMessage").Text())
	}
}

// blocked tells that the prompt itself was refused (4.3).
func (d *decoder) blocked(reason string, message scan.Text) {
	stop := translate.Stop{Reason: translate.StopFilter, Native: reason, Explanation: append(scan.Text(nil), message...)}
	text := "the provider blocked the prompt: " + reason
	if len(message) > 0 {
		text += ": " + message.String()
	}
	d.fail(&translate.Error{
		Kind: translate.ErrContent, Code: "content_filter", Message: text, Type: reason, Status: 200,
		Answer: &translate.Response{Usage: d.usage, Choices: []translate.Choice{{Stop: stop}}},
	})
}

func (d *decoder) find(index int) *candidate {
	for _, c := range d.candidates {
		if c.index == index {
			return c
		}
	}
	c := &candidate{index: index, number: -1}
	d.candidates = append(d.candidates, c)
	return c
}

func (d *decoder) candidate(c *candidate, v scan.Value) {
	for part := range v.At("content", "parts").Elements() {
		d.part(c, part)
	}
	d.cite(c, v.Get("groundingMetadata"))
	if reason := v.Get("finishReason").Str(); reason != "" && c.stop == nil {
		d.finish(c, reason, v.Get("finishMessage").Text())
	}
}

// block opens a block of a kind, unless the open one is of that kind.
func (d *decoder) block(c *candidate, kind translate.BlockKind) int {
	if c.number >= 0 && c.open == kind {
		return c.number
	}
	d.endBlock(c)
	c.open, c.number = kind, c.blocks
	c.blocks++
	return c.number
}

func (d *decoder) endBlock(c *candidate) {
	if c.number >= 0 {
		d.add(translate.Event{Kind: translate.EventBlockEnd, Choice: c.index, Block: c.number})
		c.number = -1
	}
}

// part reads one part (4.1). A part can be a thought and a call: then it is a call.
func (d *decoder) part(c *candidate, v scan.Value) {
	seal := d.signature(v)
	switch {
	case v.Get("functionCall").Kind() == scan.Object:
		d.call(c, v.Get("functionCall"), seal)
	case v.Get("text").Exists():
		kind, event := translate.TextBlock, translate.EventText
		if v.Get("thought").True() {
			kind, event = translate.ReasoningBlock, translate.EventReasoning
		}
		d.text(c, kind, event, v.Get("text").Text(), seal)
	case v.Get("inlineData").Kind() == scan.Object:
		d.media(c, v.Get("inlineData"))
	case v.Get("executableCode").Kind() == scan.Object:
		if seal != nil {
			d.x.AnswerLosses.Drop("thoughtSignature")
		}
		d.code(c, v.At("executableCode", "language").Str(), v.At("executableCode", "code").Text())
	case v.Get("codeExecutionResult").Kind() == scan.Object:
		d.code(c, "", v.At("codeExecutionResult", "output").Text())
	}
}

// signature reads a part's seal, bound to the account that made it.
func (d *decoder) signature(v scan.Value) *translate.Signature {
	value := v.Get("thoughtSignature").Text()
	if len(value) == 0 {
		return nil
	}
	return &translate.Signature{Family: translate.FamilyGoogle, Origin: d.x.Target.Origin, Value: value}
}

func (d *decoder) text(c *candidate, kind translate.BlockKind, event translate.EventKind, t scan.Text, seal *translate.Signature) {
	if len(t) == 0 && seal == nil {
		return
	}
	n := d.block(c, kind)
	if len(t) > 0 {
		d.output = true
		d.add(translate.Event{Kind: event, Choice: c.index, Block: n, Text: t})
	}
	if seal != nil { // often on a last part without text (A24)
		d.add(translate.Event{Kind: translate.EventSeal, Choice: c.index, Block: n, Signature: seal})
		c.number = -1
		d.add(translate.Event{Kind: translate.EventBlockEnd, Choice: c.index, Block: n})
	}
}

func (d *decoder) call(c *candidate, v scan.Value, seal *translate.Signature) {
	if c.calls++; c.calls > 1 && d.x.ParallelLimit {
		d.x.AnswerLosses.Drop("tool_calls")
		return
	}
	d.output = true
	d.endBlock(c)
	n := c.blocks
	c.blocks++
	id := v.Get("id").Text()
	if len(id) == 0 {
		id = scan.Text(translate.MintID("call_", d.x, d.calls))
	}
	d.calls++
	name := d.x.ToolName(v.Get("name").Text())
	custom := d.x.IsCustom(name)
	args := scan.Text("{}")
	if a := v.Get("args"); a.Kind() == scan.Object && a.Len() > 0 {
		args = emit.AppendEscaped(make([]byte, 0, len(a.Raw())+len(a.Raw())/8), a.Raw())
		if custom {
			args = a.Get("input").Text()
		}
	}
	d.add(translate.Event{Kind: translate.EventCall, Choice: c.index, Block: n, ID: id, Name: name, Custom: custom, Signature: seal})
	d.add(translate.Event{Kind: translate.EventArgs, Choice: c.index, Block: n, Text: args})
	d.add(translate.Event{Kind: translate.EventCallEnd, Choice: c.index, Block: n})
}

func (d *decoder) media(c *candidate, v scan.Value) {
	d.output = true
	d.endBlock(c)
	m := &translate.Media{Kind: translate.Image, Type: v.Get("mimeType").Str(), Data: v.Get("data").Text()}
	if len(m.Type) > 5 && m.Type[:5] == "audio" {
		m.Kind = translate.Audio
	}
	d.add(translate.Event{Kind: translate.EventMedia, Choice: c.index, Block: c.blocks, Media: m})
	c.blocks++
}

// code tells code that the model ran, and its output, as fenced text.
func (d *decoder) code(c *candidate, language string, t scan.Text) {
	fenced := scan.Quote("\n```" + language + "\n")
	fenced = append(fenced, t...)
	d.text(c, translate.TextBlock, translate.EventText, append(fenced, "\\n```\\n"...), nil)
}

// cite tells the web sources that grounding names; later events repeat the list.
func (d *decoder) cite(c *candidate, grounding scan.Value) {
	i := 0
	for chunk := range grounding.Get("groundingChunks").Elements() {
		web := chunk.Get("web")
		if i++; i <= c.cited || !web.Exists() {
			continue
		}
		d.add(translate.Event{Kind: translate.EventCitation, Choice: c.index, Block: max(0, c.number), Citation: &translate.Citation{
			URL: web.Get("uri").Text(), Title: web.Get("title").Text(), Dialect: "gemini", Raw: chunk.Raw(),
		}})
	}
	c.cited = max(c.cited, i)
}

// finish notes why a candidate ended (4.2).
func (d *decoder) finish(c *candidate, reason string, message scan.Text) {
	stop := &translate.Stop{Native: reason, Explanation: append(scan.Text(nil), message...)}
	switch reason {
	case "STOP":
		stop.Reason = translate.StopEnd
	case "MAX_TOKENS":
		stop.Reason = translate.StopLength
	case "SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "RECITATION", "LANGUAGE", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
		stop.Reason = translate.StopFilter
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL":
		d.fail(&translate.Error{Kind: translate.ErrUpstream, Status: 200, Type: reason, Message: "the model made a tool call that is not valid", Upstream: message.String()})
		return
	case "TOO_MANY_TOOL_CALLS", "CONTINUATION":
		stop.Reason = translate.StopPause
	case "NO_IMAGE", "IMAGE_OTHER", "OTHER", "FINISH_REASON_UNSPECIFIED":
		if stop.Reason = translate.StopEnd; !d.output {
			stop.Reason = translate.StopFilter
		}
	}
	c.stop = stop
}

// Close tells what the end of the body means; there is no other end of a stream (4.5).
func (d *decoder) Close(err error, events []translate.Event) []translate.Event {
	if d.ended {
		return events
	}
	d.events = events
	defer func() { d.events = nil }()
	return d.close(err)
}

func (d *decoder) close(err error) []translate.Event {
	complete := len(d.candidates) > 0
	for _, c := range d.candidates {
		complete = complete && c.stop != nil
	}
	if !complete {
		d.fail(translate.EndOf(err, d.output))
		return d.events
	}
	d.ended = true
	for _, c := range d.candidates {
		d.endBlock(c)
		if c.calls > 0 && c.stop.Reason == translate.StopEnd {
			c.stop.Reason = translate.StopTools // a call may stand events before its end
		}
		d.add(translate.Event{Kind: translate.EventStop, Choice: c.index, Stop: c.stop})
	}
	d.add(translate.Event{Kind: translate.EventDone})
	return d.events
}

// DecodeError reads the body of an error answer.
func (Dialect) DecodeError(status int, body []byte) *translate.Error {
	return upstreamError(status, translate.ReadErrorBody(body))
}

// statusOf gives the status of an error inside a 200.
func statusOf(b translate.ErrorBody) int {
	if n, err := strconv.Atoi(b.Code); err == nil && n >= 400 && n < 600 {
		return n
	}
	return 500
}
