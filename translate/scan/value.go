package scan

import (
	"iter"
	"math"
	"strconv"
	"strings"
)

// Kind is what a value is.
type Kind uint8

// The kinds of values. None is the kind of a value that does not exist.
const (
	None Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String names the kind as error messages do: "string", "array" and so on.
func (k Kind) String() string {
	return [...]string{"nothing", "null", "boolean", "number", "string", "array", "object"}[k]
}

// Value is one value of a parsed document. The zero Value does not exist: its
// kind is None, it has no bytes and no members.
type Value struct {
	d *Doc
	i uint32
}

// Exists reports whether there is a value, null included.
func (v Value) Exists() bool { return v.d != nil }

// Kind tells what the value is.
func (v Value) Kind() Kind {
	if v.d == nil {
		return None
	}
	return v.d.nodes[v.i].kind
}

// IsNull reports whether the value is null or does not exist.
func (v Value) IsNull() bool { k := v.Kind(); return k == None || k == Null }

// Start returns the offset of the value's first byte in the document.
func (v Value) Start() int { return int(v.d.nodes[v.i].start) }

// End returns the offset after the value's last byte in the document.
func (v Value) End() int { return int(v.d.nodes[v.i].end) }

// Raw returns the value's bytes as they stand in the document, nil if it does not exist.
func (v Value) Raw() []byte {
	if v.d == nil {
		return nil
	}
	n := v.d.nodes[v.i]
	return v.d.src[n.start:n.end:n.end]
}

// Text returns the inside of a string, nil for any other kind. An empty string
// gives an empty Text that is not nil.
func (v Value) Text() Text {
	if v.Kind() != String {
		return nil
	}
	n := v.d.nodes[v.i]
	return Text(v.d.src[n.start+1 : n.end-1 : n.end-1])
}

// Str returns the decoded string, "" for any other kind.
func (v Value) Str() string { return v.Text().String() }

// Bool returns the value of a boolean; ok is false for any other kind.
func (v Value) Bool() (value, ok bool) {
	if v.Kind() != Bool {
		return false, false
	}
	return v.d.src[v.d.nodes[v.i].start] == 't', true
}

// True reports whether the value is the literal true.
func (v Value) True() bool { b, _ := v.Bool(); return b }

// Int returns an integral number that fits 64 bits, also when it is written with
// a fraction of zero or an exponent; ok is false otherwise.
func (v Value) Int() (n int64, ok bool) {
	if v.Kind() != Number {
		return 0, false
	}
	raw := v.Raw()
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// Float returns a number's value; ok is false for any other kind or out of range.
func (v Value) Float() (f float64, ok bool) {
	if v.Kind() != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v.Raw()), 64)
	return f, err == nil
}

// Members goes through the members of an object in their order, with each key
// decoded; any other kind has none. Keys without escapes are not copied.
func (v Value) Members() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Object {
			return
		}
		nodes := v.d.nodes
		for i := v.i + 1; i < nodes[v.i].next; i = nodes[i+1].next {
			if !yield(v.d.key(i), Value{v.d, i + 1}) {
				return
			}
		}
	}
}

// key returns the decoded key at node i.
func (d *Doc) key(i uint32) []byte {
	n := &d.nodes[i]
	raw := d.src[n.start+1 : n.end-1]
	if !n.escaped {
		return raw
	}
	return Text(raw).AppendTo(nil)
}

// isKey reports whether a node is a certain key.
func (d *Doc) isKey(n *node, key string) bool {
	raw := d.src[n.start+1 : n.end-1]
	return string(raw) == key || n.escaped && Text(raw).Equal(key)
}

// Elements goes through the elements of an array in their order; any other kind
// has none.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		nodes := v.d.nodes
		for i := v.i + 1; i < nodes[v.i].next; i = nodes[i].next {
			if !yield(Value{v.d, i}) {
				return
			}
		}
	}
}

// Get returns the member of an object with the given key; of several the last,
// as most decoders do. It does not exist if there is none.
func (v Value) Get(key string) Value {
	var found Value
	if v.Kind() != Object {
		return found
	}
	nodes := v.d.nodes
	for i, end := v.i+1, nodes[v.i].next; i < end; i = nodes[i+1].next {
		if v.d.isKey(&nodes[i], key) {
			found = Value{v.d, i + 1}
		}
	}
	return found
}

// Repeated returns the first of the keys that an object has more than once, in any
// letter case, "" if there is none. Decoders differ in which of two members they take,
// and some ignore the case of keys: such a body says different things to different
// readers.
func (v Value) Repeated(keys ...string) string {
	for _, key := range keys {
		n := 0
		for k := range v.Members() {
			if strings.EqualFold(string(k), key) {
				n++
			}
		}
		if n > 1 {
			return key
		}
	}
	return ""
}

// At follows a path of keys through nested objects.
func (v Value) At(path ...string) Value {
	for _, key := range path {
		v = v.Get(key)
	}
	return v
}

// First returns the first element of an array.
func (v Value) First() Value {
	for e := range v.Elements() {
		return e
	}
	return Value{}
}

// Len counts the elements of an array or the members of an object.
func (v Value) Len() int {
	n := 0
	switch v.Kind() {
	case Array:
		for range v.Elements() {
			n++
		}
	case Object:
		for range v.Members() {
			n++
		}
	}
	return n
}

// Member is a member of an object with the position of its key.
type Member struct {
	// Key is the decoded key.
	Key []byte
	// Start is the offset of the key's opening quote in the document.
	Start int
	// Value is the member's value.
	Value Value
}

// Layout lists the members of an object with their positions, for splicing.
func (v Value) Layout() []Member { return v.AppendLayout(nil) }

// AppendLayout appends what Layout lists to list.
func (v Value) AppendLayout(list []Member) []Member {
	if v.Kind() != Object {
		return list
	}
	nodes := v.d.nodes
	for i := v.i + 1; i < nodes[v.i].next; i = nodes[i+1].next {
		list = append(list, Member{Key: v.d.key(i), Start: int(nodes[i].start), Value: Value{v.d, i + 1}})
	}
	return list
}
