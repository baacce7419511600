package anthropic_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Wishes about reasoning (wire-openai-anthropic.md 2.8).
func TestChatReasoningToMessages(t *testing.T) {
	const (
		limit    = `"max_tokens":10000,`
		tool     = `"tools":[{"type":"function","function":{"name":"f"}}],`
		adaptive = `"thinking":{"type":"adaptive","display":"summarized"}`
		none     = `"thinking":null,"output_config":null`
	)
	budget := func(n string) string { return `"thinking":{"type":"enabled","budget_tokens":` + n + `}` }
	effort := func(level string) string { return adaptive + `,"output_config":{"effort":"` + level + `"}` }
	old := claude("claude-3-5-sonnet")
	sonnet46 := claude("claude-sonnet-4-6")
	opus45 := claude("claude-opus-4-5")
	for _, r := range []row{
		{name: "2.8 nothing said", in: limit + `"stream":false`, want: none},
		{name: "2.8 nothing said, adaptive", to: sonnet5, in: limit + `"stream":false`, want: none},

		{name: "2.8 budget: minimal is a tenth", in: limit + `"reasoning_effort":"minimal"`, want: budget("1024")},
		{name: "2.8 budget: low is a fifth", in: limit + `"reasoning_effort":"low"`, want: budget("2000")},
		{name: "2.8 budget: medium is half", in: limit + `"reasoning_effort":"medium"`, want: budget("5000")},
		{name: "2.8 budget: high is four fifths", in: limit + `"reasoning_effort":"high"`, want: budget("8000")},
		{name: "2.8 budget: xhigh leaves room for the answer", in: limit + `"reasoning_effort":"xhigh"`, want: budget("8976")},
		{name: "2.8 budget: max leaves room for the answer", in: limit + `"reasoning_effort":"max"`, want: budget("8976")},
		{name: "2.8 budget: none", in: limit + `"reasoning_effort":"none"`, want: `"thinking":{"type":"disabled"},"output_config":null`},

		{name: "trap 25: minimal is low", to: sonnet5, in: limit + `"reasoning_effort":"minimal"`, want: effort("low"), lost: "reasoning_effort=converted"},
		{name: "2.8 adaptive: low", to: sonnet5, in: `"reasoning_effort":"low"`, want: effort("low")},
		{name: "2.8 adaptive: high", to: sonnet5, in: `"reasoning_effort":"high"`, want: effort("high")},
		{name: "2.8 adaptive: xhigh", to: sonnet5, in: `"reasoning_effort":"xhigh"`, want: effort("xhigh")},
		{name: "2.8 adaptive: max", to: sonnet5, in: `"reasoning_effort":"max"`, want: effort("max")},
		{name: "2.8 adaptive: xhigh on a model without it", to: sonnet46, in: `"reasoning_effort":"xhigh"`, want: effort("high"), lost: "reasoning_effort=clamped"},
		{name: "2.8 adaptive: max on a model without it", to: sonnet46, in: `"reasoning_effort":"max"`, want: effort("high"), lost: "reasoning_effort=clamped"},
		{name: "2.8 adaptive: none", to: sonnet5, in: `"reasoning_effort":"none"`, want: `"thinking":{"type":"disabled"},"output_config":null`},
		{name: "2.8 an effort that is none", in: `"reasoning_effort":"lots"`, err: "reasoning_effort: reasoning_effort must be one of none, minimal"},
		{name: "2.8 a model that does not think", to: old, in: limit + `"max_tokens":4000,"reasoning_effort":"high"`, want: none, lost: "reasoning_effort=dropped"},

		{name: "trap 26: none on a model that thinks between tools", to: sonnet55, in: `"reasoning_effort":"none"`, want: `"thinking":{"type":"between_tools"},"output_config":null`, lost: "reasoning_effort=converted"},
		{name: "2.8 none on a model that always thinks", to: opus55, in: `"reasoning_effort":"none"`, want: `"thinking":null,"output_config":{"effort":"low"}`, lost: "reasoning_effort=converted"},
		{name: "2.8 none on a model that can stop thinking up to effort high", to: haiku55, in: `"reasoning_effort":"none"`, want: `"thinking":{"type":"disabled"},"output_config":null`},

		{name: "trap 23: a limit too small for thinking", in: `"max_tokens":1000,"reasoning_effort":"high"`, want: `"max_tokens":1000,` + none, lost: "reasoning_effort=dropped"},
		{name: "trap 23: the least limit with thinking", in: `"max_tokens":2048,"reasoning_effort":"high"`, want: `"max_tokens":2048,` + budget("1024")},
		{name: "trap 23: a budget above the limit", in: `"max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":9000}`, want: budget("2976"), lost: "thinking=clamped"},
		{name: "pain 28: a budget below the least", in: `"max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":100}`, want: budget("1024"), lost: "thinking=clamped"},
		{name: "trap 24: no limit given, and the route's is small", to: with(sonnet45, func(o *translate.Target) { o.Caps.DefaultMaxTokens = 4096 }), in: `"reasoning_effort":"high"`,
			want: `"max_tokens":32768,` + budget("26214")},
		{name: "trap 24: no limit given, adaptive", to: with(sonnet5, func(o *translate.Target) { o.Caps.DefaultMaxTokens = 4096 }), in: `"reasoning_effort":"high"`,
			want: `"max_tokens":32768,` + effort("high")},
		{name: "trap 24: without thinking the route's limit holds", to: with(sonnet45, func(o *translate.Target) { o.Caps.DefaultMaxTokens = 4096 }), in: `"reasoning_effort":"none"`,
			want: `"max_tokens":4096,"thinking":{"type":"disabled"}`},
		{name: "trap 24: not above what the model can", to: with(sonnet45, func(o *translate.Target) { o.Caps.DefaultMaxTokens, o.Caps.MaxOutput = 4096, 8192 }), in: `"reasoning_effort":"high"`,
			want: `"max_tokens":8192,` + budget("6553")},

		{name: "2.8 the extension thinking", in: limit + `"thinking":{"type":"enabled","budget_tokens":3000}`, want: budget("3000")},
		{name: "trap 27: a budget on a model that takes none", to: haiku55, in: limit + `"thinking":{"type":"enabled","budget_tokens":3000}`, want: effort("low"), lost: "thinking=converted"},
		{name: "trap 27: a larger budget", to: haiku55, in: limit + `"thinking":{"type":"enabled","budget_tokens":9000}`, want: effort("medium"), lost: "thinking=converted"},
		{name: "trap 27: a large budget", to: haiku55, in: `"thinking":{"type":"enabled","budget_tokens":20000}`, want: effort("high"), lost: "thinking=converted"},
		{name: "2.8 a budget where models take either", to: sonnet5, in: limit + `"thinking":{"type":"enabled","budget_tokens":3000}`, want: `"thinking":{"type":"enabled","budget_tokens":3000,"display":"summarized"}`},
		{name: "2.8 adaptive with an effort", to: sonnet5, in: `"thinking":{"type":"adaptive"},"reasoning_effort":"low"`, want: effort("low")},
		{name: "2.8 adaptive on a model with budgets only", in: limit + `"thinking":{"type":"adaptive"}`, want: budget("5000"), lost: "thinking=converted"},
		{name: "2.8 disabled", in: limit + `"thinking":{"type":"disabled"},"reasoning_effort":"high"`, want: `"thinking":{"type":"disabled"},"output_config":null`},
		{name: "2.8 thinking wins over reasoning and effort", in: limit + `"reasoning_effort":"high","reasoning":{"effort":"low"},"thinking":{"type":"enabled","budget_tokens":1234}`, want: budget("1234")},
		{name: "2.8 reasoning wins over effort", in: limit + `"reasoning_effort":"high","reasoning":{"effort":"low"}`, want: budget("2000")},
		{name: "2.8 reasoning by tokens", in: limit + `"reasoning":{"max_tokens":3000}`, want: budget("3000")},
		{name: "2.8 reasoning on", to: sonnet5, in: `"reasoning":{"enabled":true}`, want: adaptive + `,"output_config":null`},
		{name: "2.8 reasoning off", in: limit + `"reasoning":{"enabled":false}`, want: `"thinking":{"type":"disabled"}`},
		{name: "2.8 reasoning that is not to be shown", to: sonnet5, in: `"reasoning":{"effort":"low","exclude":true}`, want: `"thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"low"}`},
		{name: "2.8 effort beside a budget", to: opus45, in: limit + `"reasoning_effort":"medium"`, want: budget("5000")},

		{name: "trap 22: a forced tool leaves no room for thinking", in: limit + tool + `"tool_choice":"required","reasoning_effort":"high"`, want: `"tool_choice":{"type":"any"},` + none, lost: "reasoning_effort=dropped"},
		{name: "trap 22: a named tool neither", in: limit + tool + `"tool_choice":{"type":"function","function":{"name":"f"}},"reasoning":{"max_tokens":3000}`, want: `"tool_choice":{"type":"tool","name":"f"},"thinking":null`, lost: "reasoning=dropped"},
		{name: "trap 22: sampling is sent then", in: limit + tool + `"tool_choice":"required","reasoning_effort":"high","temperature":0.5`, want: `"thinking":null,"temperature":0.5`, lost: "reasoning_effort=dropped"},
		{name: "2.8 the beginning of an answer leaves no room for thinking", in: limit + `"reasoning_effort":"high",` + turns(`{"role":"user","content":"hi"},{"role":"assistant","content":"It"}`), want: none, lost: "reasoning_effort=dropped"},
		{name: "2.8 tools that may be called do not", in: limit + tool + `"tool_choice":"auto","reasoning_effort":"high"`, want: `"tool_choice":{"type":"auto"},` + budget("8000")},
	} {
		r.run(t)
	}
}

