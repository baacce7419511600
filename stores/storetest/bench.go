package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// batch is how many records the ledger inserts at once under load.
const batch = 256

// BenchmarkInsert measures what it takes to insert a record, in batches as the ledger makes
// them. The time is that of this process and of the disk.
func BenchmarkInsert(b *testing.B, s stores.Store) {
	records := make([]ledger.Record, batch)
	next := 0
	b.ReportAllocs()
	for b.Loop() {
		for i := range records {
			records[i] = usualRecord(next)
			next++
		}
		if err := s.Insert(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/batch/float64(b.N), "µs/record")
}

// usualRecord is one as most are: one attempt, some of a few hundred keys, models and
// providers.
func usualRecord(n int) ledger.Record {
	r := ledger.Record{
		ID: fmt.Sprintf("req_%024x", n), Time: now.Add(time.Duration(n) * time.Millisecond), Tenant: fmt.Sprint("tenant", n%10), Key: fmt.Sprint("key", n%40),
		Endpoint: "generate", Dialect: "messages", Model: fmt.Sprint("claude-sonnet-4.", n%3), Session: fmt.Sprintf("%032x", n/20), Stream: true, Status: 200, End: ledger.Complete,
		Route: "openrouter", Provider: "openrouter", Upstream: "anthropic/claude-sonnet-4.5", Latency: 4321, FirstToken: 321,
		Attempts: []ledger.Attempt{{Number: 1, Route: "openrouter", Provider: "openrouter", Upstream: "anthropic/claude-sonnet-4.5", Dialect: "chat", Status: 200, End: ledger.Complete,
			Tokens: ledger.Tokens{Input: 1200, CacheRead: 20_000, Output: 432, Reasoning: 100}, Cost: 19_203_000, Priced: 19_203_000, Price: "2026-11-01", Reported: "0.0192034",
			Raw:   `{"prompt_tokens":21200,"completion_tokens":432,"total_tokens":21632,"cost":0.0192034,"prompt_tokens_details":{"cached_tokens":20000},"completion_tokens_details":{"reasoning_tokens":100}}`,
			Start: 2, Latency: 4319}},
	}
	r.Sum()
	return r
}
