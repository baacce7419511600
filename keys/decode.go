package keys

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"time"
)

// Decode reads one JSON value that an administrator wrote. What the decoder of JSON lets pass
// is an error: a field that is not known, also one in other letters and one that is null, and
// a name that stands twice in an object. The error is an InvalidError.
func Decode(text []byte, into any) error {
	if err := check(text, reflect.TypeOf(into)); err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return &InvalidError{"body", err.Error()}
	}
	return nil
}

// check holds a text against the type that it is to become.
func check(text []byte, t reflect.Type) error {
	var whole json.RawMessage
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&whole); err != nil {
		return &InvalidError{"body", "cannot be read as JSON: " + err.Error()}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &InvalidError{"body", "holds more than one JSON value"}
	}
	if string(whole) == "null" {
		return &InvalidError{"body", "must be a JSON object"}
	}
	return checkValue("", whole, t)
}

// checkValue holds the value of a field against its type. null is any type's, and what a client
// would send is others' to read.
func checkValue(path string, value json.RawMessage, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case string(value) == "null" || t == reflect.TypeFor[json.RawMessage]():
		return nil
	case readsItself(t) || t.Kind() != reflect.Struct && t.Kind() != reflect.Map:
		return checkAlone(path, value, t)
	case value[0] != '{':
		return mistyped(path, t)
	}
	fields := fieldsOf(t)
	return members(path, value, func(name string, inner json.RawMessage) error {
		of, known := fields[name]
		if t.Kind() == reflect.Map {
			of, known = t.Elem(), true
		}
		if !known {
			return &InvalidError{memberOf(path, name), "is not known"}
		}
		return checkValue(memberOf(path, name), inner, of)
	})
}

// checkAlone has a value read by itself, by which the error is one of that field.
func checkAlone(path string, value json.RawMessage, t reflect.Type) error {
	if value[0] == '{' {
		if err := members(path, value, func(string, json.RawMessage) error { return nil }); err != nil {
			return err
		}
	}
	err := json.Unmarshal(value, reflect.New(t).Interface())
	switch {
	case err == nil:
		return nil
	case readsItself(t) && t != reflect.TypeFor[time.Time]():
		return &InvalidError{orBody(path), err.Error()}
	}
	return mistyped(path, t)
}

// members goes through the members of an object, of which no two have the same name.
func members(path string, object json.RawMessage, visit func(name string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // names of members are strings
		if seen[name] {
			return &InvalidError{memberOf(path, name), "is given twice"}
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := visit(name, value); err != nil {
			return err
		}
	}
	return nil
}

// readsItself reports whether a type has its own way to be read.
func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// fieldsOf are the types of a struct's fields by their names in JSON, those of what it embeds
// included.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

// mistyped says what a field must be.
func mistyped(path string, t reflect.Type) error {
	return &InvalidError{orBody(path), "must be " + kindWords(t)}
}

// kindWords say what a type is in JSON.
func kindWords(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "a time such as 2026-11-26T08:00:00Z"
	case t.Kind() == reflect.Struct || t.Kind() == reflect.Map:
		return "a JSON object"
	case t.Kind() == reflect.Slice:
		return "a list of strings" // there are no others
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a string"
	case t.Kind() == reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// memberOf is the name of a field of an object.
func memberOf(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orBody(path string) string {
	if path == "" {
		return "body"
	}
	return path
}
