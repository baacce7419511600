// Package relational keeps tenants, keys, the ledger and captures in a relational database.
// What all engines have in common is here, in SQL that each of them understands; an engine
// says in what its database differs.
package relational

import (
	"context"
	"database/sql"
	"time"
)

// Engine is in what databases differ.
type Engine interface {
	// Time is a time as statements of the engine take it.
	Time(t time.Time) any
	// Accumulate adds the rows; the numbers of those whose keys are there already are added
	// to the numbers there.
	Accumulate(ctx context.Context, tx *sql.Tx, rows *Rows) error
	// Touch sets when keys were last used, unless a later time is known. The ids are in
	// order.
	Touch(ctx context.Context, tx *sql.Tx, ids []string, at []time.Time) error
	// Ping reports whether the database takes changes.
	Ping(ctx context.Context, tx *sql.Tx) error
	// Explain makes an error of the database one of the contract's or one that an operator
	// can act upon. It holds no secret.
	Explain(err error) error
	// Again says that a transaction failed by others beside it, and can be tried again.
	Again(err error) bool
}

// tries is how often a transaction is tried when others get in its way.
const tries = 4

// Options are what an engine tells of its database.
type Options struct {
	Engine   Engine
	Requests Requests
	// Write is for transactions that change something, Read for all else; they may be one.
	Write, Read *sql.DB
	// Timeout bounds each statement and transaction; 0 does not.
	Timeout time.Duration
	// Location is the time zone of the days by which the ledger is summed up.
	Location *time.Location
	// Close lets go of what lies behind Write and Read; nil if nothing does.
	Close func()
}

// Store keeps tenants, keys, the ledger and captures in a database whose schema is up to
// date. It implements stores.Store.
type Store struct {
	engine   Engine
	requests Requests
	options  Options
	location *time.Location
}

// New makes a store.
func New(o Options) *Store {
	if o.Location == nil {
		o.Location = time.UTC
	}
	return &Store{engine: o.Engine, requests: o.Requests, options: o, location: o.Location}
}

// Ping implements stores.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.engine.Ping(ctx, tx) })
}

// Close implements stores.Store. What is under way may fail.
func (s *Store) Close() error {
	err := s.options.Write.Close()
	if s.options.Read != s.options.Write {
		if other := s.options.Read.Close(); err == nil {
			err = other
		}
	}
	if s.options.Close != nil {
		s.options.Close()
	}
	return err
}

// transact runs a transaction, and again where others got in its way.
func (s *Store) transact(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	var err error
	for range tries {
		if err = s.transactOnce(ctx, do); err == nil || !s.engine.Again(err) {
			break
		}
	}
	return s.explain(err)
}

func (s *Store) transactOnce(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	tx, err := s.options.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(ctx, tx); err != nil {
		_ = tx.Rollback() // the error that led here says more
		return err
	}
	return tx.Commit()
}

// query hands each row that a statement gives to a function.
func (s *Store) query(ctx context.Context, row func(scan Scanner) error, statement string, args ...any) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	rows, err := s.options.Read.QueryContext(ctx, statement, args...)
	if err != nil {
		return s.explain(err)
	}
	return s.explain(each(rows, row))
}

// Scanner reads a row's columns into what pointers point to.
type Scanner func(into ...any) error

// each hands each row to a function and closes the rows.
func each(rows *sql.Rows, row func(scan Scanner) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.options.Timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.options.Timeout)
}

func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	return s.engine.Explain(err)
}
