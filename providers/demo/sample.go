package demo

import (
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// maxSample bounds how deep a sample goes.
const maxSample = 8

// sample writes a value that satisfies a schema, in simple cases.
func sample(schema scan.Value, depth int) string {
	w := emit.Writer{}
	writeSample(&w, schema, depth)
	return string(w.B)
}

func writeSample(w *emit.Writer, s scan.Value, depth int) {
	if c := s.Get("const"); c.Exists() {
		w.Raw(c.Raw())
		return
	}
	if e := s.Get("enum").First(); e.Exists() {
		w.Raw(e.Raw())
		return
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		if first := s.Get(key).First(); first.Exists() {
			writeSample(w, first, depth+1)
			return
		}
	}
	kind := s.Get("type").Str()
	if kind == "" {
		kind = s.Get("type").First().Str()
	}
	switch kind {
	case "string":
		w.String("demo")
	case "integer", "number":
		if m := s.Get("minimum"); m.Kind() == scan.Number {
			w.Raw(m.Raw())
			return
		}
		w.Int(1)
	case "boolean":
		w.Bool(true)
	case "null":
		w.Null()
	case "array":
		w.Array()
		if items := s.Get("items"); items.Kind() == scan.Object && depth < maxSample {
			writeSample(w, items, depth+1)
		}
		w.EndArray()
	default:
		w.Object()
		if depth < maxSample {
			for key, value := range s.Get("properties").Members() {
				w.Key(string(scan.Quote(string(key))))
				writeSample(w, value, depth+1)
			}
		}
		w.EndObject()
	}
}