// Reasoning of earlier answers (2.4).
func TestChatReasoningHistoryToMessages(t *testing.T) {
	const (
		hi       = `{"role":"user","content":"hi"},`
		limit    = `"max_tokens":10000,`
		thinking = `"thinking":{"type":"enabled","budget_tokens":8000}`
	)
	detail := func(members string) string { return `"reasoning_details":[{` + members + `}],` }
	asked := func(reasoning string) string {
		return turns(hi + `{"role":"assistant",` + reasoning + `"content":"a","tool_calls":[` + chatCallA + `]},` + answered("call_a", "A"))
	}
	got := func(reasoning string) string {
		return turns(user(text("hi")) + `,` + model(reasoning+text("a")+`,`+useA) + `,` + user(resultA))
	}
	const sealed = `{"type":"thinking","thinking":"Hm\u00e9 \"","signature":"sig+/="},`
	unsigned := with(sonnet45, func(o *translate.Target) { o.Caps.UnsignedThinking = true })
	for _, r := range []row{
		{name: "trap 43: sealed reasoning stands before the call, byte for byte", in: limit + `"reasoning_effort":"high",` + asked(detail(`"type":"reasoning.text","text":"Hm\u00e9 \"","signature":"sig+/=","format":"anthropic-claude-v1","index":0`)),
			want: got(sealed) + `,` + thinking},
		{name: "pain 15: a sequence of sealed and hidden reasoning", in: asked(`"reasoning_details":[{"type":"reasoning.text","text":"Hm\u00e9 \"","signature":"sig+/=","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"xyz","format":"anthropic-claude-v1","index":1}],`),
			want: got(sealed + `{"type":"redacted_thinking","data":"xyz"},`)},
		{name: "pain 16: a seal without text", in: asked(detail(`"type":"reasoning.text","text":"","signature":"sig","format":"anthropic-claude-v1"`)),
			want: got(`{"type":"thinking","thinking":"","signature":"sig"},`)},
		{name: "2.4 thinking_blocks, as LiteLLM has them", in: asked(`"thinking_blocks":[{"type":"thinking","thinking":"Hm\u00e9 \"","signature":"sig+/="},{"type":"redacted_thinking","data":"xyz"}],"reasoning_content":"Hm",`),
			want: got(sealed + `{"type":"redacted_thinking","data":"xyz"},`)},
		{name: "trap 42: reasoning without a seal is not sent", in: asked(`"reasoning_content":"Hm",`), want: got(""), lost: "messages[1].reasoning=dropped"},
		{name: "trap 42: whatever its field", in: asked(`"reasoning":"Hm",`), want: got(""), lost: "messages[1].reasoning=dropped"},
		{name: "trap 42: details without a seal", in: asked(detail(`"type":"reasoning.text","text":"Hm","format":"anthropic-claude-v1"`)), want: got(""), lost: "messages[1].reasoning=dropped"},
		{name: "trap 42: a turn of nothing else leaves the conversation", in: turns(hi + `{"role":"assistant","reasoning_content":"Hm"},{"role":"user","content":"go"}`),
			want: turns(user(text("hi") + `,` + text("go"))), lost: "messages[1].reasoning=dropped"},
		{name: "trap 42: nor is it an answer to be continued", in: turns(hi + `{"role":"assistant","reasoning_content":"Hm"}`), want: turns(user(text("hi"))), lost: "messages[1].reasoning=dropped"},
		{name: "2.4 reasoning without a seal, on a route that takes it", to: unsigned, in: asked(`"reasoning_content":"Hm",`), want: got(`{"type":"thinking","thinking":"Hm"},`)},
		{name: "pain 18: a seal of another family", in: asked(detail(`"type":"reasoning.encrypted","data":"xyz","format":"openai-responses-v1","id":"rs_1"`)), want: got(""), lost: "messages[1].reasoning=dropped"},
		{name: "pain 18: a seal that the gateway wrapped for another family", in: asked(detail(`"type":"reasoning.text","text":"Hm","signature":"xjp1.google.acct.c2ln","format":"anthropic-claude-v1"`)), want: got(""), lost: "messages[1].reasoning=dropped"},

		{name: "trap 44: a tool loop that began without thinking goes on without", in: limit + `"reasoning_effort":"high",` + asked(""), want: got("") + `,"thinking":null`, lost: "reasoning_effort=dropped"},
		{name: "trap 44: an instruction behind the results does not hide the loop", to: with(opus48, func(o *translate.Target) { o.Caps.Adaptive = false }),
			in:   limit + `"reasoning_effort":"high",` + turns(hi+`{"role":"assistant","content":"a","tool_calls":[`+chatCallA+`]},`+answered("call_a", "A")+`,{"role":"system","content":"late"}`),
			want: `"thinking":null`, lost: "reasoning_effort=dropped"},
		{name: "trap 44: a loop that is over does not matter", in: limit + `"reasoning_effort":"high",` + turns(hi+`{"role":"assistant","content":"a","tool_calls":[`+chatCallA+`]},`+answered("call_a", "A")+`,{"role":"assistant","content":"b"},{"role":"user","content":"c"}`),
			want: thinking},
		{name: "trap 44: models that think by effort go on", to: sonnet5, in: limit + `"reasoning_effort":"high",` + asked(""), want: got("") + `,"thinking":{"type":"adaptive","display":"summarized"}`},
	} {
		r.run(t)
	}
}

