package media

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// ErrBase64 is the error for data that is no base64.
var ErrBase64 = errors.New("the data is not valid base64")

// alphabet marks the bytes of standard base64.
var alphabet = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		table[c] = true
	}
	return table
}()

// Base64 checks data and brings it into the standard form: without white space, in the
// standard alphabet, padded. Data that has this form already is returned as it is.
func Base64(data []byte) ([]byte, error) {
	if isStandard(data) {
		return data, nil
	}
	out := make([]byte, 0, len(data)+3)
	for _, c := range data {
		switch {
		case alphabet[c]:
			out = append(out, c)
		case c == '-':
			out = append(out, '+')
		case c == '_':
			out = append(out, '/')
		case c == ' ', c == '\n', c == '\r', c == '\t', c == '=':
		default:
			return nil, ErrBase64
		}
	}
	if len(out) == 0 || len(out)%4 == 1 {
		return nil, ErrBase64
	}
	for len(out)%4 != 0 {
		out = append(out, '=')
	}
	return out, nil
}

// isStandard reports whether data is base64 in its standard form.
func isStandard(data []byte) bool {
	body := bytes.TrimRight(data, "=")
	if len(data) == 0 || len(data)%4 != 0 || len(data)-len(body) > 2 {
		return false
	}
	for ; len(body) >= 32; body = body[32:] {
		w0 := binary.LittleEndian.Uint64(body)
		w1 := binary.LittleEndian.Uint64(body[8:])
		w2 := binary.LittleEndian.Uint64(body[16:])
		w3 := binary.LittleEndian.Uint64(body[24:])
		if (foreign(w0)|foreign(w1)|foreign(w2)|foreign(w3))&high != 0 {
			return false
		}
	}
	for _, c := range body {
		if !alphabet[c] {
			return false
		}
	}
	return true
}

// ones has the value 1 in each of a word's eight bytes, high their highest bits.
const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// foreign sets the highest bit of a byte of w if w holds one that is not of the
// alphabet; its other bits mean nothing. For ASCII, adding 0x80 less a value sets the
// highest bit where a byte is not below the value, so that two sums differ in it where
// the byte lies between two values. The slash stands just before the digits.
func foreign(w uint64) uint64 {
	folded := w | 0x20*ones
	letter := (folded + (0x80-'a')*ones) ^ (folded + (0x7f-'z')*ones)
	digit := (w + (0x80-'/')*ones) ^ (w + (0x7f-'9')*ones)
	notPlus := (w ^ '+'*ones) + 0x7f*ones
	return notPlus&^(letter|digit) | w
}
