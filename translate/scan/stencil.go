package scan

import "bytes"

// Stencil recognises documents that differ from an earlier one only inside of certain
// strings and objects, its slots, as most chunks of a stream do. They need no walk: they
// are JSON as that one was, and say the same but for what is in the slots. The zero
// Stencil matches nothing.
type Stencil struct {
	src    []byte
	fixed  [][]byte // what stands before, between and after the slots
	texts  []Text
	nodes  []node
	misses int // how often it was cut since it matched
}

const (
	// maxStencil bounds the documents that are kept as a stencil.
	maxStencil = 4 << 10
	// maxMisses is how often a stencil may be cut in a row for nothing.
	maxMisses = 8
)

// IsUseless reports whether the stencil has been cut again and again and never matched.
func (s *Stencil) IsUseless() bool { return s.misses >= maxMisses }

// Cut makes the stencil of a document, in which the slots, given in their order, may
// differ. It copies what it keeps, and reports whether the document is small enough.
func (s *Stencil) Cut(v Value, slots []Value) bool {
	s.misses++
	s.fixed = s.fixed[:0]
	if len(v.Raw()) > maxStencil {
		return false
	}
	s.src = append(s.src[:0], v.Raw()...)
	at, base := 0, v.Start()
	for _, slot := range slots {
		s.fixed = append(s.fixed, s.src[at:slot.Start()+1-base])
		at = slot.End() - 1 - base
	}
	s.fixed = append(s.fixed, s.src[at:])
	return true
}

// Match gives what is in the slots of a document, in the order of Cut, nil if it is not
// of the stencil's form: texts, and objects with their braces. They are parts of src; the
// list is valid until the next Match.
func (s *Stencil) Match(src []byte) []Text {
	s.texts = s.texts[:0]
	at := 0
	for i, fixed := range s.fixed {
		if !bytes.HasPrefix(src[at:], fixed) {
			return nil
		}
		if at += len(fixed); i == len(s.fixed)-1 {
			break
		}
		end, ok := s.slot(src, at)
		if !ok {
			return nil
		}
		at = end
	}
	if at < len(src) || len(s.fixed) == 0 {
		return nil
	}
	s.misses = 0
	return s.texts
}

// slot takes what is in the slot whose opening byte is ahead of at, and returns the
// position of its closing byte.
func (s *Stencil) slot(src []byte, at int) (end int, ok bool) {
	p := parser{src: src, nodes: s.nodes[:0]}
	if src[at-1] == '"' {
		end, _, err := p.inside(at)
		if err != nil {
			return 0, false
		}
		s.texts = append(s.texts, Text(src[at:end:end]))
		return end, true
	}
	end, err := p.whole(at - 1)
	s.nodes = p.nodes
	if err != nil {
		return 0, false
	}
	s.texts = append(s.texts, Text(src[at-1:end:end]))
	return end - 1, true
}
