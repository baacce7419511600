package predecessor

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// target is a store for tests.
type target struct {
	Store
	tenants map[string]keys.Tenant
	keys    map[string]keys.Record
	used    map[string]time.Time
	records map[string]ledger.Record
	audit   []keys.Audit
}

func newTarget() *target {
	return &target{tenants: map[string]keys.Tenant{}, keys: map[string]keys.Record{}, used: map[string]time.Time{}, records: map[string]ledger.Record{}}
}

func (s *target) Tenant(_ context.Context, id string) (*keys.Tenant, error) {
	if t, ok := s.tenants[id]; ok {
		return &t, nil
	}
	return nil, keys.ErrNotFound
}

func (s *target) CreateTenant(_ context.Context, t *keys.Tenant, by *keys.Audit) error {
	if _, ok := s.tenants[t.ID]; ok {
		return keys.ErrExists
	}
	s.tenants[t.ID] = *t
	s.audit = append(s.audit, *by)
	return nil
}

func (s *target) Key(_ context.Context, _, id string) (*keys.Record, error) {
	if k, ok := s.keys[id]; ok {
		return &k, nil
	}
	return nil, keys.ErrNotFound
}

func (s *target) KeyByHash(_ context.Context, hash [32]byte) (*keys.Record, error) {
	for _, k := range s.keys {
		if k.Hash == hash {
			return &k, nil
		}
	}
	return nil, keys.ErrNotFound
}

func (s *target) CreateKey(ctx context.Context, k *keys.Record, by *keys.Audit) error {
	if _, err := s.Tenant(ctx, k.Tenant); err != nil {
		return err
	}
	if _, err := s.Key(ctx, "", k.ID); err == nil {
		return keys.ErrExists
	}
	if _, err := s.KeyByHash(ctx, k.Hash); err == nil {
		return keys.ErrExists
	}
	s.keys[k.ID] = *k
	s.audit = append(s.audit, *by)
	return nil
}

func (s *target) UpdateKey(_ context.Context, k *keys.Record, by *keys.Audit) error {
	s.keys[k.ID] = *k
	s.audit = append(s.audit, *by)
	return nil
}

func (s *target) Touch(_ context.Context, used map[string]time.Time) error {
	maps.Copy(s.used, used)
	return nil
}

func (s *target) Insert(_ context.Context, records []ledger.Record) error {
	for _, r := range records {
		if _, ok := s.records[r.ID]; !ok {
			s.records[r.ID] = r
		}
	}
	return nil
}

func (s *target) record(t *testing.T, id string) ledger.Record {
	t.Helper()
	r, ok := s.records["import_"+id]
	if !ok {
		t.Fatalf("there is no record %s among %v", id, slices.Sorted(maps.Keys(s.records)))
	}
	return r
}

