package anthropic_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// What a client of Chat is told of a Messages provider's usage (wire-openai-anthropic.md 4.4).
func TestMessagesUsageToChat(t *testing.T) {
	for _, r := range []struct{ name, usage, want string }{
		{"4.4 without caches", `{"input_tokens":10,"output_tokens":3}`,
			`{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}`},
		{"trap 52: what caches gave and took is part of the prompt", `{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":7,"output_tokens":3}`,
			`{"prompt_tokens":22,"completion_tokens":3,"total_tokens":25,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":7}}`},
		{"4.4 thinking is part of the output", `{"input_tokens":10,"output_tokens":30,"output_tokens_details":{"thinking_tokens":20}}`,
			`{"prompt_tokens":10,"completion_tokens":30,"total_tokens":40,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":20}}`},
		{"4.4 thinking of nothing", `{"input_tokens":10,"output_tokens":3,"output_tokens_details":{"thinking_tokens":0}}`,
			`{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}`},
		{"4.4 counts of null", `{"input_tokens":10,"cache_read_input_tokens":null,"cache_creation_input_tokens":null,"output_tokens":3}`,
			`{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}`},
		{"pain 35: a count below 0 is none", `{"input_tokens":-4,"cache_read_input_tokens":5,"output_tokens":3}`,
			`{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8,"prompt_tokens_details":{"cached_tokens":5}}`},
		{"4.4 steps with a compaction, which the top leaves out", `{"input_tokens":10,"output_tokens":3,"iterations":[{"type":"compaction","input_tokens":100,"output_tokens":40},{"type":"message","input_tokens":10,"output_tokens":3,"cache_read_input_tokens":2}]}`,
			`{"prompt_tokens":112,"completion_tokens":43,"total_tokens":155,"prompt_tokens_details":{"cached_tokens":2}}`},
		{"4.4 steps with a fallback, where the top is right", `{"input_tokens":10,"output_tokens":3,"iterations":[{"type":"message","input_tokens":50,"output_tokens":9},{"type":"fallback_message","input_tokens":10,"output_tokens":3}]}`,
			`{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}`},
		{"4.4 no usage at all", `null`, `{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0}}`},
	} {
		t.Run(r.name, func(t *testing.T) {
			got, err := wholeAnswer(t, asking(t, ""), `{"type":"message","content":[],"stop_reason":"end_turn","usage":`+r.usage+`}`)
			if err != nil {
				t.Fatal(err)
			}
			members(t, got, `"usage":`+r.want)
		})
	}
	for _, r := range []struct{ name, usage, want string }{
		{"4.1 the tier that served: standard", `"standard"`, `"default"`},
		{"4.1 the tier that served: priority", `"priority"`, `"priority"`},
		{"4.1 the tier that served: batch", `"batch"`, `null`},
		{"3.1 fast mode is Chat's priority", `"standard","speed":"fast"`, `"priority"`},
		{"3.1 the ordinary speed is no tier", `"standard","speed":"standard"`, `"default"`},
	} {
		t.Run(r.name, func(t *testing.T) {
			got, err := wholeAnswer(t, asking(t, ""), `{"type":"message","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1,"service_tier":`+r.usage+`}}`)
			if err != nil {
				t.Fatal(err)
			}
			members(t, got, `"service_tier":`+r.want)
		})
	}
}

// Usage in streams, where the counts are cumulative (5.3).
func TestMessagesStreamedUsageToChat(t *testing.T) {
	start := func(usage string) string {
		return `{"type":"message_start","message":{"id":"msg_1","model":"c","usage":` + usage + `}}`
	}
	stop := func(usage string) string {
		return `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":` + usage + `}`
	}
	for _, r := range []struct {
		name string
		in   []string
		want string
	}{
		{"trap 53: counts that come twice count once", events(start(`{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":7,"output_tokens":1}`), stop(`{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":7,"output_tokens":3}`)),
			`{"prompt_tokens":22,"completion_tokens":3,"total_tokens":25,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":7}}`},
		{"trap 54: counts that come at the end only", events(start(`{"input_tokens":10,"output_tokens":1}`), stop(`{"cache_read_input_tokens":5,"cache_creation_input_tokens":7,"output_tokens":3}`)),
			`{"prompt_tokens":22,"completion_tokens":3,"total_tokens":25,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":7}}`},
		{"trap 55: a later message_delta without a count keeps it", events(start(`{"input_tokens":10,"output_tokens":1}`), stop(`{"output_tokens":3}`), `{"type":"message_delta","delta":{},"usage":{"input_tokens":null}}`, `{"type":"message_delta","delta":{}}`),
			`{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}`},
		{"5.3 zeros at the end count, as they are told", events(start(`{"input_tokens":10,"output_tokens":1}`), stop(`{"input_tokens":0,"output_tokens":0}`)),
			`{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0}}`},
	} {
		t.Run(r.name, func(t *testing.T) {
			x := asking(t, `,"stream_options":{"include_usage":true}`)
			in := append(append(events(r.in[0], textBlock(0), textDelta(0, "a"), end(0)), r.in[1:]...), stopped)
			same(t, streamed(t, x, in...), events(roleChunk, content("a"), `{} stop`, "usage "+r.want, done))
		})
	}
	t.Run("4.4 the ledger is told of each kind of cache, and the provider's own words", func(t *testing.T) {
		raw := `{"input_tokens":1,"output_tokens":2,"cache_read_input_tokens":3,"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":5},"server_tool_use":{"web_search_requests":6}}`
		x := asking(t, "")
		p := pass(x)
		_, seen := p.Record(nil, nil, []byte(start(raw)), nil)
		u := seen.Usage
		if u == nil || u.Input != 1 || u.Output != 2 || u.CacheRead != 3 || u.CacheWrite != 9 || u.CacheWrite1h != 5 || u.WebSearches != 6 || string(u.Raw) != raw || !u.Reported {
			t.Errorf("usage %+v", u)
		}
		if v, err := scan.Parse(u.Raw); err != nil || v.Len() != 6 {
			t.Errorf("raw %s", u.Raw)
		}
	})
}
