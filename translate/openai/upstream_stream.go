package openai

import (
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// decoder reads the chunks of one streamed answer of a provider (5.2, 5.4).
type decoder struct {
	x       *translate.Exchange
	doc     scan.Doc
	events  []translate.Event
	started bool
	ended   bool
	output  bool
	choices []*candidate
	usage   *translate.Usage
	held    scan.Text // white space that waits for other text
}

// candidate is a choice under way.
type candidate struct {
	index  int
	blocks int // how many blocks there have been
	open   translate.BlockKind
	number int // of the block that is open; -1 is none
	seal   int // the number of the last reasoning block
	format scan.Text
	seen   map[string]bool // encrypted items told already
	calls  []*callState
	stop   *translate.Stop
	refuse bool
}

// callState is a tool call under way.
type callState struct {
	index   int64
	indexed bool
	id      scan.Text
	name    scan.Text
	custom  bool
	number  int // of its block; -1 before it is announced
	early   scan.Text
	depth   translate.Progress
	args    bool
	wrapped bool // a freeform tool, called by an object with its input
}

// NewDecoder makes a decoder for a streamed answer.
func (Dialect) NewDecoder(x *translate.Exchange) translate.Decoder { return &decoder{x: x} }

// Decode reads one record.
func (d *decoder) Decode(_, data []byte, events []translate.Event) []translate.Event {
	if d.ended {
		return events
	}
	d.events = events
	defer func() { d.events = nil }()
	if strings.HasPrefix(string(data), "[DONE]") {
		d.done()
		return d.events
	}
	if d.doc.Parse(data, scan.Limits{}) != nil {
		return d.events // a record that is no JSON tells nothing
	}
	d.record(d.doc.Root())
	return d.events
}

// record reads one chunk. Its parts are told in the order reasoning, text, calls, end.
func (d *decoder) record(v scan.Value) {
	if err := errorIn(v); err != nil {
		d.fail(err)
		return
	}
	if !d.started {
		d.started = true
		d.add(translate.Event{Kind: translate.EventStart, ID: v.Get("id").Text(), Name: v.Get("model").Text()})
	}
	for c := range v.Get("choices").Elements() {
		index, _ := c.Get("index").Int()
		d.choice(d.candidate(int(index)), c)
	}
	u := ParseUsage(v.Get("usage"))
	if u == nil {
		u = ParseUsage(v.At("x_groq", "usage"))
	}
	if u != nil {
		d.usage = u
		d.add(translate.Event{Kind: translate.EventUsage, Usage: u})
	}
}

func (d *decoder) add(e translate.Event) { d.events = append(d.events, e) }

func (d *decoder) fail(err *translate.Error) {
	d.ended = true
	d.add(translate.Event{Kind: translate.EventFailed, Err: err})
}

func (d *decoder) candidate(index int) *candidate {
	for _, c := range d.choices {
		if c.index == index {
			return c
		}
	}
	c := &candidate{index: index, number: -1, seal: -1}
	d.choices = append(d.choices, c)
	return c
}

func (d *decoder) choice(c *candidate, v scan.Value) {
	delta := v.Get("delta")
	if !delta.Exists() {
		delta = v.Get("message") // some hosts stream whole messages
	}
	d.reasoning(c, delta)
	d.content(c, delta.Get("content"))
	if t := delta.Get("refusal").Text(); len(t) > 0 {
		c.refuse = true
		d.text(c, translate.RefusalBlock, translate.EventRefusal, t)
	}
	d.annotations(c, delta)
	d.images(c, delta)
	for call := range delta.Get("tool_calls").Elements() {
		d.call(c, call)
	}
	if f := delta.Get("function_call"); f.Kind() == scan.Object {
		d.call(c, delta)
	}
	if probs := v.Get("logprobs"); probs.Kind() == scan.Object {
		d.add(translate.Event{Kind: translate.EventLogprobs, Choice: c.index, Raw: probs.Raw()})
	}
	if reason := v.Get("finish_reason").Text(); len(reason) > 0 {
		d.finish(c, reason, v)
	}
}

// block opens a block of a kind, unless the open one is of that kind, and returns its
// number.
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

func (d *decoder) text(c *candidate, kind translate.BlockKind, event translate.EventKind, t scan.Text) {
	d.output = true
	n := d.block(c, kind)
	d.add(translate.Event{Kind: event, Choice: c.index, Block: n, Text: t})
}

// content reads text: a string, or a list of parts as Mistral sends it.
func (d *decoder) content(c *candidate, v scan.Value) {
	switch v.Kind() {
	case scan.String:
		d.plain(c, v.Text())
	case scan.Array:
		for part := range v.Elements() {
			switch part.Get("type").Str() {
			case "thinking":
				d.think(c, partText(part.Get("thinking")))
			case "text":
				d.plain(c, part.Get("text").Text())
			}
		}
	}
}

// plain tells text. White space that would begin a block is held until other text
// follows, so that no blank block stands between calls.
func (d *decoder) plain(c *candidate, t scan.Text) {
	if len(t) == 0 {
		return
	}
	if c.open == translate.TextBlock && c.number >= 0 {
		d.text(c, translate.TextBlock, translate.EventText, t)
		return
	}
	if t.IsBlank() {
		d.held = append(d.held, t...)
		return
	}
	if len(d.held) > 0 {
		t = append(d.held, t...)
		d.held = nil
	}
	d.text(c, translate.TextBlock, translate.EventText, t)
}

// partText reads text that may be a list of parts.
func partText(v scan.Value) scan.Text {
	if v.Kind() == scan.String {
		return v.Text()
	}
	var out scan.Text
	for part := range v.Elements() {
		out = append(out, part.Get("text").Text()...)
	}
	return out
}

func (d *decoder) think(c *candidate, t scan.Text) {
	if len(t) == 0 {
		return
	}
	d.text(c, translate.ReasoningBlock, translate.EventReasoning, t)
	c.seal = c.number
}

// reasoning reads the field that the host uses; of several that say the same, the first
// counts (4.2). Seals come in reasoning_details.
func (d *decoder) reasoning(c *candidate, delta scan.Value) {
	told := false
	for _, key := range []string{"reasoning_content", "reasoning"} {
		v := delta.Get(key)
		t := v.Text()
		if v.Kind() == scan.Array {
			t = partText(v)
		}
		if len(t) > 0 {
			d.think(c, t)
			told = true
			break
		}
	}
	for item := range delta.Get("reasoning_details").Elements() {
		d.detail(c, item, told)
	}
	for item := range delta.Get("thinking_blocks").Elements() {
		if s := item.Get("signature").Text(); len(s) > 0 {
			d.sealed(c, s, translate.FamilyAnthropic)
		}
	}
}

// detail reads an item of reasoning_details. A signature may come in a fragment without
// text, even after text has begun (provider-openrouter.md 3, rule 8).
func (d *decoder) detail(c *candidate, v scan.Value, told bool) {
	if f := v.Get("format").Text(); len(f) > 0 {
		c.format = append(c.format[:0], f...)
	}
	family := translate.FamilyOf(c.format.String())
	if c.format == nil {
		family = translate.FamilyAnthropic
	}
	switch v.Get("type").Str() {
	case "reasoning.text":
		if t := v.Get("text").Text(); !told && len(t) > 0 {
			d.think(c, t)
		}
		if s := v.Get("signature").Text(); len(s) > 0 {
			d.sealed(c, s, family)
		}
	case "reasoning.summary":
		if t := v.Get("summary").Text(); !told && len(t) > 0 {
			d.think(c, t)
		}
	case "reasoning.encrypted":
		d.encrypted(c, v, family)
	}
}

// sealed puts a signature on the last reasoning, or on an empty one.
func (d *decoder) sealed(c *candidate, value scan.Text, family string) {
	if c.seal < 0 {
		d.endBlock(c)
		c.seal = c.blocks
		c.blocks++
	}
	s := &translate.Signature{Family: family, Origin: d.x.Target.Origin, Value: value}
	if family != translate.FamilyGoogle {
		s.Origin = ""
	}
	d.add(translate.Event{Kind: translate.EventSeal, Choice: c.index, Block: c.seal, Signature: s})
}

// encrypted tells a sealed item once, whole, as it must be sent back.
func (d *decoder) encrypted(c *candidate, v scan.Value, family string) {
	data := v.Get("data").Text()
	if len(data) == 0 || c.seen[string(data)] {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[string(data)] = true
	d.output = true
	d.endBlock(c)
	n := c.blocks
	c.blocks++
	r := readDetail(v)
	if r.Signature.Family == "" || v.Get("format").Text() == nil {
		r.Signature.Family = family
	}
	d.add(translate.Event{Kind: translate.EventRedacted, Choice: c.index, Block: n, Reasoning: r})
}

// annotations reads citations of web sources.
func (d *decoder) annotations(c *candidate, delta scan.Value) {
	for a := range delta.Get("annotations").Elements() {
		if source := readAnnotation(a); source != nil {
			d.add(translate.Event{Kind: translate.EventCitation, Choice: c.index, Block: max(0, c.number), Citation: source})
		}
	}
}

// readAnnotation reads a url_citation, nil for other kinds.
func readAnnotation(a scan.Value) *translate.Citation {
	u := a.Get("url_citation")
	if !u.Exists() {
		return nil
	}
	from, _ := u.Get("start_index").Int()
	to, _ := u.Get("end_index").Int()
	return &translate.Citation{URL: u.Get("url").Text(), Title: u.Get("title").Text(), Cited: u.Get("content").Text(),
		Start: int(from), End: int(to), Dialect: "openai", Raw: a.Raw()}
}

// images reads pictures that the model made, as OpenRouter has them.
func (d *decoder) images(c *candidate, delta scan.Value) {
	for v := range delta.Get("images").Elements() {
		if m := readImage(v); m != nil {
			d.output = true
			d.endBlock(c)
			d.add(translate.Event{Kind: translate.EventMedia, Choice: c.index, Block: c.blocks, Media: m})
			c.blocks++
		}
	}
}

// errorIn finds an error in a record or an answer: at its top, or in a choice
// (provider-openrouter.md 5).
func errorIn(v scan.Value) *translate.Error {
	e := v.Get("error")
	if e.IsNull() {
		c := v.Get("choices").First()
		e = c.Get("error")
		if e.IsNull() && !c.Get("finish_reason").Text().Equal("error") {
			return nil
		}
	}
	if e.IsNull() {
		return &translate.Error{Kind: translate.ErrUpstream, Message: "the provider failed", Status: 200}
	}
	return upstreamError(200, translate.ReadError(e))
}

// finish notes why a choice ended; its end is told with the end of the stream, since
// text and usage may still follow.
func (d *decoder) finish(c *candidate, reason scan.Text, v scan.Value) {
	if c.stop != nil {
		return
	}
	c.stop = &translate.Stop{Reason: stopReason(reason.String()), Native: reason.String()}
	if n := v.Get("native_finish_reason").Str(); n != "" {
		c.stop.Native = n
	}
	for _, key := range []string{"stop_reason", "matched_stop"} { // vLLM, SGLang
		if s := v.Get(key).Text(); len(s) > 0 && c.stop.Reason == translate.StopEnd && asked(d.x, s) {
			c.stop.Reason, c.stop.Sequence = translate.StopSequence, append(scan.Text{}, s...)
		}
	}
}

// asked reports whether the client asked for a stop sequence.
func asked(x *translate.Exchange, s scan.Text) bool {
	if x.Request == nil {
		return false
	}
	for _, want := range x.Request.Stop {
		if want.String() == s.String() {
			return true
		}
	}
	return false
}

func stopReason(word string) translate.StopReason {
	switch word {
	case "stop", "end_turn", "eos", "eos_token":
		return translate.StopEnd
	case "length", "max_tokens":
		return translate.StopLength
	case "tool_calls", "function_call", "tool_use":
		return translate.StopTools
	case "content_filter":
		return translate.StopFilter
	}
	return translate.StopUnknown
}

// done ends the stream at the host's word. Without a reason the answer counts as
// complete if its calls are (5.5).
func (d *decoder) done() {
	if len(d.choices) == 0 && d.usage == nil {
		d.fail(translate.EndOf(nil, d.output))
		return
	}
	for _, c := range d.choices {
		if c.stop == nil && !c.complete() {
			d.fail(translate.EndOf(nil, true))
			return
		}
	}
	if !d.output && len(d.choices) > 0 && d.choices[0].stop == nil {
		d.fail(translate.EndOf(nil, false))
		return
	}
	d.end()
}

func (c *candidate) complete() bool {
	for _, call := range c.calls {
		if !call.depth.Complete() {
			return false
		}
	}
	return true
}

// end tells the end of each choice and of the stream.
func (d *decoder) end() {
	d.ended = true
	for _, c := range d.choices {
		d.endBlock(c)
		d.endCalls(c)
		d.add(translate.Event{Kind: translate.EventStop, Choice: c.index, Stop: c.settled(d.x)})
	}
	d.add(translate.Event{Kind: translate.EventDone})
}

// settled is the choice's end in the light of what it holds (4.3).
func (c *candidate) settled(x *translate.Exchange) *translate.Stop {
	stop := c.stop
	if stop == nil {
		stop = &translate.Stop{Reason: translate.StopEnd}
	}
	calls := 0
	for _, call := range c.calls {
		if call.number >= 0 {
			calls++
		}
	}
	settle(stop, calls, c.refuse)
	return stop
}

func settle(stop *translate.Stop, calls int, refused bool) {
	switch {
	case calls > 0 && (stop.Reason == translate.StopEnd || stop.Reason == translate.StopUnknown):
		stop.Reason = translate.StopTools // traps 91
	case calls == 0 && stop.Reason == translate.StopTools:
		stop.Reason = translate.StopEnd // trap 92
	case refused && stop.Reason == translate.StopEnd:
		stop.Reason = translate.StopFilter
	}
}

// Close tells what the end of the body means.
func (d *decoder) Close(err error, events []translate.Event) []translate.Event {
	if d.ended {
		return events
	}
	d.events = events
	defer func() { d.events = nil }()
	if len(d.choices) > 0 && d.finished() {
		d.end()
	} else {
		d.fail(translate.EndOf(err, d.output))
	}
	return d.events
}

func (d *decoder) finished() bool {
	for _, c := range d.choices {
		if c.stop == nil {
			return false
		}
	}
	return true
}

// mintID gives a call an id if the host gave none.
func mintID(x *translate.Exchange, choice, n int) scan.Text {
	return scan.Text(translate.MintID("call_", x, choice<<8|n) + strconv.Itoa(n))
}
