package schema

import (
	"slices"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

var (
	objects     memo
	constrained memo
	strict      memo
	properties  memo
)

// empty is the schema of a tool without arguments.
const empty = `{"type":"object","properties":{}}`

// Object makes a schema for a tool of Messages: an object at its root, without unions
// there (wire-openai-anthropic.md 2.5). A schema that is one already is returned as it
// is. changed tells whether its meaning was widened.
func Object(raw []byte) (out []byte, changed bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return []byte(empty), false
	}
	r := objects.of(raw, makeObject)
	return r.out, r.flag
}

func makeObject(raw []byte) result {
	n := parse(raw)
	if !n.is(scan.Object) {
		return result{out: []byte(empty), flag: true}
	}
	union := n.get("anyOf") != nil || n.get("oneOf") != nil || n.get("allOf") != nil
	if n.get("type").str() == "object" && !union {
		return result{out: append([]byte(nil), raw...)}
	}
	if union {
		merge(n)
	}
	n.set("type", text("object"))
	if n.get("properties") == nil {
		n.set("properties", object())
	}
	return result{out: n.bytes(), flag: union}
}

// merge puts the properties of all branches of a root's unions into the root. Required
// stays what all branches of an anyOf or oneOf require, and what any of an allOf does.
func merge(n *node) {
	props := object()
	if n.get("properties").is(scan.Object) {
		props = n.own("properties")
	}
	required := names(n.get("required"))
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		list := n.get(key)
		if list == nil {
			continue
		}
		var common []string
		for i, branch := range list.items {
			if target := resolve(n, branch.get("$ref").str()); branch.get("$ref") != nil && target != nil {
				branch = target
			}
			if own := branch.get("properties"); own.is(scan.Object) {
				for _, m := range own.members {
					if props.get(m.key) == nil {
						props.set(m.key, m.value)
					}
				}
			}
			wanted := names(branch.get("required"))
			switch {
			case key == "allOf":
				required = append(required, wanted...)
			case i == 0:
				common = wanted
			default:
				common = slices.DeleteFunc(common, func(s string) bool { return !slices.Contains(wanted, s) })
			}
		}
		required = append(required, common...)
	}
	n.drop("allOf", "anyOf", "oneOf")
	n.set("properties", props)
	setNames(n, "required", required)
}

// names reads a list of strings.
func names(n *node) []string {
	if n == nil {
		return nil
	}
	var list []string
	for _, e := range n.items {
		list = append(list, e.str())
	}
	return list
}

// setNames writes a list of strings without doubles; an empty one is left out.
func setNames(n *node, key string, list []string) {
	array := &node{kind: scan.Array}
	for i, s := range list {
		if !slices.Contains(list[:i], s) {
			array.items = append(array.items, text(s))
		}
	}
	if len(array.items) == 0 {
		n.drop(key)
		return
	}
	n.set(key, array)
}

// unconstrained are the keywords that Messages' constrained decoder does not know; they
// are told in words in the description.
var unconstrained = []string{
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
	"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "not",
}

