package schema

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

var (
	geminiOpenAPI memo
	geminiJSON    memo
)

// The keywords that Google's two forms of schemas know (provider-gemini-vertex.md 3.6).
var (
	openAPIKeys = []string{"type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties",
		"required", "minProperties", "maxProperties", "minimum", "maximum", "minLength", "maxLength", "pattern", "anyOf", "propertyOrdering"}
	jsonSchemaKeys = []string{"type", "format", "title", "description", "enum", "items", "prefixItems", "minItems", "maxItems", "minimum",
		"maximum", "anyOf", "properties", "additionalProperties", "required", "propertyOrdering"}
)

var errRemote = errors.New("the schema refers to another document")

// Gemini makes a schema in Google's OpenAPI-like form (parameters, responseSchema).
// lossy tells whether keywords were left out; an error that the schema cannot be told
// at all. An object without properties at the root gives nil.
func Gemini(raw []byte) (out []byte, lossy bool, err error) {
	r := geminiOpenAPI.of(raw, func(raw []byte) result { return makeGemini(raw, false) })
	return r.out, r.flag, r.err
}

// GeminiJSON makes a schema in Google's JSON Schema form (parametersJsonSchema,
// responseJsonSchema), as Gemini does otherwise.
func GeminiJSON(raw []byte) (out []byte, lossy bool, err error) {
	r := geminiJSON.of(raw, func(raw []byte) result { return makeGemini(raw, true) })
	return r.out, r.flag, r.err
}

func makeGemini(raw []byte, json bool) result {
	if len(raw) == 0 || string(raw) == "null" {
		return result{}
	}
	n := parse(raw)
	if !n.is(scan.Object) {
		return result{flag: true}
	}
	s := sanitizer{root: n.copy(), json: json, budget: maxNodes}
	out := s.schema(n, nil)
	if s.err != nil {
		return result{err: s.err}
	}
	if out.get("type").str() == "object" && out.get("properties") == nil && out.get("additionalProperties") == nil {
		return result{flag: s.lossy}
	}
	return result{out: out.bytes(), flag: s.lossy}
}

// The bounds of a schema that is worked on.
const (
	maxNodes = 20_000
	maxDepth = 64
)

// sanitizer rewrites one schema, in the steps of provider-gemini-vertex.md 3.6.
type sanitizer struct {
	root   *node
	json   bool // the JSON Schema form
	lossy  bool
	budget int
	err    error
}

// schema rewrites a node. path are the references that led to it.
func (s *sanitizer) schema(n *node, path []string) *node {
	if s.budget--; s.budget < 0 || len(path) > maxDepth {
		s.lossy = true
		return s.anything("")
	}
	if n.kind != scan.Object { // true and false are schemas, too
		s.lossy = true
		return s.anything("")
	}
	n, path = s.inlined(n.copy(), path)
	s.mergeAll(n, path)
	if one := n.get("oneOf"); one != nil {
		n.drop("oneOf")
		if n.get("anyOf") == nil {
			n.set("anyOf", one)
		}
	}
	s.constant(n)
	s.types(n)
	s.any(n, path)
	s.enum(n)
	s.infer(n)
	s.bounds(n)
	s.below(n, path)
	s.required(n)
	s.whitelist(n)
	return n
}

// anything is a schema for whatever could not be told.
func (s *sanitizer) anything(description string) *node {
	n := object()
	n.set("type", text("object"))
	if description != "" {
		n.set("description", text(description))
	}
	return n
}

// inlined replaces a reference by what it refers to; keys beside it override. A cycle
// ends in a plain object.
func (s *sanitizer) inlined(n *node, path []string) (*node, []string) {
	for {
		ref := n.get("$ref").str()
		if ref == "" {
			return n, path
		}
		if !strings.HasPrefix(ref, "#") {
			s.err = errRemote
			return s.anything(""), path
		}
		target := resolve(s.root, ref)
		if target == nil || slices.Contains(path, ref) || !target.is(scan.Object) {
			s.lossy = true
			return s.anything(n.get("description").str()), path
		}
		path = append(path[:len(path):len(path)], ref)
		merged := target.copy()
		for _, m := range n.members {
			if m.key != "$ref" {
				merged.set(m.key, m.value)
			}
		}
		n = merged
	}
}

