package anthropic_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// The fields at the top of a Chat request (wire-openai-anthropic.md 2.1).
func TestChatFieldsToMessages(t *testing.T) {
	long := strings.Repeat("u", 300)
	routed := func(n int64) func() *translate.Target {
		return with(sonnet45, func(o *translate.Target) { o.Caps.DefaultMaxTokens = n })
	}
	for _, r := range []row{
		{name: "2.1 model: the route's name", in: `"model":"logical"`, want: `"model":"claude-sonnet-4-5"`},
		{name: "2.1 model: at Vertex its version stands in the body instead", to: with(sonnet45, func(o *translate.Target) { o.Quirks.Vertex = true }),
			want: `"model":null,"anthropic_version":"vertex-2023-10-16"`},

		{name: "trap 1: no limit", in: ``, want: `"max_tokens":32768`},
		{name: "trap 1: no limit, and the route has one", to: routed(1000), want: `"max_tokens":1000`},
		{name: "trap 1: no limit, and the model cannot do the usual", to: claude("claude-3-haiku"), want: `"max_tokens":4096`},
		{name: "trap 1: a limit of 0 would only warm the cache", in: `"max_tokens":0`, err: "max_tokens: max_tokens must be at least 1"},
		{name: "trap 1: a limit of null is none", in: `"max_tokens":null,"max_completion_tokens":null`, want: `"max_tokens":32768`},
		{name: "2.1 a limit below 0", in: `"max_completion_tokens":-5`, err: "max_completion_tokens: max_completion_tokens must be at least 1"},
		{name: "trap 2: the newer field alone", in: `"max_completion_tokens":50`, want: `"max_tokens":50`},
		{name: "trap 2: the older field alone", in: `"max_tokens":60`, want: `"max_tokens":60`},
		{name: "trap 2: the newer field wins over one before it", in: `"max_tokens":60,"max_completion_tokens":50`, want: `"max_tokens":50`},
		{name: "trap 2: the newer field wins over one behind it", in: `"max_completion_tokens":50,"max_tokens":60`, want: `"max_tokens":50`},
		{name: "2.1 a limit above the model's", in: `"max_tokens":1000000`, want: `"max_tokens":64000`, lost: "max_tokens=clamped"},
		{name: "2.1 a limit above the model's, by its newer name", in: `"max_completion_tokens":1000000`, want: `"max_tokens":64000`, lost: "max_completion_tokens=clamped"},

		{name: "2.1 stream", in: `"stream":true,"stream_options":{"include_usage":true}`, want: `"stream":true,"stream_options":null`},
		{name: "2.1 no stream", in: `"stream":false`, want: `"stream":null`},
		{name: "2.1 stream_options.include_obfuscation", in: `"stream":true,"stream_options":{"include_obfuscation":true}`, want: `"stream":true`,
			lost: "stream_options.include_obfuscation=dropped"},

		{name: "trap 28: a temperature above 1", in: `"temperature":1.7`, want: `"temperature":1`, lost: "temperature=clamped"},
		{name: "trap 28: a temperature of 1 is as it was written", in: `"temperature":1.0`, want: `"temperature":1.0`},
		{name: "2.1 a temperature of 0", in: `"temperature":0`, want: `"temperature":0`},
		{name: "2.1 a temperature below 0", in: `"temperature":-0.1`, err: "temperature: temperature must not be negative"},
		{name: "trap 29: a model without sampling", to: claude("claude-opus-4-7"), in: `"temperature":0.2,"top_p":0.9,"top_k":40`,
			want: `"temperature":null,"top_p":null,"top_k":null`, lost: "temperature=dropped,top_p=dropped,top_k=dropped"},
		{name: "trap 30: temperature and top_p exclude each other", in: `"temperature":0.2,"top_p":0.9`, want: `"temperature":0.2,"top_p":null`, lost: "top_p=dropped"},
		{name: "trap 30: not on models before 4.1", to: claude("claude-3-haiku"), in: `"temperature":0.2,"top_p":0.9`, want: `"temperature":0.2,"top_p":0.9`},
		{name: "2.1 top_p and top_k alone", in: `"top_p":0.9,"top_k":40`, want: `"top_p":0.9,"top_k":40`},
		{name: "2.1 sampling beside thinking", in: `"temperature":0.2,"top_k":5,"max_tokens":8000,"reasoning_effort":"low"`,
			want: `"temperature":null,"top_k":null,"thinking":{"type":"enabled","budget_tokens":1600}`, lost: "temperature=dropped,top_k=dropped"},

		{name: "trap 46: two answers", in: `"n":2`, err: "n: n must be 1"},
		{name: "trap 46: one answer", in: `"n":1`, want: `"n":null`},
		{name: "2.1 no answer", in: `"n":0`, err: "n: n must be from 1"},

		{name: "trap 31: a blank stop sequence", in: `"stop":"\n"`, want: `"stop_sequences":null`, lost: "stop=dropped"},
		{name: "trap 31: blank ones among others", in: `"stop":["a","  ","","b\n"]`, want: `"stop_sequences":["a","b\n"]`, lost: "stop=dropped"},
		{name: "2.1 stop: a string becomes a list", in: `"stop":"END"`, want: `"stop_sequences":["END"]`},
		{name: "2.1 stop: nothing", in: `"stop":null`, want: `"stop_sequences":null`},
		{name: "2.1 stop: an empty list", in: `"stop":[]`, want: `"stop_sequences":null`},

		{name: "2.1 user", in: `"user":"u-1"`, want: `"metadata":{"user_id":"u-1"}`},
		{name: "2.1 safety_identifier wins over user", in: `"user":"u-1","safety_identifier":"s-1"`, want: `"metadata":{"user_id":"s-1"}`},
		{name: "2.1 safety_identifier wins over user behind it", in: `"safety_identifier":"s-1","user":"u-1"`, want: `"metadata":{"user_id":"s-1"}`},
		{name: "trap 47: an e-mail address is hashed", in: `"user":"a@b.c"`, want: `"metadata":{"user_id":"` + hash("a@b.c") + `"}`, lost: "user=converted"},
		{name: "trap 47: a phone number is hashed", in: `"user":"+44 20 7946 0018"`, want: `"metadata":{"user_id":"` + hash("+44 20 7946 0018") + `"}`, lost: "user=converted"},
		{name: "trap 47: an identifier of the newer field is hashed and named", in: `"safety_identifier":"a@b.c"`,
			want: `"metadata":{"user_id":"` + hash("a@b.c") + `"}`, lost: "safety_identifier=converted"},
		{name: "2.1 user: longer than the limit", in: `"user":"` + long + `"`, want: `"metadata":{"user_id":"` + hash(long) + `"}`, lost: "user=converted"},
		{name: "2.1 metadata: never sent", in: `"metadata":{"team":"a"}`, want: `"metadata":null`, lost: "metadata=dropped"},

		{name: "2.1 service_tier auto", in: `"service_tier":"auto"`, want: `"service_tier":"auto"`},
		{name: "2.1 service_tier default", in: `"service_tier":"default"`, want: `"service_tier":"standard_only"`},
		{name: "2.1 service_tier priority costs more", in: `"service_tier":"priority"`, want: `"service_tier":null,"speed":null`, lost: "service_tier=dropped"},
		{name: "2.1 service_tier priority, where the route permits it", to: with(sonnet45, func(o *translate.Target) { o.Quirks.FastMode = true }),
			in: `"service_tier":"priority"`, want: `"service_tier":null,"speed":"fast"`},
		{name: "2.1 service_tier flex", in: `"service_tier":"flex"`, want: `"service_tier":null`, lost: "service_tier=dropped"},

		{name: "2.1 hints", in: `"seed":7,"presence_penalty":0.5,"frequency_penalty":1,"logit_bias":{"50256":-100},"prediction":{"type":"content","content":"x"},"store":true,"verbosity":"low","prompt_cache_retention":"24h"`,
			want: `"seed":null,"presence_penalty":null,"frequency_penalty":null,"logit_bias":null,"prediction":null,"store":null,"verbosity":null,"prompt_cache_retention":null`,
			lost: "store=dropped,logit_bias=dropped,prediction=dropped,verbosity=dropped,prompt_cache_retention=dropped,seed=dropped,presence_penalty=dropped,frequency_penalty=dropped"},
		{name: "2.1 hints that say nothing", in: `"presence_penalty":0,"frequency_penalty":0.0,"store":false,"logprobs":false,"seed":null`, want: `"seed":null`},
		{name: "2.1 logprobs", in: `"logprobs":true,"top_logprobs":3`, want: `"logprobs":null,"top_logprobs":null`, lost: "logprobs=dropped"},
		{name: "2.1 prompt_cache_key: for affinity only", in: `"prompt_cache_key":"k"`, want: `"prompt_cache_key":null`, lost: "prompt_cache_key=dropped"},
		{name: "2.1 an unknown field", in: `"frobnicate":{"a":1}`, want: `"frobnicate":null`, lost: "frobnicate=dropped"},
		{name: "2.1 an unknown field that the route passes", to: with(sonnet45, func(o *translate.Target) { o.Quirks.PassFields = []string{"context_management"} }),
			in: `"context_management":{"edits": [1.50]}`, want: `"context_management":{"edits":[1.50]}`},

		{name: "2.1 modalities: text", in: `"modalities":["text"]`, want: `"modalities":null`},
		{name: "2.1 modalities: audio", in: `"modalities":["text","audio"],"audio":{"voice":"x","format":"mp3"}`, err: "modalities: this model answers in text only"},
		{name: "2.1 audio", in: `"audio":{"voice":"x","format":"mp3"}`, err: "audio: audio is not supported"},
		{name: "2.1 moderation that blocks", in: `"moderation":{"policy":"block"}`, err: "moderation: moderation is not supported"},
		{name: "2.1 moderation that only scores", in: `"moderation":{"policy":"score"}`, want: `"moderation":null`, lost: "moderation=dropped"},

		{name: "2.1 web_search_options", in: `"web_search_options":{"user_location":{"type":"approximate","approximate":{"country":"GB","city":"London"}}}`,
			want: `"tools":[{"type":"web_search_20250305","name":"web_search","user_location":{"type":"approximate","country":"GB","city":"London"}}]`},
		{name: "2.1 web_search_options: its context size has no counterpart", in: `"web_search_options":{"search_context_size":"high"}`,
			want: `"tools":[{"type":"web_search_20250305","name":"web_search"}]`, lost: "web_search_options.search_context_size=dropped"},
		{name: "2.1 web_search_options: not on the route", to: with(sonnet45, func(o *translate.Target) { o.Caps.WebSearch = "" }),
			in: `"web_search_options":{}`, err: "web_search_options: web search is not supported"},
	} {
		r.run(t)
	}
}

