package admin_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

// read asks for something and reads the answer.
func read(t *testing.T, b admin.Backend, target string, into any) {
	t.Helper()
	w := ask(t, b, "GET", target, "")
	if w.Code != 200 {
		t.Fatalf("%s: %d %s", target, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%s: %v in %s", target, err, w.Body)
	}
}

// TestRequests checks that filters reach the ledger, and pages the client.
func TestRequests(t *testing.T) {
	s := &listening{}
	var page struct {
		Data []ledger.Record
		Next string
	}
	read(t, &backend{store: s}, "/xjp/requests?tenant=acme&key=k1&model=chat&provider=demo&session=s&end=complete&since=2026-11-25&until=2026-11-26T08:00:00Z&limit=1", &page)
	want := ledger.Filter{
		Tenant: "acme", Key: "k1", Model: "chat", Provider: "demo", Session: "s", End: ledger.Complete, Limit: 1,
		Since: time.Date(2026, 11, 25, 0, 0, 0, 0, shanghai), Until: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC),
	}
	if got := s.filters[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("asked for %+v, want %+v", got, want)
	}
	if len(page.Data) != 1 || page.Data[0].ID != "r2" || page.Next != "behind r2" {
		t.Errorf("the page is %+v", page)
	}
	var last map[string]json.RawMessage
	read(t, &backend{store: s}, "/xjp/requests?after=behind+r2&since=36h", &last)
	if last["next"] != nil {
		t.Errorf("a page follows the last: %s", last["next"])
	}
	f := s.filters[1]
	if ago := time.Since(f.Since); f.After != "behind r2" || f.Limit != 100 || ago < 36*time.Hour || ago > 37*time.Hour {
		t.Errorf("asked for %+v", f)
	}
	var record ledger.Record
	if read(t, &backend{store: s}, "/xjp/requests/r2?tenant=acme", &record); record.ID != "r2" {
		t.Errorf("the record is %+v", record)
	}
}

// TestUsage checks the sums, their total and their days.
func TestUsage(t *testing.T) {
	s := &listening{}
	var u admin.Usage
	read(t, &backend{store: s}, "/xjp/usage?tenant=acme&key=k1&model=chat&by=day,model&since=2026-11-25&until=2026-11-27", &u)
	want := ledger.Query{
		Tenant: "acme", Key: "k1", Model: "chat", By: []ledger.Group{ledger.ByDay, ledger.ByModel},
		Since: time.Date(2026, 11, 25, 0, 0, 0, 0, shanghai), Until: time.Date(2026, 11, 27, 0, 0, 0, 0, shanghai),
	}
	if !reflect.DeepEqual(s.query, want) {
		t.Errorf("asked for %+v, want %+v", s.query, want)
	}
	total := ledger.Sum{Requests: 3, Failed: 1, Attempts: 4, Tokens: ledger.Tokens{Input: 11, CacheRead: 7, Output: 4}, Cost: 502_000_000, Unpriced: 1}
	if u.Since != "2026-11-25" || u.Until != "2026-11-27" || u.Zone != "Asia/Shanghai" || len(u.Data) != 2 || u.Total != total {
		t.Errorf("the usage is %+v", u)
	}
	read(t, &backend{store: s}, "/xjp/usage?since=7d", &u)
	today := time.Now().In(shanghai)
	if days := s.query.Until.Sub(s.query.Since); days != 7*24*time.Hour || u.Since != today.AddDate(0, 0, -6).Format(time.DateOnly) {
		t.Errorf("7d is %v from %s to %s", days, u.Since, u.Until)
	}
	if read(t, &backend{store: s}, "/xjp/usage", &u); u.Since != today.AddDate(0, 0, -29).Format(time.DateOnly) {
		t.Errorf("the default begins on %s", u.Since)
	}
}

// TestUsageTable checks the sums in CSV, where nothing that a client says is a formula.
func TestUsageTable(t *testing.T) {
	w := ask(t, &backend{store: &listening{}}, "GET", "/xjp/usage?by=model&format=csv", "")
	const want = `model,requests,failed,attempts,input,cache_read,cache_write_5m,cache_write_1h,output,reasoning,audio_input,image_input,audio_output,image_output,cost,unpriced,estimated
chat,2,1,3,10,0,0,0,4,0,0,0,0,0,0.002,1,0
'=cmd,1,0,1,1,7,0,0,0,0,0,0,0,0,0.5,0,0
`
	if w.Body.String() != want || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("got %s\n%s\nwant\n%s", w.Header().Get("Content-Type"), w.Body, want)
	}
}

