package relational

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/stores"
)

// where gathers the conditions of a statement. Values are its arguments, never its text.
type where struct {
	conditions []string
	args       []any
}

// add adds a condition that ends in a value.
func (w *where) add(condition string, value any) {
	w.args = append(w.args, value)
	w.conditions = append(w.conditions, fmt.Sprintf("%s$%d", condition, len(w.args)))
}

// is asks for a value of a column, unless it is empty.
func (w *where) is(column, value string) {
	switch {
	case value == "":
	case isClean(value):
		w.add(column+" = ", value)
	default:
		w.conditions = append(w.conditions, "1 = 0") // no row has such a value
	}
}

// in asks for one of some values of a column.
func (w *where) in(column string, count int, value func(int) any) {
	places := make([]string, count)
	for i := range places {
		w.args = append(w.args, value(i))
		places[i] = fmt.Sprintf("$%d", len(w.args))
	}
	w.conditions = append(w.conditions, column+" IN ("+strings.Join(places, ", ")+")")
}

// String is the clause of a statement.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// span asks for a span of time, which has no bound where a time is not set.
func (w *where) span(as func(time.Time) any, since, until time.Time) {
	if !since.IsZero() {
		w.add("time >= ", as(since))
	}
	if !until.IsZero() {
		w.add("time < ", as(until))
	}
}

// before asks for what comes before a place, unless that is behind all.
func (w *where) before(as func(time.Time) any, p Place) {
	if p != (Place{}) {
		w.args = append(w.args, as(p.Time), p.ID)
		w.conditions = append(w.conditions, fmt.Sprintf("(time, id) < ($%d, $%d)", len(w.args)-1, len(w.args)))
	}
}

// The length of pages where none is asked for, and the most that can be asked for.
const (
	usualPage   = 100
	longestPage = 1000
)

// page asks for what lies behind a page's end, and tells how long the next one is.
func (s *Store) page(w *where, after string, limit int) (int, error) {
	if after != "" {
		p, err := parsePlace(after)
		if err != nil {
			return 0, err
		}
		w.before(s.engine.Time, p)
	}
	return pageLength(limit), nil
}

// pageLength is the length of a page for which a caller has asked for one.
func pageLength(limit int) int {
	if limit <= 0 {
		limit = usualPage
	}
	return min(limit, longestPage)
}

// latestFirst orders a page and asks for one row more, which shows that it is not the last.
func latestFirst(limit int) string {
	return fmt.Sprintf(" ORDER BY time DESC, id DESC LIMIT %d", limit+1)
}

// turn takes the row that shows that a page is not the last off it, and tells where the next
// page begins; that is empty behind the last one.
func turn[T any](page []T, limit int, end func(last *T) Place) ([]T, string) {
	if len(page) <= limit {
		return page, ""
	}
	return page[:limit], end(&page[limit-1]).String()
}

// String is a place as callers hand it back.
func (p Place) String() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.Time.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID...))
}

func parsePlace(text string) (Place, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 9 || !isClean(string(b[8:])) {
		return Place{}, stores.ErrCursor
	}
	return Place{time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC(), string(b[8:])}, nil
}
