package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

// engine is what PostgreSQL does in its own way.
type engine struct{}

var _ relational.Engine = engine{}

// Time implements relational.Engine.
func (engine) Time(t time.Time) any { return t }

// add adds the rows whose keys are not there yet, and tells which those are.
func add(ctx context.Context, tx *sql.Tx, rows *relational.Rows) ([]bool, error) {
	statement, args := unnested(rows)
	key := rows.Columns[0]
	inserted, err := tx.QueryContext(ctx, statement+rows.Skipping()+" RETURNING "+key.Name, args...)
	if err != nil {
		return nil, err
	}
	defer inserted.Close()
	ids := make(map[string]bool, rows.Count)
	for inserted.Next() {
		var id string
		if err := inserted.Scan(&id); err != nil {
			return nil, err
		}
		ids[id] = true
	}
	added := make([]bool, rows.Count)
	for row := range added {
		added[row] = ids[key.At(row).(string)]
	}
	return added, inserted.Err()
}

// Accumulate implements relational.Engine.
func (engine) Accumulate(ctx context.Context, tx *sql.Tx, rows *relational.Rows) error {
	statement, args := unnested(rows)
	_, err := tx.ExecContext(ctx, statement+rows.Accumulating(), args...)
	return err
}

// unnested is the beginning of a statement that adds any number of rows in one round trip:
// each column is one argument, an array.
func unnested(rows *relational.Rows) (string, []any) {
	var values, arrays, names strings.Builder
	args := make([]any, len(rows.Columns))
	for i, c := range rows.Columns {
		if i > 0 {
			values.WriteString(", ")
			arrays.WriteString(", ")
			names.WriteString(", ")
		}
		values.WriteString(c.Name)
		names.WriteString(c.Name)
		if c.Kind == relational.JSON {
			values.WriteString("::json")
		}
		var kind string
		args[i], kind = array(c, rows.Count)
		fmt.Fprintf(&arrays, "$%d::%s[]", i+1, kind)
	}
	return fmt.Sprintf("%sSELECT %s FROM unnest(%s) AS given (%s)", rows.Into(), &values, &arrays, &names), args
}

// array is a column's values and the name of their type.
func array(c relational.Column, count int) (any, string) {
	switch c.Kind {
	case relational.Number:
		return gather[int64](c, count), "bigint"
	case relational.Time:
		return gather[time.Time](c, count), "timestamptz"
	}
	return gather[string](c, count), "text"
}

func gather[T any](c relational.Column, count int) []T {
	list := make([]T, count)
	for row := range list {
		list[row] = c.At(row).(T)
	}
	return list
}

// Touch implements relational.Engine.
func (engine) Touch(ctx context.Context, tx *sql.Tx, ids []string, at []time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE xjp_keys SET last_used = used.at FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at)
		WHERE xjp_keys.id = used.id AND (last_used IS NULL OR last_used < used.at)`, ids, at)
	return err
}

// Ping implements relational.Engine.
func (engine) Ping(ctx context.Context, tx *sql.Tx) error {
	var readOnly string
	if err := tx.QueryRowContext(ctx, "SHOW transaction_read_only").Scan(&readOnly); err != nil {
		return err
	}
	if readOnly == "on" {
		return errors.New("postgres: the server takes no changes: it is a standby or set to be read only")
	}
	return nil
}

// The codes of errors, as the server tells them.
const (
	uniqueViolation     = "23505"
	foreignKeyViolation = "23503"
	serializationFailed = "40001"
	deadlockDetected    = "40P01"
	invalidPassword     = "28P01"
	noDatabase          = "3D000"
	noPrivilege         = "42501"
	diskFull            = "53100"
	tooManyConnections  = "53300"
	queryCancelled      = "57014"
	protocolViolation   = "08P01"
)

// advice is what an operator can do about an error.
var advice = map[string]string{
	invalidPassword:    "check user and password in the dsn",
	noDatabase:         "create the database that the dsn names, or name another",
	noPrivilege:        "give the user of the dsn the right to it",
	diskFull:           "the server's disk is full",
	tooManyConnections: "lower max_conns, or raise max_connections of the server",
	queryCancelled:     "it took longer than statement_timeout",
	protocolViolation:  "behind a pooler such as PgBouncer, set exec_mode exec",
}

// Explain implements relational.Engine. Neither the driver nor the server repeats a
// password.
func (engine) Explain(err error) error {
	var failure *pgconn.PgError
	if !errors.As(err, &failure) {
		var unreachable *pgconn.ConnectError
		if errors.As(err, &unreachable) {
			return fmt.Errorf("postgres: %w", err)
		}
		return err
	}
	switch failure.Code {
	case uniqueViolation:
		return keys.ErrExists
	case foreignKeyViolation:
		return keys.ErrNotFound
	}
	if text, ok := advice[failure.Code]; ok {
		return fmt.Errorf("postgres: %s: %w", text, err)
	}
	return fmt.Errorf("postgres: %w", err)
}

// Again implements relational.Engine.
func (engine) Again(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && (failure.Code == serializationFailed || failure.Code == deadlockDetected)
}
