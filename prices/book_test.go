package prices

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

func TestBookFindsModelsByAllTheirNames(t *testing.T) {
	for want, names := range map[Rate][]string{
		3_000_000: {
			"claude-sonnet-4.5", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5@20250929", "anthropic/claude-sonnet-4.5",
			"anthropic/claude-sonnet-4.5:nitro", "publishers/anthropic/models/claude-sonnet-4-5@20250929", "Claude-Sonnet-4-5", "claude-sonnet-4-5-thinking",
			"claude-sonnet-4-20250514", "claude-sonnet-4-0", "claude-3-7-sonnet-latest", "claude-3-5-sonnet-20241022", "claude-sonnet-4-6@default",
			"anthropic/claude-4.5-sonnet-20250929", "anthropic/claude-4-sonnet-20250522",
		},
		1_250_000: {"gemini-2.5-pro", "models/gemini-2.5-pro", "publishers/google/models/gemini-2.5-pro", "google/gemini-2.5-pro", "gpt-5-2025-08-07", "gemini-1.5-pro-002"},
		5_000_000: {"gpt-4o-2024-05-13", "claude-opus-4-5-20251101", "chatgpt-4o-latest"},
		2_500_000: {"gpt-4o", "gpt-4o-2024-11-20", "openai/gpt-4o-2024-08-06"},
		100_000:   {"gemini-2.0-flash-001", "gemini-2.5-flash-lite-preview-09-2025", "gpt-4.1-nano"},
	} {
		for _, name := range names {
			p := NewBook(nil).Find(nil, "openai", name)
			if p == nil {
				t.Errorf("%s has no price", name)
			} else if p.Input != want || p.Source != FromBuiltin {
				t.Errorf("%s costs %s per million, want %s", name, p.Input.PerMillion(), want.PerMillion())
			}
		}
	}
	for _, name := range []string{
		"", "gpt-4o:free", "openrouter/auto", "ft:gpt-4o:acme::x", "gpt-4o-audio-preview", "claude", "claude-opus", "my-gpt-5", "gpt-5-mini-tuned", "-latest", "/", "@", "llama-3.3-70b",
	} {
		if p := NewBook(nil).Find(nil, "openrouter", name); p != nil {
			t.Errorf("%q has the price %s", name, p.Version())
		}
	}
}

