package recall

import (
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// TestSignedText remembers the signatures of texts, which Gemini makes: they are no
// reasoning, and stand on a text again.
func TestSignedText(t *testing.T) {
	text := func(s string) translate.Block { return translate.Block{Kind: translate.TextBlock, Text: scan.Text(s)} }
	call := translate.Block{Kind: translate.CallBlock, Call: &translate.Call{ID: scan.Text("c1"), Name: scan.Text("f")}}
	for _, test := range []struct {
		name string
		back []translate.Block // what the client brings back
		want string
	}{
		{"on the text that came back", []translate.Block{text("Hello"), call}, `"Hello":t1 c1:s1`},
		{"on the last of several", []translate.Block{text("Hel"), text("lo"), call}, `"Hel" "lo":t1 c1:s1`},
		{"on an empty text before the call where none came back", []translate.Block{call}, `"":t1 c1:s1`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(1<<20, time.Hour)
			o := s.Observe("k")
			for _, e := range []translate.Event{
				{Kind: translate.EventText, Text: scan.Text("Hello")},
				{Kind: translate.EventSeal, Seals: translate.TextBlock, Signature: seal(studio, "t1")},
				{Kind: translate.EventCall, Block: 1, ID: scan.Text("c1"), Name: scan.Text("f"), Signature: seal(studio, "s1")},
			} {
				o.Event(&e)
			}
			o.Commit()
			r := &translate.Request{Turns: []translate.Turn{{Role: translate.Assistant, Blocks: test.back}}}
			if s.Fill("k", r, studio) != 1 {
				t.Fatal("nothing is filled in")
			}
			var got []string
			for _, b := range r.Turns[0].Blocks {
				switch b.Kind {
				case translate.TextBlock:
					got = append(got, `"`+string(b.Text)+`"`+signed(b.Signature))
				case translate.CallBlock:
					got = append(got, string(b.Call.ID)+signed(b.Signature))
				default:
					t.Errorf("a block of kind %d", b.Kind)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %s, want %s", strings.Join(got, " "), test.want)
			}
		})
	}
}
