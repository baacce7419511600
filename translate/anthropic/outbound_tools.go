package anthropic

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/schema"
)

// maxToolName is the longest name of a tool.
const maxToolName = 128

// planTools decides which tools are sent and whether the model must use them.
func (o *outbound) planTools() *translate.Error {
	if !o.caps.Tools && len(o.r.Tools) > 0 {
		return translate.Invalid("tools", "this model takes no tools") // E8
	}
	if err := o.collectTools(); err != nil {
		return err
	}
	o.choice = o.r.ToolChoice
	if len(o.tools) == 0 {
		o.choice.Mode = translate.ToolAbsent
		o.addHistoryTools()
		return nil
	}
	if err := o.narrow(); err != nil {
		return err
	}
	forced := o.choice.Mode == translate.ToolRequired || o.choice.Mode == translate.ToolNamed
	if forced && !o.caps.ForcedTools {
		o.relaxChoice() // trap 21
	}
	return nil
}

// collectTools gathers the tools, the first of each name.
func (o *outbound) collectTools() *translate.Error {
	seen := map[string]bool{}
	for _, t := range o.r.Tools {
		if t.Server != "" && t.Dialect != "anthropic" {
			return translate.Invalid(t.At, "the tool type "+t.Server+" is not supported by this model's provider")
		}
		if seen[string(t.Name)] {
			o.x.Losses.Drop(t.At)
			continue
		}
		seen[string(t.Name)] = true
		o.tools = append(o.tools, t)
	}
	if o.r.WebSearch == nil {
		return nil
	}
	if !strings.HasPrefix(o.caps.WebSearch, "web_search_") {
		return translate.Invalid("web_search_options", "web search is not supported by this model's provider")
	}
	return nil
}

// narrow filters the tools to those allowed and checks that a named one is there.
func (o *outbound) narrow() *translate.Error {
	if o.choice.Allowed != nil {
		kept := o.tools[:0:0]
		for _, t := range o.tools {
			for _, name := range o.choice.Allowed {
				if string(name) == string(t.Name) {
					kept = append(kept, t)
					break
				}
			}
		}
		if len(kept) == 0 {
			return translate.Invalid("tool_choice", "none of the allowed tools is among tools")
		}
		o.tools = kept
	}
	if o.choice.Mode == translate.ToolNamed && !o.hasTool(o.choice.Name) {
		return translate.Invalid("tool_choice", "tool_choice names "+o.choice.Name.String()+", which is not among tools")
	}
	return nil
}

func (o *outbound) hasTool(name scan.Text) bool {
	for _, t := range o.tools {
		if string(t.Name) == string(name) {
			return true
		}
	}
	return false
}

// relaxChoice leaves the choice to a model that rejects a forced one: a named tool
// becomes the only one on offer.
func (o *outbound) relaxChoice() {
	o.x.Losses.Add("tool_choice", translate.Converted)
	if o.choice.Mode == translate.ToolNamed {
		for _, t := range o.tools {
			if string(t.Name) == string(o.choice.Name) {
				o.tools = []translate.Tool{t}
				break
			}
		}
	}
	o.choice.Mode = translate.ToolAuto
}

// addHistoryTools defines the tools that the conversation has used, which the API wants
// to know although the client sends none any more.
func (o *outbound) addHistoryTools() {
	seen := map[string]bool{}
	for _, t := range o.turns {
		for _, b := range t.Blocks {
			if b.Kind == translate.CallBlock && !seen[string(b.Call.Name)] {
				seen[string(b.Call.Name)] = true
				o.tools = append(o.tools, translate.Tool{Name: b.Call.Name})
			}
		}
	}
	if len(o.tools) > 0 && o.r.WebSearch == nil {
		o.choice.Mode = translate.ToolNone
	}
}

// planFormat decides how an output format is asked for (2.7).
func (o *outbound) planFormat() *translate.Error {
	f := o.r.Format
	switch f.Kind {
	case translate.FormatJSON:
		o.x.Losses.Add("response_format", translate.Converted)
		o.instruct("Respond with a single JSON object and nothing else.")
	case translate.FormatSchema:
		o.planSchema(f)
	}
	return nil
}

func (o *outbound) planSchema(f translate.Format) {
	clean, fit := schema.Constrained(f.Schema)
	switch {
	case o.caps.NativeFormat && fit != schema.Unfit:
		o.schema = clean
		if len(f.Description) > 0 {
			o.x.Losses.Drop("response_format.json_schema.description")
		}
		if fit == schema.InWords {
			o.x.Losses.Add("response_format", translate.Converted)
		}
	case o.caps.ForcedTools && len(o.tools) == 0: // traps 37 and 38
		o.x.FormatTool = "json"
		if len(f.Name) > 0 {
			o.x.FormatTool = translate.ShortName(f.Name, maxToolName)
		}
		tool := translate.Tool{Name: scan.Text(o.x.FormatTool), Description: f.Description, Schema: f.Schema}
		o.tools = []translate.Tool{tool}
		o.choice = translate.ToolChoice{Mode: translate.ToolNamed, Name: tool.Name}
	default:
		o.x.Losses.Add("response_format", translate.Converted)
		o.instruct("Respond with a single JSON value that satisfies this JSON Schema, and nothing else: " + string(f.Schema))
	}
}

