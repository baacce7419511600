package openai

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// ParseUsage reads a usage object of Chat, in the spellings of all hosts; nil if v is
// none (wire-openai-anthropic.md 4.4). Prompt tokens include those of caches, and
// completion tokens include reasoning, which is corrected where a host leaves it out.
func ParseUsage(v scan.Value) *translate.Usage {
	if v.Kind() != scan.Object {
		return nil
	}
	u := &translate.Usage{Raw: v.Raw()}
	prompt, p := v.Get("prompt_tokens").Int()
	completion, c := v.Get("completion_tokens").Int()
	if u.Reported = p || c; !u.Reported {
		return nil
	}
	prompt, completion = max(0, prompt), max(0, completion)
	details := v.Get("prompt_tokens_details")
	read, r := firstInt(details.Get("cached_tokens"), v.Get("cached_tokens"), v.Get("prompt_cache_hit_tokens"))
	written, w := firstInt(details.Get("cache_write_tokens"), details.Get("cache_creation_tokens"))
	u.HasCache = r || w
	u.CacheRead = clamp(read, prompt)
	u.CacheWrite = clamp(written, prompt-u.CacheRead)
	u.Input = prompt - u.CacheRead - u.CacheWrite
	u.AudioInput, _ = details.Get("audio_tokens").Int()
	u.ImageInput, _ = details.Get("image_tokens").Int()
	readOutput(u, v, prompt, completion)
	readPrice(u, v)
	return u
}

// served is the tier that serves an answer, in the provider's word, which is said beside the
// usage and in a stream in chunks before it. It sets the price.
type served string

// usage reads the usage that an answer or a chunk tells, nil if it tells none.
func (s *served) usage(v scan.Value) *translate.Usage {
	if t := v.Get("service_tier").Text(); len(t) > 0 && string(t) != string(*s) {
		*s = served(t)
	}
	u := ParseUsage(v.Get("usage"))
	if u == nil {
		u = ParseUsage(v.At("x_groq", "usage"))
	}
	if u != nil {
		u.ServiceTier = string(*s)
	}
	return u
}

// readOutput reads what was produced. A host whose total is the sum of prompt,
// completion and reasoning has left reasoning out of completion.
func readOutput(u *translate.Usage, v scan.Value, prompt, completion int64) {
	details := v.Get("completion_tokens_details")
	reasoning, has := firstInt(details.Get("reasoning_tokens"), v.Get("reasoning_tokens"))
	if total, ok := v.Get("total_tokens").Int(); ok && reasoning > 0 && total == prompt+completion+reasoning {
		completion += reasoning
	}
	u.Output, u.Reasoning, u.HasReasoning = completion, clamp(reasoning, completion), has
	u.AudioOutput, _ = details.Get("audio_tokens").Int()
	u.ImageOutput, _ = details.Get("image_tokens").Int()
}

// readPrice reads the provider's own price: OpenRouter's as the decimal that it wrote
// (provider-openrouter.md 4), xAI's in ticks, of which ten billion make a USD.
func readPrice(u *translate.Usage, v scan.Value) {
	if cost := v.Get("cost"); cost.Kind() == scan.Number {
		u.Cost = string(cost.Raw())
	}
	if cost := v.At("cost_details", "upstream_inference_cost"); cost.Kind() == scan.Number {
		u.UpstreamCost = string(cost.Raw())
	}
	if ticks := v.Get("cost_in_usd_ticks"); u.Cost == "" && isCount(ticks) {
		u.Cost = string(ticks.Raw()) + "e-10"
	}
	u.BYOK = v.Get("is_byok").True()
	u.WebSearches, _ = firstInt(v.At("server_tool_use", "web_search_requests"), v.At("server_tool_use_details", "web_search_requests"))
}

func firstInt(values ...scan.Value) (int64, bool) {
	for _, v := range values {
		if n, ok := v.Int(); ok {
			return n, true
		}
	}
	return 0, false
}

// isCount reports whether v is a whole number written in digits alone.
func isCount(v scan.Value) bool {
	return v.Kind() == scan.Number && strings.Trim(string(v.Raw()), "0123456789") == ""
}

func clamp(n, most int64) int64 { return max(0, min(n, most)) }

// tierWord is Chat's word for the tier that served: Claude's fast mode is what a Chat client
// asks for as priority (3.1).
func tierWord(tier string) string {
	if tier == "fast" {
		return "priority"
	}
	return tier
}

// writeUsage writes a usage object for a client.
func writeUsage(w *emit.Writer, u *translate.Usage) {
	w.Object()
	w.KeyInt("prompt_tokens", u.Prompt())
	w.KeyInt("completion_tokens", u.Output)
	w.KeyInt("total_tokens", u.Total())
	w.KeyObject("prompt_tokens_details")
	w.KeyInt("cached_tokens", u.CacheRead)
	if u.CacheWrite > 0 {
		w.KeyInt("cache_write_tokens", u.CacheWrite)
	}
	if u.AudioInput > 0 {
		w.KeyInt("audio_tokens", u.AudioInput)
	}
	w.EndObject()
	if u.HasReasoning || u.AudioOutput > 0 {
		w.KeyObject("completion_tokens_details")
		if u.HasReasoning {
			w.KeyInt("reasoning_tokens", u.Reasoning)
		}
		if u.AudioOutput > 0 {
			w.KeyInt("audio_tokens", u.AudioOutput)
		}
		w.EndObject()
	}
	w.EndObject()
}
