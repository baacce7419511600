package admin_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores"
	"github.com/rickyjim626/xjp-gateway/stores/postgres"
	"github.com/rickyjim626/xjp-gateway/stores/sqlite"
)

// engines are the stores that the API is tested on.
var engines = map[string]func(t testing.TB) stores.Module{"sqlite": inFile, "postgres": inDatabase}

func inFile(t testing.TB) stores.Module {
	return &sqlite.Store{Path: filepath.Join(t.TempDir(), "xjp.db")}
}

func inDatabase(t testing.TB) stores.Module {
	t.Setenv("XJP_TEST_DSN", servers.PostgreSQL(t))
	return &postgres.Store{DSN: "{env.XJP_TEST_DSN}"}
}

// onEach runs a test on all of them.
func onEach(t *testing.T, test func(t *testing.T, engine stores.Module)) {
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) { test(t, engine(t)) })
	}
}

// stored is a backend over a real store, in which two tenants have made requests, one a
// minute in turn.
func stored(t testing.TB, engine stores.Module, requests int) *backend {
	t.Helper()
	if err := engine.(caddy.Provisioner).Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	store, err := engine.Open(context.Background(), stores.Settings{Location: shanghai})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	records := make([]ledger.Record, requests)
	for i := range records {
		tenant := []string{"acme", "other"}[i%2]
		records[i] = ledger.Record{
			ID: fmt.Sprintf("req_%04d", i), Time: noon.Add(time.Duration(i) * time.Minute), Tenant: tenant, Key: "key of " + tenant, Endpoint: "generate",
			Dialect: "openai", Model: "chat", Status: 200, End: ledger.Complete, Route: "chat#1", Provider: "demo", Upstream: "a",
			Attempts: []ledger.Attempt{{Number: 1, Route: "chat#1", Provider: "demo", Upstream: "a", End: ledger.Complete, Price: "config:1", Cost: 1_000_001, Tokens: ledger.Tokens{Input: 3, Output: 2}}},
		}
		records[i].Sum()
	}
	if err := store.Insert(context.Background(), records); err != nil {
		t.Fatal(err)
	}
	return &backend{store: store}
}

// TestStoredRequests pages through the requests of one tenant: each is there once, and none
// of another.
func TestStoredRequests(t *testing.T) { onEach(t, storedRequests) }

func storedRequests(t *testing.T, engine stores.Module) {
	b := stored(t, engine, 50)
	seen, next := map[string]bool{}, ""
	for pages := 0; pages == 0 || next != ""; pages++ {
		page := decoded[admin.Page[ledger.Record]](t, ask(t, b, "GET", "/xjp/requests?tenant=acme&limit=7&after="+next, ""), 200)
		for _, r := range page.Data {
			if r.Tenant != "acme" || seen[r.ID] || len(r.Attempts) != 1 {
				t.Errorf("%+v is of another tenant, there twice or not whole", r)
			}
			seen[r.ID] = true
		}
		next = page.Next
	}
	if len(seen) != 25 {
		t.Errorf("%d requests are listed", len(seen))
	}
	expectError(t, ask(t, b, "GET", "/xjp/requests?after=nowhere", ""), 400, "after: this is not where a page of the list ends")
	expectError(t, ask(t, b, "GET", "/xjp/audit?after=nowhere", ""), 400, "after: this is not where a page of the list ends")
	expectError(t, ask(t, b, "GET", "/xjp/requests/req_0001?tenant=acme", ""), 404, "does not exist")
}

// TestStoredBills checks that offsets lead through all bills, and that the parts of a
// summary are what the bills add up to.
func TestStoredBills(t *testing.T) { onEach(t, storedBills) }

func storedBills(t *testing.T, engine stores.Module) {
	b := stored(t, engine, 50)
	var cost int64
	seen := map[string]bool{}
	for offset := 0; ; offset += 10 {
		page := decoded[admin.Transactions](t, ask(t, b, "GET", fmt.Sprintf("/internal/billing/transactions?tenant_id=other&limit=10&offset=%d", offset), ""), 200)
		for i := range page.Data {
			seen[page.Data[i].ID] = true
			cost += int64(page.Data[i].Cost)
		}
		if !page.More {
			break
		}
	}
	s := decoded[admin.Summary](t, ask(t, b, "GET", "/xjp/billing/summary?tenant_id=other&start=2026-11-26&end=2026-11-28", ""), 200)
	if len(seen) != 25 || cost != 25*1_000_001 || int64(s.Cost) != cost || s.Requests != 25 || s.Total != 125 {
		t.Errorf("%d bills of %d add up to %+v", len(seen), cost, s)
	}
	for name, parts := range map[string][]admin.SummaryPart{"days": s.Days, "keys": s.Keys, "models": s.Models} {
		var sum int64
		for i := range parts {
			sum += int64(parts[i].Cost)
		}
		if sum != cost || len(parts) != 1 {
			t.Errorf("the %s are %+v", name, parts)
		}
	}
	u := decoded[admin.Usage](t, ask(t, b, "GET", "/xjp/usage?since=2026-11-26&until=2026-11-27&by=tenant", ""), 200)
	if len(u.Data) != 2 || u.Data[0].Tenant != "acme" || u.Data[0].Requests != 25 || u.Total.Requests != 50 {
		t.Errorf("the usage is %+v", u)
	}
}

