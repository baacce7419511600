package translate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// The arguments of calls, which models and clients write in many ways (pain 25).
func TestCallArgs(t *testing.T) {
	for _, c := range []struct{ name, arguments, object string }{
		{"an object, as it was written", `{"z": 1.50, "a":"\u00e9"}`, `{"z": 1.50, "a":"\u00e9"}`},
		{"white space around it", " {} \n", `{}`},
		{"nothing", "", `{}`},
		{"white space", " \n", `{}`},
		{"null", "null", `{}`},
		{"an object in a string", `"{\"a\":1}"`, `{"a":1}`},
		{"a string", `"a"`, `{"_raw":"\"a\""}`},
		{"a list", `[1]`, `{"_raw":"[1]"}`},
		{"a number", `1`, `{"_raw":"1"}`},
		{"an object that broke off", `{"a":`, `{"_raw":"{\"a\":"}`},
		{"two objects", `{}{}`, `{"_raw":"{}{}"}`},
		{"words", "call f\twith\n1", `{"_raw":"call f\twith\n1"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := &translate.Call{}
			call.Args, call.Broken = translate.CallArgs(scan.Quote(c.arguments))
			if got := string(call.Object()); got != c.object {
				t.Errorf("read as %s, want %s", got, c.object)
			}
		})
	}
	custom := &translate.Call{Custom: true, Input: scan.Quote("*** \"x\"\n")}
	if got := string(custom.Object()); got != `{"input":"*** \"x\"\n"}` || custom.ArgsText().String() != "*** \"x\"\n" {
		t.Errorf("a freeform call is %s", got)
	}
}

func TestCustomInput(t *testing.T) {
	for _, c := range []struct{ name, args, input string }{
		{"the text in its object", `{"input":"a \"b\"\n"}`, "a \"b\"\n"},
		{"an empty object", `{}`, ""},
		{"no input in it", `{"patch":"x"}`, `{"patch":"x"}`},
		{"input that is no text", `{"input":1}`, `{"input":1}`},
		{"the text alone", "*** Begin", "*** Begin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := translate.CustomInput(scan.Quote(c.args)).String(); got != c.input {
				t.Errorf("read as %q, want %q", got, c.input)
			}
		})
	}
}

// FuzzCallArgs holds for all arguments: they become an object, of their own bytes if they
// are one, and Progress tells of each object when it is complete, and not before.
func FuzzCallArgs(f *testing.F) {
	for _, s := range []string{`{"a":[{"b":"}\"\\"}]}`, `{"a":1`, `"{}"`, "null", "", `{"a":"\u007d\ud83d\ude00"}`, "\xff{"} {
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, arguments string, size uint8) {
		text := scan.Quote(arguments)
		call := &translate.Call{}
		call.Args, call.Broken = translate.CallArgs(text)
		object := call.Object()
		if v, err := scan.Parse(object); err != nil || v.Kind() != scan.Object {
			t.Fatalf("%q became %s", arguments, object)
		}
		v, err := scan.Parse([]byte(text.String()))
		if err != nil || v.Kind() != scan.Object {
			return
		}
		if string(object) != string(v.Raw()) {
			t.Fatalf("%q became %s", arguments, object)
		}
		var p translate.Progress
		whole := string(scan.Quote(string(v.Raw())))
		for at := 0; at < len(whole); { // in pieces between characters
			n := min(at+1+int(size), len(whole))
			for n < len(whole) && !json.Valid([]byte(`"`+whole[at:n]+`"`)) {
				n++
			}
			p.Write(scan.Text(whole[at:n]))
			if at = n; at < len(whole) && p.Complete() && strings.TrimSpace(whole[:at]) != "" {
				t.Fatalf("%s is complete after %s", whole, whole[:at])
			}
		}
		if !p.Complete() {
			t.Fatalf("%s is not complete", whole)
		}
	})
}
