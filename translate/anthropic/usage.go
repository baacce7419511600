package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// MergeUsage takes over every count that a usage object of Messages tells. Counts are
// cumulative: they replace earlier ones and are never added (traps 53 to 55). It
// reports whether there was any.
func MergeUsage(u *translate.Usage, v scan.Value) bool {
	if v.Kind() != scan.Object {
		return false
	}
	any := false
	take := func(into *int64, from scan.Value) bool {
		n, ok := from.Int()
		if ok {
			*into, any = max(0, n), true
		}
		return ok
	}
	take(&u.Input, v.Get("input_tokens"))
	take(&u.Output, v.Get("output_tokens"))
	read := take(&u.CacheRead, v.Get("cache_read_input_tokens"))
	write := take(&u.CacheWrite, v.Get("cache_creation_input_tokens"))
	u.HasCache = u.HasCache || read || write
	take(&u.CacheWrite1h, v.At("cache_creation", "ephemeral_1h_input_tokens"))
	if take(&u.Reasoning, v.At("output_tokens_details", "thinking_tokens")) {
		u.HasReasoning = true
	}
	any = mergeIterations(u, v.Get("iterations")) || any
	take(&u.WebSearches, v.At("server_tool_use", "web_search_requests"))
	if cost := v.Get("cost"); cost.Kind() == scan.Number { // OpenRouter
		u.Cost = string(cost.Raw())
	}
	if cost := v.At("cost_details", "upstream_inference_cost"); cost.Kind() == scan.Number {
		u.UpstreamCost = string(cost.Raw())
	}
	u.BYOK = u.BYOK || v.Get("is_byok").True()
	if v.Get("speed").Text().Equal("fast") { // it sets the price, whatever the tier
		u.ServiceTier = "fast"
	} else if word := tier(v.Get("service_tier").Text()); word != "" && u.ServiceTier != "fast" {
		u.ServiceTier = word
	}
	if any {
		u.Reported = true
		u.Raw = append(u.Raw[:0:0], v.Raw()...)
	}
	return any
}

// mergeIterations takes the sums of an answer made in several steps, where the counts at
// the top leave compaction out; with a fallback among the steps those at the top are
// right (4.4).
func mergeIterations(u *translate.Usage, list scan.Value) bool {
	var sum translate.Usage
	found := false
	for step := range list.Elements() {
		switch step.Get("type").Str() {
		case "fallback_message":
			return false
		case "message", "compaction":
			found = true
			sum.Input += count(step, "input_tokens")
			sum.Output += count(step, "output_tokens")
			sum.CacheRead += count(step, "cache_read_input_tokens")
			sum.CacheWrite += count(step, "cache_creation_input_tokens")
		}
	}
	if found {
		u.Input, u.Output, u.CacheRead, u.CacheWrite = sum.Input, sum.Output, sum.CacheRead, sum.CacheWrite
	}
	return found
}

func count(v scan.Value, key string) int64 {
	n, _ := v.Get(key).Int()
	return max(0, n)
}

// ParseUsage reads a usage object; nil if it tells nothing.
func ParseUsage(v scan.Value) *translate.Usage {
	u := &translate.Usage{}
	if !MergeUsage(u, v) {
		return nil
	}
	return u
}

// writeUsage writes the counts that clients read (wire-openai-anthropic.md 4.4).
func writeUsage(w *emit.Writer, u *translate.Usage, output int64) {
	w.Object()
	w.KeyInt("input_tokens", u.Input)
	w.KeyInt("cache_creation_input_tokens", u.CacheWrite)
	w.KeyInt("cache_read_input_tokens", u.CacheRead)
	w.KeyInt("output_tokens", output)
	if u.HasReasoning && output > 0 {
		w.KeyObject("output_tokens_details")
		w.KeyInt("thinking_tokens", u.Reasoning)
		w.EndObject()
	}
	if u.WebSearches > 0 {
		w.KeyObject("server_tool_use")
		w.KeyInt("web_search_requests", u.WebSearches)
		w.EndObject()
	}
	if tier := tierOf(u.ServiceTier); tier != "" {
		w.KeyString("service_tier", tier)
	}
	w.EndObject()
}

// AppendCount appends the answer of count_tokens.
func AppendCount(dst []byte, n int64) []byte {
	w := emit.Writer{B: dst}
	w.Object()
	w.KeyInt("input_tokens", n)
	w.EndObject()
	return w.B
}
