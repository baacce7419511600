// Package gemini refuses what Google's Gemini API refuses, as far as it is known
// (provider-gemini-vertex.md 3 and 5), so that requests that are not quite right fail in
// tests and not at the provider.
package gemini

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The surfaces of the API.
const (
	AIStudio = "aistudio"
	Vertex   = "vertex"
)

// Check reports why the API on a surface would answer a generateContent request for a
// model with a 400, nil if it would not.
func Check(body []byte, surface, model string) error {
	root, err := object(body)
	if err != nil {
		return err
	}
	c := checker{surface: surface, model: model, generation: generation(model)}
	return c.request(root)
}

type checker struct {
	surface, model string
	generation     float64
	declared       map[string]bool
}

type fields = map[string]any

func object(body []byte) (fields, error) {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var root fields
	if err := d.Decode(&root); err != nil {
		return nil, fmt.Errorf("invalid JSON payload: %w", err)
	}
	return root, nil
}

var version = regexp.MustCompile(`gemini-(\d+(?:\.\d+)?)`)

// generation reads a model's generation from its name; Gemma is older than all of them.
func generation(model string) float64 {
	if strings.HasPrefix(model, "gemma") {
		return 1
	}
	m := version.FindStringSubmatch(model)
	if m == nil {
		return 3
	}
	n, _ := strconv.ParseFloat(m[1], 64)
	return n
}

// only refuses members that are not known.
func only(v fields, at string, names ...string) error {
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	for name := range v {
		if !known[name] {
			return fmt.Errorf("unknown name %q at %q: cannot find field", name, at)
		}
	}
	return nil
}

func (c *checker) request(root fields) error {
	names := []string{"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings", "cachedContent", "labels", "continuationToken"}
	if c.surface == AIStudio {
		names = append(names, "serviceTier", "store")
	} else {
		names = append(names, "modelArmorConfig")
	}
	if err := only(root, "", names...); err != nil {
		return err
	}
	for _, check := range []func(fields) error{c.tools, c.toolConfig, c.system, c.contents, c.config} {
		if err := check(root); err != nil {
			return err
		}
	}
	switch tier := root["serviceTier"]; tier {
	case nil, "flex", "standard", "priority":
		return nil
	default:
		return fmt.Errorf("invalid serviceTier %v", tier)
	}
}

func (c *checker) system(root fields) error {
	v, ok := root["systemInstruction"]
	if !ok {
		return nil
	}
	if strings.HasPrefix(c.model, "gemma") {
		return fmt.Errorf("developer instruction is not enabled for models/%s", c.model)
	}
	content, ok := v.(fields)
	if !ok {
		return fmt.Errorf("systemInstruction is no object")
	}
	if err := only(content, "systemInstruction", "parts", "role"); err != nil {
		return err
	}
	parts, _ := content["parts"].([]any)
	if len(parts) == 0 {
		return fmt.Errorf("systemInstruction.parts is empty")
	}
	for i, p := range parts {
		part, ok := p.(fields)
		if !ok || len(part) != 1 || !isText(part["text"]) {
			return fmt.Errorf("systemInstruction.parts[%d] must be text", i)
		}
	}
	return nil
}

func isText(v any) bool { s, ok := v.(string); return ok && s != "" }

// CheckCount reports why the API would refuse a countTokens request.
func CheckCount(body []byte, surface, model string) error {
	root, err := object(body)
	if err != nil {
		return err
	}
	if surface == Vertex {
		if err := only(root, "", "contents", "systemInstruction", "tools", "generationConfig"); err != nil {
			return err
		}
		return Check(body, surface, model)
	}
	if err := only(root, "", "generateContentRequest", "contents"); err != nil {
		return err
	}
	inner, ok := root["generateContentRequest"].(fields)
	if !ok {
		return fmt.Errorf("generateContentRequest is no object")
	}
	if name, _ := inner["model"].(string); name != "models/"+model {
		return fmt.Errorf("generateContentRequest.model is %q", name)
	}
	delete(inner, "model")
	again, _ := json.Marshal(inner)
	return Check(again, surface, model)
}
