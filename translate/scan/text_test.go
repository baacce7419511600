package scan

import (
	"encoding/json"
	"strings"
	"testing"
)

// fixed is a string as encoding/json takes it: each byte that is no UTF-8 is U+FFFD.
func fixed(s string) string { return string([]rune(s)) }

// FuzzText holds for every string: escaped it is JSON, means the same, and is read back.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", " \n\t\r", "a\"b\\c/d", "\x00\x1f\x7f\u2028é😀", "\xff\xc3(\xed\xa0\x80", "\u00a0\u3000 ", "\\u0041\\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := Quote(s)
		var back string
		if err := json.Unmarshal([]byte(`"`+string(q)+`"`), &back); err != nil || back != fixed(s) {
			t.Fatalf("%q is written as %s, which is %q, %v", s, q, back, err)
		}
		if q.String() != fixed(s) || string(q.AppendTo([]byte("x"))) != "x"+fixed(s) {
			t.Fatalf("%q is written as %s, which is read as %q", s, q, q.String())
		}
		if !q.Equal(fixed(s)) || q.Equal(fixed(s)+"x") {
			t.Fatalf("%s equals, and more", q)
		}
		if blank := strings.TrimSpace(fixed(s)) == ""; q.IsBlank() != blank {
			t.Fatalf("%q is blank: %v, and IsBlank says %v", s, blank, q.IsBlank())
		}
	})
}

// FuzzTextOfOthers holds for every string that another has written: it is read as
// encoding/json reads it.
func FuzzTextOfOthers(f *testing.F) {
	for _, s := range []string{`\u0041\/\b\f`, `\ud83d\ude00 \ud83d \ude00`, `\ud83dx`, `\ud83d\u0041`, `\ud83d\ud83d\ude00`, `\u0020\u00a0\u2003`, `\u000a\t`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, inside string) {
		src := `"` + inside + `"`
		v, err := Parse([]byte(src))
		if err != nil || v.Kind() != String {
			return
		}
		var want string
		if err := json.Unmarshal([]byte(src), &want); err != nil {
			t.Fatal(err)
		}
		text := v.Text()
		if got := text.String(); fixed(got) != want || v.Str() != got {
			t.Fatalf("%s is read as %q, want %q", src, got, want)
		}
		if blank := strings.TrimSpace(want) == ""; text.IsBlank() != blank {
			t.Fatalf("%s is blank: %v, and IsBlank says %v", src, blank, text.IsBlank())
		}
	})
}

func TestSpliceAndRemoval(t *testing.T) {
	const src = `{"a": 1, "b" : {"c":[2]} ,"d":"x"}`
	v, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(Splice([]byte("> "), []byte(src), nil)); got != "> "+src {
		t.Errorf("without edits %s", got)
	}
	members := v.Layout()
	for _, r := range []struct {
		from, to int
		want     string
	}{
		{0, 1, `{"b" : {"c":[2]} ,"d":"x"}`}, {1, 2, `{"a": 1 ,"d":"x"}`}, {2, 3, `{"a": 1, "b" : {"c":[2]}}`}, {0, 2, `{"d":"x"}`}, {1, 3, `{"a": 1}`}, {0, 3, `{}`},
	} {
		if got := string(Splice(nil, []byte(src), []Edit{Removal(members, r.from, r.to)})); got != r.want {
			t.Errorf("without %d to %d: %s, want %s", r.from, r.to, got, r.want)
		}
	}
	with := Edit{Start: members[0].Value.Start(), End: members[0].Value.End(), With: []byte(`null`)}
	if got := string(Splice(nil, []byte(src), []Edit{with, Removal(members, 1, 2)})); got != `{"a": null ,"d":"x"}` {
		t.Errorf("two edits: %s", got)
	}
}
