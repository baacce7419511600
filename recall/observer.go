package recall

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// maxAnswer bounds what is gathered of one answer; a larger one is not remembered.
const maxAnswer = 1 << 20

// Observer watches one answer. A nil Observer does nothing.
type Observer struct {
	store     *Store
	principal string
	blocks    []watched
	size      int
	calls     int
	seals     int
	dead      bool
	text      *translate.Signature // of the last text that was signed
}

// watched is a reasoning or call block under way.
type watched struct {
	number    int
	kind      translate.BlockKind
	id        string
	reasoning *translate.Reasoning
	signature *translate.Signature
}

// Observe watches an answer for a principal, whose memories no other sees.
func (s *Store) Observe(principal string) *Observer {
	if s == nil {
		return nil
	}
	return &Observer{store: s, principal: principal}
}

// Event sees the next event of a streamed answer and copies what it keeps.
func (o *Observer) Event(e *translate.Event) {
	if o == nil || o.dead || e.Choice != 0 {
		return
	}
	switch e.Kind {
	case translate.EventReasoning:
		o.grow(len(e.Text))
		if b := o.at(e.Block, translate.ReasoningBlock); b.reasoning != nil && !o.dead {
			b.reasoning.Text = append(b.reasoning.Text, e.Text...)
		}
	case translate.EventSeal:
		o.seal(e)
	case translate.EventRedacted:
		o.redacted(e.Block, e.Reasoning)
	case translate.EventCall:
		o.call(e)
	}
}

// at finds a block by its number, or begins it.
func (o *Observer) at(number int, kind translate.BlockKind) *watched {
	for i := len(o.blocks) - 1; i >= 0; i-- {
		if o.blocks[i].number == number {
			return &o.blocks[i]
		}
	}
	b := watched{number: number, kind: kind}
	if kind == translate.ReasoningBlock {
		b.reasoning = &translate.Reasoning{}
	}
	o.blocks = append(o.blocks, b)
	return &o.blocks[len(o.blocks)-1]
}

func (o *Observer) call(e *translate.Event) {
	o.calls++
	b := o.at(e.Block, translate.CallBlock)
	b.id = string(e.ID)
	if e.Signature != nil {
		o.seals++
		o.grow(len(e.Signature.Value))
		s := *e.Signature
		s.Value = bytes.Clone(s.Value)
		b.signature = &s
	}
}

func (o *Observer) seal(e *translate.Event) {
	o.seals++
	o.grow(len(e.Signature.Value))
	s := *e.Signature
	s.Value = bytes.Clone(s.Value)
	if e.Seals != translate.ReasoningBlock {
		o.text = &s
		return
	}
	if b := o.at(e.Block, translate.ReasoningBlock); b.reasoning != nil {
		b.reasoning.Signature = &s
	}
}

func (o *Observer) redacted(number int, r *translate.Reasoning) {
	o.seals++
	o.grow(len(r.Redacted))
	kept := translate.Reasoning{Redacted: bytes.Clone(r.Redacted), ID: bytes.Clone(r.ID), Format: bytes.Clone(r.Format)}
	if r.Signature != nil {
		s := *r.Signature
		s.Value = bytes.Clone(s.Value)
		kept.Signature = &s
	}
	o.at(number, translate.ReasoningBlock).reasoning = &kept
}

func (o *Observer) grow(n int) {
	if o.size += n; o.size > maxAnswer {
		o.dead, o.blocks = true, nil
	}
}

// Response sees a whole answer.
func (o *Observer) Response(r *translate.Response) {
	if o == nil || len(r.Choices) == 0 {
		return
	}
	events := r.Events(nil)
	for i := range events {
		o.Event(&events[i])
	}
}

// Commit remembers the answer, which has ended properly. Only one with a call and a
// signature is worth it.
func (o *Observer) Commit() {
	if o == nil || o.dead || o.calls == 0 || o.seals == 0 {
		return
	}
	m := &memory{calls: map[string]*translate.Signature{}, text: o.text, size: int64(o.size)}
	for i := range o.blocks {
		b := &o.blocks[i]
		switch {
		case b.kind == translate.CallBlock:
			m.keys = append(m.keys, o.principal+"\x00"+b.id)
			m.calls[b.id] = b.signature
			m.size += int64(2*len(b.id)) + 128
		case b.reasoning != nil && b.reasoning.Signature != nil:
			m.reasoning = append(m.reasoning, translate.Block{Kind: translate.ReasoningBlock, Reasoning: b.reasoning})
			m.size += 256
		}
	}
	o.store.store(m)
}
