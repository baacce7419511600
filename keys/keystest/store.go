// Package keystest has a store of keys for tests: it is in memory, and can be away, slow or
// forgetful at will.
package keystest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// changesAtOnce is the most changes that Changes tells at once.
const changesAtOnce = 200

// Store keeps tenants, keys, changes and the audit in memory. It is whole and safe for
// concurrent use.
type Store struct {
	mu      sync.Mutex
	tenants map[string]keys.Tenant
	keys    map[string]keys.Record
	log     []keys.Change // all that has changed, the earliest first
	known   int           // the first of them that is still known
	audit   []keys.Audit

	faults
}

// New makes a store that has the default tenant and some others.
func New(tenants ...string) *Store {
	s := &Store{tenants: map[string]keys.Tenant{}, keys: map[string]keys.Record{}, faults: faults{calls: map[string]int{}}}
	for _, id := range append([]string{keys.DefaultTenant}, tenants...) {
		s.tenants[id] = keys.Tenant{ID: id, Version: 1}
	}
	return s
}

var _ keys.Store = (*Store)(nil)

// changed writes what has changed into the log and the audit.
func (s *Store) changed(by []*keys.Audit, changes ...keys.Change) {
	s.log = append(s.log, changes...)
	for _, entry := range by {
		if entry != nil {
			s.audit = append(s.audit, *entry)
		}
	}
}

// Tenant implements keys.Store.
func (s *Store) Tenant(ctx context.Context, id string) (*keys.Tenant, error) {
	if err := s.call(ctx, "Tenant"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tenants[id]
	if !ok {
		return nil, keys.ErrNotFound
	}
	t = cloneTenant(t)
	return &t, nil
}

// Tenants implements keys.Store.
func (s *Store) Tenants(ctx context.Context, after string, limit int) ([]keys.Tenant, error) {
	if err := s.call(ctx, "Tenants"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var page []keys.Tenant
	for _, id := range slices.Sorted(maps.Keys(s.tenants)) {
		if id > after && len(page) < limit {
			page = append(page, cloneTenant(s.tenants[id]))
		}
	}
	return page, nil
}

// CreateTenant implements keys.Store.
func (s *Store) CreateTenant(ctx context.Context, t *keys.Tenant, by *keys.Audit) error {
	if err := s.call(ctx, "CreateTenant"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.tenants[t.ID]; ok {
		return keys.ErrExists
	}
	t.Version = 1
	s.tenants[t.ID] = cloneTenant(*t)
	s.changed([]*keys.Audit{by}, keys.Change{Tenant: t.ID})
	return nil
}

// UpdateTenant implements keys.Store.
func (s *Store) UpdateTenant(ctx context.Context, t *keys.Tenant, by *keys.Audit) error {
	if err := s.call(ctx, "UpdateTenant"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.tenants[t.ID]
	switch {
	case !ok:
		return keys.ErrNotFound
	case old.Version != t.Version:
		return keys.ErrChanged
	}
	t.Version++
	updated := cloneTenant(*t)
	updated.Created = old.Created
	s.tenants[t.ID] = updated
	s.changed([]*keys.Audit{by}, keys.Change{Tenant: t.ID})
	return nil
}

// DeleteTenant implements keys.Store.
func (s *Store) DeleteTenant(ctx context.Context, id string, by *keys.Audit) error {
	if err := s.call(ctx, "DeleteTenant"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.tenants[id]; !ok {
		return keys.ErrNotFound
	}
	for _, r := range s.keys {
		if r.Tenant == id && r.Revoked == nil {
			return keys.ErrInUse
		}
	}
	maps.DeleteFunc(s.keys, func(_ string, r keys.Record) bool { return r.Tenant == id })
	delete(s.tenants, id)
	s.changed([]*keys.Audit{by}, keys.Change{Tenant: id})
	return nil
}

// Changes implements keys.Store.
func (s *Store) Changes(ctx context.Context, since int64) ([]keys.Change, int64, error) {
	if err := s.call(ctx, "Changes"); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	end := int64(len(s.log))
	switch {
	case since == 0:
		return nil, end, nil
	case since < int64(s.known), since > end:
		return nil, 0, keys.ErrGap
	}
	end = min(end, since+changesAtOnce)
	return slices.Clone(s.log[since:end]), end, nil
}

// WriteAudit implements keys.Store.
func (s *Store) WriteAudit(ctx context.Context, by *keys.Audit) error {
	if err := s.call(ctx, "WriteAudit"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed([]*keys.Audit{by})
	return nil
}

// AuditLog implements keys.Store.
func (s *Store) AuditLog(ctx context.Context, f keys.AuditFilter) ([]keys.Audit, string, error) {
	if err := s.call(ctx, "AuditLog"); err != nil {
		return nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	chosen := slices.Clone(s.audit)
	slices.SortStableFunc(chosen, func(a, b keys.Audit) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID))
	})
	var page []keys.Audit
	behind := f.After == ""
	for _, a := range chosen {
		if !matches(&f, &a) {
			continue
		}
		if behind {
			if len(page) == cmp.Or(f.Limit, 100) {
				return page, page[len(page)-1].ID, nil
			}
			page = append(page, a)
		}
		behind = behind || a.ID == f.After
	}
	return page, "", nil
}

func matches(f *keys.AuditFilter, a *keys.Audit) bool {
	return (f.Tenant == "" || f.Tenant == a.Tenant) && (f.Subject == "" || f.Subject == a.Subject) &&
		!a.Time.Before(f.Since) && (f.Until.IsZero() || a.Time.Before(f.Until))
}

func cloneTenant(t keys.Tenant) keys.Tenant {
	t.ModelLimits, t.Metadata = maps.Clone(t.ModelLimits), maps.Clone(t.Metadata)
	return t
}

func cloneKey(r keys.Record) keys.Record {
	r.Scope.Models = slices.Clone(r.Scope.Models)
	r.Scope.Dialects, r.Scope.Endpoints = slices.Clone(r.Scope.Dialects), slices.Clone(r.Scope.Endpoints)
	r.Metadata = maps.Clone(r.Metadata)
	if r.Capture != nil {
		r.Capture = &keys.Capture{Share: r.Capture.Share, Until: cloneTime(r.Capture.Until)}
	}
	r.Revoked, r.Expires, r.LastUsed = cloneTime(r.Revoked), cloneTime(r.Expires), cloneTime(r.LastUsed)
	return r
}

func cloneTime(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}
