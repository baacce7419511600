package schema

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	double "github.com/rickyjim626/xjp-gateway/internal/doubles/gemini"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// keywords are schemas of a property, at least one for each keyword of JSON Schema.
var keywords = []string{
	// what any value has
	`{"type":"string"}`, `{"type":"STRING"}`, `{"type":["string","null"]}`, `{"type":["integer","string"],"minimum":1,"minLength":2}`, `{"type":"null"}`, `{"type":"any"}`, `{}`, `true`, `false`,
	`{"type":"string","title":"T","description":"d","$comment":"c","default":"x","examples":["x"],"deprecated":true,"readOnly":true,"writeOnly":true,"x-own":1}`,
	`{"enum":["a","b"]}`, `{"enum":["a",null]}`, `{"enum":[1,2]}`, `{"enum":[1.5,2]}`, `{"enum":[true]}`, `{"enum":["a",1]}`, `{"enum":["a",{"b":1}]}`, `{"enum":[]}`, `{"enum":"a"}`,
	`{"const":"a"}`, `{"const":1}`, `{"const":null}`, `{"const":{"a":1}}`, `{"type":"string","nullable":true}`,
	// strings
	`{"type":"string","minLength":1,"maxLength":5,"pattern":"^a"}`, `{"type":"string","format":"date-time"}`, `{"type":"string","format":"email"}`,
	`{"type":"string","contentEncoding":"base64","contentMediaType":"image/png"}`,
	// numbers
	`{"type":"number","minimum":0,"maximum":1.5}`, `{"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":10}`, `{"type":"number","exclusiveMinimum":0}`, `{"type":"number","minimum":0,"exclusiveMinimum":true}`,
	`{"type":"integer","multipleOf":5}`, `{"type":"integer","format":"int32"}`, `{"type":"integer","format":"uint8"}`, `{"type":"number","format":"double"}`, `{"minimum":1}`,
	// arrays
	`{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3,"uniqueItems":true}`, `{"type":"array"}`, `{"type":"array","items":true}`, `{"type":"array","minItems":-1}`,
	`{"type":"array","items":[{"type":"string"},{"type":"integer"}],"additionalItems":false}`, `{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}]}`, `{"type":"array","contains":{"const":1},"minContains":1}`, `{"items":{"type":"string"}}`,
	// objects
	`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a","a","c"],"propertyOrdering":["b","a","c"]}`, `{"type":"object"}`, `{"type":"object","properties":{}}`,
	`{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`, `{"type":"object","additionalProperties":true}`, `{"type":"object","additionalProperties":{"type":"integer"}}`,
	`{"type":"object","patternProperties":{"^a":{"type":"string"}},"minProperties":1,"maxProperties":2}`, `{"type":"object","properties":{"a":{"type":"string"}},"dependentRequired":{"a":["b"]},"unevaluatedProperties":false}`,
	`{"type":"object","propertyNames":{"pattern":"^a"}}`, `{"properties":{"a":{"type":"string"}}}`,
	// unions
	`{"anyOf":[{"type":"string"},{"type":"integer"}],"description":"d"}`, `{"anyOf":[{"type":"string"},{"type":"null"}],"description":"d"}`, `{"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}`,
	`{"anyOf":[{"type":"string"},{"anyOf":[{"type":"integer"},{"type":"boolean"}]}]}`, `{"oneOf":[{"const":"a"},{"const":"b"}]}`, `{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}}},{"type":"object","properties":{"k":{"const":"b"}}}],"discriminator":{"propertyName":"k"}}`,
	`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"anyOf":[{"required":["a"]},{"required":["b"]}]}`, `{"type":"string","anyOf":[{"maxLength":2},{"pattern":"^x"}]}`,
	`{"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}}}]}`, `{"allOf":[{"type":"string"}],"description":"d"}`, `{"anyOf":[]}`, `{"anyOf":[true]}`,
	// conditions
	`{"type":"string","not":{"const":"a"}}`, `{"type":"string","if":{"const":"a"},"then":{"minLength":1},"else":{"minLength":2}}`,
	// references
	`{"$ref":"#/$defs/S"}`, `{"$ref":"#/$defs/S","description":"own"}`, `{"$ref":"#/$defs/Tree"}`, `{"$ref":"#/$defs/None"}`, `{"$ref":"https://example.com/s.json"}`, `{"type":"object","properties":{"$ref":{"type":"string"},"type":{"type":"string"}}}`,
}

// TestGeminiKeywords tells for each keyword what becomes of it in Google's two forms.
func TestGeminiKeywords(t *testing.T) {
	const defs = `"$defs":{"S":{"type":"string","description":"theirs"},"Tree":{"type":"object","properties":{"left":{"$ref":"#/$defs/Tree"}}}}`
	var out strings.Builder
	for _, property := range keywords {
		in := `{"type":"object","properties":{"p":` + property + `},` + defs + `}`
		out.WriteString("schema      " + property + "\n")
		for _, form := range []struct {
			name string
			make func([]byte) ([]byte, bool, error)
			form double.Form
		}{{"OpenAPI     ", Gemini, double.OpenAPI}, {"JSON Schema ", GeminiJSON, double.JSONSchema}} {
			made, lossy, err := form.make([]byte(in))
			if err != nil {
				out.WriteString(form.name + "refused: " + err.Error() + "\n")
				continue
			}
			if err := double.CheckSchema(made, form.form); err != nil {
				t.Errorf("%s: %v\n%s", property, err, made)
			}
			only := bytes.TrimSuffix(bytes.TrimPrefix(made, []byte(`{"type":"object","properties":{"p":`)), []byte("}}"))
			out.WriteString(form.name + string(only))
			if lossy {
				out.WriteString("   (with a loss)")
			}
			out.WriteString("\n")
		}
		out.WriteString("\n")
	}
	golden(t, "gemini_keywords.golden", out.String())
}

// golden compares with a file in testdata, which -update rewrites.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		line := func(list []string) string {
			if i < len(list) {
				return list[i]
			}
			return "(nothing)"
		}
		if g, w := line(gotLines), line(wantLines); g != w {
			t.Fatalf("%s, line %d:\n got %s\nwant %s", file, i+1, g, w)
		}
	}
}
