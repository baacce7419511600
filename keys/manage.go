package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// Manager makes and changes keys and tenants for administrators. It checks what is asked
// for, and writes down in the audit who has changed what; a secret or a hash is never in
// it. Its errors are an InvalidError, those of Store, with what they are about, or those
// of the store itself. Its fields are not changed once it is used.
type Manager struct {
	Store   Store
	Peppers *Peppers
	// Dialects and Endpoints are the names that scopes may hold.
	Dialects, Endpoints []string
	// Changed is told at once what was changed, such as Directory.Invalidate. nil is nobody.
	Changed func(...Change)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// now is exact to the microsecond, as stores are.
func (m *Manager) now() time.Time {
	now := m.Now
	if now == nil {
		now = time.Now
	}
	return now().UTC().Truncate(time.Microsecond)
}

func (m *Manager) changed(changes ...Change) {
	if m.Changed != nil {
		m.Changed(changes...)
	}
}

// attempts is how often a change is tried that others come between.
const attempts = 5

// again repeats a change for as long as others come between its reading and writing.
func again(change func() error) error {
	var err error
	for range attempts {
		if err = change(); !errors.Is(err, ErrChanged) {
			return err
		}
	}
	return err
}

// entry is the entry of the audit for a change. detail is written as JSON.
func (m *Manager) entry(actor, action, tenant, subject string, detail any) (*Audit, error) {
	if actor == "" {
		return nil, &InvalidError{"actor", "must say who makes the change"}
	}
	if err := validText("actor", actor, maxPair); err != nil {
		return nil, err
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return nil, err
	}
	return &Audit{ID: randomText(20), Time: m.now(), Actor: actor, Action: action, Tenant: tenant, Subject: subject, Detail: string(text)}, nil
}

// Note writes into the audit what changes neither a tenant nor a key, such as that somebody
// reads what a client has sent. It returns an error if it could not be written: then what
// was to be noted should not happen.
func (m *Manager) Note(ctx context.Context, actor, action, tenant, subject string, detail any) error {
	by, err := m.entry(actor, action, tenant, subject, detail)
	if err != nil {
		return err
	}
	return m.Store.WriteAudit(ctx, by)
}

// about says what an error of the store is about.
func about(kind, id string, err error) error {
	for _, known := range []error{ErrNotFound, ErrExists, ErrInUse, ErrChanged} {
		if errors.Is(err, known) {
			return fmt.Errorf("%s %q: %w", kind, id, err)
		}
	}
	return err
}

// CreateTenant adds a tenant.
func (m *Manager) CreateTenant(ctx context.Context, actor, id string, spec TenantSpec) (*Tenant, error) {
	if err := firstError(CheckID("id", id), spec.validate()); err != nil {
		return nil, err
	}
	t := &Tenant{ID: id, Created: m.now()}
	t.Updated = t.Created
	spec.set(t)
	by, err := m.entry(actor, "tenant.create", id, id, spec)
	if err != nil {
		return nil, err
	}
	if err := m.Store.CreateTenant(ctx, t, by); err != nil {
		return nil, about("tenant", id, err)
	}
	m.changed(Change{Tenant: id})
	return t, nil
}

// UpdateTenant applies a JSON merge patch of a TenantSpec to a tenant: what it leaves out
// stays, what it sets to null is cleared. A patch that changes nothing writes nothing.
func (m *Manager) UpdateTenant(ctx context.Context, actor, id string, patch []byte) (*Tenant, error) {
	var t *Tenant
	err := again(func() error {
		var err error
		if t, err = m.Store.Tenant(ctx, id); err != nil {
			return err
		}
		before := tenantSpec(t)
		var spec TenantSpec
		if err := patched(before, patch, &spec); err != nil {
			return err
		}
		if err := spec.validate(); err != nil {
			return err
		}
		detail, err := difference(before, spec)
		if err != nil || len(detail) == 0 {
			return err
		}
		by, err := m.entry(actor, "tenant.update", id, id, detail)
		if err != nil {
			return err
		}
		spec.set(t)
		t.Updated = m.now()
		return m.Store.UpdateTenant(ctx, t, by)
	})
	if err != nil {
		return nil, about("tenant", id, err)
	}
	m.changed(Change{Tenant: id})
	return t, nil
}

// DeleteTenant deletes a tenant whose keys are all revoked.
func (m *Manager) DeleteTenant(ctx context.Context, actor, id string) error {
	if id == DefaultTenant {
		return &InvalidError{"id", "is the tenant of keys that name none; it cannot be deleted"}
	}
	by, err := m.entry(actor, "tenant.delete", id, id, struct{}{})
	if err != nil {
		return err
	}
	if err := m.Store.DeleteTenant(ctx, id, by); err != nil {
		return about("tenant", id, err)
	}
	m.changed(Change{Tenant: id})
	return nil
}

func (s *TenantSpec) set(t *Tenant) {
	t.Name, t.Disabled, t.Metadata = s.Name, s.Disabled, s.Metadata
	t.Limits, t.KeyLimits, t.ModelLimits = s.Limits, s.KeyLimits, maps.Clone(s.ModelLimits)
	// A pattern whose last limit is taken away says nothing any more.
	maps.DeleteFunc(t.ModelLimits, func(_ string, set limits.Set) bool { return set == limits.Set{} })
}

func tenantSpec(t *Tenant) TenantSpec {
	return TenantSpec{Name: t.Name, Disabled: t.Disabled, Limits: t.Limits, KeyLimits: t.KeyLimits, ModelLimits: t.ModelLimits, Metadata: t.Metadata}
}
