package relational

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// sumKeys and sumNumbers are the columns of the table of sums by day.
var (
	sumKeys = []field[ledger.Sum]{
		{"day", Text, func(s *ledger.Sum) any { return &s.Day }},
		{"tenant", Text, func(s *ledger.Sum) any { return &s.Tenant }},
		{"key", Text, func(s *ledger.Sum) any { return &s.Key }},
		{"model", Text, func(s *ledger.Sum) any { return &s.Model }},
		{"provider", Text, func(s *ledger.Sum) any { return &s.Provider }},
	}
	sumNumbers = []field[ledger.Sum]{
		{"requests", Number, func(s *ledger.Sum) any { return &s.Requests }},
		{"failed", Number, func(s *ledger.Sum) any { return &s.Failed }},
		{"attempts", Number, func(s *ledger.Sum) any { return &s.Attempts }},
		{"input", Number, func(s *ledger.Sum) any { return &s.Tokens.Input }},
		{"cache_read", Number, func(s *ledger.Sum) any { return &s.Tokens.CacheRead }},
		{"cache_write_5m", Number, func(s *ledger.Sum) any { return &s.Tokens.CacheWrite5m }},
		{"cache_write_1h", Number, func(s *ledger.Sum) any { return &s.Tokens.CacheWrite1h }},
		{"output", Number, func(s *ledger.Sum) any { return &s.Tokens.Output }},
		{"reasoning", Number, func(s *ledger.Sum) any { return &s.Tokens.Reasoning }},
		{"audio_input", Number, func(s *ledger.Sum) any { return &s.Tokens.AudioInput }},
		{"image_input", Number, func(s *ledger.Sum) any { return &s.Tokens.ImageInput }},
		{"audio_output", Number, func(s *ledger.Sum) any { return &s.Tokens.AudioOutput }},
		{"image_output", Number, func(s *ledger.Sum) any { return &s.Tokens.ImageOutput }},
		{"cost", Number, func(s *ledger.Sum) any { return &s.Cost }},
		{"unpriced", Number, func(s *ledger.Sum) any { return &s.Unpriced }},
		{"estimated", Number, func(s *ledger.Sum) any { return &s.Estimated }},
		{"uncalled", Number, func(s *ledger.Sum) any { return &s.Uncalled }},
	}
)

// sums adds records up before they go into the table of sums by day, so that a batch costs
// a row for each group instead of one for each record.
type sums struct {
	location *time.Location
	groups   map[group]*ledger.Sum
	// quarter is the quarter of an hour of the record before, which lies within one day in
	// any zone, and day that day.
	quarter int64
	day     string
}

// group is what the table of sums by day has one row for.
type group struct{ day, tenant, key, model, provider string }

func newSums(location *time.Location) *sums {
	return &sums{location: location, groups: map[group]*ledger.Sum{}}
}

// count adds a record, as it is kept, some times, which may be negative.
func (s *sums) count(r *ledger.Record, times int64) {
	if quarter := r.Time.Unix() / (15 * 60); quarter != s.quarter || s.day == "" {
		s.quarter, s.day = quarter, dayOf(r.Time, s.location)
	}
	g := group{s.day, r.Tenant, r.Key, r.Model, r.Provider}
	sum := s.groups[g]
	if sum == nil {
		sum = &ledger.Sum{Day: g.day, Tenant: g.tenant, Key: g.key, Model: g.model, Provider: g.provider}
		s.groups[g] = sum
	}
	tokens := multiply(r.Tokens, times)
	sum.Tokens.Add(&tokens)
	sum.Requests += times
	sum.Attempts += times * int64(len(r.Attempts))
	sum.Cost += r.Cost * prices.Amount(times)
	if r.End != ledger.Complete {
		sum.Failed += times
	}
	if len(r.Attempts) == 0 {
		sum.Uncalled += times
	}
	if r.Unpriced {
		sum.Unpriced += times
	}
	if r.Estimated {
		sum.Estimated += times
	}
}

func multiply(t ledger.Tokens, times int64) ledger.Tokens {
	return ledger.Tokens{
		Input: t.Input * times, CacheRead: t.CacheRead * times, CacheWrite5m: t.CacheWrite5m * times, CacheWrite1h: t.CacheWrite1h * times,
		Output: t.Output * times, Reasoning: t.Reasoning * times, AudioInput: t.AudioInput * times, ImageInput: t.ImageInput * times,
		AudioOutput: t.AudioOutput * times, ImageOutput: t.ImageOutput * times,
	}
}

// rows are the sums in the order of their keys, so that transactions meet rows in one order
// and do not wait for one another for ever.
func (s *sums) rows() *Rows {
	list := slices.SortedFunc(maps.Values(s.groups), func(a, b *ledger.Sum) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.Key, b.Key),
			strings.Compare(a.Model, b.Model), strings.Compare(a.Provider, b.Provider))
	})
	return rowsOf("xjp_usage", len(sumKeys), slices.Concat(sumKeys, sumNumbers), list)
}

// dayOf is the day of a time in a time zone.
func dayOf(t time.Time, location *time.Location) string { return t.In(location).Format(time.DateOnly) }

// Usage implements ledger.Store.
func (s *Store) Usage(ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
	groups, err := groupFields(q.By)
	if err != nil {
		return nil, err
	}
	w := new(where)
	w.is("tenant", q.Tenant)
	w.is("key", q.Key)
	w.is("model", q.Model)
	if !q.Since.IsZero() {
		w.add("day >= ", dayOf(q.Since, s.location))
	}
	if !q.Until.IsZero() {
		w.add("day < ", dayOf(q.Until, s.location))
	}
	var sums []ledger.Sum
	err = s.query(ctx, func(scan Scanner) error {
		var sum ledger.Sum
		err := scan(append(targets(groups, &sum), targets(sumNumbers, &sum)...)...)
		sums = append(sums, sum)
		return err
	}, selectSums(groups, w), w.args...)
	return sums, err
}

// selectSums is the statement for sums by groups. A group that was emptied again, since a
// lost record was another's, is none.
func selectSums(groups []field[ledger.Sum], w *where) string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for _, f := range groups {
		b.WriteString(f.name + ", ")
	}
	for i, f := range sumNumbers {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("CAST(SUM(" + f.name + ") AS BIGINT)")
	}
	b.WriteString(" FROM xjp_usage" + w.String())
	if len(groups) > 0 {
		b.WriteString(" GROUP BY " + names(groups))
	}
	b.WriteString(" HAVING SUM(requests) > 0")
	if len(groups) > 0 {
		b.WriteString(" ORDER BY " + names(groups))
	}
	return b.String()
}

// groupFields are the columns that sums are grouped by.
func groupFields(by []ledger.Group) ([]field[ledger.Sum], error) {
	var fields []field[ledger.Sum]
	for i, g := range by {
		at := slices.IndexFunc(sumKeys, func(f field[ledger.Sum]) bool { return f.name == string(g) })
		if at < 0 {
			return nil, fmt.Errorf("by: %q is nothing that usage is summed up by; known are: %s", g, names(sumKeys))
		}
		if !slices.Contains(by[:i], g) {
			fields = append(fields, sumKeys[at])
		}
	}
	return fields, nil
}
