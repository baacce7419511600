package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	double "github.com/rickyjim626/xjp-gateway/internal/doubles/gemini"
)

// maxOut bounds what any schema may become.
const maxOut = 4 << 20

// TestGeminiAccepted: whatever a client sends, the API's double takes what becomes of it;
// the same schema always becomes the same; and it stays small.
func TestGeminiAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte(schemas(3).Draw(t, "schema"))
		for name, form := range map[string]struct {
			make func([]byte) ([]byte, bool, error)
			form double.Form
		}{
			"Gemini": {Gemini, double.OpenAPI}, "GeminiJSON": {GeminiJSON, double.JSONSchema},
			"GeminiFormat": {GeminiFormat, double.OpenAPI}, "GeminiFormatJSON": {GeminiFormatJSON, double.JSONSchema},
		} {
			out, lossy, err := form.make(raw)
			if err != nil || out == nil {
				continue
			}
			if err := double.CheckSchema(out, form.form); err != nil {
				t.Fatalf("%s: %v\n in %s\nout %s", name, err, raw, out)
			}
			if again, lossy, err := form.make(out); !bytes.Equal(again, out) || lossy || err != nil {
				t.Fatalf("%s changes its own schema, lossy %v, %v\n  in %s\n out %s\nthen %s", name, lossy, err, raw, out, again)
			}
			fresh := (&geminiForm{json: form.form == double.JSONSchema, arguments: !strings.Contains(name, "Format")}).make(raw)
			if !bytes.Equal(fresh.out, out) || fresh.flag != lossy {
				t.Fatalf("%s is not the same twice:\n%s\n%s", name, out, fresh.out)
			}
		}
	})
}

// schemas draws schemas, sensible and not.
func schemas(depth int) *rapid.Generator[string] {
	scalar := rapid.SampledFrom([]string{`"string"`, `"number"`, `"integer"`, `"boolean"`, `"object"`, `"array"`, `"null"`, `["string","null"]`,
		`["null","array"]`, `["integer","string","object"]`, `"STRING"`, `"any"`, `5`, `[]`, `null`, `true`})
	word := rapid.SampledFrom([]string{`"d"`, `""`, `"enum"`, `"date-time"`, `7`, `-1`, `0.5`, `true`, `null`, `[]`, `{}`, `["a","b"]`, `["a",null,1]`, `[1,2]`, `[true]`, `[{}]`})
	simple := rapid.Custom(func(t *rapid.T) string { return `{"type":` + scalar.Draw(t, "type") + `}` })
	if depth == 0 {
		return rapid.OneOf(simple, rapid.SampledFrom([]string{`{}`, `true`, `{"$ref":"#/$defs/A"}`, `{"$ref":"#"}`, `{"$ref":"#/$defs/B"}`, `{"type":"null"}`, `{"const":1}`}))
	}
	inner := rapid.OneOf(simple, rapid.Deferred(func() *rapid.Generator[string] { return schemas(depth - 1) }))
	return rapid.Custom(func(t *rapid.T) string {
		members := []string{}
		add := func(key, value string) { members = append(members, fmt.Sprintf("%q:%s", key, value)) }
		if rapid.Bool().Draw(t, "typed") {
			add("type", scalar.Draw(t, "type"))
		}
		for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"description", "enum", "const", "required", "format", "minItems", "pattern",
			"exclusiveMinimum", "nullable", "title", "not", "items", "properties", "anyOf", "x-own"}), 0, 3, rapid.ID).Draw(t, "words") {
			add(key, word.Draw(t, key))
		}
		for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"properties", "$defs", "anyOf", "oneOf", "allOf", "items", "tuple", "prefixItems", "additionalProperties"}), 0, 3, rapid.ID).Draw(t, "parts") {
			switch key {
			case "properties", "$defs":
				add(key, `{"A":`+inner.Draw(t, "A")+`,"type":`+inner.Draw(t, "B")+`}`)
				add("required", `["A","B"]`)
			case "items", "additionalProperties":
				add(key, inner.Draw(t, key))
			case "tuple":
				add("items", `[`+inner.Draw(t, "first")+`,`+inner.Draw(t, "second")+`]`)
			default:
				add(key, `[`+strings.Join(rapid.SliceOfN(inner, 0, 3).Draw(t, key), ",")+`]`)
			}
		}
		return "{" + strings.Join(members, ",") + "}"
	})
}

