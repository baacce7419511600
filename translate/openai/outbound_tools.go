package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/schema"
)

// planTools decides which tools are sent and whether the model must use them (3.4).
func (o *outbound) planTools() *translate.Error {
	if len(o.r.Tools) > 0 && !o.caps.Tools {
		return translate.Invalid("tools", "this model takes no tools")
	}
	seen := map[string]bool{}
	for _, t := range o.r.Tools {
		switch {
		case t.Server != "" && t.Dialect == "openai":
		case t.Server != "" && t.Schema == nil:
			return translate.Invalid(t.At, "the tool type "+t.Server+" is not supported by this model's provider") // trap 81
		case t.Server != "":
			o.x.Losses.Add(t.At, translate.Converted)
		}
		if seen[string(t.Name)] {
			o.x.Losses.Drop(t.At)
			continue
		}
		seen[string(t.Name)] = true
		o.tools = append(o.tools, t)
	}
	if o.r.WebSearch != nil && o.caps.WebSearch == "" {
		return translate.Invalid("tools", "web search is not supported by this model's provider")
	}
	o.choice = o.r.ToolChoice
	if len(o.tools) == 0 {
		o.choice = translate.ToolChoice{}
		return nil
	}
	return o.checkChoice(seen)
}

func (o *outbound) checkChoice(seen map[string]bool) *translate.Error {
	if o.choice.Mode == translate.ToolNamed && !seen[string(o.choice.Name)] {
		if o.r.WebSearch != nil { // the tool is a setting here, not a tool (pain 28)
			o.x.Losses.Add("tool_choice", translate.Converted)
			o.choice.Mode = translate.ToolAuto
			return nil
		}
		return translate.Invalid("tool_choice", "tool_choice names "+o.choice.Name.String()+", which is not among tools")
	}
	forced := o.choice.Mode == translate.ToolNamed || o.choice.Mode == translate.ToolRequired
	if forced && !o.caps.ForcedTools {
		o.x.Losses.Add("tool_choice", translate.Converted)
		o.choice.Mode = translate.ToolAuto
	}
	return nil
}

func (o *outbound) writeTools() {
	if len(o.tools) > 0 {
		o.KeyArray("tools")
		for i := range o.tools {
			o.writeTool(&o.tools[i])
		}
		o.EndArray()
		o.writeChoice()
		if o.r.ParallelTools != translate.Unset {
			o.KeyBool("parallel_tool_calls", o.r.ParallelTools == translate.Yes)
		}
	}
	o.writeWebSearch()
}

// toolName gives a tool's name as the host takes it and remembers the client's own.
func (o *outbound) toolName(name scan.Text) string {
	short := translate.ShortName(name, o.caps.ToolNameMax)
	if short != string(name) {
		if o.x.Names == nil {
			o.x.Names = map[string]scan.Text{}
		}
		o.x.Names[short] = name
	}
	return short
}

var freeform = []byte(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`)

// writeTool writes a function with nothing but what belongs to one (trap 77).
func (o *outbound) writeTool(t *translate.Tool) {
	if t.Server != "" && t.Dialect == "openai" {
		o.Raw(t.Raw)
		return
	}
	o.Object()
	o.KeyString("type", "function")
	o.KeyObject("function")
	o.KeyString("name", o.toolName(t.Name))
	if len(t.Description) > 0 {
		o.KeyText("description", t.Description)
	}
	o.Key("parameters")
	if t.Custom {
		o.Raw(freeform)
	} else {
		o.Raw(schema.WithProperties(t.Schema))
	}
	if t.Strict == translate.Yes {
		if schema.Strict(t.Schema) {
			o.KeyBool("strict", true)
		} else {
			o.x.Losses.Drop(t.At + ".strict")
		}
	}
	o.EndObject()
	o.keyMark(t.Cache)
	o.EndObject()
}

func (o *outbound) writeChoice() {
	switch o.choice.Mode {
	case translate.ToolAuto:
		o.KeyString("tool_choice", "auto")
	case translate.ToolNone:
		o.KeyString("tool_choice", "none")
	case translate.ToolRequired:
		o.KeyString("tool_choice", "required")
	case translate.ToolNamed:
		o.KeyObject("tool_choice")
		o.KeyString("type", "function")
		o.KeyObject("function")
		o.KeyString("name", o.toolName(o.choice.Name))
		o.EndObject()
		o.EndObject()
	}
}

// writeWebSearch asks for the host's own search.
func (o *outbound) writeWebSearch() {
	s := o.r.WebSearch
	if s == nil {
		return
	}
	o.dropSearchOptions(s)
	if o.caps.WebSearch == "openrouter" {
		o.KeyArray("plugins")
		o.Object()
		o.KeyString("id", "web")
		o.EndObject()
		o.EndArray()
		return
	}
	o.KeyObject("web_search_options")
	if s.Size != "" {
		o.KeyString("search_context_size", s.Size)
	}
	if len(s.Location) > 0 {
		o.KeyObject("user_location")
		o.KeyString("type", "approximate")
		o.KeyObject("approximate")
		o.place(s.Location)
		o.EndObject()
		o.EndObject()
	}
	o.EndObject()
}

// dropSearchOptions records the options of a search that hosts of Chat do not know.
func (o *outbound) dropSearchOptions(s *translate.WebSearch) {
	if s.MaxUses > 0 {
		o.x.Losses.Drop("tools.max_uses")
	}
	if len(s.Allowed) > 0 {
		o.x.Losses.Drop("tools.allowed_domains")
	}
	if len(s.Blocked) > 0 {
		o.x.Losses.Drop("tools.blocked_domains")
	}
	if len(s.Location) > 0 && o.caps.WebSearch == "openrouter" {
		o.x.Losses.Drop("tools.user_location")
	}
}

// place writes what Chat knows of an approximate place, without Messages' own type.
func (o *outbound) place(location []byte) {
	v, err := scan.Parse(location)
	if err != nil {
		return
	}
	for _, key := range []string{"country", "region", "city", "timezone"} {
		if t := v.Get(key).Text(); len(t) > 0 {
			o.KeyText(key, t)
		}
	}
}
