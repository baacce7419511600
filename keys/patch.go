package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"time"
)

// patched applies a JSON merge patch (RFC 7396) to a specification and decodes the result
// into another: what the patch leaves out stays, what it sets to null is cleared.
func patched(current any, patch []byte, into any) error {
	asked, err := decodeObject(patch)
	if err != nil {
		return err
	}
	if err := spelledRight("", asked); err != nil {
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
	d := json.NewDecoder(bytes.NewReader(merged))
	d.DisallowUnknownFields()
	return inField("", "expires", d.Decode(into))
}

// decodeObject reads one JSON object. Numbers stay text.
func decodeObject(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil || object == nil {
		return nil, &InvalidError{"body", "must be a JSON object"}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &InvalidError{"body", "must be one JSON object with nothing behind it"}
	}
	return object, nil
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

// spelledRight refuses fields in other letters: the decoder would take "Disabled" for
// "disabled", and of both it would take one. What has names of its own is passed over.
func spelledRight(path string, object map[string]any) error {
	for name, value := range object {
		if name != strings.ToLower(name) {
			return &InvalidError{path + name, "is not known"}
		}
		inner, isObject := value.(map[string]any)
		if isObject && name != "metadata" && name != "model_limits" {
			if err := spelledRight(path+name+".", inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// inField turns an error of the decoder into one that names the field, with the path of the
// object that it is in. moment is the object's one field that is a time.
func inField(path, moment string, err error) error {
	var known *InvalidError
	if err == nil || errors.As(err, &known) {
		return err
	}
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		return &InvalidError{strings.TrimSuffix(path+mistyped.Field, "."), "must not be of type " + mistyped.Value}
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &InvalidError{path + strings.Trim(field, `"`), "is not known"}
	}
	if NotATime(err) {
		return &InvalidError{path + moment, "must be a time such as 2026-11-26T08:00:00Z"}
	}
	return &InvalidError{"body", err.Error()}
}

// NotATime reports whether JSON could not be decoded for a time in it. Such errors do not say
// in which field it stands; of those that do not read themselves, "expires" alone is a time.
func NotATime(err error) bool {
	var unread *time.ParseError
	return errors.As(err, &unread) || strings.HasPrefix(err.Error(), "Time.UnmarshalJSON: ")
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
