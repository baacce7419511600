package keystest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// Key implements keys.Store.
func (s *Store) Key(ctx context.Context, tenant, id string) (*keys.Record, error) {
	if err := s.call(ctx, "Key"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.keys[id]
	if !ok || tenant != "" && r.Tenant != tenant {
		return nil, keys.ErrNotFound
	}
	r = cloneKey(r)
	return &r, nil
}

// KeyByHash implements keys.Store.
func (s *Store) KeyByHash(ctx context.Context, hash [32]byte) (*keys.Record, error) {
	if err := s.call(ctx, "KeyByHash"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.keys {
		if r.Pepper == "" && r.Hash == hash {
			r = cloneKey(r)
			return &r, nil
		}
	}
	return nil, keys.ErrNotFound
}

// Successor implements keys.Store.
func (s *Store) Successor(ctx context.Context, id string) (*keys.Record, error) {
	if err := s.call(ctx, "Successor"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.keys {
		if id != "" && r.Replaces == id {
			r = cloneKey(r)
			return &r, nil
		}
	}
	return nil, keys.ErrNotFound
}

// Keys implements keys.Store.
func (s *Store) Keys(ctx context.Context, tenant, after string, limit int) ([]keys.Record, error) {
	if err := s.call(ctx, "Keys"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var page []keys.Record
	for _, id := range slices.Sorted(maps.Keys(s.keys)) {
		r := s.keys[id]
		if id > after && (tenant == "" || r.Tenant == tenant) && len(page) < limit {
			page = append(page, cloneKey(r))
		}
	}
	return page, nil
}

// CreateKey implements keys.Store.
func (s *Store) CreateKey(ctx context.Context, r *keys.Record, by *keys.Audit) error {
	if err := s.call(ctx, "CreateKey"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.add(r); err != nil {
		return err
	}
	s.changed([]*keys.Audit{by}, keys.Change{Key: r.ID})
	return nil
}

// UpdateKey implements keys.Store.
func (s *Store) UpdateKey(ctx context.Context, r *keys.Record, by *keys.Audit) error {
	if err := s.call(ctx, "UpdateKey"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.update(r); err != nil {
		return err
	}
	s.changed([]*keys.Audit{by}, keys.Change{Key: r.ID})
	return nil
}

// RotateKey implements keys.Store.
func (s *Store) RotateKey(ctx context.Context, old, successor *keys.Record, by []*keys.Audit) error {
	if err := s.call(ctx, "RotateKey"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.add(successor); err != nil {
		return err
	}
	if err := s.update(old); err != nil {
		delete(s.keys, successor.ID)
		return err
	}
	s.changed(by, keys.Change{Key: old.ID}, keys.Change{Key: successor.ID})
	return nil
}

func (s *Store) add(r *keys.Record) error {
	if _, ok := s.tenants[r.Tenant]; !ok {
		return keys.ErrNotFound
	}
	for id, other := range s.keys {
		if id == r.ID || other.Hash == r.Hash {
			return keys.ErrExists
		}
	}
	r.Version = 1
	s.keys[r.ID] = cloneKey(*r)
	return nil
}

func (s *Store) update(r *keys.Record) error {
	old, ok := s.keys[r.ID]
	switch {
	case !ok || old.Tenant != r.Tenant:
		return keys.ErrNotFound
	case old.Version != r.Version:
		return keys.ErrChanged
	}
	r.Version++
	updated := cloneKey(*r)
	updated.Created, updated.LastUsed = old.Created, old.LastUsed
	s.keys[r.ID] = updated
	return nil
}

// Touch implements keys.Store.
func (s *Store) Touch(ctx context.Context, used map[string]time.Time) error {
	if err := s.call(ctx, "Touch"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range used {
		r, ok := s.keys[id]
		if ok && (r.LastUsed == nil || r.LastUsed.Before(at)) {
			r.LastUsed = &at
			s.keys[id] = r
		}
	}
	return nil
}
