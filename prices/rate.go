package prices

import "fmt"

// Rate is the price of one unit (a token, an image, a request, a search) in pico-USD. The zero value
// is unset: the part is not priced separately, and another rate stands in for it. A unit
// that costs nothing has the rate Free. Its text and JSON form is a decimal of USD per unit.
type Rate int64

// Free is the rate of what costs nothing, which differs from what has no rate.
const Free Rate = -1

// The decimal places that a rate keeps of USD per unit, and of USD per million units.
const (
	perUnitPlaces    = 12
	perMillionPlaces = 6
)

// ParsePerMillion reads USD per million units, such as "3.00" for tokens, rounded half to
// even at the pico-USD per unit.
func ParsePerMillion(text string) (Rate, error) { return parseRate(text, perMillionPlaces) }

// ParsePerUnit reads USD per unit, such as "0.000003", rounded half to even at the
// pico-USD. It refuses the -1 of OpenRouter's list, which means unknown.
func ParsePerUnit(text string) (Rate, error) { return parseRate(text, perUnitPlaces) }

func parseRate(text string, places int) (Rate, error) {
	n, err := parseDecimal(text, places)
	if err == nil && n < 0 {
		err = errNegative
	}
	if err != nil {
		return 0, fmt.Errorf("rate %.40q: %w: write USD as a decimal such as \"0.25\"", text, err)
	}
	if n == 0 {
		return Free, nil
	}
	return Rate(n), nil
}

// IsSet reports whether there is a rate, be it Free.
func (r Rate) IsSet() bool { return r != 0 }

// or returns the rate, or another one where it is unset.
func (r Rate) or(other Rate) Rate {
	if r.IsSet() {
		return r
	}
	return other
}

// String returns USD per unit as a decimal, "" if the rate is unset.
func (r Rate) String() string { return r.format(perUnitPlaces) }

// PerMillion returns USD per million units as a decimal, "" if the rate is unset.
func (r Rate) PerMillion() string { return r.format(perMillionPlaces) }

func (r Rate) format(places int) string {
	if !r.IsSet() {
		return ""
	}
	return formatDecimal(max(0, int64(r)), places)
}

// MarshalText writes USD per unit; "" is unset.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads USD per unit; "" is unset.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*r = 0
		return nil
	}
	*r, err = ParsePerUnit(string(text))
	return err
}
