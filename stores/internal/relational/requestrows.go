package relational

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// requestFields are the columns of the table of requests, the key first: what requests are
// chosen by, and a document of all else, their attempts with it.
var requestFields = []field[ledger.Record]{
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

// RequestRows keeps each record in a row of its own, for databases with which others want to
// ask for them too.
type RequestRows struct {
	// Time is a time as statements take it.
	Time func(t time.Time) any
	// Add adds the rows whose keys are not there yet, and tells which those are.
	Add func(ctx context.Context, tx *sql.Tx, rows *Rows) (added []bool, err error)
}

var selectRequests = "SELECT " + names(requestFields) + " FROM xjp_requests"

func scanRequest(scan Scanner) (*ledger.Record, error) {
	r := new(ledger.Record)
	return r, scan(targets(requestFields, r)...)
}

// Insert implements Requests.
func (q RequestRows) Insert(ctx context.Context, tx *sql.Tx, records []*ledger.Record) ([]bool, error) {
	return q.Add(ctx, tx, rowsOf("xjp_requests", 1, requestFields, records))
}

// DeleteLost implements Requests.
func (q RequestRows) DeleteLost(ctx context.Context, tx *sql.Tx, records []*ledger.Record) (lost []*ledger.Record, err error) {
	w := new(where)
	w.add("ending = ", string(ledger.Lost))
	w.in("id", len(records), func(i int) any { return records[i].ID })
	rows, err := tx.QueryContext(ctx, "DELETE FROM xjp_requests"+w.String()+" RETURNING "+names(requestFields), w.args...)
	if err != nil {
		return nil, err
	}
	return lost, each(rows, func(scan Scanner) error {
		r, err := scanRequest(scan)
		lost = append(lost, r)
		return err
	})
}

// Change implements Requests. The first statement changes nothing: it keeps the row from
// others until the transaction ends.
func (q RequestRows) Change(ctx context.Context, tx *sql.Tx, id string, change func(r *ledger.Record) bool) error {
	rows, err := tx.QueryContext(ctx, "UPDATE xjp_requests SET id = id WHERE id = $1 RETURNING "+names(requestFields), id)
	if err != nil {
		return err
	}
	found := (*ledger.Record)(nil)
	err = each(rows, func(scan Scanner) (err error) {
		found, err = scanRequest(scan)
		return err
	})
	switch {
	case err != nil:
		return err
	case found == nil:
		return ledger.ErrNoRecord
	case !change(found):
		return nil
	}
	_, err = tx.ExecContext(ctx, "UPDATE xjp_requests SET record = $1 WHERE id = $2", string(AppendDocument(nil, found)), id)
	return err
}

// Record implements Requests.
func (q RequestRows) Record(ctx context.Context, query Query, id string) (found *ledger.Record, err error) {
	err = query(ctx, func(scan Scanner) (err error) {
		found, err = scanRequest(scan)
		return err
	}, selectRequests+" WHERE id = $1", id)
	return found, err
}

// Records implements Requests.
func (q RequestRows) Records(ctx context.Context, query Query, s *Selection) (list []ledger.Record, err error) {
	w := new(where)
	w.is("tenant", s.Tenant)
	w.is("key", s.Key)
	w.is("model", s.Model)
	w.is("provider", s.Provider)
	w.is("session", s.Session)
	w.is("ending", string(s.End))
	w.span(q.Time, s.Since, s.Until)
	w.before(q.Time, s.Before)
	err = query(ctx, func(scan Scanner) error {
		r, err := scanRequest(scan)
		if err == nil {
			list = append(list, *r)
		}
		return err
	}, selectRequests+w.String()+latestFirst(s.Limit), w.args...)
	return list, err
}

// Prune implements Requests.
func (q RequestRows) Prune(ctx context.Context, tx *sql.Tx, before time.Time, most int) (int, error) {
	result, err := tx.ExecContext(ctx, fmt.Sprintf(
		"DELETE FROM xjp_requests WHERE id IN (SELECT id FROM xjp_requests WHERE time < $1 ORDER BY time, id LIMIT %d)", most), q.Time(before))
	if err != nil {
		return 0, err
	}
	deleted, err := result.RowsAffected()
	return int(deleted), err
}
