package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

// errEnough ends a query whose further blocks cannot matter.
var errEnough = errors.New("there is enough")

// Records implements relational.Requests. Blocks come by the time of their last record, the
// latest first, until no record of those that are left can be among the latest.
func (b blocks) Records(ctx context.Context, query relational.Query, s *relational.Selection) ([]ledger.Record, error) {
	chosen, most := chooser(s), s.Limit+1
	var page []entry
	statement, args := blocksOf(s)
	err := query(ctx, func(scan relational.Scanner) error {
		k, packed, err := scanPacked(scan)
		if err != nil {
			return err
		}
		if len(page) == most && page[most-1].time > k.last {
			return errEnough
		}
		entries, err := unpacked(packed)
		if err != nil {
			return err
		}
		before := len(page)
		for i := range entries {
			if chosen(&entries[i]) {
				page = append(page, entries[i].clone())
			}
		}
		if len(page) > before {
			slices.SortFunc(page, latestFirst)
			page = page[:min(len(page), most)]
		}
		return nil
	}, statement, args...)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	var list []ledger.Record
	for i := range page {
		r, err := page[i].record()
		if err != nil {
			return nil, err
		}
		list = append(list, *r)
	}
	return list, nil
}

// blocksOf is the statement for the blocks that may hold records of a selection, the latest
// first.
func blocksOf(s *relational.Selection) (statement string, args []any) {
	from, last := selectBlock, "b.last"
	var conditions []string
	is := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, fmt.Sprintf("%s $%d", condition, len(args)))
	}
	if s.Tenant != "" || s.Key != "" {
		// SQLite keeps the order of a cross join.
		from, last = strings.Replace(selectBlock, "FROM ", "FROM xjp_owners AS o CROSS JOIN ", 1)+" ON b.number = o.block", "o.last"
		owner := tenantOwner(s.Tenant)
		if s.Key != "" {
			owner = keyOwner(s.Key)
		}
		is("o.owner =", owner)
	}
	if !s.Since.IsZero() {
		is(last+" >=", s.Since.UnixMicro())
	}
	for _, until := range []time.Time{s.Until, s.Before.Time} {
		if !until.IsZero() {
			is("b.first <=", until.UnixMicro())
			is(last+" <=", until.Add(widestBlock).UnixMicro())
		}
	}
	if len(conditions) > 0 {
		from += " WHERE " + strings.Join(conditions, " AND ")
	}
	return from + " ORDER BY " + last + " DESC", args
}

// chooser tells whether an entry is one of a selection.
func chooser(s *relational.Selection) func(e *entry) bool {
	since, until := bound(s.Since, math.MinInt64), bound(s.Until, math.MaxInt64)
	before := entry{id: s.Before.ID, time: s.Before.Time.UnixMicro()}
	return func(e *entry) bool {
		return since <= e.time && e.time < until &&
			(s.Before.ID == "" || latestFirst(before, *e) < 0) &&
			(s.Tenant == "" || s.Tenant == e.tenant) &&
			(s.Key == "" || s.Key == e.key) &&
			(s.Model == "" || s.Model == e.model) &&
			(s.Provider == "" || s.Provider == e.provider) &&
			(s.Session == "" || s.Session == e.session) &&
			(s.End == "" || string(s.End) == e.end)
	}
}

// bound is a time in microseconds, or what stands for one that is not set. It is rounded up, as times
// of records are exact: what is not before it is not before the next microsecond.
func bound(t time.Time, unset int64) int64 {
	if t.IsZero() {
		return unset
	}
	return t.Add(time.Microsecond - 1).UnixMicro()
}
