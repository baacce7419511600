package gemini_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

// schemaRow is a tool whose parameters have one property a, and what Google must be told
// of it.
func schemaRow(name string, to *place, property, want, lost string) row {
	wrap := func(p string) string { return `{"type":"object","properties":{"a":` + p + `}}` }
	field := "parametersJsonSchema"
	if !to.target.Caps.JSONSchemaTools {
		field = "parameters"
	}
	return row{
		name: name, to: to, lost: lost,
		chat:     `"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":` + wrap(property) + `}}]`,
		messages: `"tools":[{"name":"f","description":"d","input_schema":` + wrap(property) + `}]`,
		want:     `"tools":[{"functionDeclarations":[{"name":"f","description":"d","` + field + `":` + wrap(want) + `}]}]`,
	}
}

// TestSchemas: schemas of tools as the older models take them, in OpenAPI's form, and as
// the newer do, in JSON Schema. More of them are in translate/schema.
func TestSchemas(t *testing.T) {
	old := func() *place { return studio("gemini-2.0-flash") }
	recent := func() *place { return vertexAI("gemini-2.5-flash") }
	runAll(t, []row{
		schemaRow("A25: parameters that are called like keywords survive", old(),
			`{"type":"object","properties":{"const":{"type":"string"},"format":{"type":"string"},"$ref":{"type":"string"}},"required":["const","format"]}`,
			`{"type":"object","properties":{"const":{"type":"string"},"format":{"type":"string"},"$ref":{"type":"string"}},"required":["const","format"]}`, ""),
		schemaRow("A26: a type or null is nullable", old(), `{"type":["string","null"],"description":"d"}`, `{"type":"string","description":"d","nullable":true}`, ""),
		schemaRow("A26: in JSON Schema it stays a pair", recent(), `{"type":["string","null"],"description":"d"}`, `{"type":["string","null"],"description":"d"}`, ""),
		schemaRow("A27: a description goes into the branches of an anyOf", old(), `{"description":"d","anyOf":[{"type":"string"},{"type":"number"}]}`,
			`{"anyOf":[{"type":"string","description":"d"},{"type":"number","description":"d"}]}`, ""),
		schemaRow("A28: an array or null is one array", old(), `{"type":["null","array"],"items":{"type":"integer"}}`, `{"type":"array","items":{"type":"integer"},"nullable":true}`, ""),
		schemaRow("A30: an enum of integers is of strings in the format enum", recent(), `{"type":"integer","enum":[1,2,3]}`, `{"type":"integer","enum":["1","2","3"],"format":"enum"}`, ""),
		schemaRow("A31: null leaves an enum", old(), `{"enum":["a",null]}`, `{"enum":["a"],"nullable":true,"type":"string"}`, ""),
		schemaRow("A32: properties make an object", recent(), `{"properties":{"b":{"type":"string"}}}`, `{"properties":{"b":{"type":"string"}},"type":"object"}`, ""),
		schemaRow("A33: required names only what is there", old(), `{"type":"object","properties":{"y":{"type":"string"}},"required":["x"]}`, `{"type":"object","properties":{"y":{"type":"string"}}}`, ""),
		schemaRow("3.6: what the schema loses is reported", recent(), `{"type":"string","not":{"const":"x"}}`, `{"type":"string"}`, "tools[0].parameters=converted"),
		{name: "A29: a type that refers to itself ends in an object", to: recent(),
			chat:     `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"root":{"$ref":"#/$defs/Node"}},"$defs":{"Node":{"type":"object","properties":{"v":{"type":"string"},"next":{"$ref":"#/$defs/Node","description":"the rest"}}}}}}}]`,
			messages: `"tools":[{"name":"f","input_schema":{"type":"object","properties":{"root":{"$ref":"#/$defs/Node"}},"$defs":{"Node":{"type":"object","properties":{"v":{"type":"string"},"next":{"$ref":"#/$defs/Node","description":"the rest"}}}}}}]`,
			want:     `"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object","properties":{"root":{"type":"object","properties":{"v":{"type":"string"},"next":{"type":"object","description":"the rest"}}}}}}]}]`,
			lost:     "tools[0].parameters=converted"},
		{name: "3.6 2: a reference to another document is refused", to: recent(),
			chat: `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"$ref":"https://example.com/a.json"}}}}}]`,
			err:  "tools[0]: the schema of tool f cannot be used"},
		{name: "A34: a tool without arguments has no schema", to: old(),
			chat:     `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}},{"type":"function","function":{"name":"g"}}]`,
			messages: `"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}},{"name":"g","input_schema":{"type":"object"}}]`,
			want:     `"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}]`},
		{name: "pain 23: references, closed objects and unions are told in words that Google knows", to: old(),
			messages: `"tools":[{"name":"f","input_schema":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","additionalProperties":false,
				"properties":{"ref":{"type":"string"},"p":{"$ref":"#/$defs/P"},"u":{"oneOf":[{"type":"string"},{"type":"null"}]}},"required":["ref"],
				"$defs":{"P":{"type":"object","properties":{"x":{"type":"integer","exclusiveMinimum":0}},"additionalProperties":false}}}}]`,
			want: `"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"object",
				"properties":{"ref":{"type":"string"},"p":{"type":"object","properties":{"x":{"type":"integer","minimum":1}}},"u":{"nullable":true,"type":"string"}},"required":["ref"]}}]}]`},
		{name: "pain 26: a freeform tool is a function of one text, with its grammar in words",
			chat: `"tools":[{"type":"custom","custom":{"name":"patch","description":"Patch.","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: \"x\""}}}}],` +
				turns(ask, `{"role":"assistant","tool_calls":[{"id":"c1","type":"custom","custom":{"name":"patch","input":"*** a \"b\""}}]}`, `{"role":"tool","tool_call_id":"c1","content":"ok"}`),
			want: `"tools":[{"functionDeclarations":[{"name":"patch","description":"Patch.\n\nThe input must follow this format: {\"type\":\"grammar\",\"grammar\":{\"syntax\":\"lark\",\"definition\":\"start: \\\"x\\\"\"}}",
				"parametersJsonSchema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}]}],` +
				contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"patch","args":{"input":"*** a \"b\""}}}]}`,
					`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"patch","response":{"output":"ok"}}}]}`)},
	})
}

// The tools f and g of the choices below.
const (
	chatFG     = `"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]`
	chatStrict = `"tools":[{"type":"function","function":{"name":"f","strict":true}},{"type":"function","function":{"name":"g"}}]`
	messagesFG = `"tools":[{"name":"f","input_schema":{"type":"object"}},{"name":"g","input_schema":{"type":"object"}}]`
	declared   = `"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}]`
)