// instruct adds a system text of the gateway's own as a new last entry (CC10).
func (o *outbound) instruct(text string) {
	o.system = append(o.system[:len(o.system):len(o.system)], translate.Block{Text: scan.Quote(text)})
}

// writeTools writes tools and tool_choice.
func (o *outbound) writeTools() {
	if len(o.tools) == 0 && o.r.WebSearch == nil {
		return
	}
	o.KeyArray("tools")
	for i := range o.tools {
		o.writeTool(&o.tools[i])
	}
	if o.r.WebSearch != nil {
		o.writeWebSearch(o.r.WebSearch)
	}
	o.EndArray()
	o.writeChoice()
}

// toolName gives a tool's name as the API takes it and remembers the client's own.
func (o *outbound) toolName(name scan.Text) string {
	short := translate.ShortName(name, maxToolName)
	if short != string(name) {
		if o.x.Names == nil {
			o.x.Names = map[string]scan.Text{}
		}
		o.x.Names[short] = name
	}
	return short
}

var freeform = []byte(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`)

func (o *outbound) writeTool(t *translate.Tool) {
	if t.Server != "" {
		o.Raw(t.Raw)
		return
	}
	o.Object()
	o.KeyString("name", o.toolName(t.Name))
	description := t.Description
	if t.Custom && len(t.Grammar) > 0 {
		description = grammarNote(t)
	}
	if len(description) > 0 {
		o.KeyText("description", description)
	}
	if t.Custom {
		o.KeyRaw("input_schema", freeform)
	} else {
		o.writeSchema(t)
	}
	o.keyMark(t.Cache)
	o.EndObject()
}

// writeSchema writes the schema of a tool's arguments, and whether it is enforced: then
// in the words of the constrained decoder (trap 35).
func (o *outbound) writeSchema(t *translate.Tool) {
	out, changed := schema.Object(t.Schema)
	strict := false
	if t.Strict == translate.Yes {
		clean, fit := schema.Constrained(out)
		if strict = o.caps.StrictTools && fit != schema.Unfit; strict {
			out, changed = clean, changed || fit == schema.InWords
		} else {
			o.x.Losses.Drop(t.At + ".strict")
		}
	}
	if changed {
		o.x.Losses.Add(t.At+".parameters", translate.Converted)
	}
	o.KeyRaw("input_schema", out)
	if strict {
		o.KeyBool("strict", true)
	}
}

// grammarNote puts the grammar of a freeform tool's input into its description.
func grammarNote(t *translate.Tool) scan.Text {
	note := scan.Quote("The input must follow this format: " + string(t.Grammar))
	if len(t.Description) == 0 {
		return note
	}
	return append(append(append(scan.Text(nil), t.Description...), `\n\n`...), note...)
}

func (o *outbound) writeWebSearch(s *translate.WebSearch) {
	if s.Dialect == "anthropic" {
		o.Raw(s.Raw)
		return
	}
	o.Object()
	o.KeyString("type", o.caps.WebSearch)
	o.KeyString("name", "web_search")
	if s.MaxUses > 0 {
		o.KeyInt("max_uses", s.MaxUses)
	}
	o.writeDomains("allowed_domains", s.Allowed)
	o.writeDomains("blocked_domains", s.Blocked)
	if v, err := scan.Parse(s.Location); err == nil {
		o.KeyObject("user_location")
		o.KeyString("type", "approximate")
		for key, value := range v.Members() {
			if string(key) != "type" {
				o.KeyRaw(string(key), value.Raw())
			}
		}
		o.EndObject()
	}
	o.EndObject()
	if s.Size != "" {
		o.x.Losses.Drop("web_search_options.search_context_size")
	}
}

func (o *outbound) writeDomains(key string, domains []scan.Text) {
	if len(domains) == 0 {
		return
	}
	o.KeyArray(key)
	for _, d := range domains {
		o.Text(d)
	}
	o.EndArray()
}

// writeChoice writes tool_choice (2.6). To forbid parallel calls it must be there even
// if the client made no choice (traps 18 and 19).
func (o *outbound) writeChoice() {
	single := o.r.ParallelTools == translate.No || o.x.FormatTool != "" || o.r.LegacyFunctions // which tell one call only
	mode := o.choice.Mode
	if mode == translate.ToolAbsent {
		if !single {
			return
		}
		mode = translate.ToolAuto
	}
	o.KeyObject("tool_choice")
	o.KeyString("type", [...]string{translate.ToolAuto: "auto", translate.ToolNone: "none", translate.ToolRequired: "any", translate.ToolNamed: "tool"}[mode])
	if mode == translate.ToolNamed {
		o.KeyString("name", o.toolName(o.choice.Name))
	}
	if single && mode != translate.ToolNone {
		o.KeyBool("disable_parallel_tool_use", true)
	}
	o.EndObject()
}
