package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Prune implements relational.Requests. A block that is damaged goes whole, when all of it is too
// old: else it would be in the way of others for ever.
func (b blocks) Prune(ctx context.Context, tx *sql.Tx, before time.Time, most int) (int, error) {
	deleted, end := 0, before.UnixMicro()
	for deleted < most {
		k, err := oldest(ctx, tx, end)
		if k == nil && err == nil {
			return deleted, nil
		}
		n := 0
		switch {
		case err == nil:
			n, err = b.deleteBefore(ctx, tx, k, end, most-deleted)
		case errors.Is(err, errDamagedBlock) && k.last >= end:
			return deleted, nil
		case errors.Is(err, errDamagedBlock):
			n, err = b.drop(ctx, tx, k.number)
		}
		if err != nil || n == 0 {
			return deleted, err
		}
		deleted += n
	}
	return deleted, nil
}

// oldest gives the block with the oldest record from before a time, nil if there is none. If it is
// damaged, all but its entries is known.
func oldest(ctx context.Context, tx *sql.Tx, end int64) (*block, error) {
	rows, err := tx.QueryContext(ctx, selectBlock+firstBefore, end)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	k, err := scanBlock(rows.Scan)
	return &k, err
}

const firstBefore = " WHERE b.first < $1 ORDER BY b.first LIMIT 1"

// deleteBefore deletes the entries from before a time, at most some, and tells how many.
func (b blocks) deleteBefore(ctx context.Context, tx *sql.Tx, k *block, end int64, most int) (int, error) {
	deleted, err := b.delete(ctx, tx, k, func(e *entry) bool {
		if e.time >= end || most == 0 {
			return false
		}
		most--
		return true
	})
	return len(deleted), err
}

// drop deletes a block that cannot be read with all that leads to it, and tells how many records
// it had.
func (b blocks) drop(ctx context.Context, tx *sql.Tx, number int64) (int, error) {
	for _, statement := range []string{"DELETE FROM xjp_blocks WHERE number = $1", "DELETE FROM xjp_owners WHERE block = $1"} {
		if _, err := tx.ExecContext(ctx, statement, number); err != nil {
			return 0, err
		}
	}
	result, err := tx.ExecContext(ctx, "DELETE FROM xjp_ids WHERE block = $1", number)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
