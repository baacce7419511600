package anthropic_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Tools (wire-openai-anthropic.md 2.5).
func TestChatToolsToMessages(t *testing.T) {
	tool := func(function string) string { return `"tools":[{"type":"function","function":{` + function + `}}]` }
	want := func(members string) string { return `"tools":[{` + members + `}]` }
	long := strings.Repeat("n", 130)
	short := long[:55] + "_" + hash(long)[:8]
	oldest := claude("claude-3-haiku")
	const closed = `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`
	for _, r := range []row{
		{name: "2.5 a function", in: tool(`"name":"f","description":"Does it.","parameters":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false,"x-order":1.50}`),
			want: want(`"name":"f","description":"Does it.","input_schema":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false,"x-order":1.50}`)},
		{name: "2.5 no description", in: tool(`"name":"f","description":"","parameters":{"type":"object","properties":{}}`), want: want(`"name":"f","input_schema":{"type":"object","properties":{}}`)},
		{name: "trap 32: no parameters", in: tool(`"name":"f"`), want: want(`"name":"f","input_schema":{"type":"object","properties":{}}`)},
		{name: "trap 32: parameters of null", in: tool(`"name":"f","parameters":null`), want: want(`"name":"f","input_schema":{"type":"object","properties":{}}`)},
		{name: "trap 32: parameters of an empty object", in: tool(`"name":"f","parameters":{}`), want: want(`"name":"f","input_schema":{"type":"object","properties":{}}`)},
		{name: "2.5 parameters without a type", in: tool(`"name":"f","parameters":{"properties":{"a":{}},"required":["a"]}`), want: want(`"name":"f","input_schema":{"properties":{"a":{}},"required":["a"],"type":"object"}`)},
		{name: "trap 33: a union at the root is flattened", in: tool(`"name":"f","parameters":{"anyOf":[{"type":"object","properties":{"a":{"type":"string"},"c":{}},"required":["a","c"]},{"type":"object","properties":{"b":{"type":"integer"},"c":{}},"required":["b","c"]}]}`),
			want: want(`"name":"f","input_schema":{"properties":{"a":{"type":"string"},"c":{},"b":{"type":"integer"}},"required":["c"],"type":"object"}`), lost: "tools[0].parameters=converted"},
		{name: "trap 34: definitions are kept", in: tool(`"name":"f","parameters":{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string"}}}`),
			want: want(`"name":"f","input_schema":{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string"}}}`)},
		{name: "trap 35: strict false is not sent", in: tool(`"name":"f","strict":false,"parameters":` + closed), want: want(`"name":"f","input_schema":` + closed)},
		{name: "2.5 strict, where the model can", in: tool(`"name":"f","strict":true,"parameters":` + closed), want: want(`"name":"f","input_schema":` + closed + `,"strict":true`)},
		{name: "2.5 strict: what the decoder does not know is told in words", in: tool(`"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"integer","minimum":1}},"required":["a"],"additionalProperties":false}`),
			want: want(`"name":"f","input_schema":{"type":"object","properties":{"a":{"type":"integer","description":"{minimum: 1}"}},"required":["a"],"additionalProperties":false},"strict":true`), lost: "tools[0].parameters=converted"},
		{name: "2.5 strict, but the schema is open", in: tool(`"name":"f","strict":true,"parameters":{"type":"object","additionalProperties":{"type":"string"}}`),
			want: want(`"name":"f","input_schema":{"type":"object","additionalProperties":{"type":"string"}}`), lost: "tools[0].strict=dropped"},
		{name: "2.5 strict, but the model is too old", to: oldest, in: tool(`"name":"f","strict":true,"parameters":` + closed), want: want(`"name":"f","input_schema":` + closed), lost: "tools[0].strict=dropped"},
		{name: "pain 26: a freeform tool takes its text as input", in: `"tools":[{"type":"custom","custom":{"name":"patch","description":"Edits."}}]`,
			want: want(`"name":"patch","description":"Edits.","input_schema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`)},
		{name: "pain 26: its grammar stands in the description", in: `"tools":[{"type":"custom","custom":{"name":"patch","description":"Edits.","format":{"type":"grammar","syntax":"lark","definition":"start: \"x\""}}}]`,
			want: want(`"name":"patch","description":"Edits.\n\nThe input must follow this format: {\"type\":\"grammar\",\"syntax\":\"lark\",\"definition\":\"start: \\\"x\\\"\"}","input_schema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`)},
		{name: "2.5 the older form", in: `"functions":[{"name":"f","description":"d","parameters":{"type":"object","properties":{}}}],"function_call":"auto"`,
			want: want(`"name":"f","description":"d","input_schema":{"type":"object","properties":{}}`) + `,"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`},
		{name: "2.5 a name that comes twice", in: `"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f","description":"other"}}]`,
			want: want(`"name":"f","input_schema":{"type":"object","properties":{}}`), lost: "tools[1]=dropped"},
		{name: "2.5 no tools", in: `"tools":[]`, want: `"tools":null,"tool_choice":null`},
		{name: "2.5 a name of 100 characters", in: tool(`"name":"` + long[:100] + `"`), want: want(`"name":"` + long[:100] + `","input_schema":{"type":"object","properties":{}}`)},
		{name: "2.5 a name that the API refuses", in: tool(`"name":"`+long+`"`) + `,"tool_choice":{"type":"function","function":{"name":"` + long + `"}}`,
			want: want(`"name":"`+short+`","input_schema":{"type":"object","properties":{}}`) + `,"tool_choice":{"type":"tool","name":"` + short + `"}`},
		{name: "2.5 calls in the history, and no tools", in: turns(`{"role":"user","content":"a"},` + said(chatCallA) + `,` + answered("call_a", "A")),
			want: want(`"name":"f","input_schema":{"type":"object","properties":{}}`) + `,"tool_choice":{"type":"none"}`},
		{name: "2.5 a tool that nobody would run", in: `"tools":[{"type":"code_interpreter"}]`, err: "tools[0]: the tool type code_interpreter is not supported"},
		{name: "2.5 a tool without a name", in: tool(`"description":"d"`), err: "tools[0].function.name: tools[0].function.name must be a string, not missing"},
		{name: "2.5 a tool for a model that takes none", to: with(sonnet45, func(o *translate.Target) { o.Caps.Tools = false }), in: tool(`"name":"f"`), err: "tools: this model takes no tools"},
	} {
		r.run(t)
	}
}

