package keys

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxOverlap is the longest time that two keys of a rotation may live side by side.
const MaxOverlap = 90 * 24 * time.Hour

// CreateKey makes a key of a tenant, the default one if it is empty, and gives its record
// and the secret, which is nowhere else.
func (m *Manager) CreateKey(ctx context.Context, actor, tenant string, spec KeySpec) (*Record, string, error) {
	if tenant == "" {
		tenant = DefaultTenant
	}
	if err := firstError(CheckID("tenant", tenant), spec.validate(m, &KeySpec{})); err != nil {
		return nil, "", err
	}
	r, secret := m.newRecord(tenant)
	spec.set(r)
	by, err := m.entry(actor, "key.create", tenant, r.ID, spec)
	if err != nil {
		return nil, "", err
	}
	err = m.Store.CreateKey(ctx, r, by)
	if errors.Is(err, ErrNotFound) && tenant == DefaultTenant {
		if _, err = m.CreateTenant(ctx, actor, tenant, TenantSpec{}); err == nil || errors.Is(err, ErrExists) {
			err = m.Store.CreateKey(ctx, r, by)
		}
	}
	if err != nil {
		return nil, "", about("tenant", tenant, err)
	}
	m.changed(Change{Key: r.ID})
	return r, secret, nil
}

// newRecord makes a key.
func (m *Manager) newRecord(tenant string) (*Record, string) {
	id, secret := NewSecret()
	r := &Record{ID: id, Tenant: tenant, Created: m.now()}
	r.Updated = r.Created
	r.Hash, r.Pepper = m.Peppers.Hash(secret)
	return r, secret
}

// UpdateKey applies a JSON merge patch of a KeySpec to a key of a tenant, of any if it is
// empty: what it leaves out stays, what it sets to null is cleared. A key that is revoked
// stays so and cannot be changed. A patch that changes nothing writes nothing.
func (m *Manager) UpdateKey(ctx context.Context, actor, tenant, id string, patch []byte) (*Record, error) {
	return m.change(ctx, tenant, id, func(r *Record) (*Audit, error) {
		if r.Revoked != nil {
			return nil, &OverError{"is revoked and cannot be changed"}
		}
		before := keySpec(r)
		var spec KeySpec
		if err := patched(before, patch, &spec); err != nil {
			return nil, err
		}
		if err := spec.validate(m, &before); err != nil {
			return nil, err
		}
		detail, err := difference(before, spec)
		if err != nil || len(detail) == 0 {
			return nil, err
		}
		spec.set(r)
		return m.entry(actor, "key.update", r.Tenant, id, detail)
	})
}

// RevokeKey refuses a key for good. To revoke it again changes nothing.
func (m *Manager) RevokeKey(ctx context.Context, actor, tenant, id string) (*Record, error) {
	return m.change(ctx, tenant, id, func(r *Record) (*Audit, error) {
		if r.Revoked != nil {
			return nil, nil
		}
		now := m.now()
		r.Revoked = &now
		return m.entry(actor, "key.revoke", r.Tenant, id, struct{}{})
	})
}

// change reads a key, has it changed, and writes it if there is something for the audit.
func (m *Manager) change(ctx context.Context, tenant, id string, change func(*Record) (*Audit, error)) (*Record, error) {
	var r *Record
	var by *Audit
	err := again(func() error {
		var err error
		if r, err = m.Store.Key(ctx, tenant, id); err != nil {
			return err
		}
		if by, err = change(r); by == nil || err != nil {
			return err
		}
		r.Updated = m.now()
		return m.Store.UpdateKey(ctx, r, by)
	})
	if err != nil {
		return nil, about("key", id, err)
	}
	if by != nil {
		m.changed(Change{Key: id})
	}
	return r, nil
}

// RotateKey makes a key in place of another, which expires when the overlap is over, unless
// it does so before. The new one has all that the old one has but its counts: it begins
// with fresh limits of its own.
func (m *Manager) RotateKey(ctx context.Context, actor, tenant, id string, overlap time.Duration) (*Record, string, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return nil, "", &InvalidError{"overlap", fmt.Sprintf("must be from 0 to %d days", int(MaxOverlap.Hours())/24)}
	}
	var old, successor *Record
	var secret string
	err := again(func() error {
		var err error
		if old, err = m.Store.Key(ctx, tenant, id); err != nil {
			return err
		}
		if err := m.rotatable(ctx, old); err != nil {
			return err
		}
		successor, secret = m.newRecord(old.Tenant)
		spec := keySpec(old)
		spec.set(successor)
		successor.Replaces = id
		ends := successor.Created.Add(overlap)
		if old.Expires == nil || ends.Before(*old.Expires) {
			old.Expires = &ends
		}
		old.Updated = successor.Created
		made, err := m.entry(actor, "key.create", old.Tenant, successor.ID, replacement{id, spec})
		if err != nil {
			return err
		}
		rotated, err := m.entry(actor, "key.rotate", old.Tenant, id, map[string]any{"successor": successor.ID, "expires": old.Expires})
		if err != nil {
			return err
		}
		return m.Store.RotateKey(ctx, old, successor, []*Audit{made, rotated})
	})
	if err != nil {
		return nil, "", about("key", id, err)
	}
	m.changed(Change{Key: id}, Change{Key: successor.ID})
	return successor, secret, nil
}

// replacement is what the audit says of a key that was made in place of another.
type replacement struct {
	Replaces string `json:"replaces"`
	KeySpec
}

// rotatable refuses keys that are over: what replaces them should be made on purpose. It refuses
// those that have been rotated too: a second successor would inherit the end of the overlap.
func (m *Manager) rotatable(ctx context.Context, r *Record) error {
	switch {
	case r.Revoked != nil:
		return &OverError{"is revoked; make a new one"}
	case r.Expires != nil && !r.Expires.After(m.now()):
		return &OverError{"has expired; make a new one"}
	}
	successor, err := m.Store.Successor(ctx, r.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case successor.Revoked != nil:
		return &OverError{"was already rotated to " + successor.ID + ", which is revoked; make a new one"}
	}
	return &OverError{"was already rotated to " + successor.ID + "; rotate that one"}
}

func (s *KeySpec) set(r *Record) {
	r.Description, r.Scope, r.Limits, r.Disabled = s.Description, s.Scope, s.Limits, s.Disabled
	r.Metadata, r.Expires, r.Capture = s.Metadata, storedTime(s.Expires), s.Capture.stored()
}

func keySpec(r *Record) KeySpec {
	return KeySpec{Description: r.Description, Scope: r.Scope, Limits: r.Limits, Disabled: r.Disabled, Expires: r.Expires, Capture: r.Capture, Metadata: r.Metadata}
}
