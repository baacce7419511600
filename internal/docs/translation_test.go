package docs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

var (
	chatReason     = regexp.MustCompile(`"finish_reason":"(\w+)"`)
	messagesReason = regexp.MustCompile(`"stop_reason":"(\w+)"`)
)

// TestStopReasons compares the table of reasons with what the dialects write.
func TestStopReasons(t *testing.T) {
	rows := map[string]string{}
	for _, l := range read(t, "docs/translation.md").lines {
		if cells := strings.Split(strings.Trim(l.text, "| "), " | "); l.block == "" && len(cells) == 3 {
			rows[cells[0]] = l.text
		}
	}
	text := translate.Block{Text: scan.Text("x")}
	call := translate.Block{Kind: translate.CallBlock, Call: &translate.Call{ID: scan.Text("i"), Name: scan.Text("f"), Args: []byte("{}")}}
	for _, test := range []struct {
		row    string
		reason translate.StopReason
		block  translate.Block
	}{
		{"The model was done", translate.StopEnd, text},
		{"A stop sequence", translate.StopSequence, text},
		{"The limit", translate.StopLength, text},
		{"The context is full", translate.StopContext, text},
		{"Tools are called", translate.StopTools, call},
		{"The model refused, or a filter stopped it", translate.StopFilter, text},
	} {
		response := func() *translate.Response {
			return &translate.Response{Choices: []translate.Choice{{Blocks: []translate.Block{test.block}, Stop: translate.Stop{Reason: test.reason}}}}
		}
		exchange := func() *translate.Exchange {
			return &translate.Exchange{ID: "1", Model: "m", Request: &translate.Request{}, Target: &translate.Target{}}
		}
		chat := chatReason.FindSubmatch(openai.Dialect{}.EncodeResponse(nil, response(), exchange()))
		messages := messagesReason.FindSubmatch(anthropic.Dialect{}.EncodeResponse(nil, response(), exchange()))
		for _, got := range [][][]byte{chat, messages} {
			if len(got) != 2 || !strings.Contains(rows[test.row], "`"+string(got[1])+"`") {
				t.Errorf("%s: the dialect writes %q, docs/translation.md %q", test.row, got, rows[test.row])
			}
		}
	}
}
