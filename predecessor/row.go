package predecessor

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// row is an entry of a table by its columns. The predecessor's versions differ in columns, so
// that one that is not there is as good as empty, and some go by more than one name.
type row map[string]any

func parseRow(text string) (r row, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // money is exact
	err = d.Decode(&r)
	return r, err
}

// parsePair reads an entry of each table, nil where there is none.
func parsePair(usage, billing *string) (u, b row, err error) {
	if usage != nil {
		if u, err = parseRow(*usage); err != nil {
			return nil, nil, err
		}
	}
	if billing != nil {
		b, err = parseRow(*billing)
	}
	return u, b, err
}

// over gives the columns of r, and those of another row where r has none.
func (r row) over(other row) row {
	merged := make(row, len(r)+len(other))
	for name, value := range other {
		merged[name] = value
	}
	for name, value := range r {
		if value != nil {
			merged[name] = value
		}
	}
	return merged
}

// get gives the first of some columns that is not empty, nil if all are.
func (r row) get(names ...string) any {
	for _, name := range names {
		if value := r[name]; value != nil && value != "" {
			return value
		}
	}
	return nil
}

// text gives the first of some columns that is not empty, as text.
func (r row) text(names ...string) string {
	switch v := r.get(names...).(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		data, _ := json.Marshal(v)
		return string(data)
	}
}

// isTrue reports whether a column is true.
func (r row) isTrue(names ...string) bool { return r.text(names...) == "true" }

// count reads a number that is not negative, 0 if there is none.
func (r row) count(names ...string) (int64, error) {
	text := r.text(names...)
	if text == "" {
		return 0, nil
	}
	whole, fraction, _ := strings.Cut(text, ".") // milliseconds may be measured more finely
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 || strings.Trim(fraction, "0123456789") != "" {
		return 0, fmt.Errorf("%s is %.40q, which is no count", names[0], text)
	}
	return n, nil
}

// amount reads money in USD; found is false if there is none.
func (r row) amount(names ...string) (a prices.Amount, found bool, err error) {
	text := r.text(names...)
	if text == "" {
		return 0, false, nil
	}
	if a, err = prices.ParseAmount(text); err != nil {
		return 0, false, fmt.Errorf("%s: %w", names[0], err)
	}
	return a, true, nil
}

// timeLayouts are how PostgreSQL writes times in JSON, without a zone for columns that have
// none; the predecessor meant UTC then.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"}

// moment reads a time, nil if there is none.
func (r row) moment(names ...string) (*time.Time, error) {
	text := r.text(names...)
	if text == "" {
		return nil, nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC()
			return &t, nil
		}
	}
	return nil, fmt.Errorf("%s is %.40q, which is no time", names[0], text)
}
