package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
)

func fullTenant(id string) *keys.Tenant {
	return &keys.Tenant{
		ID: id, Name: "Acme 有限公司 \"<&>'; DROP TABLE xjp_keys; --", Disabled: true,
		Limits:      limits.Set{RequestsPerMinute: 120, Concurrent: limits.Unlimited, BudgetPerMonth: 50 * prices.Dollar},
		KeyLimits:   limits.Set{TokensPerDay: 2_000_000, Budget: 1},
		ModelLimits: map[string]limits.Set{"claude-*": {OutputTokensPerDay: 7}},
		Metadata:    map[string]string{"team": "a", "π": "\u0000\n"},
		Created:     now, Updated: now.Add(time.Second),
	}
}

// tenants shows that a tenant comes back as it was given, and that a new store has the
// default tenant and no other.
func tenants(t *testing.T, open Open) {
	s := open(t)
	check(t, s.Ping(t.Context()))
	all, err := s.Tenants(t.Context(), "", 10)
	check(t, err)
	if len(all) != 1 || all[0].ID != keys.DefaultTenant || all[0].Version != 1 || all[0].Disabled || all[0].Created.IsZero() {
		t.Errorf("a new store has %+v", all)
	}
	want := fullTenant("acme")
	check(t, s.CreateTenant(t.Context(), want, nil))
	checkIs(t, s.CreateTenant(t.Context(), fullTenant("acme"), nil), keys.ErrExists)
	checkTenant(t, open(t), want)
	if want.Version != 1 {
		t.Errorf("a new tenant has version %d", want.Version)
	}
	_, err = s.Tenant(t.Context(), "acm")
	checkIs(t, err, keys.ErrNotFound)
	if s.CreateTenant(t.Context(), &keys.Tenant{}, nil) == nil {
		t.Error("a tenant without id was created")
	}
}

func checkTenant(t *testing.T, s keys.Store, want *keys.Tenant) {
	t.Helper()
	got, err := s.Tenant(t.Context(), want.ID)
	check(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// tenantPages shows that tenants are listed by the bytes of their ids.
func tenantPages(t *testing.T, open Open) {
	s := open(t)
	for _, id := range []string{"b", "B", "a.b", "a-b", "a_b", "ä", "a"} {
		check(t, s.CreateTenant(t.Context(), &keys.Tenant{ID: id, Created: now, Updated: now}, nil))
	}
	var ids []string
	for after := ""; ; {
		page, err := s.Tenants(t.Context(), after, 3)
		check(t, err)
		if len(page) == 0 {
			break
		}
		for i := range page {
			ids = append(ids, page[i].ID)
		}
		after = page[len(page)-1].ID
	}
	if got, want := fmt.Sprint(ids), "[B a a-b a.b a_b b default ä]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// changedTenants shows that updates set all but Created, and that none undoes one that it
// has not seen.
func changedTenants(t *testing.T, open Open) {
	s := open(t)
	tenant := fullTenant("acme")
	check(t, s.CreateTenant(t.Context(), tenant, nil))
	stale := *tenant
	changed := &keys.Tenant{ID: "acme", Name: "Acme", Created: now.Add(time.Hour), Updated: now.Add(time.Hour), Version: tenant.Version}
	check(t, s.UpdateTenant(t.Context(), changed, nil))
	if changed.Version != 2 {
		t.Errorf("the version is %d", changed.Version)
	}
	changed.Created = now
	checkTenant(t, s, changed)
	checkIs(t, s.UpdateTenant(t.Context(), &stale, nil), keys.ErrChanged)
	if stale.Version != 1 {
		t.Errorf("a refused update has set the version %d", stale.Version)
	}
	checkTenant(t, s, changed)
	checkIs(t, s.UpdateTenant(t.Context(), &keys.Tenant{ID: "nobody", Version: 1}, nil), keys.ErrNotFound)
}

// deletedTenants shows that a tenant goes with its revoked keys, and not before all are.
func deletedTenants(t *testing.T, open Open) {
	s := open(t)
	check(t, s.CreateTenant(t.Context(), fullTenant("acme"), nil))
	a, b := key("a", "acme"), key("b", "acme")
	a.Revoked = &now
	check(t, s.CreateKey(t.Context(), a, nil))
	check(t, s.CreateKey(t.Context(), b, nil))
	check(t, s.CreateKey(t.Context(), key("c", keys.DefaultTenant), nil))
	checkIs(t, s.DeleteTenant(t.Context(), "acme", nil), keys.ErrInUse)
	checkKey(t, s, a)
	b.Revoked = &now
	check(t, s.UpdateKey(t.Context(), b, nil))
	check(t, s.DeleteTenant(t.Context(), "acme", nil))
	_, err := s.Tenant(t.Context(), "acme")
	checkIs(t, err, keys.ErrNotFound)
	all, err := s.Keys(t.Context(), "", "", 10)
	check(t, err)
	if len(all) != 1 || all[0].ID != "c" {
		t.Errorf("the keys left are %+v", all)
	}
	checkIs(t, s.DeleteTenant(t.Context(), "acme", nil), keys.ErrNotFound)
}
