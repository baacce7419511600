package emit_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

func TestCommas(t *testing.T) {
	w := emit.Writer{B: []byte("data: ")}
	w.Object()
	w.KeyInt("int", -5)
	w.KeyBool("bool", true)
	w.KeyNull("null")
	w.KeyRaw("raw", []byte(`{"a": 1}`))
	w.KeyRaw("nothing", nil)
	w.KeyArray("list")
	w.Object()
	w.EndObject()
	w.Array()
	w.EndArray()
	w.String(",")
	w.String("[")
	w.String("{")
	w.Int(1)
	w.EndArray()
	w.KeyObject("object")
	w.KeyString("a", ":")
	w.KeyText("b", scan.Text(`\"`))
	w.EndObject()
	w.EndObject()
	const want = `data: {"int":-5,"bool":true,"null":null,"raw":{"a": 1},"nothing":null,"list":[{},[],",","[","{",1],"object":{"a":":","b":"\""}}`
	if string(w.B) != want {
		t.Errorf("wrote %s\nwant  %s", w.B, want)
	}
}

// FuzzWriter holds for every text: however it is written, it is JSON and means the same.
func FuzzWriter(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\\x00\x1f\n", "é\xff\xc3(", "{[,: ", "\u2028😀"} {
		f.Add(s, int64(-1))
	}
	f.Fuzz(func(t *testing.T, s string, n int64) {
		var w emit.Writer
		w.Array()
		w.String(s)
		w.Text(scan.Quote(s))
		w.Bytes([]byte(s))
		w.OpenText()
		half := len(s) / 2
		w.Piece(scan.Quote(s[:half]))
		w.Escaped(s[half:])
		w.CloseText()
		w.Object()
		w.KeyString("k", s)
		w.KeyInt("n", n)
		w.EndObject()
		w.Raw(append(emit.AppendEscaped([]byte(`"`), []byte(s)), '"'))
		w.EndArray()
		var got []any
		if err := json.Unmarshal(w.B, &got); err != nil {
			t.Fatalf("%v in %s", err, w.B)
		}
		whole, halves := fixed(s), fixed(s[:half])+fixed(s[half:])
		want := []any{whole, whole, whole, halves, map[string]any{"k": whole, "n": float64(n)}, whole}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("wrote %s, which is\n%q\nwant\n%q", w.B, got, want)
		}
	})
}

// fixed is a string as encoding/json takes it: each byte that is no UTF-8 is U+FFFD.
func fixed(s string) string { return string([]rune(s)) }
