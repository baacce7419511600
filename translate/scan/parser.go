package scan

import (
	"encoding/binary"
	"math/bits"
)

// maxNesting bounds the nesting where the caller sets no limit.
const maxNesting = 10_000

// parser is one walk over a document. It does not recurse: while an array or object is
// open, its node's next names the one around it.
type parser struct {
	src    []byte
	nodes  []node
	depth  int
	tokens int
	level  int
	wide   uint64   // the highest bits of its bytes are clear if all strings are ASCII
	plain  []uint64 // bits of blocks that are known to be plain
	inner  uint32   // the innermost open array or object, outside if there is none
}

// outside is the index of no node.
const outside = ^uint32(0)

func (p *parser) document() error {
	i, err := p.whole(p.space(0))
	if err != nil {
		return err
	}
	if i = p.space(i); i < len(p.src) {
		return p.fail(i, "unexpected data after the value")
	}
	return nil
}

// whole walks the value at i with all that is in it.
func (p *parser) whole(i int) (int, error) {
	if p.depth == 0 || p.depth > maxNesting {
		p.depth = maxNesting
	}
	p.inner = outside
	i, err := p.value(i)
	for err == nil && p.inner != outside {
		i, err = p.further(i)
	}
	return i, err
}

func (p *parser) fail(at int, reason string) error {
	if at >= len(p.src) {
		at, reason = len(p.src), "unexpected end of the document"
	}
	return &SyntaxError{Offset: at, Reason: reason}
}

// space returns the position of the first byte at or after i that is no white space.
func (p *parser) space(i int) int {
	if i < len(p.src) && p.src[i] > ' ' {
		return i
	}
	return p.spaces(i)
}

