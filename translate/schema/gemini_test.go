package schema

import (
	"strings"
	"testing"
)

func TestGemini(t *testing.T) {
	const deep = `{"type":"object","properties":{"a":`
	for _, tc := range []struct {
		name, in string
		open     string // in the OpenAPI form; "" is left out
		json     string // in the JSON Schema form; "same" as the other
		lossy    bool
	}{
		{"A25: properties called like keywords survive",
			`{"type":"object","properties":{"const":{"type":"string"},"format":{"type":"string"},"$ref":{"type":"string"},"default":{"type":"integer"}},"required":["const"]}`,
			`{"type":"object","properties":{"const":{"type":"string"},"format":{"type":"string"},"$ref":{"type":"string"},"default":{"type":"integer"}},"required":["const"]}`, "same", false},
		{"A26: a type or null is nullable",
			wrap(`{"type":["string","null"],"description":"d"}`),
			wrap(`{"type":"string","description":"d","nullable":true}`), wrap(`{"type":["string","null"],"description":"d"}`), false},
		{"A27: an anyOf stands alone and its branches are described",
			wrap(`{"description":"d","anyOf":[{"type":"string"},{"type":"number"}]}`),
			wrap(`{"anyOf":[{"type":"string","description":"d"},{"type":"number","description":"d"}]}`), "same", false},
		{"A27: null among the branches",
			wrap(`{"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"}]}`),
			wrap(`{"anyOf":[{"type":"string","nullable":true},{"type":"number","nullable":true}]}`),
			wrap(`{"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"}]}`), false},
		{"A28: an array or null",
			wrap(`{"type":["null","array"],"items":{"type":"integer"}}`),
			wrap(`{"type":"array","items":{"type":"integer"},"nullable":true}`), wrap(`{"type":["array","null"],"items":{"type":"integer"}}`), false},
		{"A29: a recursive reference ends in an object",
			`{"type":"object","properties":{"root":{"$ref":"#/$defs/Node"}},"$defs":{"Node":{"type":"object","description":"n","properties":{"next":{"$ref":"#/$defs/Node","description":"more"}}}}}`,
			`{"type":"object","properties":{"root":{"type":"object","description":"n","properties":{"next":{"type":"object","description":"more"}}}}}`, "same", true},
		{"A29: recursion through allOf",
			`{"type":"object","properties":{"root":{"allOf":[{"$ref":"#/$defs/Node"}]}},"$defs":{"Node":{"type":"object","properties":{"next":{"allOf":[{"$ref":"#/$defs/Node"}]}}}}}`,
			`{"type":"object","properties":{"root":{"type":"object","properties":{"next":{"type":"object"}}}}}`, "same", true},
		{"A29: the root refers to itself",
			`{"type":"object","properties":{"child":{"$ref":"#"}}}`,
			`{"type":"object","properties":{"child":{"type":"object","properties":{"child":{"type":"object"}}}}}`, "same", true},
		{"A30: an enum of integers",
			wrap(`{"type":"integer","enum":[1,2,3]}`), wrap(`{"type":"integer","enum":["1","2","3"],"format":"enum"}`), "same", false},
		{"A30: an enum of numbers without a type",
			wrap(`{"enum":[1,2.5]}`), wrap(`{"enum":["1","2.5"],"type":"number","format":"enum"}`), "same", false},
		{"A31: null in an enum",
			wrap(`{"enum":["a",null]}`), wrap(`{"enum":["a"],"nullable":true,"type":"string"}`), wrap(`{"enum":["a"],"type":["string","null"]}`), false},
		{"A32: the type of an object is inferred",
			wrap(`{"properties":{"b":{"minLength":1}}}`), wrap(`{"properties":{"b":{"minLength":1,"type":"string"}},"type":"object"}`), wrap(`{"properties":{"b":{"type":"string"}},"type":"object"}`), true},
		{"A33: required names what is there",
			`{"type":"object","properties":{"y":{"type":"string"}},"required":["x","y","y"]}`,
			`{"type":"object","properties":{"y":{"type":"string"}},"required":["y"]}`, "same", false},
		{"A33: nothing of required is there",
			`{"type":"object","properties":{"y":{"type":"string"}},"required":["x"]}`,
			`{"type":"object","properties":{"y":{"type":"string"}}}`, "same", false},
		{"A34: no properties at the root", `{"type":"object","properties":{}}`, "", "", false},
		{"A34: nor with additionalProperties false", `{"type":"object","properties":{},"additionalProperties":false}`, "", "", false},
		{"3.6 1: an empty object below", wrap(`{"type":"object","properties":{}}`), wrap(`{"type":"object"}`), "same", false},
		{"3.6 2: escapes in a reference, siblings override",
			`{"type":"object","properties":{"a":{"$ref":"#/definitions/x~1y%20z","description":"own"}},"definitions":{"x/y z":{"type":"boolean","description":"theirs"}}}`,
			wrap(`{"type":"boolean","description":"own"}`), "same", false},
		{"3.6 2: a reference to an element of a list",
			`{"type":"object","properties":{"a":{"anyOf":[{"type":"integer"},{"type":"boolean"}]},"b":{"$ref":"#/properties/a/anyOf/1"}}}`,
			`{"type":"object","properties":{"a":{"anyOf":[{"type":"integer"},{"type":"boolean"}]},"b":{"type":"boolean"}}}`, "same", false},
		{"3.6 2: a name that is escaped twice",
			`{"type":"object","properties":{"a":{"$ref":"#/$defs/List%3Cx%7E1y%3E"}},"$defs":{"List<x/y>":{"type":"boolean"}}}`, wrap(`{"type":"boolean"}`), "same", false},
		{"A29: recursion through anyOf beside properties",
			`{"type":"object","properties":{"next":{"type":"object","properties":{"v":{"type":"string"}},"anyOf":[{"$ref":"#"},{"required":["v"]}]}}}`,
			`{"type":"object","properties":{"next":{"type":"object","properties":{"v":{"type":"string"},"next":{"type":"object","properties":{"v":{"type":"string"}}}}}}}`, "same", true},
		{"3.6 3: allOf is merged",
			wrap(`{"allOf":[{"type":"object","properties":{"x":{"type":"string"}},"required":["x"]},{"properties":{"y":{"type":"integer"}},"required":["y"]}]}`),
			wrap(`{"type":"object","properties":{"x":{"type":"string"},"y":{"type":"integer"}},"required":["x","y"]}`), "same", false},
		{"3.6 3: a node's own description counts more than that of its allOf",
			`{"type":"object","properties":{"a":{"description":"own","allOf":[{"$ref":"#/$defs/P"}]}},"$defs":{"P":{"title":"P","type":"object","description":"theirs","properties":{"x":{"type":"string"}}}}}`,
			wrap(`{"description":"own","title":"P","type":"object","properties":{"x":{"type":"string"}}}`), "same", false},
		{"3.6 3: branches of allOf that contradict each other",
			wrap(`{"allOf":[{"type":"string","maxLength":5},{"type":"string","maxLength":9}]}`), wrap(`{"type":"string","maxLength":9}`), wrap(`{"type":"string"}`), true},
		{"3.6 3: oneOf is anyOf",
			wrap(`{"oneOf":[{"type":"string"},{"type":"integer"}]}`), wrap(`{"anyOf":[{"type":"string"},{"type":"integer"}]}`), "same", false},
		{"3.6 3: not and if go with a loss",
			wrap(`{"type":"string","not":{"const":"x"},"if":{},"then":{}}`), wrap(`{"type":"string"}`), "same", true},
		{"3.6 4: several types become a choice",
			wrap(`{"type":["string","array"],"items":{"type":"string"},"description":"d"}`),
			wrap(`{"anyOf":[{"type":"string","description":"d"},{"type":"array","items":{"type":"string"},"description":"d"}]}`), "same", false},
		{"3.6 5: a single branch is merged up",
			wrap(`{"description":"d","anyOf":[{"type":"object","properties":{"x":{"type":"string"}}},{"type":"null"}]}`),
			wrap(`{"description":"d","nullable":true,"type":"object","properties":{"x":{"type":"string"}}}`),
			wrap(`{"description":"d","type":["object","null"],"properties":{"x":{"type":"string"}}}`), false},
		{"3.6 5: an anyOf that only narrows does not hide the properties",
			wrap(`{"type":"object","properties":{"x":{"type":"string"},"y":{"type":"string"}},"anyOf":[{"required":["x"]},{"required":["y"]}]}`),
			wrap(`{"type":"object","properties":{"x":{"type":"string"},"y":{"type":"string"}}}`), "same", true},
		{"3.6 6: const is an enum", wrap(`{"const":"x"}`), wrap(`{"enum":["x"],"type":"string"}`), "same", false},
		{"3.6 6: an empty string cannot be a value", wrap(`{"enum":["","a"]}`), wrap(`{"enum":["a"],"type":"string"}`), "same", true},
		{"3.6 6: mixed values are strings", wrap(`{"enum":["a",1,true]}`), wrap(`{"enum":["a","1","true"],"type":"string"}`), "same", true},
		{"3.6 6: Google's own spelling of numbers stays", wrap(`{"type":"integer","format":"enum","enum":["1","2"]}`), wrap(`{"type":"integer","format":"enum","enum":["1","2"]}`), "same", false},
		{"3.6 7: what says nothing of its type is a string", wrap(`{"description":"d"}`), wrap(`{"description":"d","type":"string"}`), "same", true},
		{"3.6 7: bounds make a number", wrap(`{"minimum":1}`), wrap(`{"minimum":1,"type":"number"}`), "same", false},
		{"3.6 4: nothing but null is a string that may be null", wrap(`{"type":"null"}`), wrap(`{"nullable":true,"type":"string"}`), wrap(`{"type":["string","null"]}`), true},
		{"3.6 8: an array without items", wrap(`{"type":"array"}`), wrap(`{"type":"array","items":{"type":"string"}}`), "same", true},
		{"3.6 8: a tuple", wrap(`{"type":"array","items":[{"type":"string"},{"type":"integer"}]}`),
			wrap(`{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"integer"}]}}`), "same", true},
		{"3.6 9: formats", `{"type":"object","properties":{"a":{"type":"string","format":"date-time"},"b":{"type":"number","format":"double"},"c":{"type":"integer","format":"int64"}}}`,
			`{"type":"object","properties":{"a":{"type":"string","format":"date-time"},"b":{"type":"number","format":"double"},"c":{"type":"integer","format":"int64"}}}`, "same", false},
		{"3.6 9: an unknown format", wrap(`{"type":"string","format":"uri"}`), wrap(`{"type":"string"}`), "same", true},
		{"3.6 10: exclusive bounds of integers", wrap(`{"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":10}`), wrap(`{"type":"integer","minimum":1,"maximum":9}`), "same", false},
		{"3.6 10: exclusive bounds of numbers", wrap(`{"type":"number","exclusiveMinimum":0}`), wrap(`{"type":"number"}`), "same", true},
		{"3.6 12: keywords of one form only", wrap(`{"type":"string","pattern":"^a","minLength":1}`),
			wrap(`{"type":"string","pattern":"^a","minLength":1}`), wrap(`{"type":"string"}`), true},
		{"3.6 12: additionalProperties", wrap(`{"type":"object","additionalProperties":{"type":"string"}}`),
			wrap(`{"type":"object"}`), wrap(`{"type":"object","additionalProperties":{"type":"string"}}`), true},
		{"3.6 12: what changes nothing goes in silence", `{"$schema":"s","$id":"i","type":"object","properties":{"a":{"type":"string","default":"x","examples":["y"]}},"additionalProperties":false}`,
			wrap(`{"type":"string"}`), `{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`, false},
		{"3.6: a keyword of the wrong kind", wrap(`{"type":"string","minLength":"x","description":5}`), wrap(`{"type":"string"}`), "same", true},
		{"3.6: a union at the root is merged", `{"anyOf":[{"type":"object","properties":{"x":{"type":"string"}},"required":["x"]},{"type":"object","properties":{"y":{"type":"string"}},"required":["x"]}]}`,
			`{"properties":{"x":{"type":"string"},"y":{"type":"string"}},"required":["x"],"type":"object"}`, "same", true},
		{"3.6: true is a schema", wrap(`true`), wrap(`{"type":"object"}`), "same", true},
		{"3.6: deeper than 64", strings.Repeat(deep, 70) + `{"type":"string"}` + strings.Repeat("}}", 70),
			strings.Repeat(deep, 65) + `{"type":"object"}` + strings.Repeat("}}", 65), "same", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			open, lossy, err := Gemini([]byte(tc.in))
			if string(open) != tc.open || err != nil {
				t.Errorf("OpenAPI form:\n got %s\nwant %s\n err %v", open, tc.open, err)
			}
			json, lossyJSON, err := GeminiJSON([]byte(tc.in))
			want := tc.json
			if want == "same" {
				want = tc.open
			}
			if string(json) != want || err != nil {
				t.Errorf("JSON form:\n got %s\nwant %s\n err %v", json, want, err)
			}
			if (lossy || lossyJSON) != tc.lossy {
				t.Errorf("lossy %v, %v, want %v", lossy, lossyJSON, tc.lossy)
			}
		})
	}
}

