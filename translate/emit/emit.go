// Package emit writes JSON by appending to a buffer, with values that are
// already JSON copied as they are.
package emit

import (
	"strconv"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Writer appends JSON to B. Commas are placed by looking at the last byte
// written, so there is no state but the buffer: B may begin with anything that
// ends in a space, a line feed, a colon or an opening bracket.
type Writer struct {
	B []byte
}

// comma separates the next value or key from one before it.
func (w *Writer) comma() {
	if len(w.B) == 0 {
		return
	}
	switch w.B[len(w.B)-1] {
	case '{', '[', ':', ',', ' ', '\n':
	default:
		w.B = append(w.B, ',')
	}
}

// Object begins an object.
func (w *Writer) Object() { w.comma(); w.B = append(w.B, '{') }

// EndObject ends the object begun last.
func (w *Writer) EndObject() { w.B = append(w.B, '}') }

// Array begins an array.
func (w *Writer) Array() { w.comma(); w.B = append(w.B, '[') }

// EndArray ends the array begun last.
func (w *Writer) EndArray() { w.B = append(w.B, ']') }

// Key writes a member's key, which must hold nothing that JSON escapes.
func (w *Writer) Key(key string) {
	w.comma()
	w.B = append(w.B, '"')
	w.B = append(w.B, key...)
	w.B = append(w.B, '"', ':')
}

// Raw writes a value that is JSON already. An empty one is written as null.
func (w *Writer) Raw(value []byte) {
	w.comma()
	if len(value) == 0 {
		w.B = append(w.B, "null"...)
		return
	}
	w.B = append(w.B, value...)
}

// Text writes a string from its wire form.
func (w *Writer) Text(t scan.Text) {
	w.comma()
	w.B = append(w.B, '"')
	w.B = append(w.B, t...)
	w.B = append(w.B, '"')
}

// String writes a string.
func (w *Writer) String(s string) {
	w.comma()
	w.B = append(w.B, '"')
	w.B = scan.AppendText(w.B, s)
	w.B = append(w.B, '"')
}

// Bytes writes a string from decoded bytes, such as JSON that becomes the
// content of a JSON string.
func (w *Writer) Bytes(b []byte) {
	w.comma()
	w.B = append(w.B, '"')
	w.B = AppendEscaped(w.B, b)
	w.B = append(w.B, '"')
}

// OpenText begins a string that is written in pieces with Piece and Escaped.
func (w *Writer) OpenText() { w.comma(); w.B = append(w.B, '"') }

// Piece continues an open string with text in wire form.
func (w *Writer) Piece(t scan.Text) { w.B = append(w.B, t...) }

// Escaped continues an open string with text that is escaped here.
func (w *Writer) Escaped(s string) { w.B = scan.AppendText(w.B, s) }

// CloseText ends an open string.
func (w *Writer) CloseText() { w.B = append(w.B, '"') }

// Int writes an integer.
func (w *Writer) Int(n int64) { w.comma(); w.B = strconv.AppendInt(w.B, n, 10) }

// Bool writes a boolean.
func (w *Writer) Bool(b bool) { w.comma(); w.B = strconv.AppendBool(w.B, b) }

// Null writes null.
func (w *Writer) Null() { w.comma(); w.B = append(w.B, "null"...) }

// KeyText writes a member whose value is a string in wire form.
func (w *Writer) KeyText(key string, t scan.Text) { w.Key(key); w.Text(t) }

// KeyString writes a member whose value is a string.
func (w *Writer) KeyString(key, s string) { w.Key(key); w.String(s) }

// KeyInt writes a member whose value is an integer.
func (w *Writer) KeyInt(key string, n int64) { w.Key(key); w.Int(n) }

// KeyBool writes a member whose value is a boolean.
func (w *Writer) KeyBool(key string, b bool) { w.Key(key); w.Bool(b) }

// KeyRaw writes a member whose value is JSON already.
func (w *Writer) KeyRaw(key string, value []byte) { w.Key(key); w.Raw(value) }

// KeyNull writes a member whose value is null.
func (w *Writer) KeyNull(key string) { w.Key(key); w.Null() }

// KeyObject begins a member whose value is an object.
func (w *Writer) KeyObject(key string) { w.Key(key); w.Object() }

// KeyArray begins a member whose value is an array.
func (w *Writer) KeyArray(key string) { w.Key(key); w.Array() }

// AppendEscaped appends decoded bytes escaped for the inside of a JSON string.
func AppendEscaped(dst, b []byte) []byte {
	from := 0
	for i, c := range b {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, b[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(dst, b[from:]...)
}
