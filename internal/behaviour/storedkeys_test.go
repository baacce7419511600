package behaviour

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/limits"
)

// TestStoredKeys checks what clients with keys of the store are told, and that changes of
// keys are felt at once.
func TestStoredKeys(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	url := gatewaytest.Start(t, providers(d)+gatewaytest.Stored(t))
	m, err := gatewaytest.App(t).Manager(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.CreateTenant(context.Background(), "test", "acme", keys.TenantSpec{}); err != nil {
		t.Fatal(err)
	}
	create := func(spec keys.KeySpec) (id, secret string) {
		t.Helper()
		r, secret, err := m.CreateKey(context.Background(), "test", "acme", spec)
		if err != nil {
			t.Fatal(err)
		}
		return r.ID, secret
	}
	change := func(id, patch string) {
		t.Helper()
		if _, err := m.UpdateKey(context.Background(), "test", "acme", id, []byte(patch)); err != nil {
			t.Fatal(err)
		}
	}
	id, secret := create(keys.KeySpec{})
	ask := func(dialect dialect, model, secret string) reply {
		return post(t, url+dialect.path, hello(model, false), "Authorization", "Bearer "+secret)
	}
	expect := func(what, model, secret string, status int, message string) {
		t.Helper()
		for _, dialect := range dialects {
			got := ask(dialect, model, secret)
			if got.status != status {
				t.Fatalf("%s: %s: %d %s", what, dialect.name, got.status, got.body)
			}
			if status == 200 {
				continue
			}
			if e := errorIn(t, dialect, got); !strings.Contains(e.message, message) || strings.Contains(got.body, secret[len(secret)-30:]) {
				t.Errorf("%s: %+v", what, e)
			}
			if got.header.Get("X-Should-Retry") != "false" {
				t.Errorf("%s: the client is not told to let it be", what)
			}
		}
	}
	expect("a new key", "chat", secret, 200, "")
	if r := record(t, ask(openai, "chat", secret)); r.Tenant != "acme" || r.Key != id {
		t.Errorf("recorded as %s of %s", r.Key, r.Tenant)
	}
	expect("a typo", "chat", secret[:len(secret)-1]+"_", 401, "not valid")
	expect("a wrong checksum", "chat", swapLast(secret), 401, "not valid")
	change(id, `{"disabled":true}`)
	expect("disabled", "chat", secret, 403, "disabled")
	change(id, `{"disabled":false,"scope":{"models":["ge*"]}}`)
	expect("another model", "chat", secret, 403, "may not use the model")
	expect("its model", "gemini", secret, 200, "")
	change(id, `{"scope":{"models":null,"endpoints":["models"]}}`)
	expect("another endpoint", "chat", secret, 403, "may not use the endpoint generate")
	if got := get(t, url+"/v1/models", "Authorization", "Bearer "+secret); got.status != 200 {
		t.Errorf("its endpoint: %d", got.status)
	}
	change(id, `{"scope":{"endpoints":null,"dialects":["anthropic"]}}`)
	if got := ask(openai, "chat", secret); got.status != 403 {
		t.Errorf("another dialect: %d", got.status)
	}
	if got := ask(anthropic, "chat", secret); got.status != 200 {
		t.Errorf("its dialect: %d", got.status)
	}
	soon := time.Now().Add(300 * time.Millisecond)
	_, expiring := create(keys.KeySpec{Expires: &soon})
	expect("about to expire", "chat", expiring, 200, "")
	time.Sleep(time.Until(soon))
	expect("expired", "chat", expiring, 403, "expired")
	if _, err := m.RevokeKey(context.Background(), "test", "acme", id); err != nil {
		t.Fatal(err)
	}
	expect("revoked", "chat", secret, 401, "not valid")
	_, limited := create(keys.KeySpec{Limits: limits.Set{RequestsPerDay: 2}})
	expect("limited", "chat", limited, 200, "")
	if got := ask(openai, "chat", limited); got.status != 429 {
		t.Errorf("over its limit: %d", got.status)
	}
}

// swapLast changes a key's last character into another that could stand there.
func swapLast(secret string) string {
	last := "0"
	if strings.HasSuffix(secret, last) {
		last = "1"
	}
	return secret[:len(secret)-1] + last
}

// TestTenantLimits checks that a tenant's keys are limited together, and that its limits of
// models bound these alone.
func TestTenantLimits(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	url := gatewaytest.Start(t, providers(d)+gatewaytest.Stored(t))
	m, err := gatewaytest.App(t).Manager(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.CreateTenant(context.Background(), "test", "acme", keys.TenantSpec{
		Limits: limits.Set{RequestsPerDay: 5}, KeyLimits: limits.Set{RequestsPerDay: 3}, ModelLimits: map[string]limits.Set{"ge*": {RequestsPerDay: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var secrets []string
	for range 2 {
		_, secret, err := m.CreateKey(context.Background(), "test", "acme", keys.KeySpec{})
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, secret)
	}
	for n, ask := range []struct {
		key     int
		model   string
		status  int
		message string
	}{
		{0, "gemini", 200, ""}, {0, "gemini", 429, "of this model"}, {1, "gemini", 429, "of this model"},
		{0, "chat", 200, ""}, {0, "chat", 200, ""}, {0, "chat", 429, "of this key (3)"},
		{1, "chat", 200, ""}, {1, "chat", 200, ""}, {1, "chat", 429, "of this tenant (5)"},
	} {
		got := post(t, url+openai.path, hello(ask.model, false), "Authorization", "Bearer "+secrets[ask.key])
		if got.status != ask.status || !strings.Contains(got.body, ask.message) {
			t.Errorf("request %d: %d %s, want %d %s", n+1, got.status, got.body, ask.status, ask.message)
		}
	}
}