// mode is the tools f and g with a mode of calling them.
func mode(config string) string {
	return declared + `,"toolConfig":{"functionCallingConfig":` + config + `}`
}

func TestToolChoice(t *testing.T) {
	runAll(t, []row{
		{name: "3.7: without a choice there is none", chat: chatFG, messages: messagesFG, want: declared + `,"toolConfig":null`},
		{name: "3.7: auto", chat: chatFG + `,"tool_choice":"auto"`, messages: messagesFG + `,"tool_choice":{"type":"auto"}`, want: mode(`{"mode":"AUTO"}`)},
		{name: "A35: none keeps the tools", chat: chatFG + `,"tool_choice":"none"`, messages: messagesFG + `,"tool_choice":{"type":"none"}`, want: mode(`{"mode":"NONE"}`)},
		{name: "3.7: any call", chat: chatFG + `,"tool_choice":"required"`, messages: messagesFG + `,"tool_choice":{"type":"any"}`, want: mode(`{"mode":"ANY"}`)},
		{name: "3.7: one function", chat: chatFG + `,"tool_choice":{"type":"function","function":{"name":"g"}}`, messages: messagesFG + `,"tool_choice":{"type":"tool","name":"g"}`,
			want: mode(`{"mode":"ANY","allowedFunctionNames":["g"]}`)},
		{name: "3.7: allowed functions, with a call demanded", chat: chatFG + `,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}`,
			want: mode(`{"mode":"ANY","allowedFunctionNames":["g"]}`)},
		{name: "3.7: allowed functions, with a free choice", chat: chatFG + `,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}`,
			want: mode(`{"mode":"VALIDATED","allowedFunctionNames":["g"]}`)},
		{name: "3.7: a strict tool's calls are validated", chat: chatStrict, want: mode(`{"mode":"VALIDATED"}`)},
		{name: "A36: a strict tool does not weaken a forced choice", chat: chatStrict + `,"tool_choice":{"type":"function","function":{"name":"f"}}`,
			want: mode(`{"mode":"ANY","allowedFunctionNames":["f"]}`)},
		{name: "A36: nor a demanded call", chat: chatStrict + `,"tool_choice":"required"`, want: mode(`{"mode":"ANY"}`)},
		{name: "A36: nor the wish for none", chat: chatStrict + `,"tool_choice":"none"`, want: mode(`{"mode":"NONE"}`)},
		{name: "pain 28: a choice of what is not there is refused", chat: chatFG + `,"tool_choice":{"type":"function","function":{"name":"h"}}`, messages: messagesFG + `,"tool_choice":{"type":"tool","name":"h"}`,
			err: "tool_choice: tool_choice names h, which is not among tools"},
		{name: "pain 28: a demanded call without tools is dropped", chat: `"tool_choice":"required"`, messages: `"tool_choice":{"type":"any"}`, want: `"toolConfig":null`, lost: "tool_choice=dropped"},
		{name: "3.7: a choice of nothing is as good as none", chat: chatFG + `,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}`, want: mode(`{"mode":"NONE"}`)},
		{name: "3.7: the same tool twice is declared once", chat: `"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]`,
			want: `"tools":[{"functionDeclarations":[{"name":"f"}]}]`, lost: "tools[1]=dropped"},
		{name: "3.7: search beside functions, on AI Studio", to: studio("gemini-3-flash-preview"), chat: chatFG + `,"web_search_options":{}`,
			want: `"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}],"googleSearch":{}}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"},"includeServerSideToolInvocations":true}`},
		{name: "3.7: search beside functions, on Vertex AI", to: vertexAI("gemini-3-flash-preview"), chat: chatFG + `,"web_search_options":{}`,
			want: `"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}],"googleSearch":{}}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}}`},
		{name: "3.7: search beside functions before Gemini 3 is refused", chat: chatFG + `,"web_search_options":{}`,
			err: "web_search_options: this model takes web search or functions, not both"},
		{name: "3.7: search beside functions before Gemini 3, in Messages", messages: `"tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f","input_schema":{"type":"object"}}]`,
			err: "tools: this model takes web search or functions, not both"},
		{name: "3.7: a call demanded of no tool is refused", chat: chatFG + `,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[]}}`,
			err: "tool_choice: tool_choice demands a call but allows no tool"},
		{name: "3.7: what a search is limited to cannot be told", messages: `"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":3,"allowed_domains":["a.org"],"user_location":{"type":"approximate","country":"DE"}}]`,
			want: `"tools":[{"googleSearch":{}}]`, lost: "tools.max_uses=dropped,tools.allowed_domains=dropped,tools.user_location=dropped"},
		{name: "3.7: a demanded call with a demanded search", to: vertexAI("gemini-3-flash-preview"), chat: chatFG + `,"web_search_options":{},"tool_choice":"required"`,
			want: `"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`},
		{name: "3.7: tools that somebody else runs are refused", messages: `"tools":[{"type":"code_execution_20250825","name":"code_execution"}]`,
			err: "tools[0]: the tool type code_execution_20250825 is not supported by this model's provider"},
		{name: "3.7: those that the client runs are functions", messages: `"tools":[{"type":"bash_20250124","name":"bash"}]`,
			want: `"tools":[{"functionDeclarations":[{"name":"bash","description":"Run a command in a persistent bash session. Set restart to true to restart the session.","parametersJsonSchema":{"type":"object","properties":{"command":{"type":"string","description":"The command to run."},"restart":{"type":"boolean","description":"Restart the session instead of running a command."}}}}]}]`,
			lost: "tools[0]=converted"},
		{name: "3.7: a model without tools", to: studio("gemini-2.5-flash").with(func(t *translate.Target) { t.Caps.Tools = false }), chat: chatFG, err: "tools: this model takes no tools"},
	})
}

// TestParallelLimit: Google has no setting for one call at a time; the answer's decoder
// keeps the first (3.4).
func TestParallelLimit(t *testing.T) {
	for _, test := range []struct {
		name string
		from translate.Inbound
		in   string
		want bool
	}{
		{"3.4: one call at a time, asked for in Chat", openai.Dialect{}, chatFG + `,"parallel_tool_calls":false`, true},
		{"3.4: one call at a time, asked for in Messages", anthropic.Dialect{}, messagesFG + `,"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`, true},
		{"3.4: as many as it likes", openai.Dialect{}, chatFG + `,"parallel_tool_calls":true`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := toGemini(t, test.from, request(t, test.in), studio("gemini-2.5-flash")); got.x.ParallelLimit != test.want {
				t.Errorf("ParallelLimit is %v, want %v", got.x.ParallelLimit, test.want)
			}
		})
	}
}
