package scan

import "bytes"

// Stencil recognises documents that differ from an earlier one only inside of certain
// strings, as most chunks of a stream do. They need no walk: they are JSON as that one
// was, and say the same but for these strings. The zero Stencil matches nothing.
type Stencil struct {
	src    []byte
	fixed  [][]byte // what stands before, between and after the strings
	texts  []Text
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

// Cut makes the stencil of a document, in which the strings, given in their order, may
// differ. It copies what it keeps, and reports whether the document is small enough.
func (s *Stencil) Cut(v Value, strings []Value) bool {
	s.misses++
	s.fixed = s.fixed[:0]
	if len(v.Raw()) > maxStencil {
		return false
	}
	s.src = append(s.src[:0], v.Raw()...)
	at, base := 0, v.Start()
	for _, text := range strings {
		s.fixed = append(s.fixed, s.src[at:text.Start()+1-base])
		at = text.End() - 1 - base
	}
	s.fixed = append(s.fixed, s.src[at:])
	return true
}

// Match gives the strings of a document, in the order of Cut, nil if it is not of the
// stencil's form. They are parts of src; the list is valid until the next Match.
func (s *Stencil) Match(src []byte) []Text {
	s.texts = s.texts[:0]
	for i, fixed := range s.fixed {
		if !bytes.HasPrefix(src, fixed) {
			return nil
		}
		if src = src[len(fixed):]; i == len(s.fixed)-1 {
			break
		}
		p := parser{src: src}
		quote, _, err := p.inside(0)
		if err != nil {
			return nil
		}
		s.texts = append(s.texts, Text(src[:quote:quote]))
		src = src[quote:]
	}
	if len(src) > 0 {
		return nil
	}
	s.misses = 0
	return s.texts
}
