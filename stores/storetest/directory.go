package storetest

import (
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// directories shows that keys that are made on one node are found on all, also under another
// pepper, and that each node learns of what others change.
func directories(t *testing.T, open Open) {
	peppers := func(secrets ...string) *keys.Peppers {
		p, err := keys.NewPeppers(secrets)
		check(t, err)
		return p
	}
	directory := func(p *keys.Peppers) *keys.Directory {
		store := open(t)
		d := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return store }, Peppers: p, Poll: 20 * time.Millisecond})
		t.Cleanup(d.Close)
		return d
	}
	old := peppers("the-first-pepper-of-all")
	rotated := peppers("the-second-pepper-of-all", "the-first-pepper-of-all")
	one, other := directory(rotated), directory(rotated)
	m := &keys.Manager{Store: open(t), Peppers: old}
	if _, err := m.CreateTenant(t.Context(), "ann", "acme", keys.TenantSpec{}); err != nil {
		t.Fatal(err)
	}
	r, secret, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{})
	check(t, err)

	// becomes waits until both nodes say the same of the key.
	becomes := func(want error) {
		t.Helper()
		deadline := time.Now().Add(20 * time.Second)
		for _, d := range []*keys.Directory{one, other} {
			for {
				_, err := d.Find(t.Context(), secret)
				if err == want {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("a node says %v, not %v", err, want)
				}
				time.Sleep(time.Millisecond)
			}
		}
	}
	becomes(nil)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		stored, err := m.Store.Key(t.Context(), "acme", r.ID)
		check(t, err)
		if hash, pepper := rotated.Hash(secret); stored.Hash == hash && stored.Pepper == pepper {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the key is not hashed anew")
		}
	}
	becomes(nil)
	for _, change := range []func(patch []byte) error{
		func(patch []byte) error { _, err := m.UpdateTenant(t.Context(), "ann", "acme", patch); return err },
		func(patch []byte) error { _, err := m.UpdateKey(t.Context(), "ann", "acme", r.ID, patch); return err },
	} {
		check(t, change([]byte(`{"disabled":true}`)))
		becomes(keys.ErrDisabled)
		check(t, change([]byte(`{"disabled":null}`)))
		becomes(nil)
	}
	_, err = m.RevokeKey(t.Context(), "ann", "acme", r.ID)
	check(t, err)
	becomes(keys.ErrRevoked)
	check(t, m.DeleteTenant(t.Context(), "ann", "acme"))
	becomes(keys.ErrUnknown)
}
