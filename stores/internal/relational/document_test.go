package relational

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// TestDocument shows that a record written by hand is read as one that the standard encoder
// writes, whatever is in it, and that no field is forgotten.
func TestDocument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.Make[ledger.Record]().Draw(t, "record")
		r.Time, r.Cost = time.Time{}, max(r.Cost, -math.MaxInt64)
		for i := range r.Attempts { // the smallest amount of all is one that no reader takes
			a := &r.Attempts[i]
			a.Cost, a.Priced = max(a.Cost, -math.MaxInt64), max(a.Priced, -math.MaxInt64)
		}
		standard, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var want ledger.Record
		if err := json.Unmarshal(standard, &want); err != nil {
			t.Fatal(err)
		}
		// Columns hold these.
		got := ledger.Record{ID: want.ID, Tenant: want.Tenant, Key: want.Key, Model: want.Model, Provider: want.Provider, Session: want.Session, End: want.End}
		written := AppendDocument(nil, &r)
		if err := json.Unmarshal(written, &got); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("written %s\nstandard %s", written, standard)
		}
	})
}

func BenchmarkDocument(b *testing.B) {
	r := ledger.Record{Endpoint: "generate", Dialect: "messages", Stream: true, Status: 200, Route: "openrouter", Upstream: "anthropic/claude-sonnet-4.5", Latency: 4321, FirstToken: 321,
		Attempts: []ledger.Attempt{{Number: 1, Route: "openrouter", Provider: "openrouter", Upstream: "anthropic/claude-sonnet-4.5", Dialect: "chat", Status: 200, End: ledger.Complete,
			Tokens: ledger.Tokens{Input: 1200, CacheRead: 20_000, Output: 432, Reasoning: 100}, Cost: 19_203_000, Priced: 19_203_000, Price: "2026-11-01", Reported: "0.0192034",
			Raw:   `{"prompt_tokens":21200,"completion_tokens":432,"cost":0.0192034,"prompt_tokens_details":{"cached_tokens":20000}}`,
			Start: 2, Latency: 4319}}}
	r.Sum()
	b.ReportAllocs()
	var document []byte
	for b.Loop() {
		document = AppendDocument(document[:0], &r)
	}
}
