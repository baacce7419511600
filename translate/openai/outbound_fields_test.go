package openai_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// The fields at the top of a Messages request (wire-openai-anthropic.md 3.1).
func TestMessagesFieldsToChat(t *testing.T) {
	long := strings.Repeat("u", 300)
	for _, r := range []row{
		{name: "3.1 model: the route's name", in: `"model":"logical"`, want: `"model":"qwen3"`},
		{name: "3.1 max_tokens: under the host's name", to: gpt5, in: `"max_tokens":50`, want: `"max_completion_tokens":50,"max_tokens":null`},
		{name: "3.1 max_tokens: under the common name", in: `"max_tokens":50`, want: `"max_tokens":50,"max_completion_tokens":null`},
		{name: "3.1 max_tokens above the route's: clamped", to: gpt4o, in: `"max_tokens":999999`, want: `"max_completion_tokens":16384`, lost: "max_tokens=clamped"},
		{name: "CC12: max_tokens and budget clamped together", to: with(openRouter, func(o *translate.Target) { o.Caps.MaxOutput = 8192 }),
			in:   `"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":31999}`,
			want: `"max_tokens":8192,"reasoning":{"max_tokens":8191}`, lost: "max_tokens=clamped,thinking.budget_tokens=clamped"},
		{name: "3.1 max_tokens missing: refused", in: `"max_tokens":null`, err: "max_tokens: max_tokens: Field required"},
		{name: "3.1 max_tokens negative: refused", in: `"max_tokens":-1`, err: "max_tokens: max_tokens must not be negative"},

		{name: "3.1 system as a string", in: `"system":"Be brief."`,
			want: `"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]`},
		{name: "3.1 system blocks: parts that keep their marks, pain 19", to: openRouter,
			in:   `"system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}]`,
			want: `"messages":[{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}]},{"role":"user","content":"hi"}]`},
		{name: "3.1 system blocks without parts: joined by a blank line", to: with(local, func(o *translate.Target) { o.Caps.SystemParts = false }),
			in:   `"system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]`,
			want: `"messages":[{"role":"system","content":"a\n\nb"},{"role":"user","content":"hi"}]`, lost: "cache_control=dropped"},
		{name: "trap 69: an empty list of system blocks", in: `"system":[]`, want: `"messages":[{"role":"user","content":"hi"}]`},
		{name: "trap 69: an empty system prompt", in: `"system":""`, want: `"messages":[{"role":"user","content":"hi"}]`},
		{name: "trap 69: a blank system block", in: `"system":[{"type":"text","text":" \n"}]`, want: `"messages":[{"role":"user","content":"hi"}]`},
		{name: "CC9: the attribution entry is left out, the others are whole", to: openRouter,
			in:   `"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1; cch=ab12;"},{"type":"text","text":"You are a CLI.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Long.","cache_control":{"type":"ephemeral"}}]`,
			want: `"messages":[{"role":"system","content":[{"type":"text","text":"You are a CLI.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Long.","cache_control":{"type":"ephemeral"}}]},{"role":"user","content":"hi"}]`},
		{name: "CC9: only the first entry is one", in: `"system":[{"type":"text","text":"a"},{"type":"text","text":"x-anthropic-billing-header: is a header"}]`,
			want: `"messages":[{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"x-anthropic-billing-header: is a header"}]},{"role":"user","content":"hi"}]`},

		{name: "trap 68: one stop sequence is still a list", in: `"stop_sequences":["END"]`, want: `"stop":["END"]`},
		{name: "3.1 stop_sequences: the first ones where there is a limit", to: gpt5, in: `"stop_sequences":["a","b","c","d","e"]`,
			want: `"stop":["a","b","c","d"]`, lost: "stop_sequences=clamped"},
		{name: "3.1 stop_sequences: none", in: `"stop_sequences":[]`, want: `"stop":null`},
		{name: "3.1 sampling: as it is written", in: `"temperature":1e-1,"top_p":0.90`, want: `"temperature":1e-1,"top_p":0.90`},
		{name: "3.1 sampling: left out for reasoning models", to: gpt5, in: `"temperature":0.5,"top_p":0.9`, want: `"temperature":null,"top_p":null`,
			lost: "temperature=dropped,top_p=dropped"},
		{name: "3.1 top_k: where the host takes it", to: openRouter, in: `"top_k":40`, want: `"top_k":40`},
		{name: "3.1 top_k: left out elsewhere", in: `"top_k":40`, want: `"top_k":null`, lost: "top_k=dropped"},
		{name: "3.1 stream, rule G7: usage is always asked for", in: `"stream":true`, want: `"stream":true,"stream_options":{"include_usage":true}`},
		{name: "3.1 stream absent: no options for it", in: `"stream":false`, want: `"stream":null,"stream_options":null`},

		{name: "3.1 metadata.user_id: the host's field", to: gpt5, in: `"metadata":{"user_id":"u1"}`, want: `"safety_identifier":"u1","user":null`},
		{name: "3.1 metadata.user_id: the common field", in: `"metadata":{"user_id":"{\"device\":\"d\"}"}`, want: `"user":"{\"device\":\"d\"}"`},
		{name: "trap 87: a user_id of 300 characters is hashed", to: gpt5, in: `"metadata":{"user_id":"` + long + `"}`,
			want: `"safety_identifier":"` + fmt.Sprintf("%x", sha256.Sum256([]byte(long))) + `"`, lost: "metadata.user_id=converted"},
		{name: "trap 87: characters count, not bytes", to: gpt5, in: `"metadata":{"user_id":"` + strings.Repeat("é", 64) + `"}`,
			want: `"safety_identifier":"` + strings.Repeat("é", 64) + `"`},

		{name: "trap 84: output_config.format", in: `"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}`,
			want: `"response_format":{"type":"json_schema","json_schema":{"name":"output","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false},"strict":true}}`},
		{name: "3.1 output_format: the old field", in: `"output_format":{"type":"json_schema","schema":{"type":"object","properties":{},"additionalProperties":false}}`,
			want: `"response_format":{"type":"json_schema","json_schema":{"name":"output","schema":{"type":"object","properties":{},"additionalProperties":false},"strict":true}}`},
		{name: "trap 85: an optional property stays optional", in: `"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a"],"additionalProperties":false}}}`,
			want: `"response_format":{"type":"json_schema","json_schema":{"name":"output","schema":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a"],"additionalProperties":false},"strict":false}}`,
			lost: "output_config.format=converted"},
		{name: "CC36: the title request, without tools and thinking", to: openRouter,
			in:   `"thinking":{"type":"disabled"},"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"title":{"type":"string"}},"required":["title"],"additionalProperties":false}}}`,
			want: `"reasoning":{"enabled":false},"tools":null,"response_format":{"type":"json_schema","json_schema":{"name":"output","schema":{"type":"object","properties":{"title":{"type":"string"}},"required":["title"],"additionalProperties":false},"strict":true}}`},
		{name: "3.1 task_budget: dropped", in: `"output_config":{"task_budget":{"type":"tokens","total":9}}`, want: `"output_config":null`, lost: "output_config.task_budget=dropped"},

		{name: "3.1 cache_control at the top, pain 19", to: openRouter, in: `"cache_control":{"type":"ephemeral"}`, want: `"cache_control":{"type":"ephemeral"}`},
		{name: "pain 19: a mark that the host does not know is reported", in: `"cache_control":{"type":"ephemeral"}`, want: `"cache_control":null`, lost: "cache_control=dropped"},
		{name: "pain 20: a mark's time to live goes with it", in: turns(`{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"b"}]}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`), lost: "cache_control=dropped"},

		{name: "3.1 service_tier auto", in: `"service_tier":"auto"`, want: `"service_tier":"auto"`},
		{name: "3.1 service_tier standard_only", in: `"service_tier":"standard_only"`, want: `"service_tier":"default"`},
		{name: "3.1 speed: dropped where it is not permitted", in: `"speed":"fast"`, want: `"service_tier":null,"speed":null`, lost: "speed=dropped"},
		{name: "3.1 speed: permitted, and above service_tier in any order", to: with(local, func(o *translate.Target) { o.Quirks.FastMode = true }),
			in: `"speed":"fast","service_tier":"auto"`, want: `"service_tier":"priority"`},
		{name: "3.1 speed standard: says nothing", in: `"speed":"standard"`, want: `"service_tier":null`},
		{name: "3.1 speed unknown: dropped", in: `"speed":"warp"`, want: `"service_tier":null`, lost: "speed=dropped"},

		{name: "3.1 context_management: dropped", in: `"context_management":{"edits":[]}`, want: `"context_management":null`, lost: "context_management=dropped"},
		{name: "3.1 compaction: refused", in: `"compaction":{"type":"auto"}`, err: "compaction: "},
		{name: "3.1 mcp_servers: refused", in: `"mcp_servers":[{"type":"url","url":"https://a"}]`, err: "mcp_servers: "},
		{name: "3.1 mcp_servers: none asked for", in: `"mcp_servers":[]`, want: `"mcp_servers":null`},
		{name: "3.1 container: refused", in: `"container":"c1"`, err: "container: "},
		{name: "3.1 skills: refused", in: `"skills":["x"]`, err: "skills: "},
		{name: "3.1 inference_geo: refused", in: `"inference_geo":"eu"`, err: "inference_geo: "},
		{name: "3.1 fallbacks: dropped", in: `"fallbacks":[{"model":"b"}],"fallback_credit_token":"t"`, want: `"fallbacks":null`, lost: "fallbacks=dropped,fallback_credit_token=dropped"},
		{name: "3.1 diagnostics: dropped", in: `"diagnostics":{"x":1}`, want: `"diagnostics":null`, lost: "diagnostics=dropped"},
		{name: "3.1 unknown field: dropped", in: `"foo":1`, want: `"foo":null`, lost: "foo=dropped"},
		{name: "3.1 unknown field: passed where the route lists it", to: with(local, func(o *translate.Target) { o.Quirks.PassFields = []string{"foo"} }),
			in: `"foo":{"b":1,"a":1.0}`, want: `"foo":{"b":1,"a":1.0}`},
		{name: "CC11: what only Messages knows is left out, and the request is served", in: `"context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]},"thinking":{"type":"adaptive"},"output_config":{"effort":"high"},"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},"strict":true,"defer_loading":true}],"messages":[{"role":"user","content":"a"},{"role":"system","content":"mid"},{"role":"user","content":"b"}]`,
			want: `"context_management":null,"thinking":null,"output_config":null,"reasoning_effort":"high","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],"messages":[{"role":"user","content":"a"},{"role":"system","content":"mid"},{"role":"user","content":"b"}]`,
			lost: "tools.defer_loading=dropped,context_management=dropped,tools[0].strict=dropped"},
	} {
		r.run(t)
	}
}
