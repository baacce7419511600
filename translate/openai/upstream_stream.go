package openai

import (
	"bytes"

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
	tier    served
	routine routine
	usual   int // the index of the choice that routine chunks belong to
}

// candidate is a choice under way.
type candidate struct {
	index   int
	blocks  int // how many blocks there have been
	open    translate.BlockKind
	number  int                  // of the block that is open; -1 is none
	seal    int                  // the number of the last reasoning block
	sealed  bool                 // it has its signature
	plain   plainText            // told outside of items and not yet sealed
	item    int64                // the index of the item that it holds
	words   int                  // the number of the last text block
	cited   []translate.Citation // sources told before any text
	format  scan.Text
	seen    map[string]bool // encrypted items told already
	calls   []*callState
	stop    *translate.Stop
	held    scan.Text // white space that waits for other text
	refusal scan.Text
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
	ordinal int  // among the calls of its choice
	seal    *translate.Signature
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
	if bytes.HasPrefix(data, []byte("[DONE]")) {
		d.done()
		return d.events
	}
	if text := d.routine.text(data); text != nil && d.started {
		d.plain(d.candidate(d.usual), text)
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
	if u := d.tier.usage(v); u != nil {
		d.usage = u
		d.add(translate.Event{Kind: translate.EventUsage, Usage: u})
	}
	if d.routine.learn(v) {
		index, _ := v.Get("choices").First().Get("index").Int()
		d.usual = int(index)
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
	c := &candidate{index: index, number: -1, seal: -1, words: -1}
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
		c.refusal = append(c.refusal, t...)
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

// text tells text of a kind and returns the number of its block.
func (d *decoder) text(c *candidate, kind translate.BlockKind, event translate.EventKind, t scan.Text) int {
	d.output = true
	n := d.block(c, kind)
	d.add(translate.Event{Kind: event, Choice: c.index, Block: n, Text: t})
	if kind == translate.TextBlock {
		c.words = n
		for i := range c.cited {
			d.add(translate.Event{Kind: translate.EventCitation, Choice: c.index, Block: n, Citation: &c.cited[i]})
		}
		c.cited = nil
	}
	return n
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
				d.think(c, partText(part.Get("thinking")), -1)
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
		c.held = append(c.held, t...)
		return
	}
	if len(c.held) > 0 {
		t = append(c.held, t...)
		c.held = nil
	}
	d.text(c, translate.TextBlock, translate.EventText, t)
}

// partText reads text that may be a list of parts, of text or of thinking (trap 94).
func partText(v scan.Value) scan.Text {
	if v.Kind() == scan.String {
		return v.Text()
	}
	var out scan.Text
	for part := range v.Elements() {
		if t := part.Get("thinking"); t.Exists() {
			out = append(out, partText(t)...)
		} else {
			out = append(out, part.Get("text").Text()...)
		}
	}
	return out
}

// annotations reads citations of web sources. They belong to the last text; those told
// before any wait for it.
func (d *decoder) annotations(c *candidate, delta scan.Value) {
	for a := range delta.Get("annotations").Elements() {
		switch source := readAnnotation(a); {
		case source == nil:
		case c.words < 0:
			c.cited = append(c.cited, source.Clone())
		default:
			d.add(translate.Event{Kind: translate.EventCitation, Choice: c.index, Block: c.words, Citation: source})
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