// wrap makes a schema the property a of an object.
func wrap(schema string) string { return `{"type":"object","properties":{"a":` + schema + `}}` }

func TestGeminiRemoteReference(t *testing.T) {
	for _, ref := range []string{"https://example.com/x.json", "other.json#/a"} {
		if _, _, err := GeminiJSON([]byte(wrap(`{"$ref":"` + ref + `"}`))); err == nil {
			t.Errorf("%s is no error", ref)
		}
	}
}

func TestGeminiFormatRoots(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`{"type":"array","items":{"type":"string"}}`, `{"type":"array","items":{"type":"string"}}`},
		{`{"type":"string","enum":["a"]}`, `{"type":"string","enum":["a"]}`},
		{`{"anyOf":[{"type":"string"},{"type":"object","properties":{"x":{"type":"string"}}}]}`, `{"anyOf":[{"type":"string"},{"type":"object","properties":{"x":{"type":"string"}}}]}`},
	} {
		if out, lossy, err := GeminiFormatJSON([]byte(tc.in)); string(out) != tc.want || lossy || err != nil {
			t.Errorf("%s: %s, %v, %v", tc.in, out, lossy, err)
		}
	}
	if out, lossy, _ := Gemini([]byte(`{"type":"array","items":{"type":"string"}}`)); out != nil || !lossy {
		t.Errorf("a tool's parameters that are an array: %s, %v", out, lossy)
	}
}
