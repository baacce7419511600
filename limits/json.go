package limits

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// MarshalJSON writes the limits that are set: counts as numbers, money as decimals of USD,
// and Unlimited as "unlimited".
func (s Set) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i := range dimensions {
		d := &dimensions[i]
		limit := *d.of(&s)
		if limit == 0 {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, d.field), ':')
		switch {
		case limit == Unlimited:
			out = strconv.AppendQuote(out, unlimited)
		case d.measure == Money:
			out = strconv.AppendQuote(out, d.text(limit))
		default:
			out = append(out, d.text(limit)...)
		}
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and values as people write them: "2m", or
// money as a number. Limits that are null are not set. 0 is refused, as a limit that is 0
// lets nothing pass to some and all to others. The error names the limit.
func (s *Set) UnmarshalJSON(data []byte) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return errors.New("limits must be an object of names and numbers")
	}
	var read Set
	for name, value := range values {
		d := byName[name]
		if d == nil || d.field != name {
			return fmt.Errorf("unknown limit %.40q", name)
		}
		limit, err := d.fromJSON(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*d.of(&read) = limit
	}
	*s = read
	return nil
}

func (d *dimension) fromJSON(value json.RawMessage) (int64, error) {
	text := string(value)
	switch {
	case text == "null":
		return 0, nil
	case value[0] == '"':
		if err := json.Unmarshal(value, &text); err != nil {
			return 0, err
		}
	}
	return d.parse(text)
}
