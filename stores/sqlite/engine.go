package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

// engine is what SQLite does in its own way.
type engine struct{ path string }

var _ relational.Engine = engine{}

// Time implements relational.Engine.
func (engine) Time(t time.Time) any { return t.UnixMicro() }

// add adds the rows whose keys are not there yet, and tells which those are. They are mostly
// new: many are tried in one statement, and one by one only where one of them is there.
func (e engine) add(ctx context.Context, tx *sql.Tx, rows *relational.Rows) ([]bool, error) {
	added := make([]bool, rows.Count)
	fresh, skipping := e.inserter(tx, rows, ""), e.inserter(tx, rows, rows.Skipping())
	defer fresh.close()
	defer skipping.close()
	one := func(begin, end int) error {
		n, err := skipping.insert(ctx, begin, end)
		added[begin] = n > 0
		return err
	}
	return added, inParts(0, rows.Count, rowsAtOnce, func(begin, end int) error {
		_, err := fresh.insert(ctx, begin, end)
		if errors.Is(e.Explain(err), keys.ErrExists) {
			return inParts(begin, end, 1, one)
		}
		for row := begin; row < end; row++ {
			added[row] = true
		}
		return err
	})
}

// Accumulate implements relational.Engine.
func (e engine) Accumulate(ctx context.Context, tx *sql.Tx, rows *relational.Rows) error {
	accumulating := e.inserter(tx, rows, rows.Accumulating())
	defer accumulating.close()
	return inParts(0, rows.Count, rowsAtOnce, func(begin, end int) error {
		_, err := accumulating.insert(ctx, begin, end)
		return err
	})
}

// Touch implements relational.Engine.
func (e engine) Touch(ctx context.Context, tx *sql.Tx, ids []string, at []time.Time) error {
	touch, err := tx.PrepareContext(ctx, "UPDATE xjp_keys SET last_used = $1 WHERE id = $2 AND (last_used IS NULL OR last_used < $1)")
	if err != nil {
		return err
	}
	defer touch.Close()
	for i, id := range ids {
		if _, err := touch.ExecContext(ctx, e.Time(at[i]), id); err != nil {
			return err
		}
	}
	return nil
}

// Ping implements relational.Engine. The transaction has the lock for writing already, and
// could not have begun on a file that cannot be written to.
func (engine) Ping(context.Context, *sql.Tx) error { return nil }

// Explain implements relational.Engine.
func (e engine) Explain(err error) error {
	if errors.Is(err, errDamagedBlock) {
		return e.damaged(err)
	}
	var failure *driver.Error
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY:
		return keys.ErrExists
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY:
		return keys.ErrNotFound
	}
	switch failure.Code() & 0xff { // the rest tells kinds of one failure apart
	case codes.SQLITE_FULL:
		return fmt.Errorf("sqlite: %s cannot grow: the disk is full: %w", e.path, err)
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return e.damaged(err)
	case codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_PERM:
		return fmt.Errorf("sqlite: %s cannot be opened for writing: check the rights of the file and of its folder: %w", e.path, err)
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return fmt.Errorf("sqlite: %s is in use by another process for too long: %w", e.path, err)
	}
	return fmt.Errorf("sqlite: %s: %w", e.path, err)
}

func (e engine) damaged(err error) error {
	return fmt.Errorf("sqlite: %s is damaged or no database: restore it from a backup, or move it away to begin a new one: %w", e.path, err)
}

// Again implements relational.Engine. There is one writer at a time, which waits for others
// as long as is bearable.
func (engine) Again(error) bool { return false }
