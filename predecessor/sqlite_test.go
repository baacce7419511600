package predecessor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/stores"
	"github.com/rickyjim626/xjp-gateway/stores/sqlite"
)

func openSQLite(t *testing.T) stores.Store {
	t.Helper()
	module := &sqlite.Store{Path: filepath.Join(t.TempDir(), "xjp.db")}
	if err := module.Provision(caddy.Context{Context: t.Context()}); err != nil {
		t.Fatal(err)
	}
	store, err := module.Open(t.Context(), stores.Settings{Location: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// contents is all that a store tells of what was carried over.
type contents struct {
	tenants []keys.Tenant
	keys    []keys.Record
	records []ledger.Record
	usage   []ledger.Sum
	audit   []keys.Audit
}

func contentsOf(t *testing.T, s stores.Store) (c contents) {
	t.Helper()
	ctx := t.Context()
	var errs [5]error
	c.tenants, errs[0] = s.Tenants(ctx, "", 100)
	c.keys, errs[1] = s.Keys(ctx, "", "", 100)
	c.records, _, errs[2] = s.Records(ctx, ledger.Filter{Limit: 1000})
	c.usage, errs[3] = s.Usage(ctx, ledger.Query{By: []ledger.Group{ledger.ByDay, ledger.ByTenant, ledger.ByKey, ledger.ByModel, ledger.ByProvider}})
	c.audit, _, errs[4] = s.AuditLog(ctx, keys.AuditFilter{Limit: 100})
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestIntoSQLite carries a database into a real store, twice: keys work as before, sums are
// exact, and the second time changes nothing.
func TestIntoSQLite(t *testing.T) {
	o := newOld(t, schema)
	secret, off, over := "XJP_"+strings.Repeat("A", 42)+"_", "XJP_"+strings.Repeat("B", 43), "XJP_"+strings.Repeat("C", 43)
	for i, key := range []struct{ secret, column, value string }{{secret, "last_used_at", "'2025-06-01Z'"}, {off, "is_active", "false"}, {over, "expires_at", "'2025-01-01Z'"}} {
		o.insert("api_keys", map[string]string{"id": "'" + uuid(keyID, i+1) + "'", "key_hash": fmt.Sprintf("'%x'", keys.HashOf(key.secret)), "tenant_id": "'acme'", key.column: key.value})
	}
	for n := 1; n <= 600; n++ {
		o.insert("usage_logs", usage(n, fmt.Sprintf("'r%d'", n)))
		o.insert("billing_transactions", billing(n, fmt.Sprintf("'r%d'", n), "0.00000001"))
	}
	store := openSQLite(t)
	report := carryOver(t, o, store)
	if report.Keys != 3 || report.Tenants != 1 || report.Requests != 600 || report.Skipped != 0 {
		t.Errorf("%+v", report)
	}
	first := contentsOf(t, store)
	if len(first.usage) != 1 || first.usage[0].Requests != 600 || first.usage[0].Cost != 6000 || first.usage[0].Tokens.Prompt() != 60_000 || first.usage[0].Key != uuid(keyID, 1) || first.usage[0].Day != "2025-01-01" {
		t.Errorf("%+v", first.usage)
	}
	if k := first.keys[0]; k.LastUsed == nil || k.LastUsed.Month() != time.June || k.Limits != (limits.Set{RequestsPerMinute: 60, RequestsPerDay: 1000}) {
		t.Errorf("%+v", k)
	}
	if len(first.audit) != 4 {
		t.Errorf("%d entries in the audit", len(first.audit))
	}
	carryOver(t, o, store)
	if second := contentsOf(t, store); !reflect.DeepEqual(second, first) {
		t.Errorf("the second time there is\n%+v\nafter\n%+v", second, first)
	}

	directory := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return store }})
	defer directory.Close()
	for _, test := range []struct {
		secret string
		err    error
	}{{secret, nil}, {off, keys.ErrDisabled}, {over, keys.ErrExpired}, {"XJP_" + strings.Repeat("D", 43), keys.ErrUnknown}} {
		p, err := directory.Find(context.Background(), test.secret)
		if !errors.Is(err, test.err) || err == nil && (p.ID != uuid(keyID, 1) || p.Tenant != "acme") {
			t.Errorf("%s: %+v, %v", test.secret, p, err)
		}
	}
}
