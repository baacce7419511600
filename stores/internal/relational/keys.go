package relational

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

const selectKeys = `SELECT id, tenant, hash, pepper, description, scope, limits, disabled, revoked, expires, last_used, capture, metadata, replaces,
	created, updated, version FROM xjp_keys`

func scanKey(scan Scanner) (*keys.Record, error) {
	r := new(keys.Record)
	return r, scan(&r.ID, &r.Tenant, (*digest)(&r.Hash), &r.Pepper, &r.Description, document{&r.Scope}, document{&r.Limits}, &r.Disabled,
		optional{&r.Revoked}, optional{&r.Expires}, optional{&r.LastUsed}, document{&r.Capture}, document{&r.Metadata}, &r.Replaces,
		(*moment)(&r.Created), (*moment)(&r.Updated), &r.Version)
}

// digest reads a hash.
type digest [32]byte

// Scan implements sql.Scanner.
func (d *digest) Scan(from any) error {
	b, ok := from.([]byte)
	if !ok || len(b) != len(d) {
		return fmt.Errorf("no hash: %T", from)
	}
	copy(d[:], b)
	return nil
}

// optional is a time that need not be set, as statements take it.
func (s *Store) optional(t *time.Time) any {
	if t == nil {
		return nil
	}
	return s.engine.Time(exact(*t))
}

// Key implements keys.Store.
func (s *Store) Key(ctx context.Context, tenant, id string) (*keys.Record, error) {
	if !isClean(id) || !isClean(tenant) {
		return nil, keys.ErrNotFound
	}
	w := new(where)
	w.add("id = ", id)
	w.is("tenant", tenant)
	return s.key(ctx, w)
}

// KeyByHash implements keys.Store.
func (s *Store) KeyByHash(ctx context.Context, hash [32]byte) (*keys.Record, error) {
	w := new(where)
	w.add("hash = ", hash[:])
	w.add("pepper = ", "")
	return s.key(ctx, w)
}

// Successor implements keys.Store.
func (s *Store) Successor(ctx context.Context, id string) (*keys.Record, error) {
	if id == "" || !isClean(id) {
		return nil, keys.ErrNotFound
	}
	w := new(where)
	w.add("replaces = ", id)
	return s.key(ctx, w)
}

func (s *Store) key(ctx context.Context, w *where) (*keys.Record, error) {
	var found *keys.Record
	err := s.query(ctx, func(scan Scanner) (err error) {
		found, err = scanKey(scan)
		return err
	}, selectKeys+w.String(), w.args...)
	if err == nil && found == nil {
		err = keys.ErrNotFound
	}
	return found, err
}

// Keys implements keys.Store.
func (s *Store) Keys(ctx context.Context, tenant, after string, limit int) ([]keys.Record, error) {
	w := new(where)
	w.add("id > ", clean(after))
	w.is("tenant", tenant)
	var page []keys.Record
	err := s.query(ctx, func(scan Scanner) error {
		r, err := scanKey(scan)
		page = append(page, *r)
		return err
	}, selectKeys+w.String()+fmt.Sprintf(" ORDER BY id LIMIT %d", max(0, limit)), w.args...)
	return page, err
}

// CreateKey implements keys.Store.
func (s *Store) CreateKey(ctx context.Context, r *keys.Record, by *keys.Audit) error {
	err := s.change(ctx, []*keys.Audit{by}, []keys.Change{{Key: r.ID}}, func(ctx context.Context, tx *sql.Tx) error {
		return s.insertKey(ctx, tx, r)
	})
	if err == nil {
		r.Version = 1
	}
	return err
}

// UpdateKey implements keys.Store.
func (s *Store) UpdateKey(ctx context.Context, r *keys.Record, by *keys.Audit) error {
	err := s.change(ctx, []*keys.Audit{by}, []keys.Change{{Key: r.ID}}, func(ctx context.Context, tx *sql.Tx) error {
		return s.updateKey(ctx, tx, r)
	})
	if err == nil {
		r.Version++
	}
	return err
}

// RotateKey implements keys.Store.
func (s *Store) RotateKey(ctx context.Context, old, successor *keys.Record, by []*keys.Audit) error {
	err := s.change(ctx, by, []keys.Change{{Key: old.ID}, {Key: successor.ID}}, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.insertKey(ctx, tx, successor); err != nil {
			return err
		}
		return s.updateKey(ctx, tx, old)
	})
	if err == nil {
		successor.Version = 1
		old.Version++
	}
	return err
}

func (s *Store) insertKey(ctx context.Context, tx *sql.Tx, r *keys.Record) error {
	if r.ID == "" || !isClean(r.ID) {
		return fmt.Errorf("id: %.40q is no id of a key", r.ID)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO xjp_keys (id, tenant, hash, pepper, description, scope, limits, disabled, revoked, expires, last_used,
		capture, metadata, replaces, created, updated, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)`,
		r.ID, clean(r.Tenant), r.Hash[:], clean(r.Pepper), cleanTo(longestLong, r.Description), document{&r.Scope}, document{&r.Limits}, r.Disabled,
		s.optional(r.Revoked), s.optional(r.Expires), s.optional(r.LastUsed), document{&r.Capture}, document{&r.Metadata}, clean(r.Replaces),
		s.engine.Time(exact(r.Created)), s.engine.Time(exact(r.Updated)))
	return err
}

func (s *Store) updateKey(ctx context.Context, tx *sql.Tx, r *keys.Record) error {
	if !isClean(r.ID) || !isClean(r.Tenant) {
		return keys.ErrNotFound
	}
	result, err := tx.ExecContext(ctx, `UPDATE xjp_keys SET hash = $1, pepper = $2, description = $3, scope = $4, limits = $5, disabled = $6,
		revoked = $7, expires = $8, capture = $9, metadata = $10, replaces = $11, updated = $12, version = version + 1
		WHERE id = $13 AND tenant = $14 AND version = $15`,
		r.Hash[:], clean(r.Pepper), cleanTo(longestLong, r.Description), document{&r.Scope}, document{&r.Limits}, r.Disabled,
		s.optional(r.Revoked), s.optional(r.Expires), document{&r.Capture}, document{&r.Metadata}, clean(r.Replaces),
		s.engine.Time(exact(r.Updated)), r.ID, r.Tenant, r.Version)
	return updated(ctx, tx, result, err, "SELECT COUNT(*) FROM xjp_keys WHERE id = $1 AND tenant = $2", r.ID, r.Tenant)
}

// Touch implements keys.Store.
func (s *Store) Touch(ctx context.Context, used map[string]time.Time) error {
	ids := slices.Sorted(maps.Keys(used))
	ids = slices.DeleteFunc(ids, func(id string) bool { return !isClean(id) })
	if len(ids) == 0 {
		return nil
	}
	at := make([]time.Time, len(ids))
	for i, id := range ids {
		at[i] = exact(used[id])
	}
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.engine.Touch(ctx, tx, ids, at) })
}
