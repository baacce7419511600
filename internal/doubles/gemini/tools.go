package gemini

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$`)

func name(v any, at string) error {
	if s, ok := v.(string); !ok || !functionName.MatchString(s) {
		return fmt.Errorf("%s: invalid function name %v", at, v)
	}
	return nil
}

// tools checks declarations: all in one tool, none twice.
func (c *checker) tools(root fields) error {
	c.declared = map[string]bool{}
	v, ok := root["tools"]
	if !ok {
		return nil
	}
	list, _ := v.([]any)
	if len(list) != 1 {
		return fmt.Errorf("tools has %d elements: multiple tools are supported only when they are all search tools", len(list))
	}
	tool, _ := list[0].(fields)
	if len(tool) == 0 {
		return fmt.Errorf("tools[0] is empty")
	}
	if err := only(tool, "tools[0]", "functionDeclarations", "googleSearch", "urlContext", "codeExecution"); err != nil {
		return err
	}
	functions, _ := tool["functionDeclarations"].([]any)
	if _, has := tool["functionDeclarations"]; has && (len(functions) == 0 || len(functions) > 512) {
		return fmt.Errorf("tools[0].functionDeclarations has %d elements", len(functions))
	}
	for i, f := range functions {
		if err := c.declaration(f, fmt.Sprintf("tools[0].functionDeclarations[%d]", i)); err != nil {
			return err
		}
	}
	if len(functions) > 0 && len(tool) > 1 && c.generation < 3 {
		return fmt.Errorf("tool use with function calling is unsupported")
	}
	return nil
}

func (c *checker) declaration(v any, at string) error {
	f, ok := v.(fields)
	if !ok {
		return fmt.Errorf("%s is no object", at)
	}
	if err := only(f, at, "name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema", "behavior"); err != nil {
		return err
	}
	if err := name(f["name"], at); err != nil {
		return err
	}
	called := f["name"].(string)
	if c.declared[called] {
		return fmt.Errorf("%s: duplicate function declaration found: %s", at, called)
	}
	c.declared[called] = true
	open, hasOpen := f["parameters"]
	jsons, hasJSON := f["parametersJsonSchema"]
	switch {
	case hasOpen && hasJSON:
		return fmt.Errorf("%s: parameters and parametersJsonSchema are mutually exclusive", at)
	case hasOpen:
		return rootSchema(open, at+".parameters", OpenAPI)
	case hasJSON && c.generation < 2.5:
		return fmt.Errorf("%s: parametersJsonSchema is not supported by this model", at)
	case hasJSON:
		return rootSchema(jsons, at+".parametersJsonSchema", JSONSchema)
	}
	return nil
}

func rootSchema(v any, at string, form Form) error {
	raw, _ := json.Marshal(v)
	if s, ok := v.(fields); !ok || s["type"] != "object" && s["anyOf"] == nil {
		return fmt.Errorf("%s: parameters schema should be of type OBJECT: %s", at, raw)
	}
	if err := CheckSchema(raw, form); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

func (c *checker) toolConfig(root fields) error {
	v, ok := root["toolConfig"]
	if !ok {
		return nil
	}
	config, _ := v.(fields)
	names := []string{"functionCallingConfig", "retrievalConfig"}
	if c.surface == AIStudio {
		names = append(names, "includeServerSideToolInvocations")
	}
	if err := only(config, "toolConfig", names...); err != nil {
		return err
	}
	calling, _ := config["functionCallingConfig"].(fields)
	if err := only(calling, "toolConfig.functionCallingConfig", "mode", "allowedFunctionNames"); err != nil {
		return err
	}
	mode, _ := calling["mode"].(string)
	if !slices.Contains([]string{"AUTO", "ANY", "NONE", "VALIDATED"}, mode) {
		return fmt.Errorf("invalid function calling mode %q", mode)
	}
	allowed, has := calling["allowedFunctionNames"].([]any)
	if has && (len(allowed) == 0 || mode != "ANY" && mode != "VALIDATED") {
		return fmt.Errorf("allowedFunctionNames with the mode %s", mode)
	}
	if len(c.declared) == 0 {
		return fmt.Errorf("function calling config is set without function declarations")
	}
	for _, a := range allowed {
		if s, _ := a.(string); !c.declared[s] {
			return fmt.Errorf("allowedFunctionNames names %v, which is not declared", a)
		}
	}
	return nil
}

var config = []string{"temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "responseLogprobs", "logprobs",
	"presencePenalty", "frequencyPenalty", "seed", "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities",
	"thinkingConfig", "speechConfig", "mediaResolution"}

// config checks generationConfig.
func (c *checker) config(root fields) error {
	v, ok := root["generationConfig"]
	if !ok {
		return nil
	}
	g, _ := v.(fields)
	if err := only(g, "generationConfig", config...); err != nil {
		return err
	}
	if stops, _ := g["stopSequences"].([]any); len(stops) > 5 {
		return fmt.Errorf("stopSequences has more than 5 elements")
	}
	for key, bound := range map[string][2]float64{"temperature": {0, 2}, "topP": {0, 1}, "maxOutputTokens": {1, 1 << 31}, "seed": {0, 1<<31 - 1}, "candidateCount": {1, 8}} {
		n, ok := g[key].(json.Number)
		if f, err := n.Float64(); ok && (err != nil || f < bound[0] || f > bound[1]) {
			return fmt.Errorf("generationConfig.%s: %s is out of range", key, n)
		}
	}
	for _, m := range list(g["responseModalities"]) {
		if m != "TEXT" && m != "IMAGE" && m != "AUDIO" {
			return fmt.Errorf("invalid response modality %v", m)
		}
	}
	if err := c.format(g); err != nil {
		return err
	}
	return c.thinking(g["thinkingConfig"])
}

func list(v any) []any { l, _ := v.([]any); return l }

// format checks what the answer's form is to be.
func (c *checker) format(g fields) error {
	open, hasOpen := g["responseSchema"]
	jsons, hasJSON := g["responseJsonSchema"]
	mime, _ := g["responseMimeType"].(string)
	switch {
	case hasOpen && hasJSON:
		return fmt.Errorf("responseSchema and responseJsonSchema are mutually exclusive")
	case (hasOpen || hasJSON) && mime != "application/json":
		return fmt.Errorf("a response schema needs the MIME type application/json")
	case mime == "application/json" && len(c.declared) > 0 && c.generation < 3:
		return fmt.Errorf("function calling with a response mime type: 'application/json' is unsupported")
	case hasOpen:
		raw, _ := json.Marshal(open)
		return CheckSchema(raw, OpenAPI)
	case hasJSON:
		raw, _ := json.Marshal(jsons)
		return CheckSchema(raw, JSONSchema)
	}
	return nil
}

func (c *checker) thinking(v any) error {
	if v == nil {
		return nil
	}
	t, _ := v.(fields)
	if err := only(t, "generationConfig.thinkingConfig", "includeThoughts", "thinkingBudget", "thinkingLevel"); err != nil {
		return err
	}
	if c.generation < 2.5 {
		return fmt.Errorf("thinking is not supported by this model")
	}
	level, hasLevel := t["thinkingLevel"].(string)
	budget, hasBudget := t["thinkingBudget"].(json.Number)
	n, _ := budget.Int64()
	switch {
	case hasLevel && hasBudget:
		return fmt.Errorf("thinkingLevel and thinkingBudget together")
	case hasLevel && (c.generation < 3 || !slices.Contains([]string{"minimal", "low", "medium", "high"}, strings.ToLower(level))):
		return fmt.Errorf("thinking level %q is not supported by this model", level)
	case hasBudget && c.generation >= 3:
		return fmt.Errorf("thinkingBudget is not for this model")
	case hasBudget && strings.Contains(c.model, "pro") && (n < 128 || n > 32768), hasBudget && (n < -1 || n > 32768):
		return fmt.Errorf("the thinking budget %d is invalid", n)
	case hasBudget && n == 0 && t["includeThoughts"] == true:
		return fmt.Errorf("includeThoughts is only enabled when thinking is enabled")
	}
	return nil
}
