package relational

import (
	"context"
	"database/sql"
	"slices"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// Amend implements ledger.Store. The first statement changes nothing: it keeps the row from
// others until the transaction ends, in each database.
func (s *Store) Amend(ctx context.Context, id string, told *ledger.Attempt) (*ledger.Attempt, error) {
	if !isClean(id) {
		return nil, ledger.ErrNoRecord
	}
	var replaced *ledger.Attempt
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		replaced = nil
		r, err := lockRecord(ctx, tx, id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(r.Attempts, func(a ledger.Attempt) bool { return a.Number == told.Number })
		if i < 0 || !r.Attempts[i].Untold() {
			return nil
		}
		untold, sums := r.Attempts[i], newSums(s.location)
		sums.count(r, -1)
		r.Attempts[i] = *told
		r.Sum()
		sums.count(r, 1)
		if _, err := tx.ExecContext(ctx, "UPDATE xjp_requests SET record = $1 WHERE id = $2", string(appendDocument(nil, r)), id); err != nil {
			return err
		}
		replaced = &untold
		return s.engine.Accumulate(ctx, tx, sums.rows())
	})
	if err != nil {
		return nil, err
	}
	return replaced, nil
}

// lockRecord reads a record that nobody else changes until the transaction ends.
func lockRecord(ctx context.Context, tx *sql.Tx, id string) (*ledger.Record, error) {
	rows, err := tx.QueryContext(ctx, "UPDATE xjp_requests SET id = id WHERE id = $1 RETURNING "+names(requests), id)
	if err != nil {
		return nil, err
	}
	found := (*ledger.Record)(nil)
	err = each(rows, func(scan scanner) (err error) {
		found, err = scanRequest(scan)
		return err
	})
	if err == nil && found == nil {
		err = ledger.ErrNoRecord
	}
	return found, err
}
