package openai

import (
	"strconv"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// tools reads the list of tools (2.5).
func (q *request) tools(list scan.Value) {
	if !q.NeedKind(list, scan.Array, translate.Top(), "tools") {
		return
	}
	i := 0
	for v := range list.Elements() {
		at := translate.Element("tools", i)
		if q.NeedKind(v, scan.Object, at, "") {
			q.tool(v, at)
		}
		i++
	}
}

func (q *request) tool(v scan.Value, at translate.At) {
	q.modern = true
	t := translate.Tool{At: at.String(), Cache: q.cacheMark(v.Get("cache_control"), at, ".cache_control")}
	switch kind := q.Text(v.Get("type"), at, ".type").String(); kind {
	case "function", "":
		f := v.Get("function")
		if !q.NeedKind(f, scan.Object, at, ".function") {
			return
		}
		q.function(&t, f, at, ".function")
	case "custom":
		c := v.Get("custom")
		if !q.NeedKind(c, scan.Object, at, ".custom") {
			return
		}
		t.Custom, t.Name = true, q.name(c.Get("name"), at, ".custom.name")
		t.Description = q.Text(c.Get("description"), at, ".custom.description")
		if format := c.Get("format"); !format.IsNull() && !format.Get("type").Text().Equal("text") {
			t.Grammar = format.Raw()
		}
	default:
		t.Server, t.Dialect, t.Raw = kind, "openai", v.Raw()
		t.Name = scan.Quote(kind)
	}
	q.r.Tools = append(q.r.Tools, t)
}

// function reads what tools and the older functions have in common.
func (q *request) function(t *translate.Tool, f scan.Value, at translate.At, path string) {
	t.Name = q.name(f.Get("name"), at, path+".name")
	t.Description = q.Text(f.Get("description"), at, path+".description")
	t.Strict = q.Tristate(f.Get("strict"), at, path+".strict")
	if schema := f.Get("parameters"); q.Kind(schema, scan.Object, at, path+".parameters") {
		t.Schema = schema.Raw()
	}
	if t.Cache == nil {
		t.Cache = q.cacheMark(f.Get("cache_control"), at, path+".cache_control")
	}
}

func (q *request) name(v scan.Value, at translate.At, suffix string) scan.Text {
	name := q.NeedText(v, at, suffix)
	if q.Err == nil && name.IsBlank() {
		q.Fail(at, suffix, "must not be empty")
	}
	return name
}

// functions reads the older form of tools.
func (q *request) functions(list scan.Value) {
	if !q.NeedKind(list, scan.Array, translate.Top(), "functions") {
		return
	}
	q.legacy = true
	i := 0
	for v := range list.Elements() {
		at := translate.Element("functions", i)
		t := translate.Tool{At: at.String()}
		if q.NeedKind(v, scan.Object, at, "") {
			q.function(&t, v, at, "")
			q.r.Tools = append(q.r.Tools, t)
		}
		i++
	}
}

// toolChoice reads tool_choice (2.6).
func (q *request) toolChoice(v scan.Value) {
	c, top := &q.r.ToolChoice, translate.Top()
	if v.Kind() == scan.String {
		q.choiceMode(v.Str(), "tool_choice")
		return
	}
	if !q.NeedKind(v, scan.Object, top, "tool_choice") {
		return
	}
	switch kind := q.NeedText(v.Get("type"), top, "tool_choice.type").String(); kind {
	case "function", "custom":
		c.Mode, c.Name = translate.ToolNamed, q.name(v.At(kind, "name"), top, "tool_choice."+kind+".name")
	case "allowed_tools":
		q.allowedTools(v.Get("allowed_tools"))
	case "auto", "none", "required", "any": // seen from clients that mix the dialects
		q.choiceMode(kind, "tool_choice.type")
	case "tool":
		c.Mode, c.Name = translate.ToolNamed, q.name(v.Get("name"), top, "tool_choice.name")
	default:
		q.Fail(top, "tool_choice.type", "must be function, custom or allowed_tools")
	}
}

func (q *request) choiceMode(mode, field string) {
	switch mode {
	case "auto":
		q.r.ToolChoice.Mode = translate.ToolAuto
	case "none":
		q.r.ToolChoice.Mode = translate.ToolNone
	case "required", "any":
		q.r.ToolChoice.Mode = translate.ToolRequired
	default:
		q.Fail(translate.Top(), field, "must be auto, none, required or an object that names a tool")
	}
}

func (q *request) allowedTools(v scan.Value) {
	top := translate.Top()
	if !q.NeedKind(v, scan.Object, top, "tool_choice.allowed_tools") {
		return
	}
	q.r.ToolChoice.Allowed = []scan.Text{}
	q.r.ToolChoice.Mode = translate.ToolAuto
	if v.Get("mode").Text().Equal("required") {
		q.r.ToolChoice.Mode = translate.ToolRequired
	}
	i := 0
	for t := range v.Get("tools").Elements() {
		name := t.At("function", "name")
		if !name.Exists() {
			name = t.At("custom", "name")
		}
		if !name.Exists() {
			name = t.Get("name")
		}
		q.r.ToolChoice.Allowed = append(q.r.ToolChoice.Allowed, q.name(name, top, "tool_choice.allowed_tools.tools["+strconv.Itoa(i)+"]"))
		i++
	}
}

// functionCall reads the older form of tool_choice.
func (q *request) functionCall(v scan.Value) {
	q.legacy = true
	if v.Kind() == scan.String {
		q.choiceMode(v.Str(), "function_call")
		return
	}
	q.r.ToolChoice.Mode = translate.ToolNamed
	q.r.ToolChoice.Name = q.name(v.Get("name"), translate.Top(), "function_call.name")
}
