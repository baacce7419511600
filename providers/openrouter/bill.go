package openrouter

import (
	"bytes"
	"errors"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// ParseBill reads what GET /generation tells of an answer: its cost, and the tokens as the
// provider behind OpenRouter counted them, which are billed (provider-openrouter.md 7).
func (c *Client) ParseBill(body []byte) (*translate.Usage, error) {
	v, err := scan.Parse(body)
	if err != nil {
		return nil, err
	}
	data := v.Get("data")
	cost := data.Get("total_cost")
	if cost.Kind() != scan.Number {
		return nil, errors.New("the generation has no total_cost")
	}
	count := func(name string) int64 {
		n, _ := data.Get(name).Int()
		return max(0, n)
	}
	prompt, cached := count("native_tokens_prompt"), count("native_tokens_cached")
	u := &translate.Usage{
		Input: max(0, prompt-cached), CacheRead: min(cached, prompt), Output: count("native_tokens_completion"),
		ImageOutput: count("native_tokens_completion_images"), Cost: string(cost.Raw()), BYOK: data.Get("is_byok").True(),
		ServiceTier: data.Get("service_tier").Str(), Reported: true, Raw: bytes.Clone(data.Raw()),
	}
	u.Reasoning = min(count("native_tokens_reasoning"), u.Output)
	if upstream := data.Get("upstream_inference_cost"); upstream.Kind() == scan.Number {
		u.UpstreamCost = string(upstream.Raw())
	}
	return u, nil
}
