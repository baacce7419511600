package gemini

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// decoder reads the events of one streamed answer; each is a whole response object
// (4.5). A whole answer is a stream of one.
type decoder struct {
	x          *translate.Exchange
	doc        scan.Doc
	events     []translate.Event
	buf        []byte // what the events of one record say in other words than Google
	started    bool
	ended      bool
	output     bool
	calls      int // over all candidates, for ids
	candidates []*candidate
	counts     counts
	usage      translate.Usage
	routine    routine
}

// candidate is a choice under way.
type candidate struct {
	index  int
	output bool
	blocks int
	open   translate.BlockKind
	number int // of the open block; -1 is none
	calls  int
	call   openCall // the call whose arguments come in pieces
	said   said
	stop   *translate.Stop
	// grounding is the last groundingMetadata, told when all text is there.
	grounding []byte
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
	d.events, d.buf = events, d.buf[:0]
	defer func() { d.events = nil }()
	if !d.ended && d.repeat(data) {
		return d.events
	}
	for len(data) > 0 && !d.ended {
		if d.doc.Parse(data, scan.Limits{}) == nil {
			d.response(d.doc.Root())
			d.routine.learn(d.doc.Root())
			break
		}
		// Seen once: data lines without blank lines between, which are one record.
		line, rest, more := bytes.Cut(data, []byte{'\n'})
		if more && d.doc.Parse(line, scan.Limits{}) == nil {
			d.response(d.doc.Root())
		}
		data = rest
	}
	return d.events
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
	d.count(v.Get("usageMetadata"))
	for c := range v.Get("candidates").Elements() {
		index, _ := c.Get("index").Int()
		if index < 0 || index > translate.MaxChoices {
			d.x.AnswerLosses.Drop("choices")
			continue
		}
		d.candidate(d.find(int(index)), c)
		if d.ended {
			return
		}
	}
	if reason := v.At("promptFeedback", "blockReason").Text(); len(reason) > 0 {
		d.blocked(reason.String(), v.At("promptFeedback", "blockReasonMessage").Text())
	}
}

// count takes over what an event tells of tokens.
func (d *decoder) count(v scan.Value) {
	if d.counts.merge(v) {
		d.counts.usage(&d.usage)
		d.add(translate.Event{Kind: translate.EventUsage, Usage: &d.usage})
	}
}

func (d *decoder) find(index int) *candidate {
	for _, c := range d.candidates {
		if c.index == index {
			return c
		}
	}
	c := &candidate{index: index, number: -1}
	c.said.kept = d.x.Request != nil && d.x.Request.WebSearch != nil
	d.candidates = append(d.candidates, c)
	return c
}

func (d *decoder) candidate(c *candidate, v scan.Value) {
	for part := range v.At("content", "parts").Elements() {
		if d.part(c, part); d.ended {
			return
		}
	}
	d.logprobs(c, v.Get("logprobsResult"))
	d.cite(c, v)
	if reason := v.Get("finishReason").Text(); len(reason) > 0 && c.stop == nil {
		d.finish(c, reason, v.Get("finishMessage").Text())
	}
}

// says notes that a candidate has said something.
func (d *decoder) says(c *candidate) { d.output, c.output = true, true }

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
		d.endCall(c)
		d.endBlock(c)
		d.sources(c)
		d.add(translate.Event{Kind: translate.EventStop, Choice: c.index, Stop: c.ending()})
	}
	d.add(translate.Event{Kind: translate.EventDone})
	return d.events
}
