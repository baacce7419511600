package admin

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query reads the parameters of a request. The first that is wrong is kept until done, so
// that operations read all of theirs and ask once.
type query struct {
	values url.Values
	read   map[string]bool
	err    error
}

func newQuery(raw string) *query {
	values, err := url.ParseQuery(raw)
	q := &query{values: values, read: map[string]bool{}}
	if err != nil {
		q.err = invalid("the query cannot be read: %v", err)
	}
	return q
}

// text reads a parameter, "" if it is not there.
func (q *query) text(name string) string {
	q.read[name] = true
	if list := q.values[name]; len(list) > 1 {
		q.fail("%s: is given %d times; give it once", name, len(list))
	}
	return q.values.Get(name)
}

// word reads a parameter that is one of some words; the first is the default, and "" if there
// is none.
func (q *query) word(name string, words ...string) string {
	text := q.text(name)
	if text == "" {
		return words[0]
	}
	if !slices.Contains(words, text) {
		if words[0] == "" {
			words = words[1:]
		}
		q.fail("%s: '%s' is not known; there are %s", name, text, strings.Join(words, ", "))
	}
	return text
}

// number reads a parameter within bounds.
func (q *query) number(name string, fallback, least, most int) int {
	text := q.text(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		q.fail("%s: must be a number from %d to %d, not '%s'", name, least, most, text)
	}
	return n
}

// The bounds of a page.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

// limit reads the most entries of a page.
func (q *query) limit() int { return q.number("limit", defaultLimit, 1, maxLimit) }

// moment reads a time: a date in a time zone, a time in RFC 3339, or how long ago it was,
// such as 7d or 36h.
func (q *query) moment(name string, now time.Time, zone *time.Location) time.Time {
	return q.instant(name, zone, now.Add)
}

// day reads a time of which the day counts. The last days, such as 7d, count with today.
func (q *query) day(name string, now time.Time, zone *time.Location) time.Time {
	return q.instant(name, zone, func(ago time.Duration) time.Time {
		now := now.In(zone)
		if days := int(-ago / day); ago%day == 0 && days > 0 {
			return time.Date(now.Year(), now.Month(), now.Day()-days+1, 0, 0, 0, 0, zone)
		}
		return now.Add(ago)
	})
}

func (q *query) instant(name string, zone *time.Location, before func(ago time.Duration) time.Time) time.Time {
	text := q.text(name)
	if text == "" {
		return time.Time{}
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return t
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t
	}
	if span, err := ParseSpan(text); err == nil {
		return before(-span)
	}
	q.fail("%s: '%s' is no time; write a date such as 2026-11-26, a time such as 2026-11-26T08:00:00Z, or how long ago it was, such as 7d or 36h", name, text)
	return time.Time{}
}

// fail keeps the first error.
func (q *query) fail(format string, args ...any) {
	if q.err == nil {
		q.err = invalid(format, args...)
	}
}

// done gives the first error. A parameter that nobody has read is one: it would be a
// filter that does not filter.
func (q *query) done() error {
	if q.err != nil {
		return q.err
	}
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		if !q.read[name] {
			return invalid("%s: is no parameter here%s", name, q.known())
		}
	}
	return nil
}

func (q *query) known() string {
	if len(q.read) == 0 {
		return "; there are none"
	}
	return fmt.Sprintf("; there are %s", strings.Join(slices.Sorted(maps.Keys(q.read)), ", "))
}

const day = 24 * time.Hour

// ParseSpan reads a span of time: a number of days such as "90d", of weeks such as "2w", or
// a duration as Go has it, such as "36h". It is more than 0, and less than a century.
func ParseSpan(text string) (time.Duration, error) {
	span, err := parseSpan(text)
	if err != nil || span <= 0 || span > 36500*day {
		return 0, fmt.Errorf("'%s' is no span of time; write 90d, 2w or 36h", text)
	}
	return span, nil
}

func parseSpan(text string) (time.Duration, error) {
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseInt(number, 10, 32)
			return time.Duration(min(n, 100_000)) * length, err
		}
	}
	return time.ParseDuration(text)
}
