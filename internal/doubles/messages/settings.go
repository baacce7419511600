package messages

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var toolName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)

// definitions checks the tools.
func (c *checker) definitions(root fields) error {
	v, ok := root["tools"]
	if !ok {
		return nil
	}
	l, ok := v.([]any)
	if !ok {
		return fmt.Errorf("tools: must be an array")
	}
	for i, item := range l {
		at := fmt.Sprintf("tools.%d", i)
		tool, ok := item.(fields)
		if !ok {
			return fmt.Errorf("%s: must be an object", at)
		}
		name := text(tool["name"])
		if c.tools[name] {
			return fmt.Errorf("tools: Tool names must be unique, %q is not", name)
		}
		c.tools[name] = true
		if err := c.mark(tool, at+".cache_control"); err != nil {
			return err
		}
		if kind := text(tool["type"]); kind != "" && kind != "custom" {
			continue // a tool of the server's: what it takes is its own
		}
		if err := definition(tool, at); err != nil {
			return err
		}
	}
	return nil
}

func definition(tool fields, at string) error {
	if err := only(tool, at, "type", "name", "description", "input_schema", "cache_control", "strict", "input_examples",
		"defer_loading", "eager_input_streaming", "allowed_callers"); err != nil {
		return err
	}
	if !toolName.MatchString(text(tool["name"])) {
		return fmt.Errorf("%s.name: %q does not match", at, tool["name"])
	}
	if d, ok := tool["description"]; ok && text(d) == "" {
		return fmt.Errorf("%s.description: must be a non-empty string", at)
	}
	schema, ok := tool["input_schema"].(fields)
	if !ok || schema["type"] != "object" {
		return fmt.Errorf("%s.input_schema.type: must be object", at)
	}
	for _, word := range []string{"anyOf", "oneOf", "allOf"} {
		if schema[word] != nil {
			return fmt.Errorf("%s.input_schema: does not support %s at the top level", at, word)
		}
	}
	if tool["strict"] == true {
		return closed(schema, at+".input_schema")
	}
	return nil
}

// choice checks tool_choice.
func (c *checker) choice(root fields) error {
	v, ok := root["tool_choice"]
	if !ok {
		return nil
	}
	choice, ok := v.(fields)
	if !ok {
		return fmt.Errorf("tool_choice: must be an object")
	}
	if len(c.tools) == 0 {
		return fmt.Errorf("tool_choice: may only be specified while providing tools")
	}
	kind := text(choice["type"])
	known := map[string][]string{"auto": {"type", "disable_parallel_tool_use"}, "any": {"type", "disable_parallel_tool_use"},
		"tool": {"type", "name", "disable_parallel_tool_use"}, "none": {"type"}}[kind]
	if known == nil {
		return fmt.Errorf("tool_choice.type: %q", kind)
	}
	if err := only(choice, "tool_choice", known...); err != nil {
		return err
	}
	if kind == "tool" && !c.tools[text(choice["name"])] {
		return fmt.Errorf("tool_choice: tool %q not found in provided tools", choice["name"])
	}
	if kind == "tool" || kind == "any" {
		if c.model.noForced {
			return fmt.Errorf("tool_choice: this model does not support forced tool use")
		}
		if c.budget {
			return fmt.Errorf("tool_choice: thinking may not be enabled when tool_choice forces tool use")
		}
	}
	return nil
}

// reasoning checks thinking.
func (c *checker) reasoning(root fields) error {
	v, ok := root["thinking"]
	if !ok {
		return nil
	}
	thinking, ok := v.(fields)
	if !ok {
		return fmt.Errorf("thinking: must be an object")
	}
	if err := only(thinking, "thinking", "type", "budget_tokens", "display"); err != nil {
		return err
	}
	switch kind := text(thinking["type"]); kind {
	case "enabled":
		n, ok := integer(thinking["budget_tokens"])
		if !c.model.budget || !ok || n < 1024 || n >= c.limit {
			return fmt.Errorf("thinking.enabled.budget_tokens: not for this model, or not between 1024 and max_tokens")
		}
		c.budget, c.thinking = true, true
	case "adaptive":
		if !c.model.adaptive || thinking["budget_tokens"] != nil {
			return fmt.Errorf("thinking.adaptive: not supported on this model")
		}
		c.thinking = true
	case "disabled":
		effort := text(get(root, "output_config", "effort"))
		if !c.model.disable && (c.model.noForced || effort == "xhigh" || effort == "max") {
			return fmt.Errorf("thinking.disabled: not supported on this model")
		}
	case "between_tools":
		if !c.model.adaptive {
			return fmt.Errorf("thinking.between_tools: not supported on this model")
		}
	default:
		return fmt.Errorf("thinking.type: %q", kind)
	}
	if t, err := number(root["temperature"]); c.thinking && err == nil && t != 1 {
		return fmt.Errorf("temperature: may only be set to 1 when thinking is enabled")
	}
	if c.thinking && root["top_k"] != nil {
		return fmt.Errorf("top_k: must be unset when thinking is enabled")
	}
	return nil
}

var efforts = []string{"low", "medium", "high", "xhigh", "max"}

// output checks output_config.
func (c *checker) output(root fields) error {
	v, ok := root["output_config"]
	if !ok {
		return nil
	}
	config, ok := v.(fields)
	if !ok || len(config) == 0 {
		return fmt.Errorf("output_config: must be an object with members")
	}
	if err := only(config, "output_config", "format", "effort", "task_budget"); err != nil {
		return err
	}
	if e, ok := config["effort"]; ok {
		if !c.model.effort || !slices.Contains(efforts, text(e)) || e == "xhigh" && !c.model.xhigh {
			return fmt.Errorf("output_config.effort: %v is not supported on this model", e)
		}
	}
	f, ok := config["format"].(fields)
	if !ok {
		return nil
	}
	if err := only(f, "output_config.format", "type", "schema"); err != nil {
		return err
	}
	schema, ok := f["schema"].(fields)
	if !ok || f["type"] != "json_schema" || !c.model.format {
		return fmt.Errorf("output_config.format: not supported on this model, or without a schema")
	}
	return closed(schema, "output_config.format.schema")
}

// beyond are the words that the constrained decoder refuses (2.7).
var beyond = []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
	"maxItems", "uniqueItems", "minProperties", "maxProperties", "not", "oneOf"}

// closed checks a schema of the constrained decoder.
func closed(schema fields, at string) error {
	for _, word := range beyond {
		if _, ok := schema[word]; ok {
			return fmt.Errorf("%s: property %q is not supported", at, word)
		}
	}
	if schema["type"] == "object" && schema["additionalProperties"] != false {
		return fmt.Errorf("%s: for an object additionalProperties must be explicitly set to false", at)
	}
	for _, name := range []string{"properties", "$defs", "definitions"} {
		members, _ := schema[name].(fields)
		for key, v := range members {
			if sub, ok := v.(fields); ok {
				if err := closed(sub, at+"."+name+"."+key); err != nil {
					return err
				}
			}
		}
	}
	if items, ok := schema["items"].(fields); ok {
		if err := closed(items, at+".items"); err != nil {
			return err
		}
	}
	for _, name := range []string{"anyOf", "allOf"} {
		l, _ := schema[name].([]any)
		for _, v := range l {
			if sub, ok := v.(fields); ok {
				if err := closed(sub, at+"."+name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// get walks into objects; nil if there is nothing.
func get(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(fields)
		v = m[name]
	}
	return v
}

// blank reports whether text says nothing.
func blank(s string) bool { return strings.TrimSpace(s) == "" }
