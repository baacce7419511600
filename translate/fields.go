package translate

import "github.com/rickyjim626/xjp-gateway/translate/scan"

// Fields reads fields of a client's request and keeps the first error, which names the
// field. After an error it goes on with zero values, so that callers check once.
type Fields struct {
	Err *Error
}

// Fail records an error about a field.
func (f *Fields) Fail(at At, suffix, message string) {
	if f.Err == nil {
		name := path(at, suffix)
		if name != "" {
			message = name + " " + message
		}
		f.Err = Invalid(name, message)
	}
}

func path(at At, suffix string) string {
	base := at.String()
	if base == "" && suffix != "" && suffix[0] == '.' {
		return suffix[1:]
	}
	return base + suffix
}

// wrong records that a field has another kind than it must have.
func (f *Fields) wrong(v scan.Value, at At, suffix, want string) {
	f.Fail(at, suffix, "must be "+want+", not "+article(v.Kind()))
}

func article(k scan.Kind) string {
	switch k {
	case scan.None:
		return "missing"
	case scan.Null:
		return "null"
	case scan.Array, scan.Object:
		return "an " + k.String()
	}
	return "a " + k.String()
}

// Text reads a string; null and absent are nil.
func (f *Fields) Text(v scan.Value, at At, suffix string) scan.Text {
	if v.IsNull() {
		return nil
	}
	if v.Kind() != scan.String {
		f.wrong(v, at, suffix, "a string")
	}
	return v.Text()
}

// NeedText reads a string that must be there.
func (f *Fields) NeedText(v scan.Value, at At, suffix string) scan.Text {
	if v.Kind() != scan.String {
		f.wrong(v, at, suffix, "a string")
	}
	return v.Text()
}

// Number reads a number as it is written; null and absent are nil.
func (f *Fields) Number(v scan.Value, at At, suffix string) Number {
	if v.IsNull() {
		return nil
	}
	if v.Kind() != scan.Number {
		f.wrong(v, at, suffix, "a number")
		return nil
	}
	return Number(v.Raw())
}

// Int reads a whole number; ok is false for null and absent.
func (f *Fields) Int(v scan.Value, at At, suffix string) (n int64, ok bool) {
	if v.IsNull() {
		return 0, false
	}
	if n, ok = v.Int(); !ok {
		f.wrong(v, at, suffix, "a whole number")
	}
	return n, ok
}

// Bool reads a boolean; null and absent are false.
func (f *Fields) Bool(v scan.Value, at At, suffix string) bool {
	return f.Tristate(v, at, suffix) == Yes
}

// Tristate reads a boolean that may be absent.
func (f *Fields) Tristate(v scan.Value, at At, suffix string) Tristate {
	if v.IsNull() {
		return Unset
	}
	b, ok := v.Bool()
	if !ok {
		f.wrong(v, at, suffix, "a boolean")
	}
	return TristateOf(b)
}

// Kind checks that a value is of a kind; null and absent are as good as false.
func (f *Fields) Kind(v scan.Value, kind scan.Kind, at At, suffix string) bool {
	if v.IsNull() {
		return false
	}
	if v.Kind() != kind {
		f.wrong(v, at, suffix, article(kind))
		return false
	}
	return true
}

// NeedKind checks that a value is there and of a kind.
func (f *Fields) NeedKind(v scan.Value, kind scan.Kind, at At, suffix string) bool {
	if v.Kind() != kind {
		f.wrong(v, at, suffix, article(kind))
		return false
	}
	return true
}

// Top is the place of a field at the top of the request.
func Top() At { return At{Turn: -1, Part: -1} }

// Element is the place of an element of a list at the top of the request.
func Element(field string, i int) At { return At{Field: field, Turn: i, Part: -1} }
