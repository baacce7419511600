// Package prices knows what tokens cost. Money is whole numbers of nano-USD and prices are
// whole numbers of pico-USD, so that sums are exact. It is plain Go: what the network and
// the clock tell is handed in.
package prices

import (
	"errors"
	"fmt"
	"math"
)

// Amount is money in nano-USD. Its text and JSON form is a decimal of USD such as "12.5".
type Amount int64

// Dollar is one USD.
const Dollar Amount = 1_000_000_000

// amountPlaces are the decimal places of USD that an Amount keeps.
const amountPlaces = 9

var errNegative = errors.New("must not be negative")

// ParseAmount reads a decimal of USD, such as "50", "0.0125" or "1e-7", and rounds half to
// even at the nano-USD. It refuses what is negative, no number, or above some 9.2 billion USD.
func ParseAmount(text string) (Amount, error) {
	a, err := parseAnyAmount(text)
	if err == nil && a < 0 {
		err = fmt.Errorf("amount %.40q: %w", text, errNegative)
	}
	if err != nil {
		return 0, err
	}
	return a, nil
}

// parseAnyAmount reads debts too.
func parseAnyAmount(text string) (Amount, error) {
	n, err := parseDecimal(text, amountPlaces)
	if err != nil {
		return 0, fmt.Errorf("amount %.40q: %w: write USD as a decimal such as \"12.5\"", text, err)
	}
	return Amount(n), nil
}

// String returns the amount as the shortest decimal of USD.
func (a Amount) String() string { return formatDecimal(int64(a), amountPlaces) }

// AppendText appends the decimal of USD. It does not fail.
func (a Amount) AppendText(dst []byte) ([]byte, error) {
	return appendDecimal(dst, int64(a), amountPlaces), nil
}

// MarshalText writes the decimal of USD.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads a decimal of USD; it may be negative, as a balance can be.
func (a *Amount) UnmarshalText(text []byte) error {
	read, err := parseAnyAmount(string(text))
	if err == nil {
		*a = read
	}
	return err
}

// MarshalJSON writes the decimal of USD as a string, which no reader takes for a float.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(`"` + a.String() + `"`), nil }

// UnmarshalJSON reads the decimal from a string or from a number, both exactly.
func (a *Amount) UnmarshalJSON(data []byte) error {
	text, ok := decimalOf(data)
	if !ok {
		return nil
	}
	return a.UnmarshalText([]byte(text))
}

// plus adds two amounts and stays at the largest rather than wrap around.
func (a Amount) plus(b Amount) Amount {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