// The choice of tools (2.6).
func TestChatToolChoiceToMessages(t *testing.T) {
	const (
		both  = `"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]`
		bothM = `"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}},{"name":"g","input_schema":{"type":"object","properties":{}}}]`
		onlyG = `"tools":[{"name":"g","input_schema":{"type":"object","properties":{}}}]`
		named = `"tool_choice":{"type":"function","function":{"name":"g"}}`
		off   = `,"parallel_tool_calls":false`
	)
	for _, r := range []row{
		{name: "trap 19: nothing said, nothing sent", in: both, want: bothM + `,"tool_choice":null`},
		{name: "trap 19: parallel calls allowed, as is usual", in: both + `,"parallel_tool_calls":true`, want: `"tool_choice":null`},
		{name: "trap 18: one call at a time, and no choice", in: both + off, want: `"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`},
		{name: "2.6 auto", in: both + `,"tool_choice":"auto"`, want: `"tool_choice":{"type":"auto"}`},
		{name: "2.6 auto, one at a time", in: both + `,"tool_choice":"auto"` + off, want: `"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`},
		{name: "2.6 required", in: both + `,"tool_choice":"required"`, want: `"tool_choice":{"type":"any"}`},
		{name: "2.6 any, as some clients say", in: both + `,"tool_choice":"any"` + off, want: `"tool_choice":{"type":"any","disable_parallel_tool_use":true}`},
		{name: "2.6 a named tool", in: both + `,` + named, want: bothM + `,"tool_choice":{"type":"tool","name":"g"}`},
		{name: "2.6 a named tool, one at a time", in: both + `,` + named + off, want: `"tool_choice":{"type":"tool","name":"g","disable_parallel_tool_use":true}`},
		{name: "2.6 a named freeform tool", in: `"tools":[{"type":"custom","custom":{"name":"p"}}],"tool_choice":{"type":"custom","custom":{"name":"p"}}`, want: `"tool_choice":{"type":"tool","name":"p"}`},
		{name: "trap 20: none keeps the tools", in: both + `,"tool_choice":"none"`, want: bothM + `,"tool_choice":{"type":"none"}`},
		{name: "trap 20: none has no place for the flag", in: both + `,"tool_choice":"none"` + off, want: `"tool_choice":{"type":"none"}`},
		{name: "2.6 allowed tools", in: both + `,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}`,
			want: onlyG + `,"tool_choice":{"type":"auto"}`},
		{name: "2.6 allowed tools, one of which must be called", in: both + `,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","name":"g"}]}}`,
			want: onlyG + `,"tool_choice":{"type":"any"}`},
		{name: "2.6 no allowed tool is there", in: both + `,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"name":"z"}]}}`, err: "tool_choice: none of the allowed tools is among tools"},
		{name: "pain 28: a named tool that is not there", in: both + `,"tool_choice":{"type":"function","function":{"name":"z"}}`, err: "tool_choice: tool_choice names z, which is not among tools"},
		{name: "2.6 a choice without tools", in: `"tool_choice":"auto"` + off, want: `"tools":null,"tool_choice":null`},
		{name: "2.6 a word that is no choice", in: both + `,"tool_choice":"sometimes"`, err: "tool_choice: tool_choice must be auto, none, required"},
		{name: "trap 21: a named tool on a model that rejects force is the only one on offer", to: opus55, in: both + `,` + named,
			want: onlyG + `,"tool_choice":{"type":"auto"}`, lost: "tool_choice=converted"},
		{name: "trap 21: a call demanded of a model that rejects force", to: opus55, in: both + `,"tool_choice":"required"`, want: bothM + `,"tool_choice":{"type":"auto"}`, lost: "tool_choice=converted"},
		{name: "2.6 the older form names a function", in: `"functions":[{"name":"f"},{"name":"g"}],"function_call":{"name":"g"}`, want: bothM + `,"tool_choice":{"type":"tool","name":"g","disable_parallel_tool_use":true}`},
	} {
		r.run(t)
	}
}
