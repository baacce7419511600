package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

// rowsAtOnce is how many rows one statement inserts at most. What the driver does for each
// statement is a third of what a row costs alone; beyond some tens of rows nothing is gained.
const rowsAtOnce = 50

// inParts hands the rows from begin to end on in parts of some rows.
func inParts(begin, end, size int, part func(begin, end int) error) error {
	for ; begin < end; begin += size {
		if err := part(begin, min(begin+size, end)); err != nil {
			return err
		}
	}
	return nil
}

// inserter inserts rows, with statements that end alike.
type inserter struct {
	engine engine
	tx     *sql.Tx
	rows   *relational.Rows
	ending string

	statement *sql.Stmt // for as many rows as the last time; nil before
	prepared  int
	args      []any
}

func (e engine) inserter(tx *sql.Tx, rows *relational.Rows, ending string) *inserter {
	return &inserter{engine: e, tx: tx, rows: rows, ending: ending}
}

// insert inserts the rows from begin to end, and tells how many it has changed.
func (i *inserter) insert(ctx context.Context, begin, end int) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := i.prepare(ctx, end-begin); err != nil {
		return 0, err
	}
	i.args = i.args[:0]
	for row := begin; row < end; row++ {
		for _, c := range i.rows.Columns {
			i.args = append(i.args, i.engine.argument(c.At(row)))
		}
	}
	// The driver would watch a context that can end with a goroutine for each statement.
	result, err := i.statement.ExecContext(context.WithoutCancel(ctx), i.args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// argument is a column's value as statements take it.
func (e engine) argument(value any) any {
	if t, ok := value.(time.Time); ok {
		return e.Time(t)
	}
	return value
}

func (i *inserter) prepare(ctx context.Context, count int) (err error) {
	if i.prepared == count {
		return nil
	}
	i.close()
	row := ", (" + strings.Repeat(", ?", len(i.rows.Columns))[2:] + ")"
	i.statement, err = i.tx.PrepareContext(ctx, i.rows.Into()+"VALUES "+strings.Repeat(row, count)[2:]+i.ending)
	if err == nil {
		i.prepared = count
	}
	return err
}

func (i *inserter) close() {
	if i.statement != nil {
		i.statement.Close()
	}
	i.statement, i.prepared = nil, 0
}
