package schema

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// mergeAll merges the branches of allOf into the node and returns the references that
// led to what stands there now.
func (s *sanitizer) mergeAll(n *node, path []string) []string {
	all := n.get("allOf")
	if all == nil {
		return path
	}
	n.drop("allOf")
	required := names(n.get("required"))
	for _, branch := range all.items {
		if !branch.is(scan.Object) || !s.afford(branch) {
			s.lossy = true
			continue
		}
		branch, inner := s.inlined(branch.shallow(), path)
		inner = s.mergeAll(branch, inner)
		if len(inner) > len(path) {
			path = inner
		}
		for _, m := range branch.members {
			switch {
			case m.key == "required":
				required = append(required, names(m.value)...)
			case m.key == "properties" && n.get("properties").is(scan.Object):
				s.join(n.own("properties"), m.value)
			case slices.Contains(silent, m.key), m.key == "description":
				if n.get(m.key) == nil { // what the node says of itself is nearer
					n.set(m.key, m.value)
				}
			default:
				s.put(n, m)
			}
		}
	}
	setNames(n, "required", required)
	return path
}

// join adds properties to those that are there.
func (s *sanitizer) join(have, more *node) {
	for _, p := range more.members {
		s.put(have, p)
	}
}

// put sets a member; another value that was there is lost.
func (s *sanitizer) put(n *node, m member) {
	if old := n.get(m.key); old != nil && !bytes.Equal(old.bytes(), m.value.bytes()) {
		s.lossy = true
	}
	n.set(m.key, m.value)
}

// oneOf becomes anyOf.
func (s *sanitizer) oneOf(n *node) {
	one := n.get("oneOf")
	if one == nil {
		return
	}
	n.drop("oneOf")
	if n.get("anyOf") == nil {
		n.set("anyOf", one)
	} else {
		s.lossy = true
	}
}

// branches are those of a node's anyOf that are not null; one that is makes the node
// nullable.
func (s *sanitizer) branches(n *node) []*node {
	var kept []*node
	for _, b := range n.get("anyOf").items {
		if b.get("type").str() == "null" {
			nullable(n)
		} else {
			kept = append(kept, b)
		}
	}
	return kept
}

// single merges the only branch of an anyOf up into its node, before anything of it is
// rewritten, and again as long as there is one. Keys of the node's own win.
func (s *sanitizer) single(n *node, path []string) (*node, []string) {
	for n.get("anyOf").is(scan.Array) {
		kept := s.branches(n)
		if len(kept) != 1 {
			return n, path
		}
		if !kept[0].is(scan.Object) { // true, or what is no schema
			n.drop("anyOf")
			s.lossy = s.lossy || !kept[0].isTrue()
			return n, path
		}
		if !s.afford(kept[0]) {
			s.lossy = true
			return s.anything(""), path
		}
		n.drop("anyOf")
		branch, inner := s.inlined(kept[0].shallow(), path)
		path = s.mergeAll(branch, inner)
		s.oneOf(branch)
		for _, m := range branch.members {
			if n.get(m.key) == nil {
				n.members = append(n.members, m)
			} else if m.key != "description" && m.key != "title" {
				s.lossy = true
			}
		}
	}
	return n, path
}

// ofType are the keywords that belong to one type only.
var ofType = map[string][]string{
	"object": {"properties", "required", "additionalProperties", "minProperties", "maxProperties", "propertyOrdering"},
	"array":  {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
	"string": {"minLength", "maxLength", "pattern"},
	"number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}

// known gives the name of a type that the API knows, "" for all else.
func known(name string) string {
	switch name = strings.ToLower(name); name {
	case "string", "number", "integer", "boolean", "array", "object":
		return name
	}
	return ""
}

// types brings a type to one name: null becomes nullable, several become an anyOf (A26,
// A28).
func (s *sanitizer) types(n *node) {
	var kept []string
	switch t := n.get("type"); {
	case t == nil:
		return
	case t.is(scan.Array):
		for _, e := range t.items {
			kept = s.addType(n, kept, e.str())
		}
	default:
		kept = s.addType(n, kept, t.str())
	}
	switch {
	case len(kept) == 0:
		n.drop("type")
		s.lossy = s.lossy || n.get("nullable").isTrue() // nothing but null cannot be told
	case len(kept) == 1:
		n.set("type", text(kept[0]))
	case n.get("anyOf") != nil:
		n.drop("type")
		s.lossy = true
	default:
		split(n, kept)
	}
}

func (s *sanitizer) addType(n *node, kept []string, name string) []string {
	if name == "null" {
		nullable(n)
		return kept
	}
	if name = known(name); name == "" {
		s.lossy = true
		return kept
	}
	return append(kept, name)
}

// split makes a branch for each of several types, with the keywords that belong to it.
func split(n *node, kinds []string) {
	n.drop("type")
	branches := &node{kind: scan.Array}
	for _, name := range kinds {
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

// nullable marks a node that may be null.
func nullable(n *node) { n.set("nullable", literal("true")) }

// any rewrites an anyOf of several branches, which then stands alone in its node (A27).
// One beside properties or items of the node's own is merged into these, or only
// narrows them and goes. It returns the references that led to what stands there now.
func (s *sanitizer) any(n *node, path []string, depth int) []string {
	list := n.get("anyOf")
	if list == nil {
		return path
	}
	kept := s.branches(n)
	if len(kept) == 0 {
		s.lossy = s.lossy || !list.is(scan.Array)
		n.drop("anyOf")
		return path
	}
	if n.get("properties") != nil || n.get("items") != nil || n.get("enum") != nil {
		return s.widen(n, kept, path)
	}
	branches := &node{kind: scan.Array}
	for _, b := range kept {
		b = s.branch(n, b, path, depth)
		branches.items = append(branches.items, b)
	}
	if s.json && n.get("nullable").isTrue() {
		b := object()
		b.set("type", text("null"))
		branches.items = append(branches.items, b)
	}
	for _, m := range n.members {
		switch m.key {
		case "anyOf", "description", "type", "nullable", "title":
		default:
			s.lossy = s.lossy || !harmless(m)
		}
	}
	n.members = nil
	n.set("anyOf", branches)
	return path
}

// widen merges the branches of an anyOf into a node that has a structure of its own, and
// returns the references that led to what stands there now.
func (s *sanitizer) widen(n *node, branches []*node, path []string) []string {
	s.lossy = true
	list, all := &node{kind: scan.Array}, path
	for _, b := range branches {
		if b.is(scan.Object) {
			b, inner := s.inlined(b.shallow(), path)
			list.items = append(list.items, b)
			all = append(all[:len(all):len(all)], inner[len(path):]...)
		}
	}
	n.set("anyOf", list)
	merge(n)
	if len(n.get("properties").members) == 0 {
		n.drop("properties")
	}
	return all
}

// branch rewrites a branch of n's anyOf. What n says of all of them is pushed into it.
func (s *sanitizer) branch(n, b *node, path []string, depth int) *node {
	if b.is(scan.Object) && b.get("type") == nil && b.get("$ref") == nil && n.get("type") != nil {
		b = b.shallow()
		b.set("type", n.get("type"))
	}
	b = s.schema(b, path, depth+1)
	if b.get("anyOf") != nil {
		return b
	}
	if d := n.get("description"); d.is(scan.String) && b.get("description") == nil {
		b.set("description", d)
	}
	if n.get("nullable").isTrue() && !s.json {
		nullable(b)
	}
	return b
}
