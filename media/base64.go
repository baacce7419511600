package media

import (
	"bytes"
	"errors"

	"github.com/segmentio/asm/base64"
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

// blockSize is how much base64 is checked at a time, a multiple of 4.
const blockSize = 4 << 10

// isStandard reports whether data is base64 in its standard form. It decodes the data
// and throws the result away, which is fast where the processor helps.
func isStandard(data []byte) bool {
	if len(data) == 0 || len(data)%4 != 0 {
		return false
	}
	var scratch [blockSize / 4 * 3]byte
	for len(data) > blockSize {
		if n, err := base64.StdEncoding.Decode(scratch[:], data[:blockSize]); err != nil || n < len(scratch) {
			return false // also where padding stands in the middle
		}
		data = data[blockSize:]
	}
	body := bytes.TrimRight(data, "=")
	if len(data)-len(body) > 2 {
		return false
	}
	_, err := base64.RawStdEncoding.Decode(scratch[:], body)
	return err == nil && !bytes.ContainsAny(data, "\r\n")
}
