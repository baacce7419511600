package gemini

import (
	"slices"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/schema"
)

// maxToolName is the longest name of a function.
const maxToolName = 64

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
		return translate.Invalid("web_search_options", "this model takes web search or functions, not both")
	}
	c := o.r.ToolChoice
	if c.Mode == translate.ToolNamed && !slices.ContainsFunc(o.r.Tools, func(t translate.Tool) bool { return string(t.Name) == string(c.Name) }) && len(o.r.Tools) > 0 {
		return translate.Invalid("tool_choice", "tool_choice names "+c.Name.String()+", which is not among tools")
	}
	return nil
}

// writeTools writes all declarations into one tool, and toolConfig (3.6, 3.7).
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
	o.writeChoice()
	return nil
}

var freeform = []byte(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`)

func (o *outbound) writeTool(t *translate.Tool) *translate.Error {
	o.Object()
	o.KeyString("name", o.toolName(t.Name))
	if len(t.Description) > 0 {
		o.KeyText("description", t.Description)
	} else {
		o.KeyString("description", "")
	}
	source := t.Schema
	if t.Custom {
		source = freeform
	}
	key, parameters, lossy, err := o.schema("parameters", "parametersJsonSchema", source)
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

// schema gives a schema in the form that the model takes, with the field for it.
func (o *outbound) schema(openAPI, json string, source []byte) (key string, out []byte, lossy bool, err error) {
	if o.caps.JSONSchemaTools {
		out, lossy, err = schema.GeminiJSON(source)
		return json, out, lossy, err
	}
	out, lossy, err = schema.Gemini(source)
	return openAPI, out, lossy, err
}

func (o *outbound) writeChoice() {
	c := o.r.ToolChoice
	if len(o.r.Tools) == 0 {
		return
	}
	mode, names := "", c.Allowed
	switch c.Mode {
	case translate.ToolNone:
		mode = "NONE" // the tools stay, since the history may speak of them (A35)
	case translate.ToolRequired:
		mode = "ANY"
	case translate.ToolNamed:
		mode, names = "ANY", []scan.Text{c.Name}
	default:
		switch {
		case c.Allowed != nil, o.strict(), o.r.WebSearch != nil:
			mode = "VALIDATED"
		case c.Mode == translate.ToolAuto:
			mode = "AUTO"
		}
	}
	if o.r.ParallelTools == translate.No {
		o.x.ParallelLimit = true
	}
	if mode == "" {
		return
	}
	o.KeyObject("toolConfig")
	o.KeyObject("functionCallingConfig")
	o.KeyString("mode", mode)
	if len(names) > 0 {
		o.KeyArray("allowedFunctionNames")
		for _, name := range names {
			o.String(o.toolName(name))
		}
		o.EndArray()
	}
	o.EndObject()
	o.EndObject()
}

func (o *outbound) strict() bool {
	return slices.ContainsFunc(o.r.Tools, func(t translate.Tool) bool { return t.Strict == translate.Yes })
}