func TestBookOrder(t *testing.T) {
	list := openList(t, ListConfig{Fetch: always(`{"data":[{"id":"openai/gpt-4o","canonical_slug":"openai/gpt-4o-2024-08-06","pricing":{"prompt":"0.000009","completion":"0.00001"}}]}`)})
	configured := &Price{Rates: Rates{Input: 1, Output: 1}, Source: FromConfig}
	book := NewBook(list)
	for _, c := range []struct {
		name        string
		configured  *Price
		kind, model string
		want        string
	}{
		{"what the operator configured wins", configured, "openrouter", "openai/gpt-4o", FromConfig},
		{"even in the demo", configured, "demo", "demo", FromConfig},
		{"OpenRouter's list for its own models", nil, "openrouter", "openai/gpt-4o", FromOpenRouter},
		{"by a variant", nil, "openrouter", "openai/gpt-4o:floor", FromOpenRouter},
		{"by the permanent slug", nil, "openrouter", "openai/gpt-4o-2024-08-06", FromOpenRouter},
		{"the makers' prices for what the list lacks", nil, "openrouter", "anthropic/claude-opus-4.5", FromBuiltin},
		{"the makers' prices for other providers", nil, "openai", "openai/gpt-4o", FromBuiltin},
		{"nothing for the unknown", nil, "openrouter", "openrouter/auto", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if p := book.Find(c.configured, c.kind, c.model); p != nil {
				got = p.Source
			}
			if got != c.want {
				t.Errorf("the price is from %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheDemoIsFree(t *testing.T) {
	p := NewBook(nil).Find(nil, "demo", "demo-errors")
	if got := Charge(p, &translate.Usage{Input: 5, Output: 5, Reported: true}, noon); got.Unknown || !got.HasPriced || got.Cost != 0 {
		t.Errorf("got %+v", got)
	}
}

// The built-in prices are what they should be where it matters, and make sense everywhere.
func TestBuiltin(t *testing.T) {
	million := translate.Usage{Input: 1_000_000, CacheRead: 0, Output: 1_000_000}
	small := translate.Usage{Input: 100_000, CacheRead: 100_000, Output: 1_000}
	for _, c := range []struct {
		model string
		usage translate.Usage
		at    time.Time
		want  string
	}{
		{"claude-opus-4.5", million, noon, "30"},
		{"claude-haiku-4-5", million, noon, "6"},
		{"claude-sonnet-4.5", million, noon, "28.5"},
		{"claude-sonnet-4.5", small, noon, "0.345"},
		{"claude-sonnet-4.5", translate.Usage{CacheWrite: 1000, CacheWrite1h: 400, WebSearches: 1}, noon, "0.01465"},
		{"claude-opus-5", translate.Usage{Input: 1000, Output: 1000, ServiceTier: "fast"}, noon, "0.06"},
		{"gemini-2.5-pro", small, noon, "0.1475"},
		{"gemini-2.5-pro", million, noon, "17.5"},
		{"gemini-2.5-flash", translate.Usage{Input: 1000, AudioInput: 400, Output: 10}, noon, "0.000605"},
		{"gpt-4o-mini", million, noon, "0.75"},
		{"gpt-5", translate.Usage{Input: 1000, Output: 1000, ServiceTier: "flex"}, noon, "0.005625"},
		{"gpt-5", translate.Usage{Input: 1000, Output: 1000, ServiceTier: "priority"}, noon, "0.0225"},
		{"gpt-5.4", translate.Usage{Input: 300_000, Output: 1000, ServiceTier: "flex"}, noon, "0.76125"},
		{"gemini-3.6-flash", million, noon, "4.5"},
		{"gemini-3.6-flash", million, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), "9"},
	} {
		p := findBuiltin(c.model)
		if p == nil {
			t.Fatalf("%s has no price", c.model)
		}
		if got := p.CostTotal(&c.usage, c.at).String(); got != c.want {
			t.Errorf("%+v of %s costs %s, want %s", c.usage, c.model, got, c.want)
		}
	}
	for model, p := range builtin() {
		if p.CacheRead > p.Input || p.Input > p.Output || p.CacheWrite > p.CacheWrite1h.or(math.MaxInt64) {
			t.Errorf("the rates of %s are in an unusual order", model)
		}
		if p.Version() != p.describe() {
			t.Errorf("%s is not sealed", model)
		}
	}
}

func TestBuiltinRefusesMistakes(t *testing.T) {
	for _, bad := range []string{
		`{"prices":[{"models":["a"],"price":{"input":"1"}}]}`,
		`{"prices":[{"models":["a.b","a-b"],"price":{"input":"1","output":"1"}}]}`,
		`{"prices":[{"models":["a"],"price":{"input":"1","output":"1","chached":"1"}}]}`,
	} {
		if _, err := readBuiltin([]byte(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for name, model := range map[string]string{"plain": "gpt-4o", "dated": "claude-sonnet-4-5@20250929"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			book := NewBook(nil)
			for b.Loop() {
				book.Find(nil, "vertex", model)
			}
		})
	}
}

func TestSince(t *testing.T) {
	var p Price
	const text = `{"input":"1","output":"1","overrides":[{"since":"2027-01-01","input":"2"},{"since":"2027-01-02T08:00:00Z","input":"3"}]}`
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(p); err != nil || string(again) != text {
		t.Errorf("written again it is %s, %v", again, err)
	}
	first := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for at, want := range map[time.Time]Amount{first.Add(-1): 1000, first: 2000, first.Add(32*time.Hour - 1): 2000, first.Add(32 * time.Hour): 3000} {
		if got := p.Expect(1_000_000, 0, 0, at); got != want*1_000_000 {
			t.Errorf("at %s it costs %s", at, got)
		}
	}
}
