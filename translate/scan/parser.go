package scan

import (
	"bytes"
	"encoding/binary"
)

// maxNesting bounds the recursion of the walk where the caller sets no limit.
const maxNesting = 10_000

// parser is one walk over a document.
type parser struct {
	src    []byte
	nodes  []node
	depth  int
	tokens int
	level  int
}

func (p *parser) document() error {
	if p.depth == 0 || p.depth > maxNesting {
		p.depth = maxNesting
	}
	i, err := p.value(p.space(0))
	if err != nil {
		return err
	}
	if i = p.space(i); i < len(p.src) {
		return p.fail(i, "unexpected data after the value")
	}
	return nil
}

func (p *parser) fail(at int, reason string) error {
	if at >= len(p.src) {
		at, reason = len(p.src), "unexpected end of the document"
	}
	return &SyntaxError{Offset: at, Reason: reason}
}

// space returns the position of the first byte at or after i that is no white space.
func (p *parser) space(i int) int {
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

// open records a node that begins at i and returns its index.
func (p *parser) open(i int) (int, error) {
	n := len(p.nodes)
	if p.tokens > 0 && n >= p.tokens {
		return 0, &LimitError{What: "tokens", Max: p.tokens}
	}
	p.nodes = append(p.nodes, node{start: uint32(i)})
	return n, nil
}

// close ends node n before position i.
func (p *parser) close(n, i int) int {
	p.nodes[n].end = uint32(i)
	p.nodes[n].next = uint32(len(p.nodes))
	return i
}

// value walks the value at i and returns the position after it.
func (p *parser) value(i int) (int, error) {
	if i >= len(p.src) {
		return 0, p.fail(i, "")
	}
	n, err := p.open(i)
	if err != nil {
		return 0, err
	}
	var end int
	switch c := p.src[i]; c {
	case '"':
		end, err = p.str(i)
	case '{':
		end, err = p.object(i)
	case '[':
		end, err = p.array(i)
	case 't':
		end, err = p.literal(i, "true")
	case 'f':
		end, err = p.literal(i, "false")
	case 'n':
		end, err = p.literal(i, "null")
	default:
		if c != '-' && (c < '0' || c > '9') {
			return 0, p.fail(i, "expected a value")
		}
		end, err = p.number(i)
	}
	if err != nil {
		return 0, err
	}
	return p.close(n, end), nil
}

func (p *parser) literal(i int, want string) (int, error) {
	for k := range len(want) {
		if i+k >= len(p.src) || p.src[i+k] != want[k] {
			return 0, p.fail(i+k, "expected "+want)
		}
	}
	return i + len(want), nil
}

// enter goes one level deeper, if the limit allows.
func (p *parser) enter() error {
	if p.level++; p.level > p.depth {
		return &LimitError{What: "depth", Max: p.depth}
	}
	return nil
}

func (p *parser) object(i int) (int, error) {
	if err := p.enter(); err != nil {
		return 0, err
	}
	i = p.space(i + 1)
	if i < len(p.src) && p.src[i] == '}' {
		p.level--
		return i + 1, nil
	}
	for {
		if i >= len(p.src) || p.src[i] != '"' {
			return 0, p.fail(i, "expected a key in double quotes")
		}
		key, err := p.open(i)
		if err != nil {
			return 0, err
		}
		if i, err = p.str(i); err != nil {
			return 0, err
		}
		p.close(key, i)
		if i = p.space(i); i >= len(p.src) || p.src[i] != ':' {
			return 0, p.fail(i, "expected a colon after the key")
		}
		if i, err = p.value(p.space(i + 1)); err != nil {
			return 0, err
		}
		if i = p.space(i); i >= len(p.src) {
			return 0, p.fail(i, "")
		}
		switch p.src[i] {
		case ',':
			i = p.space(i + 1)
		case '}':
			p.level--
			return i + 1, nil
		default:
			return 0, p.fail(i, "expected a comma or the object's end")
		}
	}
}

func (p *parser) array(i int) (int, error) {
	if err := p.enter(); err != nil {
		return 0, err
	}
	i = p.space(i + 1)
	if i < len(p.src) && p.src[i] == ']' {
		p.level--
		return i + 1, nil
	}
	for {
		var err error
		if i, err = p.value(i); err != nil {
			return 0, err
		}
		if i = p.space(i); i >= len(p.src) {
			return 0, p.fail(i, "")
		}
		switch p.src[i] {
		case ',':
			i = p.space(i + 1)
		case ']':
			p.level--
			return i + 1, nil
		default:
			return 0, p.fail(i, "expected a comma or the array's end")
		}
	}
}

func (p *parser) number(i int) (int, error) {
	at := func() byte {
		if i < len(p.src) {
			return p.src[i]
		}
		return 0
	}
	digits := func() bool {
		from := i
		for c := at(); c >= '0' && c <= '9'; c = at() {
			i++
		}
		return i > from
	}
	if at() == '-' {
		i++
	}
	if at() == '0' {
		i++
	} else if !digits() {
		return 0, p.fail(i, "expected a digit")
	}
	if at() == '.' {
		i++
		if !digits() {
			return 0, p.fail(i, "expected a digit after the decimal point")
		}
	}
	if c := at(); c == 'e' || c == 'E' {
		i++
		if c = at(); c == '+' || c == '-' {
			i++
		}
		if !digits() {
			return 0, p.fail(i, "expected a digit in the exponent")
		}
	}
	return i, nil
}

// str walks the string whose opening quote is at i. The closing quote and the
// next backslash are found with IndexByte; a quote once found is not searched
// for again, so that a long text full of escapes stays linear.
func (p *parser) str(i int) (int, error) {
	i++
	quote := -1
	for {
		if quote < i {
			n := bytes.IndexByte(p.src[i:], '"')
			if n < 0 {
				return 0, p.fail(len(p.src), "")
			}
			quote = i + n
		}
		stop := bytes.IndexByte(p.src[i:quote], '\\')
		plain := p.src[i:quote]
		if stop >= 0 {
			plain = plain[:stop]
		}
		if k := control(plain); k >= 0 {
			return 0, p.fail(i+k, "control character in a string")
		}
		if stop < 0 {
			return quote + 1, nil
		}
		var err error
		if i, err = p.escape(i + stop); err != nil {
			return 0, err
		}
	}
}

// escape walks the escape sequence whose backslash is at i.
func (p *parser) escape(i int) (int, error) {
	if i+1 >= len(p.src) {
		return 0, p.fail(i+1, "")
	}
	switch p.src[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
		for k := i + 2; k < i+6; k++ {
			if k >= len(p.src) || !hex(p.src[k]) {
				return 0, p.fail(k, "expected four hexadecimal digits")
			}
		}
		return i + 6, nil
	}
	return 0, p.fail(i+1, "unknown escape in a string")
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

const (
	low  = 0x2020202020202020
	high = 0x8080808080808080
)

// control returns the position of the first byte below 0x20, or -1. It looks at
// 32 bytes at a time: a byte below 0x20 borrows when 0x20 is taken away from it.
func control(b []byte) int {
	i := 0
	for ; i+32 <= len(b); i += 32 {
		w0 := binary.LittleEndian.Uint64(b[i:])
		w1 := binary.LittleEndian.Uint64(b[i+8:])
		w2 := binary.LittleEndian.Uint64(b[i+16:])
		w3 := binary.LittleEndian.Uint64(b[i+24:])
		if ((w0-low)&^w0|(w1-low)&^w1|(w2-low)&^w2|(w3-low)&^w3)&high != 0 {
			break
		}
	}
	for ; i < len(b); i++ {
		if b[i] < 0x20 {
			return i
		}
	}
	return -1
}
