// Package recall remembers reasoning and signatures for clients that drop them
// between turns, bounded in memory and time, under the id of the tool call that
// they belong to (provider-gemini-vertex.md 3.5).
package recall

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Store remembers what answers with tool calls were sealed with. It is safe for
// concurrent use; a nil Store remembers nothing.
type Store struct {
	maxBytes int64
	ttl      time.Duration
	now      func() time.Time

	mu    sync.Mutex
	bytes int64
	index map[string]*list.Element
	order *list.List // of *memory, the latest first
}

// memory is what one answer was sealed with, known under the id of each of its calls.
type memory struct {
	keys      []string
	size      int64
	born      time.Time
	reasoning []translate.Block
	text      *translate.Signature // of the last signed text, nil if there was none
	calls     map[string]*translate.Signature
}

// New makes a store of at most maxBytes that keeps each answer for ttl.
func New(maxBytes int64, ttl time.Duration) *Store {
	return &Store{maxBytes: maxBytes, ttl: ttl, now: time.Now, index: map[string]*list.Element{}, order: list.New()}
}

// Fill puts back what a client has dropped: for each assistant turn with calls, the
// reasoning before them and the signatures of the text and of the calls themselves, as
// far as the target accepts them: what another family or account has signed is not even
// offered, since its loss would be told as the client's. What the client sent stays as
// it is, and a turn with signatures of its own is not touched. Changed turns are copied.
// It returns how many turns were completed.
func (s *Store) Fill(principal string, r *translate.Request, target *translate.Target) int {
	if s == nil {
		return 0
	}
	filled, shared := 0, true
	for i := range r.Turns {
		blocks := s.complete(principal, r.Turns[i], target)
		if blocks == nil {
			continue
		}
		if shared {
			r.Turns, shared = append([]translate.Turn(nil), r.Turns...), false
		}
		r.Turns[i].Blocks = blocks
		filled++
	}
	return filled
}

// complete returns a turn's blocks with what was dropped, nil if there is nothing to add.
func (s *Store) complete(principal string, t translate.Turn, target *translate.Target) []translate.Block {
	if t.Role != translate.Assistant {
		return nil
	}
	var m *memory
	for i := range t.Blocks {
		b := &t.Blocks[i]
		if b.Signature != nil || b.Kind == translate.ReasoningBlock && b.Reasoning.Signature != nil {
			return nil
		}
		if b.Kind == translate.CallBlock && m == nil {
			m = s.find(principal, string(b.Call.ID))
		}
	}
	if m = m.acceptedBy(target); m == nil {
		return nil
	}
	out := make([]translate.Block, 0, len(m.reasoning)+len(t.Blocks))
	for _, b := range m.reasoning {
		b.At = t.At
		out = append(out, b)
	}
	for _, b := range t.Blocks {
		if b.Kind == translate.ReasoningBlock && len(m.reasoning) > 0 {
			continue // the unsigned copy of what was remembered with its seal
		}
		if b.Kind == translate.CallBlock {
			b.Signature = m.calls[string(b.Call.ID)]
		}
		out = append(out, b)
	}
	if m.text != nil {
		out = sealText(out, m.text, t.At)
	}
	return out
}

// acceptedBy gives the part of a memory that a target accepts, nil if that is nothing.
func (m *memory) acceptedBy(target *translate.Target) *memory {
	if m == nil {
		return nil
	}
	part := &memory{calls: map[string]*translate.Signature{}}
	for _, b := range m.reasoning {
		if target.Accepts(b.Reasoning.Signature) {
			part.reasoning = append(part.reasoning, b)
		}
	}
	if target.Accepts(m.text) {
		part.text = m.text
	}
	for id, s := range m.calls {
		if target.Accepts(s) {
			part.calls[id] = s
		}
	}
	if part.text == nil && len(part.reasoning)+len(part.calls) == 0 {
		return nil
	}
	return part
}

// sealText puts a signature back on the last text, or on an empty one before the calls: Gemini
// often signs a text that is not there.
func sealText(blocks []translate.Block, s *translate.Signature, at translate.At) []translate.Block {
	call := len(blocks)
	for i := len(blocks) - 1; i >= 0; i-- {
		switch blocks[i].Kind {
		case translate.TextBlock:
			blocks[i].Signature = s
			return blocks
		case translate.CallBlock:
			call = i
		}
	}
	empty := translate.Block{Kind: translate.TextBlock, Text: scan.Text{}, Signature: s, At: at}
	return slices.Insert(blocks, call, empty)
}

func (s *Store) find(principal, id string) *memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.index[principal+"\x00"+id]
	if e == nil {
		return nil
	}
	m := e.Value.(*memory)
	if s.now().Sub(m.born) > s.ttl {
		s.forget(e)
		return nil
	}
	s.order.MoveToFront(e)
	return m
}

// store remembers an answer.
func (s *Store) store(m *memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range m.keys { // an id that is used again means the newer answer
		if old := s.index[key]; old != nil {
			s.forget(old)
		}
	}
	if m.size > s.maxBytes {
		return
	}
	m.born = s.now()
	e := s.order.PushFront(m)
	for _, key := range m.keys {
		s.index[key] = e
	}
	s.bytes += m.size
	for s.bytes > s.maxBytes {
		s.forget(s.order.Back())
	}
}

func (s *Store) forget(e *list.Element) {
	m := s.order.Remove(e).(*memory)
	s.bytes -= m.size
	for _, key := range m.keys {
		if s.index[key] == e {
			delete(s.index, key)
		}
	}
}
