package scan

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is the inside of a JSON string as it stands on the wire: escaped, without
// its quotes. It can be copied into another JSON string as it is. A nil Text is an
// absent string; an empty one that is not nil is an empty string.
type Text []byte

// Quote escapes s, so that it can stand inside a JSON string.
func Quote(s string) Text { return AppendText(make(Text, 0, len(s)+8), s) }

// String decodes the text. Lone surrogates become U+FFFD, as in encoding/json.
func (t Text) String() string {
	if bytes.IndexByte(t, '\\') < 0 {
		return string(t)
	}
	return string(t.AppendTo(make([]byte, 0, len(t))))
}

// Bytes gives the decoded text, which is the text itself if nothing in it is escaped.
func (t Text) Bytes() []byte {
	if bytes.IndexByte(t, '\\') < 0 {
		return t
	}
	return t.AppendTo(make([]byte, 0, len(t)))
}

// AppendTo appends the decoded text to dst.
func (t Text) AppendTo(dst []byte) []byte {
	for {
		i := bytes.IndexByte(t, '\\')
		if i < 0 || i+1 >= len(t) {
			return append(dst, t...)
		}
		dst = append(dst, t[:i]...)
		t = t[i:]
		n := 2
		switch t[1] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			var r rune
			r, n = t.rune()
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, t[1])
		}
		t = t[n:]
	}
}

// rune decodes the \u escape at the beginning of t, with its second half if it
// is a surrogate pair, and returns its length in t.
func (t Text) rune() (rune, int) {
	r := t.unit(0)
	if !utf16.IsSurrogate(r) {
		return r, min(6, len(t))
	}
	if pair := utf16.DecodeRune(r, t.unit(6)); pair != utf8.RuneError {
		return pair, 12
	}
	return utf8.RuneError, min(6, len(t))
}

// unit reads the UTF-16 code unit of the \uXXXX escape at i, or -1.
func (t Text) unit(i int) rune {
	if i+6 > len(t) || t[i] != '\\' || t[i+1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range t[i+2 : i+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// IsBlank reports whether the text is empty or only white space.
func (t Text) IsBlank() bool {
	for i := 0; i < len(t); i++ {
		switch t[i] {
		case ' ':
		case '\\':
			if i++; i >= len(t) || !strings.ContainsRune("nrtf", rune(t[i])) {
				return i < len(t) && strings.TrimSpace(t[i-1:].String()) == ""
			}
		default:
			return t[i] >= utf8.RuneSelf && strings.TrimSpace(t[i:].String()) == ""
		}
	}
	return true
}

// Equal reports whether the text decodes to s.
func (t Text) Equal(s string) bool {
	if bytes.IndexByte(t, '\\') < 0 {
		return string(t) == s
	}
	return t.String() == s
}

// HasPrefix reports whether the decoded text begins with prefix, which must hold
// nothing that JSON escapes.
func (t Text) HasPrefix(prefix string) bool {
	return len(t) >= len(prefix) && string(t[:len(prefix)]) == prefix
}

const hexDigits = "0123456789abcdef"

// AppendText appends s escaped for the inside of a JSON string. Characters are
// escaped only where JSON demands it; bytes that are not UTF-8 become U+FFFD.
func AppendText[T ~[]byte](dst T, s string) T {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[from:i]...)
				dst = append(dst, "\uFFFD"...)
				from = i + 1
			}
			i += n
			continue
		}
		dst = append(dst, s[from:i]...)
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
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(dst, s[from:]...)
}
