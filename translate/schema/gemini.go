package schema

import (
	"errors"
	"slices"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// geminiForm is one of the places in which Google's API takes a schema.
type geminiForm struct {
	memo
	json      bool // the JSON Schema form
	arguments bool // the root must be an object
}

var (
	geminiTool       = geminiForm{arguments: true}
	geminiToolJSON   = geminiForm{arguments: true, json: true}
	geminiFormat     = geminiForm{}
	geminiFormatJSON = geminiForm{json: true}
)

// Gemini makes a schema in Google's OpenAPI-like form, for a tool's parameters. lossy
// tells whether its meaning was widened; an error, that the schema cannot be told at
// all. An object without properties at the root gives nil.
func Gemini(raw []byte) (out []byte, lossy bool, err error) { return geminiTool.schema(raw) }

// GeminiJSON does what Gemini does in Google's JSON Schema form (parametersJsonSchema).
func GeminiJSON(raw []byte) (out []byte, lossy bool, err error) { return geminiToolJSON.schema(raw) }

// GeminiFormat does what Gemini does for the answer's form (responseSchema), whose root
// can be of any type.
func GeminiFormat(raw []byte) (out []byte, lossy bool, err error) { return geminiFormat.schema(raw) }

// GeminiFormatJSON does what GeminiFormat does in the JSON Schema form (responseJsonSchema).
func GeminiFormatJSON(raw []byte) (out []byte, lossy bool, err error) {
	return geminiFormatJSON.schema(raw)
}

func (f *geminiForm) schema(raw []byte) (out []byte, lossy bool, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, false, nil
	}
	r := f.of(raw, f.make)
	return r.out, r.flag, r.err
}

func (f *geminiForm) make(raw []byte) result {
	n := parse(raw)
	if !n.is(scan.Object) {
		return result{flag: true}
	}
	s := sanitizer{root: n, json: f.json, budget: maxWork}
	var path []string
	if f.arguments {
		n, path = s.rooted(n)
	}
	out := s.schema(n, path, 0)
	if s.err != nil {
		return result{err: s.err}
	}
	if f.arguments {
		s.unrooted(out)
	}
	more := out.get("additionalProperties")
	if out.get("type").str() == "object" && out.get("properties") == nil && (more == nil || more.isFalse()) {
		return result{flag: s.lossy}
	}
	return result{out: out.bytes(), flag: s.lossy}
}

// rooted makes an object of a root that is to hold arguments: what its unions say is
// merged into it.
func (s *sanitizer) rooted(n *node) (*node, []string) {
	n, path := s.inlined(n.shallow(), nil)
	path = s.mergeAll(n, path)
	for _, key := range []string{"anyOf", "oneOf"} {
		if list := n.get(key); list != nil {
			n.drop(key)
			path = s.widen(n, list.items, path)
			n.set("type", text("object"))
		}
	}
	return n, path
}

// unrooted takes away what arguments cannot be: null, or anything but an object.
func (s *sanitizer) unrooted(n *node) {
	n.drop("nullable")
	if !n.hasType("object") {
		s.lossy = true
		n.members = nil
	}
	n.set("type", text("object"))
}

// The bounds of a schema that is worked on.
const (
	// maxWork bounds nodes, and with them what references multiply.
	maxWork = 20_000
	// bytesPerWork is how much text counts as one node more.
	bytesPerWork = 32
	maxDepth     = 64
)

var errRemote = errors.New("the schema refers to another document")

// sanitizer rewrites one schema, in the steps of provider-gemini-vertex.md 3.6. The root
// and what is below it stay as they are.
type sanitizer struct {
	root   *node
	json   bool // the JSON Schema form
	lossy  bool
	budget int
	err    error
}

// schema rewrites a node. path are the references that led to it.
func (s *sanitizer) schema(n *node, path []string, depth int) *node {
	if n.kind != scan.Object || depth > maxDepth || !s.afford(n) { // true and false are schemas, too
		s.lossy = true
		return s.anything("")
	}
	n, path = s.inlined(n.shallow(), path)
	path = s.mergeAll(n, path)
	s.oneOf(n)
	n, path = s.single(n, path)
	s.constant(n)
	s.types(n)
	path = s.any(n, path, depth)
	if n.get("anyOf") != nil {
		return n
	}
	s.enum(n)
	s.infer(n)
	s.bounds(n)
	s.below(n, path, depth)
	s.required(n)
	s.whitelist(n)
	return n
}

// afford counts a node and the text that it holds.
func (s *sanitizer) afford(n *node) bool {
	size := 0
	for _, m := range n.members {
		size += len(m.key) + len(m.value.raw)
		for _, e := range m.value.items {
			size += len(e.raw)
		}
	}
	s.budget -= 1 + size/bytesPerWork
	return s.budget >= 0
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
		if target == nil || slices.Contains(path, ref) || !target.is(scan.Object) || len(path) > maxDepth || !s.afford(target) {
			s.lossy = true
			return s.anything(n.get("description").str()), path
		}
		path = append(path[:len(path):len(path)], ref)
		merged := target.shallow()
		for _, m := range n.members {
			if m.key != "$ref" {
				merged.set(m.key, m.value)
			}
		}
		n = merged
	}
}

// below rewrites the schemas below a node. Properties are a map of names, so that one
// that is called like a keyword survives (A25).
func (s *sanitizer) below(n *node, path []string, depth int) {
	if props := n.own("properties"); props.is(scan.Object) {
		for i := range props.members {
			props.members[i].value = s.schema(props.members[i].value, path, depth+1)
		}
		if len(props.members) == 0 {
			n.drop("properties")
		}
	}
	if prefix := n.own("prefixItems"); prefix.is(scan.Array) {
		if s.json {
			for i := range prefix.items {
				prefix.items[i] = s.schema(prefix.items[i], path, depth+1)
			}
		} else {
			n.drop("prefixItems")
			n.set("items", prefix)
		}
	}
	if n.get("type").str() == "array" && (n.get("items") != nil || n.get("prefixItems") == nil) {
		n.set("items", s.items(n.get("items"), path, depth))
	}
	if more := n.get("additionalProperties"); more.is(scan.Object) && s.json {
		n.set("additionalProperties", s.schema(more, path, depth+1))
	}
}

// items rewrites the schema of an array's elements; a tuple becomes a choice of its members.
func (s *sanitizer) items(items *node, path []string, depth int) *node {
	switch {
	case items.is(scan.Object):
		return s.schema(items, path, depth+1)
	case items.is(scan.Array):
		any := object()
		any.set("anyOf", items)
		s.lossy = true
		return s.schema(any, path, depth+1)
	}
	s.lossy = true
	fallback := object()
	fallback.set("type", text("string"))
	return fallback
}

// required keeps what is required and there; the order of properties, too.
func (s *sanitizer) required(n *node) {
	props := n.get("properties")
	for _, key := range []string{"required", "propertyOrdering"} {
		if n.get(key) != nil {
			kept := slices.DeleteFunc(names(n.get(key)), func(name string) bool { return props.get(name) == nil })
			setNames(n, key, kept)
		}
	}
}
