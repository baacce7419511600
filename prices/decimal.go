package prices

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var (
	errNoDecimal = errors.New("is no decimal number")
	errTooLarge  = errors.New("is too large")
)

// decimal is a decimal number in its parts: the digits without sign and point, of which the
// first whole ones stand before the point.
type decimal struct {
	negative bool
	digits   string
	whole    int
}

// parseDecimal reads a decimal such as "-12.5" or "1e-7" times ten to the power of places,
// rounded half to even. It never goes through a float.
func parseDecimal(text string, places int) (int64, error) {
	d, ok := splitDecimal(text)
	if !ok {
		return 0, errNoDecimal
	}
	kept := d.whole + places
	n, ok := d.leading(kept)
	if ok && d.roundsUp(kept, n) {
		n++
	}
	most := uint64(math.MaxInt64)
	if d.negative {
		most++ // the smallest number has no counterpart
	}
	if !ok || n > most {
		return 0, errTooLarge
	}
	if d.negative {
		return -int64(n), nil
	}
	return int64(n), nil
}

// splitDecimal takes a decimal's text apart.
func splitDecimal(text string) (decimal, bool) {
	var d decimal
	text, d.negative = strings.CutPrefix(text, "-")
	shift := 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		var ok bool
		if shift, ok = exponent(text[i+1:]); !ok {
			return d, false
		}
		text = text[:i]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	d.digits, d.whole = whole+fraction, len(whole)+shift
	return d, d.digits != "" && strings.Trim(d.digits, "0123456789") == ""
}

// maxExponent is beyond every number that is not zero or too large.
const maxExponent = 1_000_000

func exponent(text string) (int, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	if !negative {
		digits = strings.TrimPrefix(text, "+")
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		n = maxExponent
	}
	if n = min(n, maxExponent); negative {
		n = -n
	}
	return n, true
}

// leading returns the number that the first count digits form, with zeros after the last.
func (d *decimal) leading(count int) (uint64, bool) {
	var n uint64
	for i := 0; i < count && (n > 0 || i < len(d.digits)); i++ {
		if n > math.MaxInt64/10 {
			return 0, false
		}
		n *= 10
		if i < len(d.digits) {
			n += uint64(d.digits[i] - '0')
		}
	}
	return n, true
}

// roundsUp reports whether what follows the first count digits, which form n, is more than
// half of a unit, or half of one beside an odd n.
func (d *decimal) roundsUp(count int, n uint64) bool {
	if count < 0 || count >= len(d.digits) || d.digits[count] < '5' {
		return false
	}
	exact := d.digits[count] == '5' && strings.Trim(d.digits[count+1:], "0") == ""
	return !exact || n%2 == 1
}

// formatDecimal writes n divided by ten to the power of places as the shortest decimal.
func formatDecimal(n int64, places int) string { return string(appendDecimal(nil, n, places)) }

// appendDecimal appends what formatDecimal writes.
func appendDecimal(dst []byte, n int64, places int) []byte {
	var buf [longestDecimal]byte
	digits := strconv.AppendInt(buf[:0], n, 10)
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	point := len(digits) - places
	if point <= 0 {
		dst = append(dst, '0')
	} else {
		dst = append(dst, digits[:point]...)
	}
	dst = append(dst, '.')
	for ; point < 0; point++ {
		dst = append(dst, '0')
	}
	dst = append(dst, digits[point:]...)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// longestDecimal is the length of the longest number of 64 bits.
const longestDecimal = 20

// decimalOf is the text of a decimal in JSON, a string or a number; false is null.
func decimalOf(data []byte) (string, bool) {
	text := string(data)
	if len(text) > 1 && text[0] == '"' {
		return text[1 : len(text)-1], true
	}
	return text, text != "null"
}
