package anthropic

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// tools reads the list of tools (3.4).
func (q *request) tools(list scan.Value) {
	if !q.NeedKind(list, scan.Array, translate.Top(), "tools") {
		return
	}
	i := 0
	for v := range list.Elements() {
		at := translate.Element("tools", i)
		i++
		if !q.NeedKind(v, scan.Object, at, "") {
			return
		}
		kind := q.Text(v.Get("type"), at, ".type").String()
		switch {
		case kind == "" || kind == "custom":
			q.function(v, at)
		case strings.HasPrefix(kind, "web_search_"):
			q.webSearch(v)
		default:
			q.serverTool(v, at, kind)
		}
	}
}

func (q *request) function(v scan.Value, at translate.At) {
	t := translate.Tool{At: at.String(), Cache: mark(v.Get("cache_control"))}
	t.Name = q.NeedText(v.Get("name"), at, ".name")
	if q.Err == nil && t.Name.IsBlank() {
		q.Fail(at, ".name", "must not be empty")
	}
	t.Description = q.Text(v.Get("description"), at, ".description")
	t.Strict = q.Tristate(v.Get("strict"), at, ".strict")
	if schema := v.Get("input_schema"); q.Kind(schema, scan.Object, at, ".input_schema") {
		t.Schema = schema.Raw()
	}
	for key := range v.Members() {
		if !carried[string(key)] { // defer_loading, input_examples and the like (CC11)
			q.losses.Drop("tools." + string(key))
		}
	}
	q.r.Tools = append(q.r.Tools, t)
}

// carried are the keys of a function that the neutral form holds.
var carried = map[string]bool{"name": true, "type": true, "description": true, "input_schema": true, "strict": true, "cache_control": true}

func (q *request) webSearch(v scan.Value) {
	s := &translate.WebSearch{Raw: v.Raw(), Dialect: "anthropic"}
	s.MaxUses, _ = v.Get("max_uses").Int()
	for d := range v.Get("allowed_domains").Elements() {
		s.Allowed = append(s.Allowed, d.Text())
	}
	for d := range v.Get("blocked_domains").Elements() {
		s.Blocked = append(s.Blocked, d.Text())
	}
	if l := v.Get("user_location"); l.Kind() == scan.Object {
		s.Location = l.Raw()
	}
	q.r.WebSearch = s
}

// clientTools are the tools of a dated type that clients run themselves, by the
// beginning of the type. Elsewhere they are functions with the schema that Anthropic
// documents for them.
var clientTools = []struct{ prefix, description, schema string }{
	{"bash_", "Run a command in a persistent bash session. Set restart to true to restart the session.",
		`{"type":"object","properties":{"command":{"type":"string","description":"The command to run."},"restart":{"type":"boolean","description":"Restart the session instead of running a command."}}}`},
	{"text_editor_", "View, create and edit files.",
		`{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},"path":{"type":"string"},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}}},"required":["command","path"]}`},
	{"memory_", "Read and change files in the memory directory /memories.",
		`{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},"path":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"old_path":{"type":"string"},"new_path":{"type":"string"}},"required":["command"]}`},
}

// serverTool keeps a tool of another type as it is; one that clients run gets a schema
// besides.
func (q *request) serverTool(v scan.Value, at translate.At, kind string) {
	t := translate.Tool{At: at.String(), Server: kind, Dialect: "anthropic", Raw: v.Raw(), Cache: mark(v.Get("cache_control"))}
	if t.Name = q.Text(v.Get("name"), at, ".name"); t.Name == nil {
		t.Name = scan.Quote(kind)
	}
	for _, known := range clientTools {
		if strings.HasPrefix(kind, known.prefix) {
			t.Description, t.Schema = scan.Quote(known.description), []byte(known.schema)
		}
	}
	q.r.Tools = append(q.r.Tools, t)
}

func (q *request) toolChoice(v scan.Value) {
	c, top := &q.r.ToolChoice, translate.Top()
	if !q.NeedKind(v, scan.Object, top, "tool_choice") {
		return
	}
	switch q.NeedText(v.Get("type"), top, "tool_choice.type").String() {
	case "auto":
		c.Mode = translate.ToolAuto
	case "any":
		c.Mode = translate.ToolRequired
	case "none":
		c.Mode = translate.ToolNone
	case "tool":
		c.Mode, c.Name = translate.ToolNamed, q.NeedText(v.Get("name"), top, "tool_choice.name")
	default:
		q.Fail(top, "tool_choice.type", "must be auto, any, tool or none")
	}
	if q.Bool(v.Get("disable_parallel_tool_use"), top, "tool_choice.disable_parallel_tool_use") {
		q.r.ParallelTools = translate.No
	}
}
