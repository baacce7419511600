package keys

import (
	"context"
	"errors"
	"strconv"
)

// knownTenant is what is known of a tenant that a key of the configuration belongs to.
type knownTenant struct {
	tenant  *Tenant // nil if it is not in the store
	current bool    // nothing has changed since it was read
}

// within is a key of the configuration under its tenant as that was read.
type within struct {
	tenant    *Tenant
	principal *Principal
}

// Within gives a key of the configuration under its tenant: with the limits that the store has
// for the tenant, and with ErrDisabled beside it if the tenant is disabled. Such a key goes on
// without the store: then what was known last of its tenant stands, and nothing if that was
// never read. A tenant that is not in the store has no limits.
func (d *Directory) Within(ctx context.Context, key *Principal) (*Principal, error) {
	t := d.tenant(ctx, key.Tenant)
	if t == nil {
		return key, nil
	}
	known := key.within.Load()
	if known == nil || known.tenant != t {
		p := NewPrincipal(&Record{ID: key.ID, Tenant: key.Tenant, Scope: key.Scope, Limits: key.Limits}, t)
		p.Static = true
		known = &within{t, p}
		key.within.Store(known)
	}
	if t.Disabled {
		return known.principal, ErrDisabled
	}
	return known.principal, nil
}

// tenant gives a tenant, nil if it is not in the store or was never read. Requests that need it
// wait for one look-up, but for none that began before the last change.
func (d *Directory) tenant(ctx context.Context, id string) *Tenant {
	known := d.memory.tenant(id)
	if known.current || d.view.Load().away {
		return known.tenant
	}
	generation := d.memory.since()
	flight := d.flights.DoChan("tenant "+id+" "+strconv.FormatUint(generation, 36), func() (any, error) {
		return d.loadTenant(id, generation)
	})
	select {
	case landed := <-flight:
		if landed.Err == nil {
			return landed.Val.(*Tenant)
		}
	case <-ctx.Done():
	}
	return known.tenant
}

// loadTenant reads a tenant of the store, nil if it is not there, and remembers that.
func (d *Directory) loadTenant(id string, generation uint64) (*Tenant, error) {
	if !d.begin() {
		return nil, ErrUnavailable
	}
	defer d.running.Done()
	store := d.o.Store()
	if store == nil {
		return nil, ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(d.ctx, storeTimeout)
	defer cancel()
	t, err := store.Tenant(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		t = nil
	case err != nil:
		return nil, err
	}
	d.memory.keepTenant(id, t, generation)
	return t, nil
}

// refreshTenants reads tenants anew that have changed. One that cannot be read is tried again
// after the next poll.
func (d *Directory) refreshTenants() {
	for _, id := range d.memory.changedTenants() {
		if _, err := d.loadTenant(id, d.memory.since()); err != nil {
			return
		}
	}
}