// TestStoredKeys follows a tenant and its key through a real store to their end, and then
// through the audit.
func TestStoredKeys(t *testing.T) { onEach(t, storedKeys) }

func storedKeys(t *testing.T, engine stores.Module) {
	b := stored(t, engine, 1)
	k := created(t, b, `{"tenant":"acme","create_tenant":true,"limits":{"budget_per_month":"50","requests_per_minute":"unlimited"},"scope":{"models":["claude-*"]}}`)
	expectError(t, ask(t, b, "POST", "/xjp/tenants", `{"id":"acme"}`), 409, "exists already")
	if k.Limits.RequestsPerMinute != -1 || k.Limits.BudgetPerMonth.String() != "50" {
		t.Errorf("the limits are %+v", k.Limits)
	}
	successor := decoded[admin.NewKey](t, ask(t, b, "POST", "/xjp/keys/"+k.ID+"/rotate", `{"overlap":"1d"}`), 201)
	expectError(t, ask(t, b, "DELETE", "/xjp/tenants/acme", ""), 409, "not revoked")
	for _, id := range []string{k.ID, successor.ID} {
		if gone := decoded[admin.Key](t, ask(t, b, "DELETE", "/xjp/keys/"+id, ""), 200); gone.State != "revoked" {
			t.Errorf("revoked is %+v", gone)
		}
	}
	if w := ask(t, b, "DELETE", "/xjp/tenants/acme", ""); w.Code != 204 {
		t.Errorf("deleted: %d %s", w.Code, w.Body)
	}
	var actions []string
	next := ""
	for first := true; first || next != ""; first = false {
		w := ask(t, b, "GET", "/xjp/audit?tenant=acme&limit=2&after="+next, "")
		page := decoded[admin.Page[keys.Audit]](t, w, 200)
		for _, e := range page.Data {
			actions = append(actions, e.Action)
		}
		next = page.Next
		for _, secret := range []string{k.Secret, successor.Secret} {
			if strings.Contains(w.Body.String(), secret[16:]) {
				t.Errorf("the audit tells a secret: %s", w.Body)
			}
		}
	}
	// The two entries of a rotation may be of the same microsecond.
	got := strings.Replace(strings.Join(actions, " "), "key.create key.rotate", "key.rotate key.create", 1)
	if want := "tenant.delete key.revoke key.revoke key.rotate key.create key.create tenant.create"; got != want {
		t.Errorf("the audit is %s, want %s", got, want)
	}
}

// TestExport checks that an export has each request once, whatever the pages, and at most
// as many as asked for.
func TestExport(t *testing.T) { onEach(t, export) }

func export(t *testing.T, engine stores.Module) {
	b := stored(t, engine, 2500)
	w := ask(t, b, "GET", "/xjp/requests?tenant=acme&format=jsonl", "")
	if w.Code != 200 || w.Header().Get("Content-Disposition") != `attachment; filename="requests.jsonl"` {
		t.Fatalf("got %d with %v", w.Code, w.Header())
	}
	seen := map[string]bool{}
	for line := range strings.Lines(w.Body.String()) {
		var r ledger.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Tenant != "acme" || len(r.Attempts) != 1 {
			t.Fatalf("a line is %s (%v)", line, err)
		}
		seen[r.ID] = true
	}
	if len(seen) != 1250 {
		t.Errorf("%d requests are exported", len(seen))
	}
	for limit, want := range map[string]int{"": 2500, "limit=3": 3, "limit=1001": 1001, "model=none": 0} {
		rows, err := csv.NewReader(ask(t, b, "GET", "/xjp/requests?format=csv&"+limit, "").Body).ReadAll()
		if err != nil || len(rows) != want+1 || rows[0][0] != "id" {
			t.Errorf("with %q there are %d rows (%v)", limit, len(rows), err)
		}
	}
}

// failing is a ledger whose second page cannot be read.
type failing struct{ *listening }

func (s failing) Records(ctx context.Context, f ledger.Filter) ([]ledger.Record, string, error) {
	if f.After != "" {
		return nil, "", errors.New("the disk is gone")
	}
	return s.listening.Records(ctx, f)
}

// TestBrokenExport checks that an export which cannot go on is no whole one.
func TestBrokenExport(t *testing.T) {
	for _, format := range []string{"csv", "jsonl"} {
		server := httptest.NewServer(admin.New(&backend{store: failing{&listening{}}}))
		res, err := http.Get(server.URL + "/xjp/requests?format=" + format)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: a part looks like the whole", format)
		}
		server.Close()
		w := ask(t, &backend{store: &listening{err: errors.New("away")}}, "GET", "/xjp/requests?format="+format, "")
		expectError(t, w, 503, "the store does not answer")
	}
}
