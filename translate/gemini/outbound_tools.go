package gemini

import (
	"slices"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/schema"
)

// maxName is how long a function's name may be.
const maxName = 128

// isFunctionName reports whether the API takes a name: a letter or an underscore, then
// letters, digits and any of _.:- (3.4).
func isFunctionName[T ~string | ~[]byte](name T) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_', c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (c == '.' || c == ':' || c == '-' || c >= '0' && c <= '9'):
		default:
			return false
		}
	}
	return len(name) > 0 && len(name) <= maxName
}

// maxShortName bounds the part of a repaired name that tells about the original.
const maxShortName = 64

// toolName gives a tool's name as the API takes it and remembers the client's own.
func (o *outbound) toolName(name scan.Text) scan.Text {
	if isFunctionName(name) {
		return name
	}
	short := translate.ShortName(name, maxShortName)
	if !isFunctionName(short) { // begins with a digit or a dash
		short = translate.ShortName(append(scan.Text("_."), name...), maxShortName)
	}
	if short != string(name) {
		if o.x.Names == nil {
			o.x.Names = map[string]scan.Text{}
		}
		o.x.Names[short] = name
	}
	return scan.Text(short)
}

// checkTools refuses what nobody would run.
func (o *outbound) checkTools() *translate.Error {
	for i := range o.r.Tools {
		t := &o.r.Tools[i]
		switch {
		case t.Server == "":
		case t.Schema == nil:
			return translate.Invalid(t.At, "the tool type "+t.Server+" is not supported by this model's provider")
		default:
			o.x.Losses.Add(t.At, translate.Converted)
		}
	}
	if o.r.WebSearch != nil && len(o.r.Tools) > 0 && o.caps.Gemini < 3 {
		return translate.Invalid(o.field("web_search_options"), "this model takes web search or functions, not both")
	}
	o.dropSearchOptions()
	return o.checkChoice()
}

// dropSearchOptions records what a search is to be limited to; Google's takes no options.
func (o *outbound) dropSearchOptions() {
	s := o.r.WebSearch
	if s == nil {
		return
	}
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"max_uses", s.MaxUses > 0}, {"allowed_domains", len(s.Allowed) > 0}, {"blocked_domains", len(s.Blocked) > 0},
		{"user_location", len(s.Location) > 0}, {"search_context_size", s.Size != ""},
	} {
		if option.set {
			o.x.Losses.Drop(o.field("web_search_options") + "." + option.name)
		}
	}
}

// checkChoice refuses a choice of what is not there; the API would, too.
func (o *outbound) checkChoice() *translate.Error {
	c := &o.r.ToolChoice
	if len(o.r.Tools) == 0 {
		if c.Mode == translate.ToolNamed || c.Mode == translate.ToolRequired {
			o.x.Losses.Drop("tool_choice")
		}
		return nil
	}
	if c.Mode == translate.ToolNamed && !o.declares(c.Name) {
		return translate.Invalid("tool_choice", "tool_choice names "+c.Name.String()+", which is not among tools")
	}
	if c.Allowed != nil && len(c.Allowed) == 0 && c.Mode == translate.ToolRequired {
		return translate.Invalid("tool_choice", "tool_choice demands a call but allows no tool")
	}
	for _, name := range c.Allowed {
		if !o.declares(name) {
			return translate.Invalid("tool_choice", "tool_choice allows "+name.String()+", which is not among tools")
		}
	}
	return nil
}

func (o *outbound) declares(name scan.Text) bool {
	return slices.ContainsFunc(o.r.Tools, func(t translate.Tool) bool { return string(t.Name) == string(name) })
}

// writeTools writes all declarations into one tool (3.6).
func (o *outbound) writeTools() *translate.Error {
	if len(o.r.Tools) == 0 && o.r.WebSearch == nil {
		return nil
	}
	o.KeyArray("tools")
	o.Object()
	if len(o.r.Tools) > 0 {
		o.KeyArray("functionDeclarations")
		seen := map[string]bool{}
		for i := range o.r.Tools {
			t := &o.r.Tools[i]
			if seen[string(t.Name)] {
				o.x.Losses.Drop(t.At)
				continue
			}
			seen[string(t.Name)] = true
			if err := o.writeTool(t); err != nil {
				return err
			}
		}
		o.EndArray()
	}
	if o.r.WebSearch != nil {
		o.KeyObject("googleSearch")
		o.EndObject()
	}
	o.EndObject()
	o.EndArray()
	return nil
}

var freeform = []byte(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`)

func (o *outbound) writeTool(t *translate.Tool) *translate.Error {
	o.Object()
	o.KeyText("name", o.toolName(t.Name))
	if d := described(t); len(d) > 0 {
		o.KeyText("description", d)
	}
	source := t.Schema
	if t.Custom {
		source = freeform
	}
	key, convert := "parameters", schema.Gemini
	if o.caps.JSONSchemaTools {
		key, convert = "parametersJsonSchema", schema.GeminiJSON
	}
	parameters, lossy, err := convert(source)
	if err != nil {
		return translate.Invalid(t.At, "the schema of tool "+t.Name.String()+" cannot be used: "+err.Error())
	}
	if parameters != nil { // an object without properties is left out (A34)
		o.KeyRaw(key, parameters)
	}
	if lossy {
		o.x.Losses.Add(t.At+".parameters", translate.Converted)
	}
	o.EndObject()
	return nil
}

// described is a tool's description; the grammar of a freeform tool has no other place
// (pain 26).
func described(t *translate.Tool) scan.Text {
	if !t.Custom || len(t.Grammar) == 0 {
		return t.Description
	}
	grammar := scan.Quote("\n\nThe input must follow this format: " + string(t.Grammar))
	return append(t.Description[:len(t.Description):len(t.Description)], grammar...)
}

// writeChoice writes toolConfig (3.7).
func (o *outbound) writeChoice() {
	if len(o.r.Tools) == 0 {
		return
	}
	if o.r.ParallelTools == translate.No {
		o.x.ParallelLimit = true
	}
	mode, names := o.choice()
	if mode == "" {
		return
	}
	o.KeyObject("toolConfig")
	o.KeyObject("functionCallingConfig")
	o.KeyString("mode", mode)
	if len(names) > 0 {
		o.KeyArray("allowedFunctionNames")
		for _, name := range names {
			o.Text(o.toolName(name))
		}
		o.EndArray()
	}
	o.EndObject()
	if o.r.WebSearch != nil && !o.x.Target.Quirks.Vertex { // AI Studio demands it, Vertex AI refuses it
		o.KeyBool("includeServerSideToolInvocations", true)
	}
	o.EndObject()
}

// choice gives the mode of function calling, "" for the API's own, and the functions
// that it is narrowed to.
func (o *outbound) choice() (mode string, names []scan.Text) {
	c := &o.r.ToolChoice
	switch c.Mode {
	case translate.ToolNone:
		return "NONE", nil // the tools stay, since the history may speak of them (A35)
	case translate.ToolRequired:
		return "ANY", c.Allowed
	case translate.ToolNamed:
		return "ANY", []scan.Text{c.Name}
	}
	switch {
	case c.Allowed != nil && len(c.Allowed) == 0:
		return "NONE", nil
	case c.Allowed != nil, o.strict(), o.r.WebSearch != nil:
		return "VALIDATED", c.Allowed
	case c.Mode == translate.ToolAuto:
		return "AUTO", nil
	}
	return "", nil
}

func (o *outbound) strict() bool {
	return slices.ContainsFunc(o.r.Tools, func(t translate.Tool) bool { return t.Strict == translate.Yes })
}