// The form of the answer (2.7).
func TestChatFormatToMessages(t *testing.T) {
	asked := func(schema string) string {
		return `"response_format":{"type":"json_schema","json_schema":{"name":"person","strict":true,"schema":` + schema + `}}`
	}
	native := func(schema string) string {
		return `"output_config":{"format":{"type":"json_schema","schema":` + schema + `}},"tools":null`
	}
	const (
		closed = `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`
		open   = `{"type":"object","properties":{"tags":{"type":"object","additionalProperties":{"type":"string"}}},"required":["tags"],"additionalProperties":false}`
		tool   = `"tools":[{"type":"function","function":{"name":"f"}}],`
	)
	emulated := func(schema string) string {
		return `"tools":[{"name":"person","input_schema":` + schema + `}],"tool_choice":{"type":"tool","name":"person","disable_parallel_tool_use":true},"output_config":null`
	}
	inWords := func(schema string) string {
		return `"system":[` + text(`Respond with a single JSON value that satisfies this JSON Schema, and nothing else: `+schema) + `],"output_config":null`
	}
	sonnet4 := claude("claude-sonnet-4")
	for _, r := range []row{
		{name: "2.7 text", in: `"response_format":{"type":"text"}`, want: `"output_config":null,"tools":null`},
		{name: "2.7 a schema", in: asked(closed), want: native(closed)},
		{name: "2.7 a schema and reasoning", to: sonnet5, in: asked(closed) + `,"reasoning_effort":"low"`, want: `"output_config":{"effort":"low","format":{"type":"json_schema","schema":` + closed + `}}`},
		{name: "2.7 objects are closed", in: asked(`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`), want: native(closed)},
		{name: "trap 36: limits that the decoder does not know are told in words", in: asked(`{"type":"object","properties":{"a":{"type":"integer","minimum":1,"maximum":9},"b":{"type":"string","pattern":"^x","description":"Name."}},"required":["a","b"],"additionalProperties":false}`),
			want: native(`{"type":"object","properties":{"a":{"type":"integer","description":"{minimum: 1, maximum: 9}"},"b":{"type":"string","description":"Name.\n{pattern: \"^x\"}"}},"required":["a","b"],"additionalProperties":false}`), lost: "response_format=converted"},
		{name: "trap 36: oneOf, formats and definitions", in: asked(`{"$ref":"#/$defs/A","$defs":{"A":{"type":"object","properties":{"a":{"oneOf":[{"type":"string","format":"date"},{"type":"string","format":"money"}]}},"required":["a"],"additionalProperties":false}}}`),
			want: native(`{"$ref":"#/$defs/A","$defs":{"A":{"type":"object","properties":{"a":{"anyOf":[{"type":"string","format":"date"},{"type":"string","description":"{format: money}"}]}},"required":["a"],"additionalProperties":false}}}`), lost: "response_format=converted"},
		{name: "trap 37: a map is asked for as a tool's arguments", in: asked(open), want: emulated(open)},
		{name: "trap 37: so is a schema that refers to itself", in: asked(`{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"],"additionalProperties":false}`),
			want: emulated(`{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"],"additionalProperties":false}`)},
		{name: "2.7 a model without native schemas", to: sonnet4, in: asked(closed), want: emulated(closed)},
		{name: "2.7 the stand-in leaves no room for thinking", to: sonnet4, in: `"max_tokens":9000,"reasoning_effort":"low",` + asked(closed), want: emulated(closed) + `,"thinking":null`, lost: "reasoning_effort=dropped"},
		{name: "trap 37: a map on a model that rejects force is asked for in words", to: opus55, in: asked(`{"type":"object"}`), want: inWords(`{\"type\":\"object\"}`), lost: "response_format=converted"},
		{name: "trap 37: a map beside tools is asked for in words", in: tool + asked(`{"type":"object"}`), want: inWords(`{\"type\":\"object\"}`), lost: "response_format=converted"},
		{name: "2.7 json_object", in: `"response_format":{"type":"json_object"},` + turns(`{"role":"system","content":"a"},{"role":"user","content":"hi"}`),
			want: `"system":[` + text("a") + `,` + text("Respond with a single JSON object and nothing else.") + `]`, lost: "response_format=converted"},
		{name: "2.7 a schema's description has no place", in: `"response_format":{"type":"json_schema","json_schema":{"name":"p","description":"d","schema":` + closed + `}}`, want: native(closed), lost: "response_format.json_schema.description=dropped"},
		{name: "2.7 a format without a schema", in: `"response_format":{"type":"json_schema","json_schema":{"name":"p"}}`, err: "response_format.json_schema.schema: response_format.json_schema.schema must be an object, not missing"},
		{name: "2.7 a format that is none", in: `"response_format":{"type":"yaml"}`, err: "response_format.type: response_format.type must be text, json_object or json_schema"},
	} {
		r.run(t)
	}
}
