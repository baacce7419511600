package schema

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// constant turns const into an enum of one value.
func (s *sanitizer) constant(n *node) {
	if c := n.get("const"); c != nil {
		n.drop("const")
		n.set("enum", &node{kind: scan.Array, items: []*node{c}})
	}
}

// enum brings the values of an enum to strings (A30, A31).
func (s *sanitizer) enum(n *node) {
	list := n.get("enum")
	if list == nil {
		return
	}
	kind := n.get("type").str()
	// Google's own spelling of numbers and booleans
	spelled := n.get("format").str() == "enum" && (kind == "integer" || kind == "number" || kind == "boolean")
	var kept []*node
	kinds := map[scan.Kind]int{}
	whole := true
	for _, e := range list.items {
		switch e.kind {
		case scan.Null:
			nullable(n)
			continue
		case scan.Object, scan.Array:
			s.lossy = true
			continue
		case scan.String:
			if e.str() == "" {
				s.lossy = true
				continue
			}
			kept = append(kept, e)
		default:
			whole = whole && !strings.ContainsAny(string(e.raw), ".eE")
			kept = append(kept, text(string(e.raw)))
		}
		kinds[e.kind]++
	}
	if len(kept) == 0 {
		n.drop("enum")
		s.lossy = true
		return
	}
	n.set("enum", &node{kind: scan.Array, items: kept})
	switch {
	case spelled && kinds[scan.String] == len(kept):
		return
	case kinds[scan.Number] == len(kept):
		if kind != "integer" && kind != "number" {
			kind = map[bool]string{true: "integer", false: "number"}[whole]
		}
	case kinds[scan.Bool] == len(kept):
		kind = "boolean"
	default:
		s.lossy = n.drop("format") || s.lossy || kinds[scan.String] < len(kept)
		n.set("type", text("string"))
		return
	}
	n.set("type", text(kind))
	n.set("format", text("enum"))
}

// infer gives a type to a node that has none (A32), and takes from one what belongs to
// another type and says nothing of this one.
func (s *sanitizer) infer(n *node) {
	if n.get("type") == nil {
		switch {
		case n.get("properties") != nil, n.get("additionalProperties") != nil:
			n.set("type", text("object"))
		case n.get("items") != nil, n.get("prefixItems") != nil:
			n.set("type", text("array"))
		case n.hasAny(ofType["number"]):
			n.set("type", text("number"))
		default:
			s.lossy = s.lossy || !n.hasAny(ofType["string"])
			n.set("type", text("string"))
		}
	}
	kind := n.get("type").str()
	if kind == "integer" {
		kind = "number"
	}
	for name, keys := range ofType {
		if name != kind {
			n.drop(keys...)
		}
	}
}

var formats = map[string][]string{
	"string": {"enum", "date-time"}, "number": {"enum", "float", "double"}, "integer": {"enum", "int32", "int64"}, "boolean": {"enum"},
}

// exclusives are the exclusive bounds and the way to the inclusive ones.
var exclusives = []struct {
	key, inclusive string
	step           int64
}{{"exclusiveMinimum", "minimum", 1}, {"exclusiveMaximum", "maximum", -1}}

// bounds keeps the formats that are known, and turns exclusive bounds of integers into
// inclusive ones.
func (s *sanitizer) bounds(n *node) {
	kind := n.get("type").str()
	if f := n.get("format"); f != nil && !slices.Contains(formats[kind], f.str()) {
		n.drop("format")
		s.lossy = true
	}
	for _, e := range exclusives {
		v := n.get(e.key)
		if v == nil {
			continue
		}
		n.drop(e.key)
		number, err := strconv.ParseInt(string(v.raw), 10, 64)
		if err != nil || kind != "integer" || number == math.MaxInt64 || number == math.MinInt64 {
			s.lossy = true
			continue
		}
		n.set(e.inclusive, literal(strconv.FormatInt(number+e.step, 10)))
	}
}

// The keywords that Google's two forms of schemas know, and of what kind their values
// are (provider-gemini-vertex.md 3.6).
var (
	openAPIKeys = []string{"type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties",
		"required", "minProperties", "maxProperties", "minimum", "maximum", "minLength", "maxLength", "pattern", "anyOf", "propertyOrdering"}
	jsonSchemaKeys = []string{"type", "format", "title", "description", "enum", "items", "prefixItems", "minItems", "maxItems", "minimum",
		"maximum", "anyOf", "properties", "additionalProperties", "required", "propertyOrdering"}
	kindOf = map[string]scan.Kind{
		"title": scan.String, "description": scan.String, "pattern": scan.String, "format": scan.String,
		"minimum": scan.Number, "maximum": scan.Number,
		"properties": scan.Object, "items": scan.Object, "prefixItems": scan.Array, "nullable": scan.Bool,
	}
	counts = []string{"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}
)

// isProper reports whether a keyword's value is of the kind that it must have.
func isProper(m member) bool {
	if slices.Contains(counts, m.key) {
		n, err := strconv.ParseInt(string(m.value.raw), 10, 64)
		return err == nil && n >= 0
	}
	kind, fixed := kindOf[m.key]
	return !fixed || m.value.is(kind)
}

// silent are keywords whose loss changes nothing.
var silent = []string{"$schema", "$id", "$comment", "$defs", "definitions", "examples", "example", "default", "deprecated", "readOnly", "writeOnly", "nullable", "title",
	"strict", "$anchor", "discriminator", "contentEncoding", "contentMediaType", "markdownDescription", "enumDescriptions"}

// harmless reports whether a member can go without changing what the schema says.
func harmless(m member) bool {
	return slices.Contains(silent, m.key) || strings.HasPrefix(m.key, "x-") || m.key == "additionalProperties" && m.value.is(scan.Bool)
}

// whitelist leaves out what the form does not know.
func (s *sanitizer) whitelist(n *node) {
	if s.json && n.get("nullable").isTrue() {
		n.set("type", &node{kind: scan.Array, items: []*node{n.get("type"), text("null")}})
	}
	known := openAPIKeys
	if s.json {
		known = jsonSchemaKeys
	}
	kept := n.members[:0:0]
	for _, m := range n.members {
		switch {
		case slices.Contains(known, m.key) && isProper(m):
			kept = append(kept, m)
		case !harmless(m):
			s.lossy = true
		}
	}
	n.members = kept
}
