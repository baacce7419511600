package admin

import (
	"errors"
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// Key is a key as an administrator sees it, without its secret.
type Key struct {
	keys.Record
	// State is what it is now: "active", "disabled", "expired" or "revoked".
	State string `json:"state"`
	// CaptureOff says that the key's setting of captures has no effect, since the
	// configuration forbids them.
	CaptureOff bool `json:"capture_off,omitempty"`
}

// keyOf tells of a key at the moment.
func (x *exchange) keyOf(r *keys.Record) Key {
	state := "active"
	switch {
	case r.Revoked != nil:
		state = "revoked"
	case r.Expires != nil && !r.Expires.After(x.now):
		state = "expired"
	case r.Disabled:
		state = "disabled"
	}
	return Key{*r, state, r.Capture != nil && x.backend.CaptureOff()}
}

// NewKey is a key that has just been made.
type NewKey struct {
	Key
	// Secret is the whole key, which is told this once.
	Secret string `json:"secret"`
	// TenantCreated says that its tenant was made along with it.
	TenantCreated bool `json:"tenant_created,omitempty"`
}

// writeNewKey tells of a key that has just been made.
func (x *exchange) writeNewKey(r *keys.Record, secret, location string, tenantCreated bool) error {
	x.w.Header().Set("Location", location)
	return x.write(http.StatusCreated, NewKey{Key: x.keyOf(r), Secret: secret, TenantCreated: tenantCreated})
}

// listKeys lists keys by id.
func (x *exchange) listKeys() error {
	tenant, limit, after := x.query.text("tenant"), x.query.limit(), x.query.text("after")
	if err := x.query.done(); err != nil {
		return err
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	records, err := store.Keys(x.Context(), tenant, after, limit+1)
	if err != nil {
		return storeError(err, "the page")
	}
	records, more := cut(records, limit)
	list := make([]Key, len(records))
	for i := range records {
		list[i] = x.keyOf(&records[i])
	}
	if !more {
		return writePage(x, list, "")
	}
	return writePage(x, list, list[len(list)-1].ID)
}

// keyCreation is a key that is to be made.
type keyCreation struct {
	Tenant string `json:"tenant"`
	// CreateTenant makes the tenant if there is none.
	CreateTenant bool `json:"create_tenant"`
	keys.KeySpec
}

// createKey makes a key.
func (x *exchange) createKey() error {
	if err := x.query.done(); err != nil {
		return err
	}
	var asked keyCreation
	if err := x.decode(&asked); err != nil {
		return err
	}
	manager, err := x.manager()
	if err != nil {
		return err
	}
	record, secret, err := manager.CreateKey(x.Context(), x.actor(), asked.Tenant, asked.KeySpec)
	absent := errors.Is(err, keys.ErrNotFound)
	if absent && asked.CreateTenant {
		if err = x.ensureTenant(manager, asked.Tenant); err == nil {
			record, secret, err = manager.CreateKey(x.Context(), x.actor(), asked.Tenant, asked.KeySpec)
		}
	}
	if err != nil {
		return storeError(err, "tenant '"+asked.Tenant+"'")
	}
	return x.writeNewKey(record, secret, "keys/"+record.ID, absent)
}

// ensureTenant makes a tenant, unless somebody else has done so meanwhile.
func (x *exchange) ensureTenant(m *keys.Manager, id string) error {
	_, err := m.CreateTenant(x.Context(), x.actor(), id, keys.TenantSpec{})
	if errors.Is(err, keys.ErrExists) {
		return nil
	}
	return err
}

// ofTenant reads the tenant that the key in the path must be of, "" for any.
func (x *exchange) ofTenant() (string, error) {
	tenant := x.query.text("tenant")
	return tenant, x.query.done()
}

// thatKey is what the path names, for people.
func (x *exchange) thatKey() string { return "key '" + x.id + "'" }

// getKey tells of a key.
func (x *exchange) getKey() error {
	tenant, err := x.ofTenant()
	if err != nil {
		return err
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	record, err := store.Key(x.Context(), tenant, x.id)
	return x.writeKey(record, err)
}

// writeKey tells of a key that was looked for or changed.
func (x *exchange) writeKey(r *keys.Record, err error) error {
	if err != nil {
		return storeError(err, x.thatKey())
	}
	return x.write(http.StatusOK, x.keyOf(r))
}

// updateKey changes a key.
func (x *exchange) updateKey() error {
	tenant, err := x.ofTenant()
	if err != nil {
		return err
	}
	patch, err := x.body(maxBody)
	if err != nil {
		return err
	}
	manager, err := x.manager()
	if err != nil {
		return err
	}
	return x.writeKey(manager.UpdateKey(x.Context(), x.actor(), tenant, x.id, patch))
}

// revokeKey refuses a key for good.
func (x *exchange) revokeKey() error {
	tenant, err := x.ofTenant()
	if err != nil {
		return err
	}
	manager, err := x.manager()
	if err != nil {
		return err
	}
	return x.writeKey(manager.RevokeKey(x.Context(), x.actor(), tenant, x.id))
}

// rotation says how a key is replaced.
type rotation struct {
	// Overlap is how long the old key goes on working, such as "24h"; "" is not at all.
	Overlap string `json:"overlap"`
}

func (r *rotation) span() (time.Duration, error) {
	if r.Overlap == "" || r.Overlap == "0" {
		return 0, nil
	}
	span, err := ParseSpan(r.Overlap)
	if err != nil {
		return 0, invalid("overlap: %v", err)
	}
	return span, nil
}

// rotateKey makes a key in place of another.
func (x *exchange) rotateKey() error {
	tenant, err := x.ofTenant()
	if err != nil {
		return err
	}
	var asked rotation
	if x.ContentLength != 0 { // there need not be a body
		if err := x.decode(&asked); err != nil {
			return err
		}
	}
	overlap, err := asked.span()
	if err != nil {
		return err
	}
	manager, err := x.manager()
	if err != nil {
		return err
	}
	record, secret, err := manager.RotateKey(x.Context(), x.actor(), tenant, x.id, overlap)
	if err != nil {
		return storeError(err, x.thatKey())
	}
	return x.writeNewKey(record, secret, "../"+record.ID, false)
}
