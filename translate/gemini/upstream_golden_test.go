package gemini_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden holds the bytes that clients of both dialects get, streamed and whole, of an
// answer that has all kinds of parts.
func TestGolden(t *testing.T) {
	records := append(append([]string(nil), talk...), ends(``, "STOP"))
	var out strings.Builder
	out.WriteString("# Google\n\n" + strings.Join(records, "\n") + "\n")
	for _, to := range []translate.Inbound{chatDialect, messagesDialect} {
		out.WriteString("\n# " + to.Name() + ", streamed\n\n")
		out.Write(read(exchange(nil), to, strings.NewReader(string(wired("\n", records...)))))
		x := exchange(nil)
		r, err := decodeWhole(t, x, []byte("["+strings.Join(records, ",")+"]"))
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("\n# " + to.Name() + ", whole\n\n" + string(to.EncodeResponse(nil, r, x)) + "\n")
	}
	const file = "testdata/answer.golden"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	told, kept := strings.Split(out.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(told), len(kept)) {
		if told[i] != kept[i] {
			t.Fatalf("%s, line %d\ngot  %s\nwant %s", file, i+1, told[i], kept[i])
		}
	}
	if len(told) != len(kept) {
		t.Errorf("%d lines are told, %s has %d", len(told), file, len(kept))
	}
}
