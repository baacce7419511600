package relational

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rickyjim626/xjp-gateway/keys"
)

const selectTenants = "SELECT id, name, disabled, limits, key_limits, model_limits, metadata, created, updated, version FROM xjp_tenants"

func scanTenant(scan Scanner) (*keys.Tenant, error) {
	t := new(keys.Tenant)
	return t, scan(&t.ID, &t.Name, &t.Disabled, document{&t.Limits}, document{&t.KeyLimits}, document{&t.ModelLimits}, document{&t.Metadata},
		(*moment)(&t.Created), (*moment)(&t.Updated), &t.Version)
}

// Tenant implements keys.Store.
func (s *Store) Tenant(ctx context.Context, id string) (*keys.Tenant, error) {
	if !isClean(id) {
		return nil, keys.ErrNotFound
	}
	var found *keys.Tenant
	err := s.query(ctx, func(scan Scanner) (err error) {
		found, err = scanTenant(scan)
		return err
	}, selectTenants+" WHERE id = $1", id)
	if err == nil && found == nil {
		err = keys.ErrNotFound
	}
	return found, err
}

// Tenants implements keys.Store.
func (s *Store) Tenants(ctx context.Context, after string, limit int) ([]keys.Tenant, error) {
	var page []keys.Tenant
	err := s.query(ctx, func(scan Scanner) error {
		t, err := scanTenant(scan)
		page = append(page, *t)
		return err
	}, selectTenants+" WHERE id > $1 ORDER BY id LIMIT $2", clean(after), max(0, limit))
	return page, err
}

// CreateTenant implements keys.Store.
func (s *Store) CreateTenant(ctx context.Context, t *keys.Tenant, by *keys.Audit) error {
	if t.ID == "" || !isClean(t.ID) {
		return fmt.Errorf("id: %.40q is no id of a tenant", t.ID)
	}
	err := s.change(ctx, []*keys.Audit{by}, []keys.Change{{Tenant: t.ID}}, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO xjp_tenants (id, name, disabled, limits, key_limits, model_limits, metadata, created, updated, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)`,
			t.ID, clean(t.Name), t.Disabled, document{&t.Limits}, document{&t.KeyLimits}, document{&t.ModelLimits}, document{&t.Metadata},
			s.engine.Time(exact(t.Created)), s.engine.Time(exact(t.Updated)))
		return err
	})
	if err == nil {
		t.Version = 1
	}
	return err
}

// UpdateTenant implements keys.Store.
func (s *Store) UpdateTenant(ctx context.Context, t *keys.Tenant, by *keys.Audit) error {
	if !isClean(t.ID) {
		return keys.ErrNotFound
	}
	err := s.change(ctx, []*keys.Audit{by}, []keys.Change{{Tenant: t.ID}}, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE xjp_tenants SET name = $1, disabled = $2, limits = $3, key_limits = $4, model_limits = $5,
			metadata = $6, updated = $7, version = version + 1 WHERE id = $8 AND version = $9`,
			clean(t.Name), t.Disabled, document{&t.Limits}, document{&t.KeyLimits}, document{&t.ModelLimits}, document{&t.Metadata},
			s.engine.Time(exact(t.Updated)), t.ID, t.Version)
		return updated(ctx, tx, result, err, "SELECT COUNT(*) FROM xjp_tenants WHERE id = $1", t.ID)
	})
	if err == nil {
		t.Version++
	}
	return err
}

// updated tells why an update has changed nothing: count tells whether its row is there.
func updated(ctx context.Context, tx *sql.Tx, result sql.Result, err error, count string, args ...any) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	var there int
	if err := tx.QueryRowContext(ctx, count, args...).Scan(&there); err != nil {
		return err
	}
	if there > 0 {
		return keys.ErrChanged
	}
	return keys.ErrNotFound
}

// DeleteTenant implements keys.Store.
func (s *Store) DeleteTenant(ctx context.Context, id string, by *keys.Audit) error {
	if !isClean(id) {
		return keys.ErrNotFound
	}
	return s.change(ctx, []*keys.Audit{by}, []keys.Change{{Tenant: id}}, func(ctx context.Context, tx *sql.Tx) error {
		var live int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM xjp_keys WHERE tenant = $1 AND revoked IS NULL", id).Scan(&live); err != nil {
			return err
		}
		if live > 0 {
			return keys.ErrInUse
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM xjp_keys WHERE tenant = $1", id); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM xjp_tenants WHERE id = $1", id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return keys.ErrNotFound
	})
}
