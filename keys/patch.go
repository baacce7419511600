package keys

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// patched applies a JSON merge patch (RFC 7396) to a specification and decodes the result
// into another: what the patch leaves out stays, what it sets to null is cleared. The patch is
// checked by itself, since the result has nothing of what it clears.
func patched(current any, patch []byte, into any) error {
	if err := check(patch, reflect.TypeOf(into)); err != nil {
		return err
	}
	asked, err := decodeObject(patch)
	if err != nil {
		return err
	}
	before, err := asObject(current)
	if err != nil {
		return err
	}
	merged, err := json.Marshal(merge(before, asked))
	if err != nil {
		return err
	}
	return Decode(merged, into)
}

// decodeObject reads a JSON object. Numbers stay text.
func decodeObject(text []byte) (object map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&object)
	return object, err
}

func asObject(spec any) (map[string]any, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	return decodeObject(text)
}

func merge(into, patch map[string]any) map[string]any {
	for name, value := range patch {
		inner, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(into, name)
		case isObject:
			old, _ := into[name].(map[string]any)
			if old == nil {
				old = map[string]any{}
			}
			into[name] = merge(old, inner)
		default:
			into[name] = value
		}
	}
	return into
}

// difference tells which fields of a specification have changed, and how.
func difference(before, after any) (map[string]change, error) {
	old, err := asObject(before)
	if err != nil {
		return nil, err
	}
	current, err := asObject(after)
	if err != nil {
		return nil, err
	}
	changed := map[string]change{}
	for _, fields := range []map[string]any{old, current} {
		for name := range fields {
			if !reflect.DeepEqual(old[name], current[name]) {
				changed[name] = change{From: old[name], To: current[name]}
			}
		}
	}
	return changed, nil
}

// change is what became of a field; nil is a field that is not set.
type change struct {
	From any `json:"from"`
	To   any `json:"to"`
}
