// Package schema brings JSON Schemas into the forms that providers accept. Its
// functions are pure; results for schemas seen lately are remembered, since agents
// send the same tools with every request.
package schema

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// node is a JSON value that can be changed; objects keep their order.
type node struct {
	kind    scan.Kind
	raw     []byte // of scalars
	members []member
	items   []*node
}

type member struct {
	key   string
	value *node
}

// parse reads a schema; nil if it is no JSON.
func parse(raw []byte) *node {
	v, err := scan.Parse(raw)
	if err != nil {
		return nil
	}
	return load(v)
}

func load(v scan.Value) *node {
	n := &node{kind: v.Kind()}
	switch n.kind {
	case scan.Object:
		for key, value := range v.Members() {
			n.set(string(key), load(value))
		}
	case scan.Array:
		for e := range v.Elements() {
			n.items = append(n.items, load(e))
		}
	default:
		n.raw = v.Raw()
	}
	return n
}

func object() *node { return &node{kind: scan.Object} }

func text(s string) *node {
	return &node{kind: scan.String, raw: append(scan.AppendText([]byte{'"'}, s), '"')}
}

func literal(raw string) *node {
	kind := scan.Bool
	if raw[0] != 't' && raw[0] != 'f' {
		kind = scan.Number
	}
	return &node{kind: kind, raw: []byte(raw)}
}

// get returns a member, nil if there is none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.members {
		if n.members[i].key == key {
			return n.members[i].value
		}
	}
	return nil
}

// set puts a member in place of one with its key, or at the end.
func (n *node) set(key string, value *node) {
	for i := range n.members {
		if n.members[i].key == key {
			n.members[i].value = value
			return
		}
	}
	n.members = append(n.members, member{key, value})
}

// drop removes members and reports whether there was any.
func (n *node) drop(keys ...string) bool {
	kept := n.members[:0:0]
	for _, m := range n.members {
		found := false
		for _, key := range keys {
			found = found || m.key == key
		}
		if !found {
			kept = append(kept, m)
		}
	}
	dropped := len(kept) < len(n.members)
	n.members = kept
	return dropped
}

// str returns a string's value, "" for anything else.
func (n *node) str() string {
	if n == nil || n.kind != scan.String {
		return ""
	}
	return scan.Text(n.raw[1 : len(n.raw)-1]).String()
}

func (n *node) is(kind scan.Kind) bool { return n != nil && n.kind == kind }

func (n *node) isTrue() bool { return n.is(scan.Bool) && n.raw[0] == 't' }

func (n *node) isFalse() bool { return n.is(scan.Bool) && n.raw[0] == 'f' }

// copy copies a node with all below it.
func (n *node) copy() *node {
	out := &node{kind: n.kind, raw: n.raw}
	for _, m := range n.members {
		out.members = append(out.members, member{m.key, m.value.copy()})
	}
	for _, e := range n.items {
		out.items = append(out.items, e.copy())
	}
	return out
}

// shallow copies a node but not what is below it.
func (n *node) shallow() *node {
	return &node{kind: n.kind, raw: n.raw, members: slices.Clone(n.members), items: slices.Clone(n.items)}
}

// own puts a shallow copy of a member in its place, so that it can be changed, and
// returns it; nil if there is none.
func (n *node) own(key string) *node {
	child := n.get(key)
	if child != nil {
		child = child.shallow()
		n.set(key, child)
	}
	return child
}

// bytes writes the node as JSON.
func (n *node) bytes() []byte {
	w := emit.Writer{}
	n.write(&w)
	return w.B
}

func (n *node) write(w *emit.Writer) {
	switch n.kind {
	case scan.Object:
		w.Object()
		for _, m := range n.members {
			w.Key(string(scan.Quote(m.key)))
			m.value.write(w)
		}
		w.EndObject()
	case scan.Array:
		w.Array()
		for _, e := range n.items {
			e.write(w)
		}
		w.EndArray()
	default:
		w.Raw(n.raw)
	}
}

// resolve follows a local reference within a root, nil if it leads nowhere.
func resolve(root *node, ref string) *node {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	at := root
	for _, step := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if step == "" {
			continue
		}
		if at = at.step(unescaped(step)); at == nil {
			return nil
		}
	}
	return at
}

// step goes one step of a JSON pointer down: to a member or to an element.
func (n *node) step(name string) *node {
	if n.is(scan.Array) {
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(n.items) {
			return n.items[i]
		}
		return nil
	}
	return n.get(name)
}

// unescaped undoes the escapes of a JSON pointer's step in a URI fragment.
func unescaped(step string) string {
	if decoded, err := url.PathUnescape(step); err == nil {
		step = decoded
	}
	return pointer.Replace(step)
}

var pointer = strings.NewReplacer("~1", "/", "~0", "~")

// children lists the schemas directly below a schema, the definitions included.
func (n *node) children() []*node {
	var list []*node
	for _, key := range []string{"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"} {
		if m := n.get(key); m.is(scan.Object) {
			for _, p := range m.members {
				list = append(list, p.value)
			}
		}
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf", "prefixItems"} {
		if m := n.get(key); m.is(scan.Array) {
			list = append(list, m.items...)
		}
	}
	for _, key := range []string{"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"} {
		if m := n.get(key); m.is(scan.Object) {
			list = append(list, m)
		} else if m.is(scan.Array) {
			list = append(list, m.items...)
		}
	}
	return list
}

// hasAny reports whether a schema has any of some keywords.
func (n *node) hasAny(keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return n.get(key) != nil })
}

// hasType reports whether a schema's type is or holds a name.
func (n *node) hasType(name string) bool {
	t := n.get("type")
	if t.is(scan.Array) {
		for _, e := range t.items {
			if e.str() == name {
				return true
			}
		}
	}
	return t.str() == name
}
