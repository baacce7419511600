package storetest

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/stores"
)

func key(id, tenant string) *keys.Record {
	return &keys.Record{ID: id, Tenant: tenant, Hash: sha256.Sum256([]byte(id)), Created: now, Updated: now}
}

func fullKey(id, tenant string) *keys.Record {
	r := key(id, tenant)
	later := now.Add(time.Hour)
	r.Pepper, r.Description = "p1", "Anna's \"laptop\" \\ 电脑"
	r.Scope = keys.Scope{Models: []string{"claude-*"}, Dialects: []string{"messages"}, Endpoints: []string{"generate"}}
	r.Limits = limits.Set{RequestsPerDay: 1, BudgetPerDay: 3}
	r.Capture = &keys.Capture{Share: 0.125, Until: &later}
	r.Disabled, r.Revoked, r.Expires, r.LastUsed = true, &later, &now, &later
	r.Metadata, r.Replaces = map[string]string{"a": "b"}, "earlier"
	return r
}

func checkKey(t *testing.T, s keys.Store, want *keys.Record) {
	t.Helper()
	got, err := s.Key(t.Context(), "", want.ID)
	check(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// keyRecords shows that a key comes back as it was given, and that it is found by its id,
// its tenant and its plain hash.
func keyRecords(t *testing.T, open Open) {
	s := open(t)
	full, plain := fullKey("full", keys.DefaultTenant), key("plain", keys.DefaultTenant)
	check(t, s.CreateKey(t.Context(), full, nil))
	check(t, s.CreateKey(t.Context(), plain, nil))
	if full.Version != 1 {
		t.Errorf("a new key has version %d", full.Version)
	}
	other := open(t)
	checkKey(t, other, full)
	checkKey(t, other, plain)
	_, err := s.Key(t.Context(), keys.DefaultTenant, "full")
	check(t, err)
	_, err = s.Key(t.Context(), "acme", "full")
	checkIs(t, err, keys.ErrNotFound)
	_, err = s.Key(t.Context(), "", "Full")
	checkIs(t, err, keys.ErrNotFound)
	got, err := s.KeyByHash(t.Context(), plain.Hash)
	check(t, err)
	if got.ID != "plain" {
		t.Errorf("the hash is that of %s", got.ID)
	}
	_, err = s.KeyByHash(t.Context(), full.Hash) // it has a pepper
	checkIs(t, err, keys.ErrNotFound)
	_, err = s.KeyByHash(t.Context(), [32]byte{})
	checkIs(t, err, keys.ErrNotFound)
}

// keyPages shows that keys are listed by their ids, of one tenant or of all.
func keyPages(t *testing.T, open Open) {
	s := open(t)
	check(t, s.CreateTenant(t.Context(), fullTenant("acme"), nil))
	for i, id := range strings.Fields("k5 K3 k1 k4 k2") {
		check(t, s.CreateKey(t.Context(), key(id, []string{"acme", keys.DefaultTenant}[i%2]), nil))
	}
	for tenant, want := range map[string]string{"": "[K3 k1 k2 k4 k5]", "acme": "[k1 k2 k5]", "nobody": "[]"} {
		ids := []string{}
		for after := ""; ; {
			page, err := s.Keys(t.Context(), tenant, after, 2)
			check(t, err)
			if len(page) == 0 {
				break
			}
			for i := range page {
				ids = append(ids, page[i].ID)
			}
			after = page[len(page)-1].ID
		}
		if got := fmt.Sprint(ids); got != want {
			t.Errorf("the keys of %q are %s, not %s", tenant, got, want)
		}
	}
}

// refusedKeys shows that ids and hashes are in use once, and that a tenant must be there.
func refusedKeys(t *testing.T, open Open) {
	s := open(t)
	check(t, s.CreateKey(t.Context(), key("a", keys.DefaultTenant), nil))
	again, same := key("a", keys.DefaultTenant), key("b", keys.DefaultTenant)
	again.Hash[0]++
	same.Hash = key("a", "").Hash
	checkIs(t, s.CreateKey(t.Context(), again, nil), keys.ErrExists)
	checkIs(t, s.CreateKey(t.Context(), same, nil), keys.ErrExists)
	checkIs(t, s.CreateKey(t.Context(), key("c", "nobody"), nil), keys.ErrNotFound)
	checkKeys(t, s, "a")
}

func checkKeys(t *testing.T, s stores.Store, want string) {
	t.Helper()
	all, err := s.Keys(t.Context(), "", "", 100)
	check(t, err)
	var ids []string
	for i := range all {
		ids = append(ids, all[i].ID)
	}
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("the keys are %q, not %q", got, want)
	}
}

// changedKeys shows that updates set all but the tenant, Created and LastUsed, and that
// none undoes one that it has not seen.
func changedKeys(t *testing.T, open Open) {
	s := open(t)
	r := fullKey("a", keys.DefaultTenant)
	check(t, s.CreateKey(t.Context(), r, nil))
	check(t, s.CreateKey(t.Context(), key("b", keys.DefaultTenant), nil))
	changed := key("a", keys.DefaultTenant)
	changed.Hash, changed.Version, changed.Created, changed.Updated = [32]byte{1}, 1, now.Add(time.Hour), now.Add(time.Hour)
	check(t, s.UpdateKey(t.Context(), changed, nil))
	if changed.Version != 2 {
		t.Errorf("the version is %d", changed.Version)
	}
	changed.Created, changed.LastUsed = r.Created, r.LastUsed
	checkKey(t, s, changed)

	stale, foreign, taken := *r, *changed, *changed
	checkIs(t, s.UpdateKey(t.Context(), &stale, nil), keys.ErrChanged)
	foreign.Tenant = "acme"
	checkIs(t, s.UpdateKey(t.Context(), &foreign, nil), keys.ErrNotFound)
	taken.Hash = key("b", "").Hash
	checkIs(t, s.UpdateKey(t.Context(), &taken, nil), keys.ErrExists)
	checkIs(t, s.UpdateKey(t.Context(), key("c", keys.DefaultTenant), nil), keys.ErrNotFound)
	checkKey(t, s, changed)
}

// rotatedKeys shows that a rotation happens as a whole or not at all.
func rotatedKeys(t *testing.T, open Open) {
	s := open(t)
	old, successor := key("a", keys.DefaultTenant), key("b", keys.DefaultTenant)
	check(t, s.CreateKey(t.Context(), old, nil))
	old.Expires, successor.Replaces = &now, "a"
	check(t, s.RotateKey(t.Context(), old, successor, []*keys.Audit{entry(0, "key.create", keys.DefaultTenant, "b"), entry(2, "key.rotate", keys.DefaultTenant, "a")}))
	page, _, err := s.AuditLog(t.Context(), keys.AuditFilter{})
	check(t, err)
	if len(page) != 2 || page[0].Subject != "a" || page[1].Subject != "b" {
		t.Errorf("the audit says %+v", page)
	}
	if old.Version != 2 || successor.Version != 1 {
		t.Errorf("the versions are %d and %d", old.Version, successor.Version)
	}
	checkKey(t, s, old)
	checkKey(t, s, successor)
	found, err := s.Successor(t.Context(), "a")
	check(t, err)
	if found.ID != "b" || found.Replaces != "a" {
		t.Errorf("the successor is %+v", found)
	}
	for _, id := range []string{"b", "", "\x00"} {
		_, err := s.Successor(t.Context(), id)
		checkIs(t, err, keys.ErrNotFound)
	}

	stale := *old
	stale.Version = 1
	checkIs(t, s.RotateKey(t.Context(), &stale, key("c", keys.DefaultTenant), nil), keys.ErrChanged)
	checkIs(t, s.RotateKey(t.Context(), key("x", keys.DefaultTenant), key("c", keys.DefaultTenant), nil), keys.ErrNotFound)
	unchanged := *old
	unchanged.Disabled = true
	checkIs(t, s.RotateKey(t.Context(), &unchanged, key("b", keys.DefaultTenant), nil), keys.ErrExists)
	checkKeys(t, s, "a b")
	checkKey(t, s, old)
}

// usedKeys shows that the latest use is kept, and that it is no change.
func usedKeys(t *testing.T, open Open) {
	s := open(t)
	a, b := key("a", keys.DefaultTenant), key("b", keys.DefaultTenant)
	check(t, s.CreateKey(t.Context(), a, nil))
	check(t, s.CreateKey(t.Context(), b, nil))
	_, before, err := s.Changes(t.Context(), 0)
	check(t, err)
	later := now.Add(time.Minute)
	check(t, s.Touch(t.Context(), nil))
	check(t, s.Touch(t.Context(), map[string]time.Time{"a": later, "b": now.Add(999 * time.Nanosecond), "gone": now, "\x00": now}))
	check(t, s.Touch(t.Context(), map[string]time.Time{"a": now}))
	a.LastUsed, b.LastUsed = &later, &now
	checkKey(t, s, a)
	checkKey(t, s, b)
	_, after, err := s.Changes(t.Context(), 0)
	check(t, err)
	if before != after {
		t.Error("a use was told as a change")
	}
}

// strangeKeys shows that ids that no key can have do no harm, as they come from clients, nor
// does what cannot be kept.
func strangeKeys(t *testing.T, open Open) {
	s := open(t)
	check(t, s.CreateKey(t.Context(), key("a", keys.DefaultTenant), nil))
	for _, id := range []string{"a\x00", "\x00", "\xff", "a' OR '1'='1", strings.Repeat("a", 100_000)} {
		_, err := s.Key(t.Context(), "", id)
		checkIs(t, err, keys.ErrNotFound)
		_, err = s.Key(t.Context(), id, "a")
		checkIs(t, err, keys.ErrNotFound)
		_, err = s.Tenant(t.Context(), id)
		checkIs(t, err, keys.ErrNotFound)
		checkIs(t, s.UpdateKey(t.Context(), key(id, keys.DefaultTenant), nil), keys.ErrNotFound)
		checkIs(t, s.DeleteTenant(t.Context(), id, nil), keys.ErrNotFound)
	}
	unwritable := key("b", keys.DefaultTenant)
	far := time.Date(10_000, time.January, 1, 0, 0, 0, 0, time.UTC) // JSON has no such time
	unwritable.Capture = &keys.Capture{Share: 1, Until: &far}
	if s.CreateKey(t.Context(), unwritable, nil) == nil {
		t.Error("a key is kept that cannot be written down")
	}
	checkKeys(t, s, "a")
}
