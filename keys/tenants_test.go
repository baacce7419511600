package keys_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/keys/keystest"
	"github.com/rickyjim626/xjp-gateway/limits"
)

// changeTenant changes a tenant in the store, as another node would.
func changeTenant(t testing.TB, s *keystest.Store, id string, change func(*keys.Tenant)) {
	t.Helper()
	tenant, err := s.Tenant(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	change(tenant)
	if err := s.UpdateTenant(t.Context(), tenant, nil); err != nil {
		t.Fatal(err)
	}
}

// TestWithin checks that a key of the configuration has its tenant's limits, follows their
// changes, and goes on with what is known while the store is away or hangs.
func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New("acme")
		changeTenant(t, s, "acme", func(tenant *keys.Tenant) {
			tenant.Limits, tenant.KeyLimits = limits.Set{RequestsPerDay: 9}, limits.Set{RequestsPerDay: 5, RequestsPerMinute: 3}
			tenant.ModelLimits = map[string]limits.Set{"gpt*": {RequestsPerDay: 1}}
		})
		d := open(t, s, keys.DirectoryOptions{OnFailure: keys.Deny})
		static := &keys.Principal{ID: "static", Tenant: "acme", Scope: keys.Scope{Models: []string{"gpt"}}, Limits: limits.Set{RequestsPerDay: 7}, Static: true}
		expect := func(what string, rpd int64, want error) *keys.Principal {
			t.Helper()
			p, err := d.Within(t.Context(), static)
			if p == nil || p.TenantLimits.RequestsPerDay != rpd || !errors.Is(err, want) {
				t.Fatalf("%s: %+v %v", what, p, err)
			}
			return p
		}
		p := expect("at first", 9, nil)
		if p.ID != "static" || p.Tenant != "acme" || !p.Static || p.May("claude") || p.Limits != (limits.Set{RequestsPerDay: 7, RequestsPerMinute: 3}) || len(p.ModelLimits) != 1 {
			t.Errorf("%+v", p)
		}
		reads := s.Calls("Tenant")
		if expect("again", 9, nil) != p || s.Calls("Tenant") != reads {
			t.Error("it is made anew for each request")
		}
		if n := testing.AllocsPerRun(100, func() { expect("a hundred times", 9, nil) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
		if other, err := d.Within(t.Context(), &keys.Principal{ID: "other", Tenant: "nobody"}); err != nil || other.TenantLimits != (limits.Set{}) {
			t.Errorf("a tenant that is not there: %+v %v", other, err)
		}

		changeTenant(t, s, "acme", func(tenant *keys.Tenant) { tenant.Disabled = true })
		time.Sleep(time.Second)
		synctest.Wait()
		s.Fail(keystest.ErrAway)
		expect("disabled before the store went away", 9, keys.ErrDisabled)
		s.Fail(nil)
		changeTenant(t, s, "acme", func(tenant *keys.Tenant) { tenant.Disabled, tenant.Limits.RequestsPerDay = false, 8 })
		d.Invalidate(keys.Change{Tenant: "acme"})
		expect("enabled on this node", 8, nil)

		changeTenant(t, s, "acme", func(tenant *keys.Tenant) { tenant.Limits.RequestsPerDay = 4 })
		s.Fail(keystest.ErrAway)
		d.Invalidate(keys.Change{Tenant: "acme"})
		expect("changed as the store went away", 8, nil)
		time.Sleep(time.Hour)
		expect("an hour later", 8, nil)
		s.Fail(nil)
		s.Hang(true)
		time.Sleep(time.Second)
		began := time.Now()
		expect("while the store hangs", 8, nil)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		s.Hang(false)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		expect("when the store is back", 4, nil)

		if err := s.DeleteTenant(t.Context(), "acme", nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		expect("without the tenant", 0, nil)
	})
}

// TestWithinUnread checks that a key of the configuration goes on without a store that has
// never told of its tenant.
func TestWithinUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, nil, keys.DirectoryOptions{Store: func() keys.Store { return nil }})
		static := &keys.Principal{ID: "static", Tenant: keys.DefaultTenant}
		if p, err := d.Within(t.Context(), static); p != static || err != nil {
			t.Errorf("%+v %v", p, err)
		}
	})
}