// TestGeminiBounded: references that multiply each other, and large texts that are
// referred to often, end in time and in size.
func TestGeminiBounded(t *testing.T) {
	doubling := func(reference string) string {
		var defs []string
		for i := range 60 {
			defs = append(defs, fmt.Sprintf(`"d%d":`+reference, i, i+1, i+1))
		}
		return `{"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{` + strings.Join(defs, ",") + `,"d60":{"type":"string"}}}`
	}
	text := strings.Repeat("x", 1<<20)
	often := strings.Repeat(`{"$ref":"#/$defs/d"},`, 5000)
	for name, in := range map[string]string{
		"properties": doubling(`{"type":"object","properties":{"x":{"$ref":"#/$defs/d%d"},"y":{"$ref":"#/$defs/d%d"}}}`),
		"allOf":      doubling(`{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`),
		"anyOf":      doubling(`{"anyOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`),
		"single":     doubling(`{"anyOf":[{"$ref":"#/$defs/d%d"}],"items":{"$ref":"#/$defs/d%d"}}`),
		"text":       `{"type":"object","properties":{"a":{"anyOf":[` + strings.TrimSuffix(often, ",") + `]}},"$defs":{"d":{"type":"string","description":"` + text + `"}}}`,
		"enum":       `{"type":"object","properties":{"a":{"anyOf":[` + strings.TrimSuffix(often, ",") + `]}},"$defs":{"d":{"enum":["` + text + `"]}}}`,
		"chain":      strings.Repeat(`{"type":"array","items":`, 5000) + `{}` + strings.Repeat("}", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			for _, make := range []func([]byte) ([]byte, bool, error){Gemini, GeminiJSON} {
				out, lossy, _ := make([]byte(in))
				if len(out) > maxOut || !lossy {
					t.Errorf("%d bytes, lossy %v", len(out), lossy)
				}
			}
			if spent := time.Since(began); spent > 5*time.Second {
				t.Errorf("took %v", spent)
			}
		})
	}
}

// TestMemo: results are remembered, forgotten in two generations, and bounded.
func TestMemo(t *testing.T) {
	calls := 0
	var m memo
	of := func(raw string) result {
		return m.of([]byte(raw), func(raw []byte) result { calls++; return result{out: bytes.Clone(raw)} })
	}
	for range 3 {
		if r := of("a"); string(r.out) != "a" {
			t.Fatalf("a became %s", r.out)
		}
	}
	if calls != 1 {
		t.Fatalf("made %d times", calls)
	}
	large := strings.Repeat("x", maxGeneration/4)
	for i := range 40 {
		of(fmt.Sprint(i) + large)
		of("a") // used all the time: never forgotten
		if held := size(m.newer) + size(m.older); held > 3*maxGeneration {
			t.Fatalf("holds %d bytes", held)
		}
	}
	if calls != 41 {
		t.Errorf("made %d times, want 41", calls)
	}
	of(strings.Repeat("y", 2*maxGeneration))
	if held := size(m.newer) + size(m.older); held > 3*maxGeneration {
		t.Errorf("one larger than a generation is held: %d", held)
	}
}

func size(generation map[string]result) int {
	n := 0
	for raw, r := range generation {
		n += len(raw) + len(r.out)
	}
	return n
}

func FuzzGemini(f *testing.F) {
	f.Add([]byte(`{"type":"object","properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"anyOf":[{"type":["null","array"]},{"enum":[1,null]}]}}}`))
	f.Add([]byte(`{"allOf":[{"$ref":"#"}],"required":["x"],"exclusiveMinimum":9223372036854775807,"type":"integer"}`))
	f.Add([]byte(`{"items":[true,{"const":{"a":1}}],"additionalProperties":{"oneOf":[]}}`))
	for _, keyword := range keywords {
		f.Add([]byte(keyword))
	}
	f.Add([]byte("{\"properties\":{\"\\u0000\\ud800\":{}}}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for i, make := range []func([]byte) ([]byte, bool, error){Gemini, GeminiJSON, GeminiFormat, GeminiFormatJSON} {
			out, _, _ := make(raw)
			if out == nil {
				continue
			}
			if !json.Valid(out) || len(out) > maxOut {
				t.Fatalf("%d bytes: %.200s", len(out), out)
			}
			if err := double.CheckSchema(out, [...]double.Form{double.OpenAPI, double.JSONSchema}[i%2]); err != nil {
				t.Fatalf("%v\n in %s\nout %s", err, raw, out)
			}
		}
		Object(raw)
		Constrained(raw)
		Strict(raw)
		WithProperties(raw)
	})
}
