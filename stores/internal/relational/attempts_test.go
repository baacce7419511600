package relational

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// TestAttempts shows that attempts written by hand are read as those that the standard
// encoder writes, whatever is in them, and that no field is forgotten.
func TestAttempts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempts := rapid.SliceOfN(rapid.Make[ledger.Attempt](), 0, 3).Draw(t, "attempts")
		for i := range attempts { // the smallest amount of all is one that no reader takes
			attempts[i].Cost, attempts[i].Priced = max(attempts[i].Cost, -math.MaxInt64), max(attempts[i].Priced, -math.MaxInt64)
		}
		standard, err := json.Marshal(attempts)
		if err != nil {
			t.Fatal(err)
		}
		written := encodeAttempts(attempts)
		var got, want []ledger.Attempt
		if err := json.Unmarshal([]byte(written), &got); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if err := json.Unmarshal(standard, &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("written %s\nstandard %s", written, standard)
		}
	})
}

func BenchmarkAttempts(b *testing.B) {
	attempts := []ledger.Attempt{{Number: 1, Route: "openrouter", Provider: "openrouter", Upstream: "anthropic/claude-sonnet-4.5", Dialect: "chat", Status: 200, End: ledger.Complete,
		Tokens: ledger.Tokens{Input: 1200, CacheRead: 20_000, Output: 432, Reasoning: 100}, Cost: 19_203_000, Priced: 19_203_000, Price: "2026-11-01", Reported: "0.0192034",
		Raw:   `{"prompt_tokens":21200,"completion_tokens":432,"cost":0.0192034,"prompt_tokens_details":{"cached_tokens":20000}}`,
		Start: 2, Latency: 4319}}
	b.ReportAllocs()
	for b.Loop() {
		encodeAttempts(attempts)
	}
}