// Marks of what to cache (2.1, 2.5).
func TestChatCacheMarksToMessages(t *testing.T) {
	const mark = `"cache_control":{"type":"ephemeral"}`
	part := func(text, rest string) string { return `{"type":"text","text":"` + text + `"` + rest + `}` }
	user := func(parts string) string { return `{"role":"user","content":[` + parts + `]}` }
	for _, r := range []row{
		{name: "pain 19: a part's mark is kept as it was written", in: turns(user(part("a", `,"cache_control": {"type": "ephemeral", "ttl": "1h"}`) + `,` + part("b", ""))),
			want: turns(user(part("a", `,"cache_control":{"type":"ephemeral","ttl":"1h"}`) + `,` + part("b", "")))},
		{name: "pain 20: a lifetime that the API refuses is left out", in: turns(user(part("a", `,"cache_control":{"type":"ephemeral","ttl":"3 days"}`))), want: turns(user(part("a", `,`+mark))), lost: "cache_control=converted"},
		{name: "2.1 a mark without its type", in: turns(user(part("a", `,"cache_control":{"ttl":"1h"}`))), want: turns(user(part("a", `,"cache_control":{"type":"ephemeral","ttl":"1h"}`))), lost: "cache_control=converted"},
		{name: "2.1 a message's mark stands on its last block that says something", in: turns(`{"role":"user",` + mark + `,"content":[` + part("a", "") + `,` + part("b", "") + `,` + part(" ", "") + `]}`),
			want: turns(user(part("a", "") + `,` + part("b", `,`+mark)))},
		{name: "2.1 a part's mark counts more than its message's", in: turns(`{"role":"user",` + mark + `,"content":[` + part("a", `,"cache_control":{"type":"ephemeral","ttl":"1h"}`) + `]}`),
			want: turns(user(part("a", `,"cache_control":{"type":"ephemeral","ttl":"1h"}`)))},
		{name: "2.1 prompt_cache_breakpoint", in: turns(user(part("a", `,"prompt_cache_breakpoint":{"mode":"explicit"}`))),
			want: turns(user(part("a", `,`+mark)))},
		{name: "2.1 prompt_cache_breakpoint of half an hour", in: turns(user(part("a", `,"prompt_cache_breakpoint":{"mode":"explicit","ttl":"30m"}`))),
			want: turns(user(part("a", `,"cache_control":{"type":"ephemeral","ttl":"1h"}`)))},
		{name: "2.1 prompt_cache_options: implicit", in: `"prompt_cache_options":{"mode":"implicit"}`, want: mark},
		{name: "2.1 cache_control at the top", in: mark, want: mark},
		{name: "2.1 more marks than four: the last four", in: turns(user(part("a", `,`+mark) + `,` + part("b", `,`+mark) + `,` + part("c", `,`+mark) + `,` + part("d", `,`+mark) + `,` + part("e", `,`+mark))),
			want: turns(user(part("a", "") + `,` + part("b", `,`+mark) + `,` + part("c", `,`+mark) + `,` + part("d", `,`+mark) + `,` + part("e", `,`+mark))), lost: "cache_control=dropped"},
		{name: "pain 19: marks that the route does not take are reported", to: with(sonnet45, func(o *translate.Target) { o.Caps.CacheControl = false }),
			in: turns(user(part("a", `,`+mark))), want: turns(user(part("a", ""))), lost: "cache_control=dropped"},
		{name: "2.5 a tool's mark", in: `"tools":[{"type":"function","function":{"name":"f"},` + mark + `}]`,
			want: `"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},` + mark + `}]`},
		{name: "2.2 a result's mark stands on the result", in: turns(`{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":[` + part("r", `,`+mark) + `]}`),
			want: turns(user(part("a", "")) + `,{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"r",` + mark + `}]}`), lost: ""},
	} {
		r.run(t)
	}
}
