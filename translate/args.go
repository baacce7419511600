package translate

import (
	"sync"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// CallArgs reads the arguments of a Chat tool call, JSON in a string. An object is
// returned as it was written; nothing at all is {}; a string that holds an object is
// that object. Anything else comes back in broken: the model's own words are kept
// (wire-openai-anthropic.md 2.4; traps 12 and 13).
func CallArgs(arguments scan.Text) (args []byte, broken scan.Text) {
	if arguments.IsBlank() {
		return []byte("{}"), nil
	}
	decoded := arguments.AppendTo(make([]byte, 0, len(arguments)))
	doc := argDocs.Get().(*scan.Doc)
	defer argDocs.Put(doc)
	err := doc.Parse(decoded, scan.Limits{})
	defer doc.Reset() // lets go of decoded
	if err != nil {
		return nil, arguments
	}
	switch v := doc.Root(); v.Kind() {
	case scan.Object:
		return v.Raw(), nil
	case scan.String:
		if inner, err := scan.Parse([]byte(v.Str())); err == nil && inner.Kind() == scan.Object {
			return inner.Raw(), nil
		}
	case scan.Null:
		return []byte("{}"), nil
	}
	return nil, arguments
}

// argDocs are documents for arguments, of which a conversation has many.
var argDocs = sync.Pool{New: func() any { return new(scan.Doc) }}

// BrokenArgs wraps arguments that are no JSON object in one: {"_raw":"…"}.
func BrokenArgs(broken scan.Text) []byte {
	out := append(make([]byte, 0, len(broken)+11), `{"_raw":"`...)
	out = append(out, broken...)
	return append(out, `"}`...)
}

// Object returns the call's arguments as a JSON object in any case.
func (c *Call) Object() []byte {
	switch {
	case c.Custom:
		out := append(make([]byte, 0, len(c.Input)+12), `{"input":"`...)
		out = append(out, c.Input...)
		return append(out, `"}`...)
	case len(c.Args) > 0:
		return c.Args
	case c.Broken != nil:
		return BrokenArgs(c.Broken)
	}
	return []byte("{}")
}

// Progress follows a JSON object in pieces of its text in wire form, to tell whether
// it is complete.
type Progress struct {
	depth   int
	text    bool // inside a string
	escaped bool // after a backslash of the JSON itself
	slash   bool // after a backslash of the wire form
}

// Write follows a piece.
func (j *Progress) Write(t scan.Text) {
	for _, c := range t {
		if !j.slash && c == '\\' {
			j.slash = true
			continue
		}
		if j.slash { // \" and \\ stand for themselves; other escapes do not matter here
			j.slash = false
			if c != '"' && c != '\\' {
				j.escaped = false
				continue
			}
		}
		j.char(c)
	}
}

func (j *Progress) char(c byte) {
	switch {
	case j.escaped:
		j.escaped = false
	case j.text:
		j.escaped = c == '\\'
		j.text = c != '"'
	case c == '"':
		j.text = true
	case c == '{' || c == '[':
		j.depth++
	case c == '}' || c == ']':
		j.depth--
	}
}

// Complete reports whether an object has begun and ended, or nothing has begun at all.
func (j *Progress) Complete() bool { return j.depth == 0 && !j.text }

// CustomInput takes the text out of the arguments {"input":"…"} by which a freeform tool
// is called where tools have schemas only. args is their JSON text in wire form.
func CustomInput(args scan.Text) scan.Text {
	v, err := scan.Parse([]byte(args.String()))
	if err != nil {
		return args
	}
	if input := v.Get("input"); input.Kind() == scan.String {
		return input.Text()
	}
	if v.Kind() == scan.Object && v.Len() == 0 {
		return scan.Text{}
	}
	return args
}
