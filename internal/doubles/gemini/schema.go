package gemini

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Form is one of the two forms of schemas.
type Form int

// The forms: parameters and responseSchema are OpenAPI's, parametersJsonSchema and
// responseJsonSchema are JSON Schema.
const (
	OpenAPI Form = iota
	JSONSchema
)

var keywords = map[Form][]string{
	OpenAPI: {"type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties", "required",
		"minProperties", "maxProperties", "minimum", "maximum", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering", "default"},
	JSONSchema: {"$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems", "minItems",
		"maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required", "propertyOrdering"},
}

var types = []string{"string", "number", "integer", "boolean", "array", "object"}

// CheckSchema reports why the API would refuse a schema of a form.
func CheckSchema(raw []byte, form Form) error {
	root, err := object(raw)
	if err != nil {
		return err
	}
	return schema(root, "schema", form, 0)
}

// The kinds of keywords' values.
var (
	words  = []string{"title", "description", "format", "pattern", "$id", "$ref", "$anchor"}
	counts = []string{"minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"}
	lists  = []string{"enum", "required", "propertyOrdering", "anyOf", "oneOf", "prefixItems"}
)

// value refuses a keyword's value of the wrong kind.
func value(key string, v any, at string) error {
	ok := true
	switch {
	case slices.Contains(words, key):
		_, ok = v.(string)
	case slices.Contains(counts, key):
		n, isNumber := v.(json.Number)
		count, err := n.Int64()
		ok = isNumber && err == nil && count >= 0
	case key == "minimum", key == "maximum":
		_, ok = v.(json.Number)
	case slices.Contains(lists, key):
		_, ok = v.([]any)
	case key == "nullable":
		_, ok = v.(bool)
	case key == "properties":
		_, ok = v.(fields)
	}
	if !ok {
		return fmt.Errorf("invalid value at %s.%s: %v", at, key, v)
	}
	return nil
}

// formats are the formats that are known for a type.
var formats = map[string][]string{
	"string": {"enum", "date-time"}, "number": {"enum", "float", "double"}, "integer": {"enum", "int32", "int64"}, "boolean": {"enum"},
}

func schema(n fields, at string, form Form, depth int) error {
	if depth > 256 {
		return fmt.Errorf("%s: too deep", at)
	}
	for key, v := range n {
		if !slices.Contains(keywords[form], key) {
			return fmt.Errorf("unknown name %q at %s", key, at)
		}
		if err := value(key, v, at); err != nil {
			return err
		}
	}
	if err := shape(n, at, form); err != nil {
		return err
	}
	for name, p := range asObject(n["properties"]) {
		if err := below(p, at+".properties."+name, form, depth); err != nil {
			return err
		}
	}
	for _, key := range []string{"anyOf", "prefixItems"} {
		for i, b := range list(n[key]) {
			if err := below(b, fmt.Sprintf("%s.%s[%d]", at, key, i), form, depth); err != nil {
				return err
			}
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		v, ok := n[key]
		if _, isBool := v.(bool); !ok || isBool && key == "additionalProperties" {
			continue
		}
		if err := below(v, at+"."+key, form, depth); err != nil {
			return err
		}
	}
	return nil
}

func below(v any, at string, form Form, depth int) error {
	n, ok := v.(fields)
	if !ok {
		return fmt.Errorf("%s is no schema", at)
	}
	return schema(n, at, form, depth+1)
}

func asObject(v any) fields { o, _ := v.(fields); return o }

// shape checks the keywords of one node against each other.
func shape(n fields, at string, form Form) error {
	any, union := n["anyOf"]
	if union {
		if form == OpenAPI && len(n) > 1 {
			return fmt.Errorf("%s: when using any_of, it must be the only field set", at)
		}
		if len(list(any)) == 0 {
			return fmt.Errorf("%s: any_of is empty", at)
		}
		return nil
	}
	kind, err := kindOf(n["type"], at, form)
	if err != nil {
		return err
	}
	if f, ok := n["format"].(string); ok && !slices.Contains(formats[kind], f) {
		return fmt.Errorf("%s.format: %q is not supported for %s", at, f, kind)
	}
	if _, ok := n["properties"]; ok && kind != "object" {
		return fmt.Errorf("%s.properties: only allowed for OBJECT type", at)
	}
	if _, ok := n["items"]; ok && kind != "array" {
		return fmt.Errorf("%s.items: only allowed for ARRAY type", at)
	}
	if _, ok := n["items"]; !ok && kind == "array" && n["prefixItems"] == nil {
		return fmt.Errorf("%s.items: missing field", at)
	}
	props := asObject(n["properties"])
	for _, r := range list(n["required"]) {
		if name, _ := r.(string); props[name] == nil {
			return fmt.Errorf("%s.required: property %v is not defined", at, r)
		}
	}
	if _, ok := n["required"]; ok && len(list(n["required"])) == 0 {
		return fmt.Errorf("%s.required is empty", at)
	}
	return enum(n, kind, at)
}

// kindOf is a node's type without null.
func kindOf(v any, at string, form Form) (string, error) {
	if s, ok := v.(string); ok && (slices.Contains(types, s) || s == "null" && form == JSONSchema) {
		return s, nil
	}
	if form == JSONSchema {
		if pair := list(v); len(pair) == 2 && pair[1] == "null" {
			return kindOf(pair[0], at, form)
		}
	}
	if v == nil {
		return "", fmt.Errorf("%s: schema didn't specify the schema type field", at)
	}
	raw, _ := json.Marshal(v)
	return "", fmt.Errorf("%s: proto field is not repeating, cannot start list: type %s", at, raw)
}

func enum(n fields, kind, at string) error {
	v, ok := n["enum"]
	if !ok {
		return nil
	}
	if len(list(v)) == 0 {
		return fmt.Errorf("%s.enum is empty", at)
	}
	for _, e := range list(v) {
		if s, ok := e.(string); !ok || s == "" {
			return fmt.Errorf("%s.enum holds %v: cannot be empty and must be a string", at, e)
		}
	}
	if kind != "string" && n["format"] != "enum" {
		return fmt.Errorf("%s.enum: only allowed for STRING type", at)
	}
	return nil
}
