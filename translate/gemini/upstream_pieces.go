package gemini

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// pieces writes arguments that come as values at paths such as $.place.city, in the order
// in which the model writes them, as the text of one JSON object.
type pieces struct {
	levels []level // the containers that are open, the outermost first
	text   bool    // a string is open in the innermost
}

// level is an open container.
type level struct {
	array bool
	index int      // of an array's last element
	keys  []string // of an object, the last one at the end
}

// step is one step of a path: a key, or an index where key is not used.
type step struct {
	key   string
	index int
	array bool
}

// at reports whether a step leads to a level's last member.
func (l *level) at(s step) bool {
	if l.array != s.array || l.array {
		return l.array == s.array && l.index == s.index
	}
	return l.keys[len(l.keys)-1] == s.key
}

var errPiece = errors.New("arguments in pieces that do not fit together")

// append appends a piece in wire form: {jsonPath, stringValue | numberValue | boolValue |
// nullValue, willContinue}.
func (p *pieces) append(dst []byte, v scan.Value) ([]byte, error) {
	steps, ok := parsePath(v.Get("jsonPath").Str())
	if !ok {
		return dst, errPiece
	}
	same := 0
	for same < len(steps) && same < len(p.levels) && p.levels[same].at(steps[same]) {
		same++
	}
	t := v.Get("stringValue").Text()
	if same == len(steps) { // more of the value before
		if !p.text || same < len(p.levels) || t == nil {
			return dst, errPiece
		}
	} else {
		var err error
		if dst, err = p.open(dst, steps, same); err != nil {
			return dst, err
		}
	}
	if t == nil {
		return appendPlain(dst, v), nil
	}
	if !p.text {
		p.text = true
		dst = append(dst, `\"`...)
	}
	dst = emit.AppendEscaped(dst, t)
	if !v.Get("willContinue").True() {
		dst = p.endText(dst)
	}
	return dst, nil
}

// appendPlain appends a value that is no string.
func appendPlain(dst []byte, v scan.Value) []byte {
	for _, key := range []string{"numberValue", "boolValue"} {
		if value := v.Get(key); !value.IsNull() {
			return emit.AppendEscaped(dst, value.Raw())
		}
	}
	return append(dst, "null"...)
}

// open goes to the place of a new value: out of containers down to the one that its path
// has in common with the last, and into new ones.
func (p *pieces) open(dst []byte, steps []step, same int) ([]byte, error) {
	dst = p.endText(dst)
	if len(p.levels) == 0 {
		p.levels = append(p.levels, level{array: steps[0].array})
		dst = append(dst, '{')
		if steps[0].array {
			return dst, errPiece
		}
	} else {
		if same == len(p.levels) { // into a value that is no container
			return dst, errPiece
		}
		dst = p.closeTo(dst, same+1)
		dst = append(dst, ',')
	}
	for i, s := range steps[same:] {
		if i > 0 {
			p.levels = append(p.levels, level{array: s.array, index: -1})
			dst = append(dst, "{["[b2i(s.array)])
		}
		var err error
		if dst, err = p.levels[len(p.levels)-1].member(dst, s); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// member begins a level's next member.
func (l *level) member(dst []byte, s step) ([]byte, error) {
	switch {
	case l.array != s.array, l.array && s.index != l.index+1, slices.Contains(l.keys, s.key):
		return dst, errPiece
	case l.array:
		l.index++
		return dst, nil
	}
	l.keys = append(l.keys, s.key)
	dst = append(dst, `\"`...)
	dst = emit.AppendEscaped(dst, scan.Quote(s.key))
	return append(dst, `\":`...), nil
}

func (p *pieces) endText(dst []byte) []byte {
	if p.text {
		p.text = false
		dst = append(dst, `\"`...)
	}
	return dst
}

// closeTo closes containers until n are open.
func (p *pieces) closeTo(dst []byte, n int) []byte {
	for len(p.levels) > n {
		last := len(p.levels) - 1
		dst = append(dst, "}]"[b2i(p.levels[last].array)])
		p.levels = p.levels[:last]
	}
	return dst
}

// end appends what is missing for the arguments to be an object.
func (p *pieces) end(dst []byte) []byte {
	if len(p.levels) == 0 {
		return append(dst, "{}"...)
	}
	return p.closeTo(p.endText(dst), 0)
}

// maxSteps bounds the depth of arguments that come in pieces.
const maxSteps = 100

// parsePath reads a path: $.a.b[0]['c'].
func parsePath(path string) (steps []step, ok bool) {
	rest, ok := strings.CutPrefix(path, "$")
	for ok && rest != "" && len(steps) < maxSteps {
		var s step
		s, rest, ok = nextStep(rest)
		steps = append(steps, s)
	}
	return steps, ok && rest == "" && len(steps) > 0
}

func nextStep(path string) (s step, rest string, ok bool) {
	if path[0] == '.' {
		end := strings.IndexAny(path[1:], ".[") + 1
		if end == 0 {
			end = len(path)
		}
		return step{key: path[1:end]}, path[end:], end > 1
	}
	inner, found := strings.CutPrefix(path, "[")
	if !found || inner == "" {
		return s, "", false
	}
	if quote := inner[0]; quote == '\'' || quote == '"' {
		key, rest, ok := strings.Cut(inner[1:], string(quote)+"]")
		return step{key: key}, rest, ok
	}
	digits, rest, ok := strings.Cut(inner, "]")
	n, err := strconv.Atoi(digits)
	return step{index: n, array: true}, rest, ok && err == nil
}
