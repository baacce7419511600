package keys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"
)

// presented is a secret that may be a key.
type presented struct {
	secret string
	sum    digest
	form   Form
	id     string
}

// lookUp finds a key in the store. Requests with the same key wait for one look-up, but for
// none that began before the last change: a key that was just revoked is not found by it.
func (d *Directory) lookUp(ctx context.Context, p presented) (*Principal, error) {
	generation := d.memory.since()
	flight := d.flights.DoChan(string(p.sum[:])+strconv.FormatUint(generation, 36), func() (any, error) {
		return d.load(p, generation)
	})
	select {
	case landed := <-flight:
		if landed.Err != nil {
			return nil, landed.Err
		}
		return d.admit(landed.Val.(*entry), d.o.Now())
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

// load reads a key of the store and remembers it, or that it is none.
func (d *Directory) load(p presented, generation uint64) (*entry, error) {
	if !d.begin() {
		return nil, ErrUnavailable
	}
	defer d.running.Done()
	lane := d.lanes[p.form]
	if !d.enter(lane) {
		return nil, ErrUnavailable
	}
	defer func() { <-lane }()
	ctx, cancel := context.WithTimeout(d.ctx, storeTimeout)
	defer cancel()
	e, err := d.read(ctx, p)
	switch {
	case err == nil:
		d.memory.keep(e, generation)
		return e, nil
	case errors.Is(err, ErrUnknown):
		d.memory.keepUnknown(p.sum, generation, d.o.Now().Add(unknownFor))
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// enter takes a place in a lane, and waits a little for one: a crowd of wrong keys costs
// the store no more than a few look-ups at once.
func (d *Directory) enter(lane chan struct{}) bool {
	timer := time.NewTimer(lookupWait)
	defer timer.Stop()
	select {
	case lane <- struct{}{}:
		return true
	case <-timer.C:
		d.busy.Add(1)
	case <-d.ctx.Done():
	}
	return false
}

// read reads a key and its tenant.
func (d *Directory) read(ctx context.Context, p presented) (*entry, error) {
	store := d.o.Store()
	if store == nil {
		return nil, errors.New("the store is not open")
	}
	d.lookups.Add(1)
	r, err := d.record(ctx, store, p)
	if err != nil {
		return nil, err
	}
	t, err := store.Tenant(ctx, r.Tenant)
	if errors.Is(err, ErrNotFound) {
		return nil, ErrUnknown // deleted since the key was read
	}
	if err != nil {
		return nil, err
	}
	d.renew(r, p)
	return newEntry(p.sum, r, t), nil
}

func newEntry(sum digest, r *Record, t *Tenant) *entry {
	e := &entry{digest: sum, hash: r.Hash, principal: NewPrincipal(r, t), refusal: refusal(r, t)}
	if r.Expires != nil {
		e.expires = *r.Expires
	}
	return e
}

// record reads the record that a secret is the key of.
func (d *Directory) record(ctx context.Context, store Store, p presented) (*Record, error) {
	var r *Record
	var err error
	if p.form == Made {
		r, err = store.Key(ctx, "", p.id)
	} else {
		r, err = store.KeyByHash(ctx, p.sum)
	}
	if errors.Is(err, ErrNotFound) {
		d.o.Peppers.Hash(p.secret) // so that an id that exists takes no longer
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	ok, err := d.o.Peppers.match(r, p.secret)
	if err != nil {
		d.o.Notice("a key cannot be checked", err)
	}
	if !ok {
		return nil, ErrUnknown
	}
	return r, nil
}

// refusal tells why a key may not be used, whatever the time.
func refusal(r *Record, t *Tenant) error {
	switch {
	case r.Revoked != nil:
		return ErrRevoked
	case r.Disabled, t.Disabled:
		return ErrDisabled
	}
	return nil
}

// Refusal tells why a key of a store may not be used at a time, nil if it may.
func Refusal(r *Record, t *Tenant, now time.Time) error {
	if err := refusal(r, t); err != nil {
		return err
	}
	if r.Expires != nil && !now.Before(*r.Expires) {
		return ErrExpired
	}
	return nil
}

// NewPrincipal gives who a key of a store stands for, whatever may refuse it.
func NewPrincipal(r *Record, t *Tenant) *Principal {
	p := &Principal{
		ID: r.ID, Tenant: r.Tenant, Scope: r.Scope,
		Limits: r.Limits.Over(t.KeyLimits), TenantLimits: t.Limits, ModelLimits: t.ModelLimits,
		Capture: r.Capture, Metadata: t.Metadata,
	}
	if len(r.Metadata) > 0 {
		p.Metadata = maps.Clone(t.Metadata)
		if p.Metadata == nil {
			p.Metadata = map[string]string{}
		}
		maps.Copy(p.Metadata, r.Metadata)
	}
	return p
}
