// Package scan reads JSON without decoding it.
//
// One validating walk over a document records where each value begins and ends
// (Doc); after it, every value can be found, read or passed on as the very bytes
// that the client or the model wrote. Strings stay in their wire form (Text), so
// text that only moves from one dialect to another is copied, never unescaped and
// escaped again, and numbers never pass through a float.
package scan

import (
	"fmt"
)

// Limits bounds what a document may hold. A zero field means no limit of that kind.
type Limits struct {
	// Depth is the greatest nesting of arrays and objects.
	Depth int
	// Tokens is the greatest number of values and object keys together.
	Tokens int
}

// DefaultLimits are the limits for documents from clients: depth 100 and
// 200,000 tokens (decisions.md, "JSON limits").
var DefaultLimits = Limits{Depth: 100, Tokens: 200_000}

// SyntaxError says where a document stops being JSON.
type SyntaxError struct {
	// Offset is the zero-based position of the offending byte.
	Offset int
	// Reason says what was found or expected there.
	Reason string
}

// Error gives the reason and the position.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// LimitError says which limit a document exceeds.
type LimitError struct {
	// What names the limit: "depth" or "tokens".
	What string
	// Max is the limit's value.
	Max int
}

// Error names the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("JSON exceeds the limit of %d for %s", e.Max, e.What)
}

// node is one value or key: its bytes are src[start:end], and next is the index
// of the node after its whole subtree. A string is escaped if it holds a backslash.
type node struct {
	start, end, next uint32
	kind             Kind
	escaped          bool
}

// Doc is a validated document and the positions of everything in it. The zero
// Doc is ready for Parse; parsing again reuses its memory. A Doc is not safe for
// concurrent Parse, but any number of goroutines may read it.
type Doc struct {
	src   []byte
	nodes []node
	wide  uint64
	// plain has a bit for each of the blocks that Look has looked at.
	plain  []uint64
	looked int
}

// How many nodes are made room for at once: as many as a request with tools holds for its
// size, within what a document full of text may waste.
const (
	bytesPerNode = 24
	maxExpected  = 4 << 10
)

// Parse validates src as one JSON value within the limits and records its
// structure. The Doc keeps src: it must not change while values are in use.
// It accepts exactly what encoding/json's Valid accepts. The error is a
// *SyntaxError or a *LimitError.
func (d *Doc) Parse(src []byte, limits Limits) error {
	d.src = src
	if expected := min(len(src)/bytesPerNode, maxExpected); cap(d.nodes) < expected {
		d.nodes = make([]node, 0, expected)
	}
	p := parser{src: src, nodes: d.nodes[:0], depth: limits.Depth, tokens: limits.Tokens, plain: d.plain}
	err := p.document()
	d.nodes, d.wide = p.nodes, p.wide
	d.plain, d.looked = d.plain[:0], 0
	if err != nil {
		d.nodes = d.nodes[:0]
	}
	return err
}

// IsASCII reports whether the document is known to hold nothing but ASCII.
func (d *Doc) IsASCII() bool { return d.wide&high == 0 }

// Source returns the bytes that were parsed.
func (d *Doc) Source() []byte { return d.src }

// Root returns the document's value; it does not exist before a successful Parse.
func (d *Doc) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d: d}
}

// Parse is a shorthand that validates src without limits and returns its value.
func Parse(src []byte) (Value, error) {
	d := new(Doc)
	if err := d.Parse(src, Limits{}); err != nil {
		return Value{}, err
	}
	return d.Root(), nil
}
