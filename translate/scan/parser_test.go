package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// documents are JSON and near misses of it.
var documents = []string{
	`{}`, `[]`, `""`, `0`, `-0.5e+10`, `true`, `null`, ` { "a" : [ 1 , 2.5 , { } ] , "b" : "\u00e9\n" } `,
	`[[[[]]],{"a":{"b":{}}}]`, `"` + strings.Repeat("QUJD", 2000) + `"`, `"` + strings.Repeat("é", 2000) + `\""`,
	"", " ", "{", "[", `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `[1`, `[1,`, `[1,]`, `[1}`, `{"a":1]`, `{a:1}`, `{"a" 1}`,
	`"`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\x1f\"", "\"\x00\"", `"` + strings.Repeat("QUJD", 2000), `"` + strings.Repeat("QUJD", 2000) + "\x01\"",
	`01`, `-`, `1.`, `.5`, `1e`, `1e+`, `+1`, `tru`, `nulll`, `1 2`, `{} {}`, "\ufeff{}", "\v1",
}

func TestAcceptsWhatEncodingJSONAccepts(t *testing.T) {
	for _, text := range documents {
		agree(t, []byte(text))
	}
}

// A document that was looked at while it arrived is read as one that was not.
func TestLookChangesNothing(t *testing.T) {
	long := strings.Repeat("QUJD", blockSize/2)
	for _, text := range append(documents, `["`+long+`","`+long+`\n`+long+`",{"`+long+`":"é`+long+`"}]`, `"`+long+"\x01"+long+`"`, `"`+long) {
		src := []byte(text)
		for _, step := range []int{1000, blockSize, 1 << 20} {
			looked, plain := new(Doc), new(Doc)
			for n := 0; n < len(src); n += step {
				looked.Look(src[:n])
			}
			looked.Look(src)
			err := looked.Parse(src, Limits{})
			if want := plain.Parse(src, Limits{}); fmt.Sprint(err) != fmt.Sprint(want) || !slices.Equal(looked.nodes, plain.nodes) {
				t.Fatalf("%.100q in steps of %d: %v, want %v", text, step, err, want)
			}
		}
	}
}

// agree checks a document against encoding/json, and that every value found in it is the
// whole of a value.
func agree(t *testing.T, src []byte) {
	t.Helper()
	d := new(Doc)
	err := d.Parse(src, Limits{})
	if json.Valid(src) != (err == nil) {
		t.Fatalf("%.200q: encoding/json says %v, scan says %v", src, json.Valid(src), err)
	}
	if syntax := new(SyntaxError); err != nil && (!errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(src)) {
		t.Fatalf("%.200q: no position in %v", src, err)
	}
	if err == nil && d.IsASCII() && !isASCII(src) {
		t.Fatalf("%.200q is not ASCII", src)
	}
	for i := range d.nodes {
		checkNode(t, d, i)
	}
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

func checkNode(t *testing.T, d *Doc, i int) {
	t.Helper()
	v := Value{d, uint32(i)}
	var want any
	decoder := json.NewDecoder(bytes.NewReader(v.Raw()))
	decoder.UseNumber() // of which some are too large for any type
	if err := decoder.Decode(&want); err != nil {
		t.Fatalf("%q: %v", v.Raw(), err)
	}
	switch want := want.(type) {
	case string:
		if v.Kind() != String || utf8.Valid(v.Raw()) && v.Str() != want || d.nodes[i].escaped != strings.Contains(string(v.Raw()), `\`) {
			t.Fatalf("%q is read as %q", v.Raw(), v.Str())
		}
	case map[string]any:
		for key := range want {
			if utf8.Valid(v.Raw()) && !v.Get(key).Exists() {
				t.Fatalf("%q: no member %q", v.Raw(), key)
			}
		}
	case []any:
		if v.Kind() != Array || v.Len() != len(want) {
			t.Fatalf("%q has %d elements", v.Raw(), v.Len())
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range documents {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, src []byte) { agree(t, src) })
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		text, what string
	}{
		{`[[[]]]`, ""}, {`[[[[]]]]`, "depth"}, {`[1,2,3,4]`, ""}, {`[1,2,3,4,5]`, "tokens"}, {`{"a":1,"b":2}`, ""}, {`{"a":1,"b":2,"c":3}`, "tokens"},
		{`[[],[],[[]]]`, ""},
	} {
		err := new(Doc).Parse([]byte(c.text), Limits{Depth: 3, Tokens: 5})
		limit := new(LimitError)
		if got := ""; errors.As(err, &limit) && limit.What != c.what || !errors.As(err, &limit) && c.what != got {
			t.Errorf("%s: %v, want the limit %q", c.text, err, c.what)
		}
	}
}

// A byte that is not plain is found wherever it stands in a string, and so are two.
func TestSpecialBytesAreFoundInEveryPlace(t *testing.T) {
	for _, length := range []int{1, 7, 8, 9, 40, 200, wordsFirst + 2*blockSize + 3} {
		for _, insert := range []string{`"`, `\`, `\n`, `\\`, `\\\"`, `\\\\\\\`, `\u0041`, `\x`, "\x00", "\x1f", "\x7f", "é", "\x80", `#\]"`} {
			for i := 0; i < length; i += 1 + i/5*(length/1000) {
				text := strings.Repeat("a", length)
				agree(t, []byte(`["`+text[:i]+insert+text[i:]+`"]`))
				agree(t, []byte(`"`+text[:i]+insert+`"`))
				agree(t, []byte(`"`+text[:i]+insert))
			}
		}
	}
}

// Every byte may follow a backslash or may not, and a quote ends a string or does not, by
// what stands before it.
func TestEscapesInLongStrings(t *testing.T) {
	for c := range 256 {
		agree(t, []byte(`"`+strings.Repeat("a", 90)+`\`+string([]byte{byte(c)})+strings.Repeat("a", 90)+`"`))
	}
	for length := range 130 { // what comes after a string says nothing of it
		agree(t, []byte(`["`+strings.Repeat("a", length)+`","\n`+strings.Repeat("a", 90)+`"]`))
	}
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	pieces := []string{`\`, `\`, `\\`, `\"`, `\n`, `\/`, "a", "aaaaaaaa", "é", `\u00e9`, strings.Repeat("a", 40)}
	for range 20_000 {
		b := []byte(`"`)
		for range random.IntN(120) {
			b = append(b, pieces[random.IntN(len(pieces))]...)
		}
		agree(t, append(b, `"`...))
	}
}
