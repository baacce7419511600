package openai

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// passed carries a stream of data lines to a client of the same dialect that asked for
// usage.
func passed(lines ...string) (string, *translate.Error) {
	x := &translate.Exchange{Model: "m", Request: &translate.Request{Stream: true, IncludeUsage: true}, Target: &translate.Target{}}
	p := Dialect{}.NewPass(x)
	var out []byte
	for _, line := range lines {
		var seen translate.Seen
		if out, seen = p.Record(out, nil, []byte(line), []byte("data: "+line+"\n\n")); seen.Err != nil {
			return string(out), seen.Err
		}
	}
	out, seen := p.Close(out, nil)
	return string(out), seen.Err
}

func TestPassedEnds(t *testing.T) {
	const empty = `{"model":"x","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":{"prompt_tokens":137,"completion_tokens":0}}`
	t.Run("5.5 zero output: a stream that says nothing, nor why, is an error", func(t *testing.T) {
		if out, err := passed(empty, "[DONE]"); err == nil || err.Code != "empty_upstream_response" || strings.Contains(out, "[DONE]") {
			t.Errorf("got %v and\n%s", err, out)
		}
	})
	t.Run("5.5 zero output: so is a whole answer", func(t *testing.T) {
		for body, want := range map[string]bool{
			`{"choices":[{"index":0,"message":{"role":"assistant","content":"","refusal":null},"finish_reason":null}]}`: true,
			`{"choices":[]}`: true,
			`{"choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}`: false,
			`{"choices":[{"index":0,"message":{"role":"assistant","content":"a"}}]}`:                       false,
		} {
			var doc scan.Doc
			if err := doc.Parse([]byte(body), scan.Limits{}); err != nil {
				t.Fatal(err)
			}
			if _, seen := (Dialect{}).PassResponse(nil, &doc, &translate.Exchange{Model: "m"}); (seen.Err != nil) != want {
				t.Errorf("got %v for %s", seen.Err, body)
			}
		}
	})
	t.Run("G7: usage in Groq's own place is told in the usual one", func(t *testing.T) {
		out, err := passed(
			`{"model":"x","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}`,
			`{"model":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null,"x_groq":{"id":"r","usage":{"prompt_tokens":26,"completion_tokens":41}}}`,
			"[DONE]")
		want := `data: {"model":"m","choices":[],"usage":{"prompt_tokens":26,"completion_tokens":41}}` + "\n\ndata: [DONE]\n\n"
		if err != nil || !strings.HasSuffix(out, want) {
			t.Errorf("got %v and\n%s\nwant at the end\n%s", err, out, want)
		}
	})
}
