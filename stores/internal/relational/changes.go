package relational

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rickyjim626/xjp-gateway/keys"
)

const (
	// changesKept is how many changes are remembered.
	changesKept = 10_000
	// changesAtOnce is the most changes that are told at once.
	changesAtOnce = 500
)

// change runs a transaction that changes tenants or keys, tells of the changes and writes
// the entries of the audit that are not nil.
func (s *Store) change(ctx context.Context, by []*keys.Audit, changes []keys.Change, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// The row of the last number is locked before anything else until the end of the
		// transaction. So changes happen one after the other, and none is seen before one
		// with a lower number, as it could be with a sequence of PostgreSQL.
		if err := tell(ctx, tx, changes); err != nil {
			return err
		}
		if err := do(ctx, tx); err != nil {
			return err
		}
		for _, entry := range by {
			if entry == nil {
				continue
			}
			if err := s.audit(ctx, tx, entry); err != nil {
				return err
			}
		}
		return nil
	})
}

// tell writes changes into the sequence of changes, and forgets old ones.
func tell(ctx context.Context, tx *sql.Tx, changes []keys.Change) error {
	var last int64
	count := int64(len(changes))
	if err := tx.QueryRowContext(ctx, "UPDATE xjp_last_change SET number = number + $1 RETURNING number", count).Scan(&last); err != nil {
		return err
	}
	for i, c := range changes {
		number := last - count + 1 + int64(i)
		if _, err := tx.ExecContext(ctx, "INSERT INTO xjp_changes (number, tenant, key) VALUES ($1, $2, $3)", number, clean(c.Tenant), clean(c.Key)); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM xjp_changes WHERE number <= $1", last-changesKept)
	return err
}

// Changes implements keys.Store.
func (s *Store) Changes(ctx context.Context, since int64) ([]keys.Change, int64, error) {
	var last int64
	// 0 asks for the present point, and nothing lies behind that.
	after := since
	if since == 0 {
		after = -1
	}
	var changes []keys.Change
	now := since
	// One statement sees the last number and the changes at one moment.
	err := s.query(ctx, func(scan Scanner) error {
		var number sql.NullInt64
		var tenant, key sql.NullString
		if err := scan(&last, &number, &tenant, &key); err != nil {
			return err
		}
		if number.Valid {
			now = number.Int64
			changes = append(changes, keys.Change{Tenant: tenant.String, Key: key.String})
		}
		return nil
	}, `SELECT l.number, c.number, c.tenant, c.key FROM xjp_last_change l
		LEFT JOIN xjp_changes c ON c.number > $1 AND $1 >= 0
		ORDER BY c.number LIMIT $2`, after, changesAtOnce)
	switch {
	case err != nil:
		return nil, 0, err
	case since == 0:
		return nil, last, nil
	case since < 0 || since < last-changesKept || since > last:
		return nil, 0, keys.ErrGap
	}
	return changes, now, nil
}

// audit writes an entry of the audit.
func (s *Store) audit(ctx context.Context, tx *sql.Tx, a *keys.Audit) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO xjp_audit (id, time, actor, action, tenant, subject, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		a.ID, s.engine.Time(exact(a.Time)), clean(a.Actor), clean(a.Action), clean(a.Tenant), clean(a.Subject), cleanTo(longestDetail, a.Detail))
	if errors.Is(s.explain(err), keys.ErrExists) {
		return errAuditID
	}
	return err
}

// WriteAudit implements keys.Store.
func (s *Store) WriteAudit(ctx context.Context, by *keys.Audit) error {
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.audit(ctx, tx, by) })
}

// longestDetail is the most bytes that an entry of the audit says of a change.
const longestDetail = 64 << 10

var errAuditID = errors.New("id of the audit: an entry with it exists already")

// AuditLog implements keys.Store.
func (s *Store) AuditLog(ctx context.Context, f keys.AuditFilter) ([]keys.Audit, string, error) {
	w := new(where)
	w.is("tenant", f.Tenant)
	w.is("subject", f.Subject)
	w.span(s.engine.Time, f.Since, f.Until)
	limit, err := s.page(w, f.After, f.Limit)
	if err != nil {
		return nil, "", err
	}
	var page []keys.Audit
	err = s.query(ctx, func(scan Scanner) error {
		var a keys.Audit
		err := scan(&a.ID, (*moment)(&a.Time), &a.Actor, &a.Action, &a.Tenant, &a.Subject, &a.Detail)
		page = append(page, a)
		return err
	}, "SELECT id, time, actor, action, tenant, subject, detail FROM xjp_audit"+w.String()+latestFirst(limit), w.args...)
	if err != nil {
		return nil, "", err
	}
	page, next := turn(page, limit, func(last *keys.Audit) Place { return Place{last.Time, last.ID} })
	return page, next, nil
}