func (p *parser) spaces(i int) int {
	for i < len(p.src) {
		switch p.src[i] {
		case ' ', '\n', '\t', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// add records a value or key, with what is known of it.
func (p *parser) add(n node) error {
	if p.tokens > 0 && len(p.nodes) >= p.tokens {
		return &LimitError{What: "tokens", Max: p.tokens}
	}
	n.next = uint32(len(p.nodes) + 1)
	p.nodes = append(p.nodes, n)
	return nil
}

// value walks the scalar at i, or enters the array or object there, and returns the
// position after what it has walked.
func (p *parser) value(i int) (int, error) {
	if i >= len(p.src) {
		return 0, p.fail(i, "")
	}
	switch c := p.src[i]; c {
	case '"':
		return p.str(i)
	case '{':
		return p.enter(i, Object)
	case '[':
		return p.enter(i, Array)
	case 't':
		return p.literal(i, "true", Bool)
	case 'f':
		return p.literal(i, "false", Bool)
	case 'n':
		return p.literal(i, "null", Null)
	default:
		if c != '-' && (c < '0' || c > '9') {
			return 0, p.fail(i, "expected a value")
		}
		return p.number(i)
	}
}

func (p *parser) literal(i int, want string, kind Kind) (int, error) {
	for k := range len(want) {
		if i+k >= len(p.src) || p.src[i+k] != want[k] {
			return 0, p.fail(i+k, "expected "+want)
		}
	}
	end := i + len(want)
	return end, p.add(node{start: uint32(i), end: uint32(end), kind: kind})
}

// enter goes into the array or object at i, as far as its first value.
func (p *parser) enter(i int, kind Kind) (int, error) {
	if err := p.add(node{start: uint32(i), kind: kind}); err != nil {
		return 0, err
	}
	if p.level++; p.level > p.depth {
		return 0, &LimitError{What: "depth", Max: p.depth}
	}
	n := uint32(len(p.nodes) - 1)
	p.nodes[n].next, p.inner = p.inner, n
	i = p.space(i + 1)
	if i < len(p.src) && p.src[i] == kind.closer() {
		return p.leave(i), nil
	}
	return p.item(i, kind)
}

// closer is the byte that ends an array or object: the second after the one that begins it.
func (k Kind) closer() byte {
	if k == Object {
		return '}'
	}
	return ']'
}

// item walks the element or member at i.
func (p *parser) item(i int, kind Kind) (int, error) {
	if kind == Array {
		return p.value(i)
	}
	if i >= len(p.src) || p.src[i] != '"' {
		return 0, p.fail(i, "expected a key in double quotes")
	}
	i, err := p.str(i)
	if err != nil {
		return 0, err
	}
	if i = p.space(i); i >= len(p.src) || p.src[i] != ':' {
		return 0, p.fail(i, "expected a colon after the key")
	}
	return p.value(p.space(i + 1))
}

// further goes on after a value in an array or object: to the next, or to its end.
func (p *parser) further(i int) (int, error) {
	kind := p.nodes[p.inner].kind
	if i = p.space(i); i < len(p.src) {
		switch p.src[i] {
		case ',':
			return p.item(p.space(i+1), kind)
		case kind.closer():
			return p.leave(i), nil
		}
	}
	if kind == Object {
		return 0, p.fail(i, "expected a comma or the object's end")
	}
	return 0, p.fail(i, "expected a comma or the array's end")
}

// leave ends the innermost array or object, whose last byte is at i.
func (p *parser) leave(i int) int {
	n := &p.nodes[p.inner]
	p.inner = n.next
	n.end, n.next = uint32(i+1), uint32(len(p.nodes))
	p.level--
	return i + 1
}

func (p *parser) number(start int) (int, error) {
	i := start
	if p.src[i] == '-' {
		i++
	}
	var ok bool
	if i < len(p.src) && p.src[i] == '0' {
		i++
	} else if i, ok = p.digits(i); !ok {
		return 0, p.fail(i, "expected a digit")
	}
	if i < len(p.src) && p.src[i] == '.' {
		if i, ok = p.digits(i + 1); !ok {
			return 0, p.fail(i, "expected a digit after the decimal point")
		}
	}
	if i < len(p.src) && p.src[i]|0x20 == 'e' {
		i++
		if i < len(p.src) && (p.src[i] == '+' || p.src[i] == '-') {
			i++
		}
		if i, ok = p.digits(i); !ok {
			return 0, p.fail(i, "expected a digit in the exponent")
		}
	}
	return i, p.add(node{start: uint32(start), end: uint32(i), kind: Number})
}

// digits passes over digits and reports whether there are any.
func (p *parser) digits(from int) (end int, ok bool) {
	i := from
	for i < len(p.src) && p.src[i] >= '0' && p.src[i] <= '9' {
		i++
	}
	return i, i > from
}

// str walks the string whose opening quote is at i.
func (p *parser) str(i int) (int, error) {
	quote, escaped, err := p.inside(i + 1)
	if err != nil {
		return 0, err
	}
	return quote + 1, p.add(node{start: uint32(i), end: uint32(quote + 1), kind: String, escaped: escaped})
}

// inside walks the inside of a string from i to its closing quote. It goes by words of
// eight bytes, whatever is in them, so that the processor can look at the next while it
// deals with the escapes of one, and leaps where a string is long.
func (p *parser) inside(start int) (quote int, escaped bool, err error) {
	src, i, after, wide := p.src, start, start, p.wide
	far := start + wordsFirst
	for i+8 <= len(src) {
		w := binary.LittleEndian.Uint64(src[i:])
		wide |= w
		for marks := special(w); marks != 0; marks &= marks - 1 {
			switch at := i + bits.TrailingZeros64(marks)/8; {
			case at < after: // a part of the last escape
			case src[at] == '"':
				p.wide |= wide
				return at, escaped, nil
			case at+1 < len(src) && src[at] == '\\' && shortEscape[src[at+1]]:
				after, escaped = at+2, true
			default:
				if after, err = p.escape(at); err != nil {
					return 0, true, err
				}
				escaped = true
			}
		}
		if i += 8; i >= far {
			var passed bool
			i, passed = p.leap(max(i, after))
			escaped = escaped || passed
			far = i + wordsFirst
		}
	}
	p.wide |= wide
	return p.ending(max(i, after), escaped)
}

// ending walks the inside of a string in the last bytes of a document.
func (p *parser) ending(i int, escaped bool) (quote int, _ bool, err error) {
	for i < len(p.src) {
		switch c := p.src[i]; {
		case c == '"':
			return i, escaped, nil
		case c >= 0x20 && c != '\\':
			p.wide |= uint64(c)
			i++
		case c == '\\' && i+1 < len(p.src) && shortEscape[p.src[i+1]]:
			escaped = true
			i += 2
		default:
			escaped = true
			if i, err = p.escape(i); err != nil {
				return 0, true, err
			}
		}
	}
	return 0, escaped, p.fail(i, "")
}

// shortEscape marks what may follow a backslash on its own.
var shortEscape = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

// escape walks what stands at i in a string and is neither plain nor a short escape: a
// code point, or what must not be there.
func (p *parser) escape(i int) (int, error) {
	switch {
	case i >= len(p.src) || p.src[i] != '\\':
		return 0, p.fail(i, "control character in a string")
	case i+1 >= len(p.src) || p.src[i+1] != 'u':
		return 0, p.fail(i+1, "unknown escape in a string")
	}
	for k := i + 2; k < i+6; k++ {
		if k >= len(p.src) || !hex(p.src[k]) {
			return 0, p.fail(k, "expected four hexadecimal digits")
		}
	}
	return i + 6, nil
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
