// Package predecessor carries over what an installation of the predecessor has: its keys and
// accounts, which are in PostgreSQL, and its file of models.
package predecessor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The predecessor's tables.
const (
	tableKeys    = "api_keys"
	tableUsage   = "usage_logs"
	tableBilling = "billing_transactions"
)

// tables are all of them.
var tables = []string{tableKeys, tableUsage, tableBilling}

// Database is the predecessor's database as it was at one moment. It is only read.
type Database struct {
	conn    *pgx.Conn
	tx      pgx.Tx
	missing []string // the tables that are not there
}

// connectTime bounds the wait for the database.
const connectTime = 15 * time.Second

// Open opens the database at a DSN, such as postgres://user:password@host/name. One with none
// of the predecessor's tables is an error, since it is another one. No error tells the password.
func Open(ctx context.Context, dsn string) (*Database, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // it may quote the DSN
		return nil, errors.New("the predecessor's database: the DSN cannot be read; write it as postgres://user:password@host:5432/name")
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, errors.New("the predecessor's database: " + without(config.Password, err.Error()))
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("the predecessor's database: %w", err)
	}
	d := &Database{conn: conn, tx: tx}
	if err := d.look(ctx); err != nil {
		d.Close()
		return nil, fmt.Errorf("the predecessor's database: %w", err)
	}
	return d, nil
}

// look finds out which tables are there.
func (d *Database) look(ctx context.Context) error {
	var name, schemas string
	err := d.tx.QueryRow(ctx, `SELECT current_database(), array_to_string(current_schemas(false), ', '),
		ARRAY(SELECT t FROM unnest($1::text[]) t WHERE to_regclass(t) IS NULL)`, tables).Scan(&name, &schemas, &d.missing)
	if err == nil && len(d.missing) == len(tables) {
		return fmt.Errorf("%q has none of the tables %s in its schemas (%s): it is another database, or they are in a schema that the DSN must name, by ?search_path=<schema>", name, strings.Join(tables, ", "), schemas)
	}
	return err
}

// without takes a secret out of a text.
func without(secret, text string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "***")
}

// Close lets go of the database.
func (d *Database) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), connectTime)
	defer cancel()
	_ = d.tx.Rollback(ctx) // it has changed nothing
	_ = d.conn.Close(ctx)
}

// has reports whether there is a table.
func (d *Database) has(table string) bool { return !slices.Contains(d.missing, table) }

// keys gives the rows of keys, one by one.
func (d *Database) keys(ctx context.Context, each func(row) error) error {
	if !d.has(tableKeys) {
		return nil
	}
	rows, err := d.tx.Query(ctx, "SELECT to_jsonb(k)::text FROM "+tableKeys+" k ORDER BY k.created_at, k.id")
	if err != nil {
		return err
	}
	var text string
	_, err = pgx.ForEachRow(rows, []any{&text}, func() error {
		r, err := parseRow(text)
		if err != nil {
			return err
		}
		return each(r)
	})
	return err
}

// request is what the predecessor wrote of one request: in its log of usage, unless there is
// none, and in its account of money, often once.
type request struct {
	usage   row
	billing []row
}

// requests gives the requests by their time, one by one. Entries of the two tables belong
// together by the request's id; where the log has that more than once, the first of them is
// the one that is paid for, so that nothing counts twice.
func (d *Database) requests(ctx context.Context, each func(request) error) error {
	query := d.requestQuery()
	if query == "" {
		return nil
	}
	rows, err := d.tx.Query(ctx, query)
	if err != nil {
		return err
	}
	var usage, billing *string
	var now request
	_, err = pgx.ForEachRow(rows, []any{&usage, &billing}, func() error {
		u, b, err := parsePair(usage, billing)
		if err != nil {
			return err
		}
		if now.usage != nil && u != nil && now.usage.text("id") == u.text("id") {
			now.billing = append(now.billing, b)
			return nil
		}
		done := now
		if now = (request{usage: u}); b != nil {
			now.billing = []row{b}
		}
		return done.unlessEmpty(each)
	})
	if err != nil {
		return err
	}
	return now.unlessEmpty(each)
}

func (r request) unlessEmpty(each func(request) error) error {
	if r.usage == nil && r.billing == nil {
		return nil
	}
	return each(r)
}

// requestQuery selects what there is of the two tables, "" if there is neither.
func (d *Database) requestQuery() string {
	hasUsage, hasBilling := d.has(tableUsage), d.has(tableBilling)
	switch {
	case hasUsage && hasBilling:
		return `SELECT to_jsonb(u)::text, to_jsonb(b)::text
			FROM (SELECT *, CASE WHEN row_number() OVER (PARTITION BY request_id ORDER BY created_at, id) = 1
				THEN request_id::text END AS paid_request FROM ` + tableUsage + `) u
			FULL JOIN ` + tableBilling + ` b ON b.request_id::text = u.paid_request
			ORDER BY coalesce(u.created_at, b.created_at), u.id, b.created_at, b.id`
	case hasUsage:
		return `SELECT to_jsonb(u)::text, NULL::text FROM ` + tableUsage + ` u ORDER BY u.created_at, u.id`
	case hasBilling:
		return `SELECT NULL::text, to_jsonb(b)::text FROM ` + tableBilling + ` b ORDER BY b.created_at, b.id`
	}
	return ""
}
