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

// Requests is how a database keeps the records of requests. What is changed is changed within
// a transaction of the store, which keeps the sums by day beside it. All texts that records are
// chosen by are clean, and times exact.
type Requests interface {
	// Insert adds the records whose ids are not there yet, and tells which those are. The ids
	// are in order, each once.
	Insert(ctx context.Context, tx *sql.Tx, records []*ledger.Record) (added []bool, err error)
	// DeleteLost takes out those of the records that are there as lost, and gives what was
	// there.
	DeleteLost(ctx context.Context, tx *sql.Tx, records []*ledger.Record) (lost []*ledger.Record, err error)
	// Change hands a record to a function, and keeps what that has made of it if it says so.
	// Nobody else changes it meanwhile. The error is ledger.ErrNoRecord if the id is unknown.
	Change(ctx context.Context, tx *sql.Tx, id string, change func(r *ledger.Record) bool) error
	// Record gives the record with an id, nil if there is none.
	Record(ctx context.Context, query Query, id string) (*ledger.Record, error)
	// Records gives the records of a selection, the latest first, and one more than its limit if
	// there are more.
	Records(ctx context.Context, query Query, s *Selection) ([]ledger.Record, error)
	// Prune deletes records from before a time, at most some at once, and tells how many it has
	// deleted.
	Prune(ctx context.Context, tx *sql.Tx, before time.Time, most int) (int, error)
}

// Query hands each row that a statement gives to a function.
type Query func(ctx context.Context, row func(scan Scanner) error, statement string, args ...any) error

// Selection chooses records. Its After is read already: it is Before.
type Selection struct {
	ledger.Filter
	Before Place
}

// Place is one in the order of records: by time, then by id. The zero place is behind all.
type Place struct {
	Time time.Time
	ID   string
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
		added, err := s.requests.Insert(ctx, tx, batch)
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

// distinct gives one record for each id, as it is kept, in the order of the ids, so that
// transactions meet rows in one order and do not wait for one another for ever.
func distinct(records []ledger.Record) []*ledger.Record {
	list := make([]*ledger.Record, len(records))
	for i := range records {
		list[i] = kept(&records[i])
	}
	slices.SortStableFunc(list, func(a, b *ledger.Record) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), lostLast(a, b))
	})
	return slices.CompactFunc(list, func(a, b *ledger.Record) bool { return a.ID == b.ID })
}

// kept is a record as it is kept: a copy where that is not what was given.
func kept(r *ledger.Record) *ledger.Record {
	at := exact(r.Time)
	if at.Equal(r.Time) && r.Time.Location() == time.UTC && isClean(r.Tenant) && isClean(r.Key) && isClean(r.Model) && isClean(r.Provider) && isClean(r.Session) && isClean(string(r.End)) {
		return r
	}
	k := *r
	k.Time, k.Tenant, k.Key, k.Model = at, clean(r.Tenant), clean(r.Key), clean(r.Model)
	k.Provider, k.Session, k.End = clean(r.Provider), clean(r.Session), ledger.End(clean(string(r.End)))
	return &k
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
		deleted, err := s.requests.DeleteLost(ctx, tx, part)
		if err != nil {
			return err
		}
		lost := make(map[string]*ledger.Record, len(deleted))
		for _, r := range deleted {
			lost[r.ID] = r
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
		if _, err := s.requests.Insert(ctx, tx, found); err != nil {
			return err
		}
	}
	return nil
}

// Amend implements ledger.Store.
func (s *Store) Amend(ctx context.Context, id string, told *ledger.Attempt) (*ledger.Attempt, error) {
	if !isClean(id) {
		return nil, ledger.ErrNoRecord
	}
	var replaced *ledger.Attempt
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		replaced = nil
		sums := newSums(s.location)
		err := s.requests.Change(ctx, tx, id, func(r *ledger.Record) bool {
			i := slices.IndexFunc(r.Attempts, func(a ledger.Attempt) bool { return a.Number == told.Number })
			if i < 0 || !r.Attempts[i].Untold() {
				return false
			}
			untold := r.Attempts[i]
			sums.count(r, -1)
			r.Attempts[i] = *told
			r.Sum()
			sums.count(r, 1)
			replaced = &untold
			return true
		})
		if err != nil || replaced == nil {
			return err
		}
		return s.engine.Accumulate(ctx, tx, sums.rows())
	})
	if err != nil {
		return nil, err
	}
	return replaced, nil
}

// Record implements ledger.Store.
func (s *Store) Record(ctx context.Context, tenant, id string) (*ledger.Record, error) {
	if !isClean(id) {
		return nil, nil
	}
	r, err := s.requests.Record(ctx, s.query, id)
	if err != nil || r == nil || tenant != "" && r.Tenant != tenant {
		return nil, err
	}
	return r, nil
}

// Records implements ledger.Store.
func (s *Store) Records(ctx context.Context, f ledger.Filter) ([]ledger.Record, string, error) {
	selection := Selection{Filter: f}
	selection.Limit = pageLength(f.Limit)
	if f.After != "" {
		var err error
		if selection.Before, err = parsePlace(f.After); err != nil {
			return nil, "", err
		}
	}
	for _, text := range []string{f.Tenant, f.Key, f.Model, f.Provider, f.Session, string(f.End)} {
		if !isClean(text) {
			return nil, "", nil // no record has such a value
		}
	}
	page, err := s.requests.Records(ctx, s.query, &selection)
	if err != nil {
		return nil, "", err
	}
	page, next := turn(page, selection.Limit, func(last *ledger.Record) Place { return Place{last.Time, last.ID} })
	return page, next, nil
}

// Prune implements ledger.Store.
func (s *Store) Prune(ctx context.Context, before time.Time, most int) (int, error) {
	deleted := 0
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		deleted, err = s.requests.Prune(ctx, tx, before, most)
		return err
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}