// mergeAll merges the branches of allOf into the node.
func (s *sanitizer) mergeAll(n *node, path []string) {
	all := n.get("allOf")
	if !all.is(scan.Array) {
		return
	}
	n.drop("allOf")
	required := names(n.get("required"))
	for _, branch := range all.items {
		if !branch.is(scan.Object) {
			continue
		}
		branch, inner := s.inlined(branch.copy(), path)
		s.mergeAll(branch, inner)
		for _, m := range branch.members {
			switch have := n.get(m.key); {
			case m.key == "required":
				required = append(required, names(m.value)...)
			case m.key == "properties" && have.is(scan.Object):
				for _, p := range m.value.members {
					have.set(p.key, p.value)
				}
			default:
				n.set(m.key, m.value)
			}
		}
	}
	setNames(n, "required", required)
}

// constant turns const into an enum of one value.
func (s *sanitizer) constant(n *node) {
	if c := n.get("const"); c != nil {
		n.drop("const")
		n.set("enum", &node{kind: scan.Array, items: []*node{c}})
	}
}

// ofType are the keywords that belong to one type only.
var ofType = map[string][]string{
	"object": {"properties", "required", "additionalProperties", "minProperties", "maxProperties", "propertyOrdering"},
	"array":  {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
	"string": {"minLength", "maxLength", "pattern", "format", "enum"},
	"number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}

// types resolves a list of types: null becomes nullable, several become an anyOf.
func (s *sanitizer) types(n *node) {
	list := n.get("type")
	if !list.is(scan.Array) {
		return
	}
	var kept []string
	for _, t := range list.items {
		if name := t.str(); name == "null" {
			s.nullable(n)
		} else if name != "" {
			kept = append(kept, name)
		}
	}
	switch len(kept) {
	case 0:
		n.drop("type")
		return
	case 1:
		n.set("type", text(kept[0]))
		return
	}
	n.drop("type")
	branches := &node{kind: scan.Array}
	for _, name := range kept {
		b := object()
		b.set("type", text(name))
		group := name
		if name == "integer" {
			group = "number"
		}
		for _, key := range ofType[group] {
			if v := n.get(key); v != nil {
				b.set(key, v)
			}
		}
		branches.items = append(branches.items, b)
	}
	for _, keys := range ofType {
		n.drop(keys...)
	}
	n.set("anyOf", branches)
}

// nullable marks a node that may be null, in the words of the form.
func (s *sanitizer) nullable(n *node) { n.set("nullable", literal("true")) }

// any resolves an anyOf: null branches become nullable, a single branch is merged up,
// several stand alone in their node.
func (s *sanitizer) any(n *node, path []string) {
	list := n.get("anyOf")
	if !list.is(scan.Array) {
		return
	}
	var kept []*node
	for _, b := range list.items {
		if b.get("type").str() == "null" {
			s.nullable(n)
			continue
		}
		kept = append(kept, b)
	}
	n.drop("anyOf")
	if len(kept) == 0 {
		return
	}
	if len(kept) == 1 {
		single := s.schema(kept[0], path)
		for _, m := range single.members {
			if m.key != "description" || n.get("description") == nil {
				n.set(m.key, m.value)
			}
		}
		return
	}
	branches := &node{kind: scan.Array}
	for _, b := range kept {
		b = s.schema(b, path)
		if d := n.get("description"); d != nil && b.get("description") == nil {
			b.set("description", d)
		}
		if n.get("nullable").isTrue() && !s.json {
			s.nullable(b)
		}
		branches.items = append(branches.items, b)
	}
	null := n.get("nullable").isTrue()
	if s.json && null {
		b := object()
		b.set("type", text("null"))
		branches.items = append(branches.items, b)
	}
	if !s.json && len(n.members) > 1 {
		s.lossy = s.lossy || n.drop("properties", "required", "items", "enum")
	}
	if !s.json {
		n.members = nil
	}
	n.drop("nullable", "type")
	n.set("anyOf", branches)
}

// enum brings the values of an enum to one type.
func (s *sanitizer) enum(n *node) {
	list := n.get("enum")
	if !list.is(scan.Array) {
		return
	}
	var kept []*node
	strs, others := 0, 0
	for _, e := range list.items {
		switch {
		case e.kind == scan.Null:
			s.nullable(n)
		case e.kind == scan.String && e.str() == "":
			s.lossy = true
		case e.kind == scan.String:
			strs++
			kept = append(kept, e)
		default:
			others++
			kept = append(kept, e)
		}
	}
	if len(kept) == 0 {
		n.drop("enum")
		return
	}
	if others > 0 {
		for i, e := range kept {
			if e.kind != scan.String {
				kept[i] = text(string(e.bytes()))
			}
		}
	}
	n.set("enum", &node{kind: scan.Array, items: kept})
	if t := n.get("type").str(); others > 0 && strs == 0 && (t == "integer" || t == "number" || t == "boolean") {
		n.set("format", text("enum"))
	} else {
		n.set("type", text("string"))
	}
}

// infer gives a type to a node that has none.
func (s *sanitizer) infer(n *node) {
	if n.get("type") != nil || n.get("anyOf") != nil {
		return
	}
	switch {
	case n.get("properties") != nil, n.get("additionalProperties") != nil:
		n.set("type", text("object"))
	case n.get("items") != nil, n.get("prefixItems") != nil:
		n.set("type", text("array"))
	default:
		n.set("type", text("string"))
	}
}

var formats = map[string][]string{
	"string": {"enum", "date-time"}, "number": {"enum", "float", "double"}, "integer": {"enum", "int32", "int64"}, "boolean": {"enum"},
}

// exclusives are the exclusive bounds and the way to the inclusive ones.
var exclusives = []struct {
	key  string
	step int64
}{{"exclusiveMinimum", 1}, {"exclusiveMaximum", -1}}

// bounds keeps the formats that are known, and turns exclusive bounds of integers into
// inclusive ones.
func (s *sanitizer) bounds(n *node) {
	kind := n.get("type").str()
	if f := n.get("format"); f != nil && !slices.Contains(formats[kind], f.str()) {
		n.drop("format")
		s.lossy = true
	}
	for _, exclusive := range exclusives {
		key, step := exclusive.key, exclusive.step
		v := n.get(key)
		if v == nil {
			continue
		}
		n.drop(key)
		number, err := strconv.ParseInt(string(v.raw), 10, 64)
		if err != nil || kind != "integer" {
			s.lossy = true
			continue
		}
		n.set(strings.ToLower(key[9:10])+key[10:], literal(strconv.FormatInt(number+step, 10)))
	}
}

// below rewrites the schemas below a node. Properties are a map of names, so that one
// that is called like a keyword survives.
func (s *sanitizer) below(n *node, path []string) {
	if props := n.get("properties"); props.is(scan.Object) {
		for i := range props.members {
			props.members[i].value = s.schema(props.members[i].value, path)
		}
		if len(props.members) == 0 {
			n.drop("properties")
		}
	}
	if prefix := n.get("prefixItems"); prefix.is(scan.Array) && !s.json {
		n.drop("prefixItems")
		n.set("items", prefix)
	}
	if items := n.get("items"); items.is(scan.Array) {
		any := object()
		any.set("anyOf", items)
		n.set("items", s.schema(any, path))
	} else if items.is(scan.Object) {
		n.set("items", s.schema(items, path))
	} else if n.get("type").str() == "array" {
		fallback := object()
		fallback.set("type", text("string"))
		n.set("items", fallback)
	}
	if prefix := n.get("prefixItems"); prefix.is(scan.Array) {
		for i := range prefix.items {
			prefix.items[i] = s.schema(prefix.items[i], path)
		}
	}
	if more := n.get("additionalProperties"); more.is(scan.Object) && s.json {
		n.set("additionalProperties", s.schema(more, path))
	}
}

// required keeps what is required and there.
func (s *sanitizer) required(n *node) {
	if n.get("required") == nil {
		return
	}
	props := n.get("properties")
	kept := slices.DeleteFunc(names(n.get("required")), func(name string) bool { return props.get(name) == nil })
	setNames(n, "required", kept)
}

// silent are keywords whose loss changes nothing.
var silent = []string{"$schema", "$id", "$comment", "$defs", "definitions", "examples", "example", "default", "deprecated", "readOnly", "writeOnly", "nullable", "title", "strict", "$anchor"}

// whitelist leaves out what the form does not know.
func (s *sanitizer) whitelist(n *node) {
	if s.json && n.get("nullable").isTrue() {
		if t := n.get("type"); t.is(scan.String) {
			n.set("type", &node{kind: scan.Array, items: []*node{t, text("null")}})
		}
	}
	known := openAPIKeys
	if s.json {
		known = jsonSchemaKeys
	}
	kept := n.members[:0:0]
	for _, m := range n.members {
		if slices.Contains(known, m.key) {
			kept = append(kept, m)
		} else if !slices.Contains(silent, m.key) && !(m.key == "additionalProperties" && m.value.isFalse()) {
			s.lossy = true
		}
	}
	n.members = kept
}
