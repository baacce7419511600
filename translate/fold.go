package translate

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Fold gathers the events of a streamed answer into the whole answer, which then
// equals what the provider would have answered without streaming.
type Fold struct {
	x       *Exchange
	r       Response
	choices []*foldChoice
	done    bool
	err     *Error
}

// foldChoice is a candidate under way: its blocks in the order of their first event.
type foldChoice struct {
	index  int
	blocks []*foldBlock
	stop   Stop
	probs  []byte
}

type foldBlock struct {
	number int
	Block
	args []byte
}

// NewFold makes a Fold for the answer of an exchange.
func NewFold(x *Exchange) *Fold { return &Fold{x: x} }

// Add takes the next event. It copies what it keeps.
func (f *Fold) Add(e *Event) {
	switch e.Kind {
	case EventStart:
		if f.r.ID == "" {
			f.r.ID, f.r.Model = string(e.ID), string(e.Name)
		}
	case EventUsage:
		f.r.Usage = *e.Usage
		f.r.Usage.Raw = bytes.Clone(e.Usage.Raw)
	case EventPing:
	case EventDone:
		f.done = true
	case EventFailed:
		f.err = e.Err
	case EventStop:
		f.choice(e.Choice).stop = e.Stop.clone()
	case EventLogprobs:
		c := f.choice(e.Choice)
		c.probs = joinLogprobs(c.probs, e.Raw)
	default:
		f.block(e)
	}
}

func (f *Fold) choice(index int) *foldChoice {
	for _, c := range f.choices {
		if c.index == index {
			return c
		}
	}
	c := &foldChoice{index: index}
	f.choices = append(f.choices, c)
	return c
}

// at returns the choice's block of the given number, a new one of the given kind if
// there is none yet.
func (c *foldChoice) at(number int, kind BlockKind) *foldBlock {
	for i := len(c.blocks) - 1; i >= 0; i-- {
		if c.blocks[i].number == number {
			return c.blocks[i]
		}
	}
	b := &foldBlock{number: number, Block: Block{Kind: kind}}
	c.blocks = append(c.blocks, b)
	return b
}

func (f *Fold) block(e *Event) {
	c := f.choice(e.Choice)
	switch e.Kind {
	case EventText:
		b := c.at(e.Block, TextBlock)
		b.Text = append(b.Text, e.Text...)
	case EventRefusal:
		b := c.at(e.Block, RefusalBlock)
		b.Text = append(b.Text, e.Text...)
	case EventReasoning:
		b := c.at(e.Block, ReasoningBlock)
		b.reasoning().Text = append(b.Reasoning.Text, e.Text...)
	case EventSeal:
		b := c.at(e.Block, e.Seals)
		s := e.Signature.clone()
		if b.Kind == ReasoningBlock {
			b.reasoning().Signature = s
		} else {
			b.Signature = s
		}
	case EventRedacted:
		b := c.at(e.Block, ReasoningBlock)
		b.Reasoning = e.Reasoning.clone()
	case EventCall:
		b := c.at(e.Block, CallBlock)
		b.Call = &Call{ID: bytes.Clone(e.ID), Name: bytes.Clone(e.Name), Custom: e.Custom}
		b.Signature = e.Signature.clone()
	case EventArgs:
		b := c.at(e.Block, CallBlock)
		b.args = append(b.args, e.Text...)
	case EventCitation:
		b := c.at(e.Block, TextBlock)
		b.Citations = append(b.Citations, e.Citation.Clone())
	case EventMedia:
		m := *e.Media
		m.Data, m.URL = bytes.Clone(m.Data), bytes.Clone(m.URL)
		b := c.at(e.Block, MediaBlock)
		b.Media, b.Signature = &m, e.Signature.clone()
	case EventOpaque:
		o := *e.Opaque
		o.Raw, o.Summary = bytes.Clone(o.Raw), bytes.Clone(o.Summary)
		c.at(e.Block, OpaqueBlock).Opaque = &o
	}
}

func (b *foldBlock) reasoning() *Reasoning {
	if b.Reasoning == nil {
		b.Reasoning = &Reasoning{}
	}
	return b.Reasoning
}

// Response returns the whole answer, or the error that ended the stream. A stream
// that has not ended is an error as well.
func (f *Fold) Response() (*Response, *Error) {
	if f.err != nil {
		return nil, f.err
	}
	if !f.done {
		return nil, &Error{Kind: ErrInterrupted, Code: "upstream_stream_interrupted", Message: "the provider's stream ended early"}
	}
	f.r.Choices = f.r.Choices[:0]
	for i := 0; len(f.r.Choices) < len(f.choices); i++ {
		for _, c := range f.choices {
			if c.index == i {
				f.r.Choices = append(f.r.Choices, c.close())
			}
		}
		if i > MaxChoices {
			break
		}
	}
	return &f.r, nil
}

// MaxChoices bounds the indexes of candidates that are taken seriously.
const MaxChoices = 128

func (c *foldChoice) close() Choice {
	out := Choice{Index: c.index, Stop: c.stop, Logprobs: c.probs}
	for _, b := range c.blocks {
		if b.Kind == CallBlock {
			b.closeCall()
		}
		if b.Kind == TextBlock && len(b.Text) == 0 && b.Signature == nil && len(b.Citations) == 0 {
			continue
		}
		out.Blocks = append(out.Blocks, b.Block)
	}
	return out
}

// closeCall reads the arguments that were gathered.
func (b *foldBlock) closeCall() {
	if b.Call == nil {
		b.Call = &Call{}
	}
	if b.Call.Custom {
		b.Call.Input = b.args
		return
	}
	b.Call.Args, b.Call.Broken = CallArgs(b.args)
}

// joinLogprobs joins Chat's logprobs objects of two pieces: their content and refusal
// lists are concatenated.
func joinLogprobs(have, more []byte) []byte {
	if len(have) == 0 || string(have) == "null" {
		return bytes.Clone(more)
	}
	a, err1 := scan.Parse(have)
	b, err2 := scan.Parse(more)
	if err1 != nil || err2 != nil {
		return have
	}
	out := []byte("{")
	for _, key := range []string{"content", "refusal"} {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, `"`+key+`":`...)
		out = appendJoined(out, a.Get(key), b.Get(key))
	}
	return append(out, '}')
}

func appendJoined(dst []byte, a, b scan.Value) []byte {
	if a.Kind() != scan.Array && b.Kind() != scan.Array {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	first := true
	for _, list := range []scan.Value{a, b} {
		for e := range list.Elements() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(dst, e.Raw()...)
		}
	}
	return append(dst, ']')
}

func (s *Stop) clone() Stop {
	out := *s
	out.Sequence, out.Explanation, out.Details = bytes.Clone(s.Sequence), bytes.Clone(s.Explanation), bytes.Clone(s.Details)
	return out
}

func (s *Signature) clone() *Signature {
	if s == nil {
		return nil
	}
	out := *s
	out.Value = bytes.Clone(s.Value)
	return &out
}

func (r *Reasoning) clone() *Reasoning {
	out := *r
	out.Text, out.Redacted = bytes.Clone(r.Text), bytes.Clone(r.Redacted)
	out.ID, out.Format, out.Raw = bytes.Clone(r.ID), bytes.Clone(r.Format), bytes.Clone(r.Raw)
	out.Signature = r.Signature.clone()
	return &out
}

// Clone copies a citation with all its bytes.
func (c *Citation) Clone() Citation {
	out := *c
	out.URL, out.Title, out.Cited, out.Raw = bytes.Clone(c.URL), bytes.Clone(c.Title), bytes.Clone(c.Cited), bytes.Clone(c.Raw)
	return out
}