// TestTransactions checks the predecessor's paging and terms.
func TestTransactions(t *testing.T) {
	s := &listening{}
	var page struct {
		Data          []admin.Transaction
		Limit, Offset int
		More          bool `json:"has_more"`
	}
	for _, path := range []string{"/xjp/billing/transactions", "/internal/billing/transactions"} {
		read(t, &backend{store: s}, path+"?tenant_id=acme&api_key_id=k1&limit=1", &page)
		if len(page.Data) != 1 || !page.More || page.Limit != 1 || page.Offset != 0 {
			t.Fatalf("the first page is %+v", page)
		}
		got := page.Data[0]
		want := admin.Transaction{
			ID: "r2", Created: noon, Tenant: "acme", Key: "k1", Model: "chat", Provider: "demo", Upstream: "a", Prompt: 7, Cached: 2, Completion: 3,
			Reasoning: 1, Total: 10, Cost: 1_250_000, Currency: "USD", Pricing: "config:1", Status: 200, End: ledger.Complete,
		}
		if got != want {
			t.Errorf("the transaction is %+v, want %+v", got, want)
		}
		read(t, &backend{store: s}, path+"?limit=5&offset=1", &page)
		if len(page.Data) != 1 || page.Data[0].ID != "r1" || page.More {
			t.Errorf("the last page is %+v", page)
		}
		if read(t, &backend{store: s}, path+"?offset=9", &page); len(page.Data) != 0 || page.More {
			t.Errorf("behind the last is %+v", page)
		}
	}
	if f := s.filters[0]; f.Tenant != "acme" || f.Key != "k1" {
		t.Errorf("asked for %+v", f)
	}
}

// TestSummary checks that the parts of a summary are those of its whole.
func TestSummary(t *testing.T) {
	s := &listening{}
	var got admin.Summary
	read(t, &backend{store: s}, "/internal/billing/summary?tenant_id=acme&start=2026-11-01&end=2026-12-01", &got)
	if got.Requests != 3 || got.Failed != 1 || got.Prompt != 18 || got.Cached != 7 || got.Completion != 4 || got.Total != 22 || got.Cost != 502_000_000 || got.Currency != "USD" {
		t.Errorf("the summary is %+v", got)
	}
	if len(got.Days) != 2 || got.Days[1].Day != "2026-11-26" || got.Days[1].Cost != 500_000_000 {
		t.Errorf("the days are %+v", got.Days)
	}
	if len(got.Keys) != 1 || got.Keys[0].Key != "k1" || got.Keys[0].Tenant != "acme" || got.Keys[0].Requests != 3 {
		t.Errorf("the keys are %+v", got.Keys)
	}
	if len(got.Models) != 2 || got.Models[0].Model != "chat" || got.Models[0].Cost != 2_000_000 {
		t.Errorf("the models are %+v", got.Models)
	}
	if q := s.query; q.Tenant != "acme" || q.Since.Format(time.DateOnly) != "2026-11-01" {
		t.Errorf("asked for %+v", q)
	}
}

// TestAudit checks that filters reach the audit.
func TestAudit(t *testing.T) {
	s := &listening{}
	w := ask(t, &backend{store: s}, "GET", "/xjp/audit?tenant=acme&subject=k1&since=2026-11-01&until=2026-12-01&after=a9&limit=7", "")
	if want := (keys.AuditFilter{Tenant: "acme", Subject: "k1", Since: time.Date(2026, 11, 1, 0, 0, 0, 0, shanghai), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, shanghai), After: "a9", Limit: 7}); s.audit != want {
		t.Errorf("asked for %+v, want %+v", s.audit, want)
	}
	if !strings.Contains(w.Body.String(), `"actor": "ann"`) || !strings.Contains(w.Body.String(), `"next": "a1"`) {
		t.Errorf("told is %s", w.Body)
	}
}
