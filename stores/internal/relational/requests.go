package relational

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// requests are the columns of the table of requests, the key first: what requests are chosen
// by, and a document of all else, their attempts with it. So a request costs one short row.
var requests = []field[ledger.Record]{
	{"id", Text, func(r *ledger.Record) any { return &r.ID }},
	{"time", Time, func(r *ledger.Record) any { return &r.Time }},
	{"tenant", Text, func(r *ledger.Record) any { return &r.Tenant }},
	{"key", Text, func(r *ledger.Record) any { return &r.Key }},
	{"model", Text, func(r *ledger.Record) any { return &r.Model }},
	{"provider", Text, func(r *ledger.Record) any { return &r.Provider }},
	{"session", Text, func(r *ledger.Record) any { return &r.Session }},
	{"ending", Text, func(r *ledger.Record) any { return &r.End }},
	{"record", JSON, func(r *ledger.Record) any { return r }},
}

var selectRequests = "SELECT " + names(requests) + " FROM xjp_requests"

func requestRows(records []*ledger.Record) *Rows {
	return rowsOf("xjp_requests", 1, requests, records)
}

func scanRequest(scan scanner) (*ledger.Record, error) {
	r := new(ledger.Record)
	return r, scan(targets(requests, r)...)
}

// Insert implements ledger.Store.
func (s *Store) Insert(ctx context.Context, records []ledger.Record) error {
	if len(records) == 0 {
		return nil
	}
	for i := range records {
		if id := records[i].ID; id == "" || !isClean(id) {
			return fmt.Errorf("id: %.40q is no id: it must be text of 1 to %d bytes", id, longest)
		}
	}
	batch := distinct(records)
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		added, err := s.engine.Insert(ctx, tx, requestRows(batch))
		if err != nil {
			return err
		}
		sums := newSums(s.location)
		var late []*ledger.Record
		for i, r := range batch {
			switch {
			case added[i]:
				sums.count(r, 1)
			case r.End != ledger.Lost:
				late = append(late, r)
			}
		}
		if err := s.replaceLost(ctx, tx, late, sums); err != nil {
			return err
		}
		return s.engine.Accumulate(ctx, tx, sums.rows())
	})
}

// distinct gives one record for each id, in the order of the ids, so that transactions meet
// rows in one order and do not wait for one another for ever.
func distinct(records []ledger.Record) []*ledger.Record {
	list := make([]*ledger.Record, len(records))
	for i := range records {
		list[i] = &records[i]
	}
	slices.SortStableFunc(list, func(a, b *ledger.Record) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), lostLast(a, b))
	})
	return slices.CompactFunc(list, func(a, b *ledger.Record) bool { return a.ID == b.ID })
}

func lostLast(a, b *ledger.Record) int {
	switch {
	case a.End != ledger.Lost && b.End == ledger.Lost:
		return -1
	case a.End == ledger.Lost && b.End != ledger.Lost:
		return 1
	}
	return 0
}

// lateAtOnce is how many ids one statement asks for.
const lateAtOnce = 500

// replaceLost puts records whose ids are there in the place of lost ones.
func (s *Store) replaceLost(ctx context.Context, tx *sql.Tx, late []*ledger.Record, sums *sums) error {
	for part := range slices.Chunk(late, lateAtOnce) {
		lost, err := deleteLost(ctx, tx, part)
		if err != nil {
			return err
		}
		var found []*ledger.Record
		for _, r := range part {
			if old := lost[r.ID]; old != nil {
				sums.count(old, -1)
				sums.count(r, 1)
				found = append(found, r)
			}
		}
		if len(found) == 0 {
			continue
		}
		if _, err := s.engine.Insert(ctx, tx, requestRows(found)); err != nil {
			return err
		}
	}
	return nil
}

// deleteLost takes out those of the records that are there as lost.
func deleteLost(ctx context.Context, tx *sql.Tx, records []*ledger.Record) (map[string]*ledger.Record, error) {
	w := new(where)
	w.add("ending = ", string(ledger.Lost))
	w.in("id", len(records), func(i int) any { return records[i].ID })
	rows, err := tx.QueryContext(ctx, "DELETE FROM xjp_requests"+w.String()+" RETURNING "+names(requests), w.args...)
	if err != nil {
		return nil, err
	}
	lost := map[string]*ledger.Record{}
	return lost, each(rows, func(scan scanner) error {
		r, err := scanRequest(scan)
		if err == nil {
			lost[r.ID] = r
		}
		return err
	})
}

// Record implements ledger.Store.
func (s *Store) Record(ctx context.Context, tenant, id string) (*ledger.Record, error) {
	if !isClean(id) {
		return nil, nil
	}
	w := new(where)
	w.add("id = ", id)
	w.is("tenant", tenant)
	var found *ledger.Record
	err := s.query(ctx, func(scan scanner) (err error) {
		found, err = scanRequest(scan)
		return err
	}, selectRequests+w.String(), w.args...)
	return found, err
}

// Records implements ledger.Store.
func (s *Store) Records(ctx context.Context, f ledger.Filter) ([]ledger.Record, string, error) {
	w := new(where)
	w.is("tenant", f.Tenant)
	w.is("key", f.Key)
	w.is("model", f.Model)
	w.is("provider", f.Provider)
	w.is("session", f.Session)
	w.is("ending", string(f.End))
	s.span(w, f.Since, f.Until)
	limit, err := s.page(w, f.After, f.Limit)
	if err != nil {
		return nil, "", err
	}
	var page []ledger.Record
	err = s.query(ctx, func(scan scanner) error {
		r, err := scanRequest(scan)
		if err == nil {
			page = append(page, *r)
		}
		return err
	}, selectRequests+w.String()+latestFirst(limit), w.args...)
	if err != nil {
		return nil, "", err
	}
	page, next := turn(page, limit, func(last *ledger.Record) cursor { return cursor{last.Time, last.ID} })
	return page, next, nil
}

// Prune implements ledger.Store.
func (s *Store) Prune(ctx context.Context, before time.Time, most int) (int, error) {
	var deleted int64
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, fmt.Sprintf(
			"DELETE FROM xjp_requests WHERE id IN (SELECT id FROM xjp_requests WHERE time < $1 ORDER BY time, id LIMIT %d)", most),
			s.engine.Time(before))
		if err != nil {
			return err
		}
		deleted, err = result.RowsAffected()
		return err
	})
	return int(deleted), err
}
