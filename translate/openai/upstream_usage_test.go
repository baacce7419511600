package openai_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Counts of Chat in Messages' way of counting (4.4): there the input excludes what was
// read from and written to caches, here it includes both.
func TestChatUsageToMessages(t *testing.T) {
	for _, u := range []struct{ name, in, want string }{
		{"trap 89: cached tokens are taken out of the input, pain 35", `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":80}}`,
			`{"input_tokens":20,"cache_creation_input_tokens":0,"cache_read_input_tokens":80,"output_tokens":20}`},
		{"4.4: written tokens as well", `{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":50,"cache_write_tokens":30}}`,
			`{"input_tokens":20,"cache_creation_input_tokens":30,"cache_read_input_tokens":50,"output_tokens":20}`},
		{"4.4: written tokens by their other name", `{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cache_creation_tokens":30}}`,
			`{"input_tokens":70,"cache_creation_input_tokens":30,"cache_read_input_tokens":0,"output_tokens":20}`},
		{"4.4: DeepSeek's name for cached tokens", `{"prompt_tokens":100,"completion_tokens":20,"prompt_cache_hit_tokens":60,"prompt_cache_miss_tokens":40}`,
			`{"input_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":60,"output_tokens":20}`},
		{"4.4: cached tokens at the top", `{"prompt_tokens":100,"completion_tokens":20,"cached_tokens":60}`,
			`{"input_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":60,"output_tokens":20}`},
		{"trap 90: more cached than there is", `{"prompt_tokens":50,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":80}}`,
			`{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":50,"output_tokens":1}`},
		{"trap 90: more written than is left", `{"prompt_tokens":50,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":30,"cache_write_tokens":40}}`,
			`{"input_tokens":0,"cache_creation_input_tokens":20,"cache_read_input_tokens":30,"output_tokens":1}`},
		{"trap 90: negative counts are none", `{"prompt_tokens":-5,"completion_tokens":-1,"prompt_tokens_details":{"cached_tokens":-3}}`,
			`{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}`},
		{"4.4: reasoning is a part of the output", `{"prompt_tokens":10,"completion_tokens":30,"total_tokens":40,"completion_tokens_details":{"reasoning_tokens":12}}`,
			`{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":30,"output_tokens_details":{"thinking_tokens":12}}`},
		{"4.4: reasoning left out of the output is added", `{"prompt_tokens":10,"completion_tokens":30,"total_tokens":52,"completion_tokens_details":{"reasoning_tokens":12}}`,
			`{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":42,"output_tokens_details":{"thinking_tokens":12}}`},
		{"4.4: more reasoning than output", `{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":12}}`,
			`{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":5,"output_tokens_details":{"thinking_tokens":5}}`},
		{"4.4: counts of null are none", `{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null,"completion_tokens_details":null}`,
			`{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":5}`},
		{"4.4: counts written with a fraction", `{"prompt_tokens":10.0,"completion_tokens":5e0}`,
			`{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":5}`},
		{"4.4: searches", `{"prompt_tokens":10,"completion_tokens":5,"server_tool_use":{"web_search_requests":2}}`,
			`{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":5,"server_tool_use":{"web_search_requests":2}}`},
		{"D11: a hit of OpenRouter's cache counts nothing, and is told so", `{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"cost":0}`,
			`{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}`},
	} {
		t.Run(u.name, func(t *testing.T) {
			got := wholeAnswer(t, `{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":`+u.in+`}`, local())
			if have := member(t, got.body, "usage"); have != u.want {
				t.Errorf("usage is\n%s\nwant\n%s", have, u.want)
			}
		})
	}
	for _, tier := range []struct{ name, in, want string }{
		{"4.1: service_tier default", "default", `,"service_tier":"standard"}`},
		{"4.1: service_tier priority", "priority", `,"service_tier":"priority"}`},
		{"4.1: a service_tier without a word in Messages", "flex", `}`},
	} {
		t.Run(tier.name, func(t *testing.T) {
			got := wholeAnswer(t, `{"service_tier":"`+tier.in+`","choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`, local())
			want := `{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1` + tier.want
			if have := member(t, got.body, "usage"); have != want {
				t.Errorf("usage is\n%s\nwant\n%s", have, want)
			}
		})
	}
}

// What the gateway itself keeps of OpenRouter's usage (provider-openrouter.md 4).
func TestOpenRouterCost(t *testing.T) {
	parse := func(t *testing.T, usage string) *translate.Usage {
		v, err := scan.Parse([]byte(usage))
		if err != nil {
			t.Fatal(err)
		}
		return openai.ParseUsage(v)
	}
	t.Run("D9: the cost keeps the decimal that was written", func(t *testing.T) {
		for _, cost := range []string{"1.2e-05", "0.000012000000000000001", "0"} {
			if got := parse(t, `{"prompt_tokens":1,"completion_tokens":1,"cost":`+cost+`}`); got.Cost != cost {
				t.Errorf("got %q, want %q", got.Cost, cost)
			}
		}
	})
	t.Run("xAI's ticks are ten billionths of a USD", func(t *testing.T) {
		if got := parse(t, `{"prompt_tokens":1,"completion_tokens":1,"cost_in_usd_ticks":7002500}`); got.Cost != "7002500e-10" {
			t.Errorf("got %q", got.Cost)
		}
		for _, ticks := range []string{`null`, `-5`, `1.5`, `"7"`} {
			if got := parse(t, `{"prompt_tokens":1,"completion_tokens":1,"cost_in_usd_ticks":`+ticks+`}`); got.Cost != "" {
				t.Errorf("%s: got %q", ticks, got.Cost)
			}
		}
	})
	t.Run("4.4: media are parts of the prompt and of the completion", func(t *testing.T) {
		got := parse(t, `{"prompt_tokens":9,"completion_tokens":8,"prompt_tokens_details":{"audio_tokens":2,"image_tokens":3},"completion_tokens_details":{"audio_tokens":4,"image_tokens":1}}`)
		if got.AudioInput != 2 || got.ImageInput != 3 || got.AudioOutput != 4 || got.ImageOutput != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("D10: with a key of one's own both costs are kept", func(t *testing.T) {
		got := parse(t, `{"prompt_tokens":1,"completion_tokens":1,"cost":0.0005,"is_byok":true,"cost_details":{"upstream_inference_cost":0.01}}`)
		if got.Cost != "0.0005" || got.UpstreamCost != "0.01" || !got.BYOK {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("D11: zeros are a count that was told", func(t *testing.T) {
		if got := parse(t, `{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`); got == nil || !got.Reported {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("4.4: null, text and an empty object tell nothing", func(t *testing.T) {
		for _, usage := range []string{`null`, `"none"`, `{}`, `{"prompt_tokens":null}`} {
			if got := parse(t, usage); got != nil {
				t.Errorf("%s: got %+v", usage, got)
			}
		}
	})
}
