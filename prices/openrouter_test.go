package prices

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

func TestParseOpenRouter(t *testing.T) {
	one := func(pricing string) *Price {
		t.Helper()
		prices, err := parseOpenRouter([]byte(`{"data":[{"id":"other","pricing":{"prompt":"0","completion":"0"}},{"id":"m","pricing":` + pricing + `}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return prices["m"]
	}
	for _, c := range []struct {
		name, pricing string
		want          Rates
	}{
		{"decimals of USD per token", `{"prompt":"0.0000025","completion":"1e-05"}`, Rates{Input: 2_500_000, Output: 10_000_000}},
		{"numbers", `{"prompt":0.0000025,"completion":1e-05}`, Rates{Input: 2_500_000, Output: 10_000_000}},
		{"all that is billed", `{"prompt":"0.000001","completion":"0.000002","request":"0.01","web_search":"0.02","internal_reasoning":"0.000003","input_cache_read":"0.000004",
			"input_cache_write":"0.000005","input_cache_write_1h":"0.000006","audio":"0.000007","audio_output":"0.000008","image_token":"0.000009","image_output":"0.00001","image":"0.5","discount":0.1}`,
			Rates{Input: 1_000_000, Output: 2_000_000, Request: 10_000_000_000, WebSearch: 20_000_000_000, Reasoning: 3_000_000, CacheRead: 4_000_000,
				CacheWrite: 5_000_000, CacheWrite1h: 6_000_000, AudioInput: 7_000_000, AudioOutput: 8_000_000, ImageInput: 9_000_000, ImageOutput: 10_000_000, Image: 500_000_000_000}},
		{"an image that costs what a token does is one of its tokens", `{"prompt":"0.0000003","completion":"0.0000025","image":"0.00000030"}`, Rates{Input: 300_000, Output: 2_500_000}},
		{"an image for nothing is a placeholder too", `{"prompt":"0.0000003","completion":"0.0000025","image":"0"}`, Rates{Input: 300_000, Output: 2_500_000}},
		{"free is a price", `{"prompt":"0","completion":"0"}`, Rates{Input: Free, Output: Free}},
		{"zero is a placeholder where tokens are inside others", `{"prompt":"0.000001","completion":"0.000002","internal_reasoning":"0","audio":"0","image_output":"0","input_cache_read":"0"}`,
			Rates{Input: 1_000_000, Output: 2_000_000, CacheRead: Free}},
		{"unreadable extras are unset", `{"prompt":"0.000001","completion":"0.000002","input_cache_read":"-1","request":"cheap","web_search":null,"audio":{}}`,
			Rates{Input: 1_000_000, Output: 2_000_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if p := one(c.pricing); p == nil || p.Rates != c.want || p.Source != FromOpenRouter {
				t.Errorf("got %+v, want %+v", p, c.want)
			}
		})
	}
	for _, unknown := range []string{`{"prompt":"-1","completion":"-1"}`, `{"prompt":"0.1","completion":"-1"}`, `{"prompt":"0.1"}`, `{}`, `null`, `{"prompt":"x","completion":"y"}`} {
		if p := one(unknown); p != nil {
			t.Errorf("D12: unknown is no price, and -1 no credit: %s gives the price %+v", unknown, p.Rates)
		}
	}
}

func TestOpenRouterOverrides(t *testing.T) {
	parse := func(overrides string) []Override {
		t.Helper()
		prices, err := parseOpenRouter([]byte(`{"data":[{"id":"m","pricing":{"prompt":"0.000001","completion":"0.000002","overrides":` + overrides + `}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return prices["m"].Overrides
	}
	for _, c := range []struct{ name, in, want string }{
		{"long prompts", `[{"min_prompt_tokens":200000,"prompt":"0.000003","completion":"0.000004"}]`, "above 200000: 3000000"},
		{"D14: times of day span midnight", `[{"utc_start":1630,"utc_end":30,"prompt":"0.000003"}]`, "16:30-00:30: 3000000"},
		{"both, and a discount that is in it already", `[{"min_prompt_tokens":5,"utc_start":0,"utc_end":2400,"prompt":"0.000003","discount":0.5}]`, "above 5 00:00-24:00: 3000000"},
		{"a condition of the future does not hold", `[{"min_images":5,"prompt":"0"},{"min_prompt_tokens":7,"prompt":"0.000003"}]`, "above 7: 3000000"},
		{"half a time of day does not hold", `[{"utc_start":1630,"prompt":"0"}]`, ""},
		{"no time of day does not hold", `[{"utc_start":1675,"utc_end":30,"prompt":"0"},{"utc_start":900,"utc_end":2500,"prompt":"0"},{"utc_start":900,"utc_end":900,"prompt":"0"}]`, ""},
		{"no condition does not hold", `[{"prompt":"0"}]`, ""},
		{"no rate says nothing", `[{"min_prompt_tokens":5}]`, ""},
		{"no list", `"none"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said []string
			for _, o := range parse(c.in) {
				text := ""
				if o.AbovePrompt > 0 {
					text = fmt.Sprintf("above %d ", o.AbovePrompt)
				}
				if o.Hours != nil {
					text += fmt.Sprintf("%s-%s ", o.Hours.From, o.Hours.To)
				}
				said = append(said, fmt.Sprintf("%s: %d", strings.TrimSpace(text), int64(o.Input)))
			}
			if got := strings.Join(said, "; "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOpenRouterRefuses(t *testing.T) {
	for _, bad := range []string{``, `<html>`, `{}`, `{"data":[]}`, `{"data":[{"id":"m","pricing":{"prompt":"-1","completion":"-1"}}]}`, `{"data":[{"pricing":{"prompt":"1","completion":"1"}}]}`, `[]`} {
		if got, err := parseOpenRouter([]byte(bad)); err == nil {
			t.Errorf("%s gives %v", bad, got)
		}
	}
}

// recordedList is a part of OpenRouter's list as it was received.
func recordedList(t testing.TB) []byte {
	t.Helper()
	for _, e := range traffic.Load(t, "models") {
		if e.Provider == "openrouter" && e.Response.Status == 200 {
			return e.Answer()
		}
	}
	t.Skip("no recorded list of OpenRouter's models in this selection")
	return nil
}

func TestRecordedList(t *testing.T) {
	prices, err := parseOpenRouter(recordedList(t))
	if err != nil {
		t.Fatal(err)
	}
	sonnet := prices["anthropic/claude-sonnet-4"]
	if sonnet == nil || sonnet != prices["anthropic/claude-4-sonnet-20250522"] {
		t.Fatalf("Claude Sonnet 4 is %+v by its name and another by its slug", sonnet)
	}
	if sonnet.Input != 3_000_000 || sonnet.CacheWrite1h != 6_000_000 || sonnet.WebSearch != 10_000_000_000 || len(sonnet.Overrides) != 1 {
		t.Errorf("Claude Sonnet 4 costs %+v", sonnet)
	}
	if long := sonnet.Overrides[0]; long.AbovePrompt != 200_000 || long.CacheRead != 600_000 || long.Output != 22_500_000 {
		t.Errorf("with long prompts it costs %+v", long)
	}
	// The list and the built-in table tell the same of the models that are in both.
	for model, listed := range prices {
		if own := findBuiltin(model); own != nil && (own.Input != listed.Input || own.Output != listed.Output) {
			t.Errorf("%s costs %s and %s by the list, %s and %s by the built-in table", model,
				listed.Input.PerMillion(), listed.Output.PerMillion(), own.Input.PerMillion(), own.Output.PerMillion())
		}
	}
}

func FuzzParseOpenRouter(f *testing.F) {
	f.Add([]byte(`{"data":[{"id":"m","canonical_slug":"n","pricing":{"prompt":"0.1","completion":"-1","overrides":[{"utc_start":1630,"utc_end":30,"prompt":"0"}]}}]}`))
	f.Add([]byte(`{"data":[{"id":"m","pricing":{"prompt":1e-7,"completion":0,"overrides":[{"min_prompt_tokens":-1}]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		prices, err := parseOpenRouter(data)
		if err != nil {
			return
		}
		dir := t.TempDir()
		if err := (&catalogue{}).with(prices, noon).write(dir); err != nil {
			t.Fatal(err)
		}
		kept, err := readCatalogue(dir)
		if err != nil {
			t.Fatalf("what was parsed cannot be kept: %v", err)
		}
		for model, p := range prices {
			if again := kept.find(model); !strings.Contains(model, "\uFFFD") && (again == nil || again.Version() != p.Version()) {
				t.Errorf("%q changed on the disk", model)
			}
			if p.Expect(1000, 1000, 1, noon) < 0 {
				t.Errorf("%q pays for its use", model)
			}
		}
		os.Remove(filepath.Join(dir, copyName))
	})
}
