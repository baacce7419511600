package openai_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Tools and tool choice (wire-openai-anthropic.md 3.4).
func TestMessagesToolsToChat(t *testing.T) {
	const f = `{"name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"string"}}}}`
	const sentF = `{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}`
	for _, r := range []row{
		{name: "3.4 a function", in: `"tools":[` + f + `]`, want: `"tools":[` + sentF + `],"tool_choice":null,"parallel_tool_calls":null`},
		{name: "trap 77: nothing but the function's own keys", in: `"tools":[{"type":"custom","name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"string"}}},"input_examples":[{"a":"x"}],"defer_loading":true,"eager_input_streaming":true,"allowed_callers":["direct"]}]`,
			want: `"tools":[` + sentF + `]`, lost: "tools.input_examples=dropped,tools.defer_loading=dropped,tools.eager_input_streaming=dropped,tools.allowed_callers=dropped"},
		{name: "trap 77: strict where the schema allows it", in: `"tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}]`,
			want: `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false},"strict":true}}]`},
		{name: "3.4 strict: left out elsewhere", in: `"tools":[` + strings.Replace(f, `"name"`, `"strict":true,"name"`, 1) + `]`, want: `"tools":[` + sentF + `]`, lost: "tools[0].strict=dropped"},
		{name: "3.4 strict false: not sent", in: `"tools":[` + strings.Replace(f, `"name"`, `"strict":false,"name"`, 1) + `]`, want: `"tools":[` + sentF + `]`},
		{name: "3.4 a schema without properties", in: `"tools":[{"name":"f","input_schema":{"type":"object"}}]`, want: `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]`},
		{name: "3.4 a schema's bytes are kept, pain 23", in: `"tools":[{"name":"f","input_schema":{"properties":{"ref":{"$ref":"#/$defs/X"}, "n":{"minimum":1.0}},"$defs":{"X":{"type":"string"}},"type":"object"}}]`,
			want: `"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"ref":{"$ref":"#/$defs/X"}, "n":{"minimum":1.0}},"$defs":{"X":{"type":"string"}},"type":"object"}}}]`},
		{name: "3.4 a mark on a tool", to: openRouter, in: `"tools":[` + strings.Replace(f, `"name"`, `"cache_control":{"type":"ephemeral"},"name"`, 1) + `]`,
			want: `"tools":[` + strings.TrimSuffix(sentF, "}") + `,"cache_control":{"type":"ephemeral"}}]`},
		{name: "3.4 a mark on a tool is reported elsewhere, pain 19", in: `"tools":[` + strings.Replace(f, `"name"`, `"cache_control":{"type":"ephemeral"},"name"`, 1) + `]`,
			want: `"tools":[` + sentF + `]`, lost: "cache_control=dropped"},
		{name: "trap 78: a name of 80 characters is shortened", in: `"tools":[{"name":"` + strings.Repeat("n", 80) + `","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"tool","name":"` + strings.Repeat("n", 80) + `"}`,
			want: `"tools":[{"type":"function","function":{"name":"` + strings.Repeat("n", 55) + `_feed930b","parameters":{"type":"object","properties":{}}}}],"tool_choice":{"type":"function","function":{"name":"` + strings.Repeat("n", 55) + `_feed930b"}}`},
		{name: "3.4 two tools of one name: the first wins", in: `"tools":[` + f + `,{"name":"f","input_schema":{"type":"object","properties":{}}}]`, want: `"tools":[` + sentF + `]`, lost: "tools[1]=dropped"},
		{name: "3.4 no tools: no field", in: `"tools":[]`, want: `"tools":null`},

		{name: "3.4 bash: a function with its schema", in: `"tools":[{"type":"bash_20250124","name":"bash"}]`,
			want: `"tools":[{"type":"function","function":{"name":"bash","description":"Run a command in a persistent bash session. Set restart to true to restart the session.","parameters":{"type":"object","properties":{"command":{"type":"string","description":"The command to run."},"restart":{"type":"boolean","description":"Restart the session instead of running a command."}}}}}]`,
			lost: "tools[0]=converted"},
		{name: "3.4 text_editor: a function by its own name", in: `"tools":[{"type":"text_editor_20250728","name":"str_replace_based_edit_tool","max_characters":9}]`,
			want: `"tools":[{"type":"function","function":{"name":"str_replace_based_edit_tool","description":"View, create and edit files.","parameters":{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},"path":{"type":"string"},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}}},"required":["command","path"]}}}]`,
			lost: "tools[0]=converted"},
		{name: "3.4 memory: a function with its schema", in: `"tools":[{"type":"memory_20250818","name":"memory"}]`,
			want: `"tools":[{"type":"function","function":{"name":"memory","description":"Read and change files in the memory directory /memories.","parameters":{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},"path":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"old_path":{"type":"string"},"new_path":{"type":"string"}},"required":["command"]}}}]`,
			lost: "tools[0]=converted"},
		{name: "3.4 browser: refused", in: `"tools":[{"type":"browser_20260301","name":"browser"}]`, err: "tools[0]: the tool type browser_20260301"},
		{name: "trap 81: a computer is refused by name", in: `"tools":[{"type":"computer_20250124","name":"computer","display_width_px":1}]`, err: "tools[0]: the tool type computer_20250124 is not supported"},
		{name: "3.4 code_execution: refused", in: `"tools":[{"type":"code_execution_20250522","name":"code_execution"}]`, err: "tools[0]: the tool type code_execution_20250522"},
		{name: "3.4 web_fetch: refused", in: `"tools":[{"type":"web_fetch_20250910","name":"web_fetch"}]`, err: "tools[0]: the tool type web_fetch_20250910"},
		{name: "3.4 tool_search: refused", in: `"tools":[{"type":"tool_search_tool_regex_20251119","name":"t"}]`, err: "tools[0]: the tool type tool_search_tool_regex_20251119"},
		{name: "3.4 mcp_toolset: refused", in: `"tools":[{"type":"mcp_toolset","mcp_server_name":"m"}]`, err: "tools[0]: the tool type mcp_toolset"},
		{name: "3.4 web_search: OpenRouter's plugin", to: openRouter, in: `"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":3,"allowed_domains":["a.org"]}]`,
			want: `"tools":null,"plugins":[{"id":"web"}]`, lost: "tools.max_uses=dropped,tools.allowed_domains=dropped"},
		{name: "3.4 web_search: options", to: with(gpt4o, func(o *translate.Target) { o.Caps.WebSearch = "web_search_options" }),
			in:   `"tools":[{"type":"web_search_20250305","name":"web_search","user_location":{"type":"approximate","city":"Bern","country":"CH"}}]`,
			want: `"tools":null,"web_search_options":{"user_location":{"type":"approximate","approximate":{"country":"CH","city":"Bern"}}}`},
		{name: "3.4 web_search: refused elsewhere", in: `"tools":[{"type":"web_search_20250305","name":"web_search"}]`, err: "tools: web search is not supported"},
		{name: "3.4 tools to a model without: refused", to: with(local, func(o *translate.Target) { o.Caps.Tools = false }), in: `"tools":[` + f + `]`, err: "tools: this model takes no tools"},

		{name: "3.4 tool_choice auto", in: `"tools":[` + f + `],"tool_choice":{"type":"auto"}`, want: `"tool_choice":"auto"`},
		{name: "3.4 tool_choice any", in: `"tools":[` + f + `],"tool_choice":{"type":"any"}`, want: `"tool_choice":"required"`},
		{name: "3.4 tool_choice none", in: `"tools":[` + f + `],"tool_choice":{"type":"none"}`, want: `"tools":[` + sentF + `],"tool_choice":"none"`},
		{name: "3.4 tool_choice tool", in: `"tools":[` + f + `],"tool_choice":{"type":"tool","name":"f"}`, want: `"tool_choice":{"type":"function","function":{"name":"f"}}`},
		{name: "3.4 tool_choice where none can be forced", to: with(local, func(o *translate.Target) { o.Caps.ForcedTools = false }),
			in: `"tools":[` + f + `],"tool_choice":{"type":"any"}`, want: `"tool_choice":"auto"`, lost: "tool_choice=converted"},
		{name: "pain 28: tool_choice names a tool that does not exist", in: `"tools":[` + f + `],"tool_choice":{"type":"tool","name":"g"}`, err: "tool_choice: tool_choice names g"},
		{name: "pain 28: tool_choice names the search, which is a setting here", to: openRouter, in: `"tools":[` + f + `,{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"web_search"}`,
			want: `"tools":[` + sentF + `],"tool_choice":"auto","plugins":[{"id":"web"}]`, lost: "tool_choice=converted"},
		{name: "3.4 tool_choice without tools: left out", in: `"tool_choice":{"type":"any"}`, want: `"tool_choice":null`},
		{name: "trap 80: one call at a time", in: `"tools":[` + f + `],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`, want: `"tool_choice":"auto","parallel_tool_calls":false`},
		{name: "trap 80: not without tools", in: `"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`, want: `"parallel_tool_calls":null`},
	} {
		r.run(t)
	}
}

// A shortened name is the same in tools, choice and history, and the client's own in answers.
func TestShortenedToolNames(t *testing.T) {
	t.Run("trap 78: history and answer", func(t *testing.T) {
		long := strings.Repeat("n", 80)
		got := toChat(t, request(t, `"tools":[{"name":"`+long+`","input_schema":{"type":"object","properties":{}}}],`+
			strings.ReplaceAll(calls(callA, `{"type":"tool_result","tool_use_id":"toolu_a","content":"ok"}`), `"name":"f"`, `"name":"`+long+`"`)), gpt5())
		short := strings.Repeat("n", 55) + "_feed930b"
		if n := strings.Count(string(got.body), `"name":"`+short+`"`); n != 2 || strings.Contains(string(got.body), long) {
			t.Fatalf("the short name stands %d times in %s", n, got.body)
		}
		if own := got.x.ToolName([]byte(short)); string(own) != long {
			t.Errorf("the name of a call is %q for the client", own)
		}
	})
}
