package prices

import (
	"encoding/json"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"pgregory.net/rapid"
)

func TestQuote(t *testing.T) {
	price, err := (&Price{Rates: Rates{Input: 3_000_000, Output: 15_000_000, CacheRead: 300_000, Request: Free}}).Seal(FromOpenRouter)
	if err != nil {
		t.Fatal(err)
	}
	const block = `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":400},"completion_tokens_details":{"reasoning_tokens":60},"cost":0.0034}`
	v, err := scan.Parse([]byte(block))
	if err != nil {
		t.Fatal(err)
	}
	pricing := `{"prompt":"0.000003","completion":"0.000015","request":"0","input_cache_read":"0.0000003","source":"openrouter","version":"` + price.Version() + `"}`
	for _, c := range []struct {
		name  string
		usage *translate.Usage
		want  string
	}{
		{"reasoning is a part of the completion", openai.ParseUsage(v), `{"pricing":` + pricing + `,"usage":` + block +
			`,"breakdown":{"prompt_cost":"0.0018","cache_read_cost":"0.00012","cache_write_cost":"0","completion_cost":"0.0015","internal_reasoning_cost":"0.0009",` +
			`"image_cost":"0","request_cost":"0","web_search_cost":"0","total_cost":"0.00342","reported_cost":"0.0034","unit":"USD"}}`},
		{"without a usage the prices alone", nil, `{"pricing_only":` + pricing + `}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := json.Marshal(NewQuote(price, c.usage, noon)); err != nil || string(got) != c.want {
				t.Errorf("got\n%s, %v\nwant\n%s", got, err, c.want)
			}
		})
	}
}

func TestQuoteTellsTheRatesThatHold(t *testing.T) {
	q := NewQuote(findBuiltin("gemini-2.5-pro"), &translate.Usage{Input: 200_001}, noon)
	if q.Pricing.Prompt != 2_500_000 || q.Pricing.Completion != 15_000_000 {
		t.Errorf("got %+v", q.Pricing)
	}
}

func TestQuoteAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price, usage := Price{Rates: tables.Draw(t, "rates")}, usages.Draw(t, "usage")
		b := NewQuote(&price, &usage, noon).Breakdown
		sum := b.PromptCost + b.CacheReadCost + b.CacheWriteCost + b.CompletionCost + b.ImageCost + b.RequestCost + b.WebSearchCost
		if sum != b.TotalCost || b.TotalCost != price.CostTotal(&usage, noon) || b.InternalReasoningCost > b.CompletionCost {
			t.Fatalf("got %+v", b)
		}
	})
}