var knownFormats = []string{"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}

// maxOptional is how many optional properties the constrained decoder takes.
const maxOptional = 10

// Fit says how well constrained decoding can hold a schema.
type Fit uint8

// A schema is Unfit if it is recursive, has open objects or many optional properties. It
// fits InWords if limits of it stand in descriptions only, where nothing enforces them.
const (
	Unfit Fit = iota
	InWords
	Whole
)

// Constrained makes a schema for Messages' constrained decoding and tells how well it
// fits (wire-openai-anthropic.md 2.7; traps 36 and 37).
func Constrained(raw []byte) ([]byte, Fit) {
	r := constrained.of(raw, func(raw []byte) result {
		n := parse(raw)
		if !n.is(scan.Object) {
			return result{out: []byte(empty)}
		}
		c := constrainer{root: n.copy()}
		fit := Unfit
		if !c.recursive(n, nil) && c.clean(n) && c.optional <= maxOptional {
			fit = Whole
			if c.told {
				fit = InWords
			}
		}
		return result{out: n.bytes(), fit: fit}
	})
	return r.out, r.fit
}

type constrainer struct {
	root     *node
	optional int
	told     bool // something is told in words
}

// recursive reports whether a reference leads back to itself.
func (c *constrainer) recursive(n *node, path []string) bool {
	if ref := n.get("$ref").str(); ref != "" {
		if slices.Contains(path, ref) || len(path) > 32 {
			return true
		}
		if target := resolve(c.root, ref); target != nil && c.recursive(target, append(path[:len(path):len(path)], ref)) {
			return true
		}
	}
	for _, child := range n.children() {
		if c.recursive(child, path) {
			return true
		}
	}
	return false
}

// clean removes what the decoder does not know and reports whether the rest still says
// what the schema said.
func (c *constrainer) clean(n *node) bool {
	if n.kind != scan.Object {
		return true
	}
	ok := true
	var said []string
	for _, key := range unconstrained {
		if v := n.get(key); v != nil {
			said = append(said, key+": "+string(v.bytes()))
		}
	}
	n.drop(unconstrained...)
	if f := n.get("format").str(); f != "" && !slices.Contains(knownFormats, f) {
		said = append(said, "format: "+f)
		n.drop("format")
	}
	if len(said) > 0 {
		c.told = true
		described := strings.TrimSpace(n.get("description").str() + "\n{" + strings.Join(said, ", ") + "}")
		n.set("description", text(described))
	}
	if one := n.get("oneOf"); one != nil {
		n.drop("oneOf")
		n.set("anyOf", one)
	}
	if n.hasType("object") || n.get("properties") != nil {
		ok = c.close(n)
	}
	for _, child := range n.children() {
		ok = c.clean(child) && ok
	}
	return ok
}

// close closes an object, and reports whether it was none that is open on purpose.
func (c *constrainer) close(n *node) bool {
	props := n.get("properties")
	more := n.get("additionalProperties")
	open := more.is(scan.Object) || more.isTrue() || (props == nil || len(props.members) == 0) && !more.isFalse() || n.get("patternProperties") != nil
	required := names(n.get("required"))
	if props != nil {
		for _, p := range props.members {
			if !slices.Contains(required, p.key) {
				c.optional++
			}
		}
	}
	n.drop("patternProperties")
	n.set("additionalProperties", literal("false"))
	return !open
}

// Strict reports whether OpenAI's strict mode takes a schema: all objects closed, all
// their properties required.
func Strict(raw []byte) bool {
	return strict.of(raw, func(raw []byte) result {
		n := parse(raw)
		return result{flag: n.is(scan.Object) && n.get("type").str() == "object" && isStrict(n)}
	}).flag
}

// loose are keywords that strict mode refuses.
var loose = []string{"allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties", "unevaluatedProperties"}

func isStrict(n *node) bool {
	for _, key := range loose {
		if n.get(key) != nil {
			return false
		}
	}
	if n.hasType("object") || n.get("properties") != nil {
		props, required := n.get("properties"), names(n.get("required"))
		if props == nil || !n.get("additionalProperties").isFalse() {
			return false
		}
		for _, p := range props.members {
			if !slices.Contains(required, p.key) {
				return false
			}
		}
	}
	for _, child := range n.children() {
		if !isStrict(child) {
			return false
		}
	}
	return true
}

// WithProperties gives a tool's schema for Chat, where a root without properties is
// refused by some hosts (wire-openai-anthropic.md 3.4). One that has them is returned
// as it is.
func WithProperties(raw []byte) []byte {
	if len(raw) == 0 || string(raw) == "null" {
		return []byte(empty)
	}
	return properties.of(raw, func(raw []byte) result {
		n := parse(raw)
		if !n.is(scan.Object) {
			return result{out: []byte(empty)}
		}
		if n.get("properties") != nil || n.get("$ref") != nil || n.get("anyOf") != nil || n.get("oneOf") != nil || n.get("allOf") != nil {
			return result{out: append([]byte(nil), raw...)}
		}
		if n.get("type") == nil {
			n.set("type", text("object"))
		}
		n.set("properties", object())
		return result{out: n.bytes()}
	}).out
}
