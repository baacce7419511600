package behaviour

import (
	"context"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/limits"
)

// TestTenantsOfStaticKeys checks that keys of the configuration are held to what the store says
// of their tenants, from one request to the next and over a reload, together with the tenant's
// keys of the store.
func TestTenantsOfStaticKeys(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	static := func(id, tenant string) string {
		return "\t\tkey XJP_static_" + id + " {\n\t\t\tid " + id + "\n\t\t\ttenant " + tenant + "\n\t\t}\n"
	}
	site := gatewaytest.Site(providers(d) + static("one", "acme") + static("two", "acme") + static("free", "elsewhere") + gatewaytest.Stored(t))
	url := gatewaytest.Run(t, site)
	m, err := gatewaytest.App(t).Manager(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what, secret, model string, status int, message string) {
		t.Helper()
		got := post(t, url+openai.path, hello(model, false), "Authorization", "Bearer "+secret)
		if got.status != status || !strings.Contains(got.body, message) {
			t.Errorf("%s: %d %s, want %d %s", what, got.status, got.body, status, message)
		}
	}
	update := func(tenant, patch string) {
		t.Helper()
		if _, err := m.UpdateTenant(context.Background(), "test", tenant, []byte(patch)); err != nil {
			t.Fatal(err)
		}
	}
	expect("a tenant that is not in the store", "XJP_static_one", "chat", 200, "")
	_, err = m.CreateTenant(context.Background(), "test", "acme", keys.TenantSpec{
		Limits: limits.Set{RequestsPerDay: 6}, KeyLimits: limits.Set{RequestsPerDay: 3}, ModelLimits: map[string]limits.Set{"ge*": {RequestsPerDay: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, stored, err := m.CreateKey(context.Background(), "test", "acme", keys.KeySpec{Limits: limits.Set{RequestsPerDay: 100}})
	if err != nil {
		t.Fatal(err)
	}
	expect("the tenant's model", "XJP_static_one", "gemini", 200, "")
	expect("the tenant's model, by another key", "XJP_static_two", "gemini", 429, "of this model (1)")
	expect("the limit of each key", "XJP_static_one", "chat", 200, "")
	expect("the limit of each key", "XJP_static_one", "chat", 429, "of this key (3)")
	expect("another key", "XJP_static_two", "chat", 200, "")
	expect("a key of the store", stored, "chat", 200, "")
	expect("a key of the store", stored, "chat", 200, "")
	expect("all keys of the tenant", "XJP_static_two", "chat", 429, "of this tenant (6)")
	expect("all keys of the tenant", stored, "chat", 429, "of this tenant (6)")

	update("acme", `{"disabled":true}`)
	for _, dialect := range dialects {
		if got := post(t, url+dialect.path, hello("chat", false), "Authorization", "Bearer XJP_static_two"); got.status != 403 || !strings.Contains(got.body, "disabled") {
			t.Errorf("disabled: %s: %d %s", dialect.name, got.status, got.body)
		}
	}
	expect("another tenant", "XJP_static_free", "chat", 200, "")
	gatewaytest.Load(t, strings.ReplaceAll(site, "{port}", url[strings.LastIndex(url, ":")+1:])+"# another\n")
	client.CloseIdleConnections()
	expect("disabled, after a reload", "XJP_static_two", "chat", 403, "disabled")
	update("acme", `{"disabled":false,"limits":{"requests_per_day":7}}`)
	expect("enabled again", "XJP_static_two", "chat", 200, "")
	expect("up to the new limit", "XJP_static_two", "chat", 429, "of this tenant (7)")
}

// TestOverlappingModelLimits checks that a pattern counts those models for which no other one
// says more, whichever is asked for first, and after a restart.
func TestOverlappingModelLimits(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	options := providers(d) + "\t\tkey XJP_static_one {\n\t\t\tid one\n\t\t\ttenant acme\n\t\t}\n" + gatewaytest.Stored(t)
	asks := func(url string, statuses map[string][]int) {
		t.Helper()
		for _, model := range []string{"chat", "gemini", "messages"} {
			for n, status := range statuses[model] {
				got := post(t, url+openai.path, hello(model, false), "Authorization", "Bearer XJP_static_one")
				if got.status != status || status == 429 && !strings.Contains(got.body, "of this model (3)") {
					t.Errorf("%s %d: %d %s, want %d", model, n+1, got.status, got.body, status)
				}
			}
		}
	}
	t.Run("before a restart", func(t *testing.T) {
		url := gatewaytest.Start(t, options)
		m, err := gatewaytest.App(t).Manager(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.CreateTenant(t.Context(), "test", "acme", keys.TenantSpec{ModelLimits: map[string]limits.Set{"*": {RequestsPerDay: 3}, "chat": {RequestsPerDay: 100}}})
		if err != nil {
			t.Fatal(err)
		}
		asks(url, map[string][]int{"chat": {200, 200, 200, 200}, "gemini": {200, 200}})
		gatewaytest.Store(t) // all is stored
	})
	t.Run("after it", func(t *testing.T) {
		asks(gatewaytest.Start(t, options), map[string][]int{"chat": {200}, "gemini": {200, 429}, "messages": {429}})
	})
}