func carryOver(t *testing.T, o *old, to Store) *Report {
	t.Helper()
	report, err := Import(t.Context(), o.open(), to)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestKeys(t *testing.T) {
	o := newOld(t, schema)
	secret := "XJP_" + strings.Repeat("A", 43)
	o.insert("api_keys", map[string]string{"id": "'" + uuid(keyID, 1) + "'", "key_hash": fmt.Sprintf("'%x'", keys.HashOf(secret)), "tenant_id": "'acme'",
		"description": "'Ann''s'", "rate_limit_rpm": "120", "created_at": "'2025-01-02 03:04:05.678901+08'", "last_used_at": "'2025-06-01 00:00:00Z'"})
	o.insert("api_keys", map[string]string{"id": "'" + uuid(keyID, 2) + "'", "key_hash": fmt.Sprintf("'%064x'", 2), "tenant_id": "'Müller & Co'",
		"is_active": "false", "expires_at": "'2025-03-01 00:00:00Z'", "rate_limit_rpm": "NULL"})
	o.insert("api_keys", map[string]string{"id": "'" + uuid(keyID, 3) + "'", "key_hash": "'not a hash'", "tenant_id": "'acme'"})
	to := newTarget()
	report := carryOver(t, o, to)
	if report.Tenants != 2 || report.Keys != 2 || report.KnownKeys != 0 || report.Skipped != 1 || !strings.Contains(report.Problems[0], uuid(keyID, 3)) {
		t.Errorf("%+v", report)
	}
	created := time.Date(2025, 1, 1, 19, 4, 5, 678901000, time.UTC)
	used := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	want := keys.Record{ID: uuid(keyID, 1), Tenant: "acme", Hash: keys.HashOf(secret), Description: "Ann's",
		Limits: limits.Set{RequestsPerMinute: 120, RequestsPerDay: 1000}, LastUsed: &used, Created: created, Updated: created}
	if got := to.keys[want.ID]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if to.used[want.ID] != used || len(to.used) != 1 {
		t.Errorf("used: %v", to.used)
	}
	off := to.keys[uuid(keyID, 2)]
	if !off.Disabled || off.Expires == nil || off.Expires.Month() != time.March || off.Limits != (limits.Set{RequestsPerDay: 1000}) {
		t.Errorf("%+v", off)
	}
	if tenant := to.tenants[off.Tenant]; tenant.Name != "Müller & Co" || !strings.HasPrefix(tenant.ID, "M-ller---Co-") {
		t.Errorf("%+v", tenant)
	}
	for _, a := range to.audit {
		if a.Actor != "import" || a.ID == "" || a.Time.IsZero() || strings.Contains(a.Detail, fmt.Sprintf("%x", want.Hash)) {
			t.Errorf("%+v", a)
		}
	}
}

func TestTenantIDs(t *testing.T) {
	seen := map[string]string{}
	for _, text := range []string{"", "acme", "Acme-1.x_y", "acme corp", "acme-corp", "acme/corp", "租户", "租戶", strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("a", 66), strings.Repeat("租", 70)} {
		id := tenantID(text)
		if other, ok := seen[id]; ok || len(id) > 64 || id == "" || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "" {
			t.Errorf("%q is %q, as %q", text, id, other)
		}
		seen[id] = text
	}
	if tenantID("acme") != "acme" || tenantID("") != keys.DefaultTenant {
		t.Error("good ids are not kept")
	}
}

// usage and billing are the columns of a request's two entries.
func usage(n int, request string) map[string]string {
	return map[string]string{"id": "'" + uuid(usageID, n) + "'", "tenant_id": "'acme'", "api_key_id": "'" + uuid(keyID, 1) + "'", "request_id": request,
		"logical_model": "'claude'", "provider": "'OpenRouter'", "provider_model_id": "'anthropic/claude'", "prompt_tokens": "100", "completion_tokens": "50",
		"reasoning_tokens": "20", "cached_tokens": "30", "response_time_ms": "1234", "status": "'success'", "created_at": fmt.Sprintf("'2025-01-01 00:00:00Z'::timestamptz + %d * interval '1 second'", n)}
}

func billing(n int, request, cost string) map[string]string {
	b := usage(n, request)
	delete(b, "response_time_ms")
	delete(b, "status")
	b["id"] = "'" + uuid(billingID, n) + "'"
	b["total_cost"] = cost
	return b
}

func TestRequests(t *testing.T) {
	o := newOld(t, schema)
	o.insert("usage_logs", usage(1, "'r1'"))
	paid := billing(1, "'r1'", "0.01234567")
	paid["internal_reasoning_cost"] = "0.00100000"
	o.insert("billing_transactions", paid)

	failed := usage(2, "'r2'")
	failed["status"], failed["error_message"], failed["completion_tokens"] = "'error'", "'the prompt was: secret words'", "0"
	o.insert("usage_logs", failed)

	o.insert("billing_transactions", billing(3, "'r3'", "1.00000001")) // without an entry of usage

	o.insert("usage_logs", usage(4, "'r4'")) // twice in the log, and paid for twice
	o.insert("usage_logs", usage(5, "'r4'"))
	o.insert("billing_transactions", billing(4, "'r4'", "0.1"))
	second := billing(5, "'r4'", "0.2")
	second["provider"] = "'Vertex'"
	o.insert("billing_transactions", second)

	o.insert("usage_logs", usage(6, "NULL")) // without a request's id these do not belong together
	parts := billing(6, "NULL", "NULL")
	parts["prompt_cost"], parts["completion_cost"] = "0.00000001", "0.00000002"
	o.insert("billing_transactions", parts)

	bad := billing(7, "'r7'", "-1")
	o.insert("billing_transactions", bad)

	to := newTarget()
	report := carryOver(t, o, to)
	if report.Requests != 7 || report.Cost != 1_312_345_710 || report.TwiceReasoned != 1 || report.Skipped != 1 || len(to.records) != 7 {
		t.Errorf("%+v, %d records", report, len(to.records))
	}

	tokens := ledger.Tokens{Input: 70, CacheRead: 30, Output: 50, Reasoning: 20}
	raw := `{"cached_tokens":30,"completion_tokens":50,"prompt_tokens":100,"reasoning_tokens":20}`
	want := ledger.Record{ID: "import_" + uuid(usageID, 1), Time: time.Date(2025, 1, 1, 0, 0, 1, 0, time.UTC), Tenant: "acme", Key: uuid(keyID, 1),
		Endpoint: "generate", Model: "claude", Status: 200, End: ledger.Complete, Provider: "openrouter", Upstream: "anthropic/claude",
		Tokens: tokens, Cost: 12_345_670, Latency: 1234,
		Attempts: []ledger.Attempt{{Number: 1, Provider: "openrouter", Upstream: "anthropic/claude", Status: 200, End: ledger.Complete,
			Tokens: tokens, Raw: raw, Cost: 12_345_670, Priced: 12_345_670, Price: PriceTwiceReasoned, Latency: 1234}}}
	if got := to.record(t, uuid(usageID, 1)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if r := to.record(t, uuid(usageID, 2)); r.End != ledger.Refused || r.Status != 0 || r.Error == "" || r.Cost != 0 || !r.Unpriced || strings.Contains(fmt.Sprintf("%+v", r), "secret words") {
		t.Errorf("%+v", r)
	}
	if r := to.record(t, uuid(billingID, 3)); r.Cost != 1_000_000_010 || r.Attempts[0].Price != PriceImported || r.Unpriced {
		t.Errorf("%+v", r)
	}
	if r := to.record(t, uuid(usageID, 4)); len(r.Attempts) != 2 || r.Cost != 300_000_000 || r.Attempts[1].Number != 2 || r.Provider != "vertex" || r.Tokens.Output != 100 {
		t.Errorf("%+v", r)
	}
	if r := to.record(t, uuid(usageID, 5)); r.Cost != 0 || !r.Unpriced {
		t.Errorf("%+v", r)
	}
	if r := to.record(t, uuid(billingID, 6)); r.Cost != 30 {
		t.Errorf("%+v", r)
	}

	before := maps.Clone(to.records)
	if again := carryOver(t, o, to); !reflect.DeepEqual(again, report) || !reflect.DeepEqual(to.records, before) {
		t.Errorf("the second time: %+v", again)
	}
}

// TestTwice checks that a second import adds what came after the first, and nothing else.
func TestTwice(t *testing.T) {
	o := newOld(t, schema)
	add := func(n int) {
		o.insert("api_keys", map[string]string{"id": "'" + uuid(keyID, n) + "'", "key_hash": fmt.Sprintf("'%064x'", n), "tenant_id": "'acme'"})
	}
	add(1)
	to := newTarget()
	if look, err := Look(t.Context(), o.open(), to); err != nil || look.Tenants != 1 || look.Keys != 1 || len(to.keys)+len(to.tenants)+len(to.audit) != 0 {
		t.Fatalf("looking: %+v, %v", look, err)
	}
	carryOver(t, o, to)
	changed := to.keys[uuid(keyID, 1)]
	entries := len(to.audit)
	if again := carryOver(t, o, to); again.Keys != 0 || again.Tenants != 0 || again.KnownKeys != 1 || len(to.audit) != entries {
		t.Errorf("%+v, %d entries in the audit", again, len(to.audit))
	}
	add(2)
	if look, err := Look(t.Context(), o.open(), to); err != nil || look.Keys != 1 || look.KnownKeys != 1 || look.Tenants != 0 {
		t.Errorf("looking: %+v, %v", look, err)
	}
	if third := carryOver(t, o, to); third.Keys != 1 || third.KnownKeys != 1 || to.keys[changed.ID].Description != changed.Description {
		t.Errorf("%+v", third)
	}
}

// TestAmended checks that a second import amends keys that were changed there, but not those
// that were changed here.
func TestAmended(t *testing.T) {
	o := newOld(t, schema)
	for n := range 4 {
		o.insert("api_keys", map[string]string{"id": "'" + uuid(keyID, n) + "'", "key_hash": fmt.Sprintf("'%064x'", n), "tenant_id": "'acme'"})
	}
	to := newTarget()
	carryOver(t, o, to)
	o.exec("UPDATE api_keys SET is_active = false, rate_limit_rpm = 7, expires_at = '2030-01-01 00:00:00Z', description = 'theirs' WHERE id IN ('" + uuid(keyID, 1) + "', '" + uuid(keyID, 2) + "')")
	o.exec("UPDATE api_keys SET key_hash = '" + strings.Repeat("f", 64) + "' WHERE id = '" + uuid(keyID, 3) + "'")
	mine := to.keys[uuid(keyID, 2)]
	mine.Description, mine.Updated = "mine", time.Now()
	to.keys[mine.ID] = mine
	before, entries := maps.Clone(to.keys), len(to.audit)

	look, err := Look(t.Context(), o.open(), to)
	if err != nil || !reflect.DeepEqual(to.keys, before) || len(to.audit) != entries {
		t.Fatalf("looking: %v, the keys are %+v", err, to.keys)
	}
	report := carryOver(t, o, to)
	if !reflect.DeepEqual(look, report) {
		t.Errorf("looking told %+v", look)
	}
	if report.AmendedKeys != 1 || report.KnownKeys != 1 || report.Keys != 0 || report.Skipped != 2 {
		t.Errorf("%+v", report)
	}
	for i, words := range []string{"it differs in description, limits, disabled, expires", "its secret is another one here"} {
		if i >= len(report.Problems) || !strings.Contains(strings.Join(report.Problems, "\n"), words) {
			t.Errorf("%q is not told: %q", words, report.Problems)
		}
	}
	got := to.keys[uuid(keyID, 1)]
	if !got.Disabled || got.Limits.RequestsPerMinute != 7 || got.Expires == nil || got.Expires.Year() != 2030 || got.Description != "theirs" {
		t.Errorf("amended is %+v", got)
	}
	if !reflect.DeepEqual(to.keys[mine.ID], mine) {
		t.Errorf("what was changed here is %+v", to.keys[mine.ID])
	}
	if by := to.audit[entries:]; len(by) != 1 || by[0].Action != "key.update" || by[0].Actor != "import" || by[0].Detail != `{"changed":["description","limits","disabled","expires"],"imported":true}` {
		t.Errorf("the audit is %+v", by)
	}
	o.exec("UPDATE api_keys SET is_active = true WHERE id = '" + uuid(keyID, 1) + "'")
	if again := carryOver(t, o, to); again.AmendedKeys != 1 || to.keys[uuid(keyID, 1)].Disabled {
		t.Errorf("amended once more: %+v", again)
	}
}

func TestOtherSchemas(t *testing.T) {
	t.Run("serial numbers, other names and one table", func(t *testing.T) {
		o := newOld(t, `CREATE TABLE usage_logs (id serial, tenant_id text, model text, prompt_tokens bigint, completion_tokens bigint,
			cost numeric, response_time double precision, status_code int, is_stream boolean, created_at timestamp);
			INSERT INTO usage_logs (tenant_id, model, prompt_tokens, completion_tokens, cost, response_time, status_code, is_stream, created_at)
			VALUES ('acme', 'm', 3, 4, 0.000000001, 12.75, 200, true, '2025-01-01 12:00'), ('acme', 'm', 3, 0, NULL, NULL, 429, false, '2025-01-01 12:01'),
				('acme', 'm', -3, 0, NULL, NULL, 429, false, '2025-01-01 12:02'), ('acme', 'm', 3, 0, NULL, NULL, 429, false, NULL)`)
		to := newTarget()
		if report := carryOver(t, o, to); report.Requests != 2 || report.Skipped != 2 || !slices.Equal(report.MissingTables, []string{tableKeys, tableBilling}) {
			t.Errorf("%+v", report)
		}
		if r := to.record(t, "usage_logs_1"); r.Cost != 1 || r.Latency != 12 || !r.Stream || r.Time.Hour() != 12 || r.Model != "m" {
			t.Errorf("%+v", r)
		}
		if r := to.record(t, "usage_logs_2"); r.Status != 429 || r.End != ledger.Refused {
			t.Errorf("%+v", r)
		}
	})
	t.Run("money alone", func(t *testing.T) {
		o := newOld(t, schema+"DROP TABLE usage_logs;")
		o.insert("billing_transactions", billing(1, "'r'", "2"))
		to := newTarget()
		if report := carryOver(t, o, to); report.Cost != 2*prices.Dollar || !slices.Equal(report.MissingTables, []string{tableUsage}) {
			t.Errorf("%+v", report)
		}
	})
}

// TestAnotherDatabase checks that a database is refused that has none of the predecessor's
// tables, or where they are in a schema that is not looked into.
func TestAnotherDatabase(t *testing.T) {
	o := newOld(t, "CREATE SCHEMA router; SET search_path = router;"+schema)
	_, err := Open(t.Context(), o.dsn)
	if err == nil {
		t.Fatal("it is opened")
	}
	for _, words := range append([]string{"in its schemas (public)", "?search_path=<schema>"}, tables...) {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q is not told: %v", words, err)
		}
	}
	o.insert("api_keys", map[string]string{"id": "'" + uuid(keyID, 1) + "'", "key_hash": fmt.Sprintf("'%064x'", 1), "tenant_id": "'acme'"})
	o.dsn += "&search_path=router"
	if report := carryOver(t, o, newTarget()); report.Keys != 1 || len(report.MissingTables) > 0 {
		t.Errorf("the schema is named: %+v", report)
	}
}

// TestManyRequests checks that more than one batch is carried, and that no entry of money
// is counted twice or lost.
func TestManyRequests(t *testing.T) {
	o := newOld(t, schema)
	o.exec(`INSERT INTO usage_logs (id, tenant_id, request_id, created_at) SELECT gen_random_uuid(), 'acme', 'r' || n, now() + n * interval '1 s' FROM generate_series(1, 1500) n;
		INSERT INTO billing_transactions (id, tenant_id, request_id, total_cost, created_at) SELECT gen_random_uuid(), 'acme', 'r' || n, n * 0.00000001, now() FROM generate_series(1000, 2500) n`)
	to := newTarget()
	report := carryOver(t, o, to)
	var cost prices.Amount
	for _, r := range to.records {
		cost += r.Cost
	}
	if want := prices.Amount(1501 * (1000 + 2500) / 2 * 10); report.Requests != 2500 || len(to.records) != 2500 || report.Cost != want || cost != want {
		t.Errorf("%+v, %d records that cost %v, want %v", report, len(to.records), cost, want)
	}
}

func TestErrorsTellNoPassword(t *testing.T) {
	for name, dsn := range map[string]string{
		"nobody listens":  "postgres://xjp:" + servers.Password + "@127.0.0.1:1/x",
		"no DSN":          "postgres://xjp:" + servers.Password + "@127.0.0.1:port/x",
		"a wrong setting": "postgres://xjp:" + servers.Password + "@127.0.0.1:1/x?sslmode=whatever",
		"no password":     "postgres://xjp@127.0.0.1:1/x",
		"a keyword":       "host=127.0.0.1 port=1 password='" + servers.Password,
	} {
		if _, err := Open(t.Context(), dsn); err == nil || strings.Contains(err.Error(), servers.Password) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
