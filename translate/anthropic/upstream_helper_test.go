package anthropic_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// asking is the exchange of a request with the given members, which has been sent.
func asking(t testing.TB, members string) *translate.Exchange {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(`{"model":"m","messages":[{"role":"user","content":"hi"}]`+members+`}`), scan.DefaultLimits); err != nil {
		t.Fatalf("%v in %s", err, members)
	}
	r, err := openai.Dialect{}.DecodeRequest(doc, new(translate.Losses))
	if err != nil {
		t.Fatal(err)
	}
	x := &translate.Exchange{ID: "1", Created: 1700000000, Model: "logical", Request: r, PromptEstimate: 7}
	x.Begin(sonnet45())
	if _, err := (anthropic.Dialect{}).EncodeRequest(nil, r, x); err != nil {
		t.Fatal(err)
	}
	return x
}

// wholeAnswer takes a whole answer of a provider to a client of Chat.
func wholeAnswer(t testing.TB, x *translate.Exchange, body string) ([]byte, *translate.Error) {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(body), scan.Limits{}); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	r, err := anthropic.Dialect{}.DecodeResponse(doc, x)
	if err != nil {
		return nil, err
	}
	out := openai.Dialect{}.EncodeResponse(nil, r, x)
	if !json.Valid(out) {
		t.Fatalf("the answer is no JSON: %s", out)
	}
	return out, nil
}

// pass carries the stream of an exchange.
func pass(x *translate.Exchange) translate.Pass {
	return translate.NewConversion(anthropic.Dialect{}.NewDecoder(x), openai.Dialect{}.NewEncoder(x), nil)
}

// streamed takes the events of a streamed answer to a client of Chat. Without an end of
// their own the body ends behind them.
func streamed(t testing.TB, x *translate.Exchange, events ...string) []string {
	t.Helper()
	p := pass(x)
	var out []byte
	for _, e := range events {
		out, _ = p.Record(out, nil, []byte(e), nil)
	}
	out, _ = p.Close(out, nil)
	return told(t, x, out)
}

// told reads what a client of Chat is sent: of each chunk the delta of its only choice,
// how it finished and the usage, where it tells those; comments as they are. It checks
// what holds for every chunk (traps 60, 62 and 65).
func told(t testing.TB, x *translate.Exchange, out []byte) []string {
	t.Helper()
	var list []string
	for frame := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n\n"), "\n\n") {
		data, isData := strings.CutPrefix(frame, "data: ")
		if !isData || data == "[DONE]" {
			list = append(list, frame)
			continue
		}
		v, err := scan.Parse([]byte(data))
		if err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		if e := v.Get("error"); e.Exists() {
			if v.Len() > 1 {
				t.Errorf("a chunk with an error: %s", data)
			}
			list = append(list, data)
			continue
		}
		if v.Get("id").Str() != "chatcmpl-1" || v.Get("object").Str() != "chat.completion.chunk" || string(v.Get("created").Raw()) != "1700000000" || v.Get("model").Str() != "logical" {
			t.Errorf("head of %s", data)
		}
		if v.Get("usage").Exists() != x.Request.IncludeUsage {
			t.Errorf("usage in %s, asked for: %v", data, x.Request.IncludeUsage)
		}
		if v.Get("choices").Kind() != scan.Array {
			t.Fatalf("no choices in %s", data)
		}
		list = append(list, chunk(t, v))
	}
	return list
}

func chunk(t testing.TB, v scan.Value) string {
	t.Helper()
	var said []string
	if c := v.Get("choices").First(); c.Exists() {
		if c.Get("delta").Kind() != scan.Object || !c.Get("finish_reason").Exists() || string(c.Get("index").Raw()) != "0" {
			t.Errorf("choice %s", c.Raw())
		}
		said = append(said, string(c.Get("delta").Raw()))
		if f := c.Get("finish_reason"); !f.IsNull() {
			said = append(said, f.Str())
		}
	}
	if u := v.Get("usage"); !u.IsNull() {
		said = append(said, "usage "+string(u.Raw()))
	}
	return strings.Join(said, " ")
}

// same checks what a client is told.
func same(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// pieces gives a text in reads of the given sizes, one after the other and again from the
// first; without any in one.
type pieces struct {
	text  string
	sizes []int
	reads int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := len(p.text)
	if len(p.sizes) > 0 {
		n = min(n, p.sizes[p.reads%len(p.sizes)])
		p.reads++
	}
	n = copy(b, p.text[:n])
	p.text = p.text[n:]
	return n, nil
}

// carried takes the bytes of a stream to a client of Chat as the gateway does.
func carried(x *translate.Exchange, src io.Reader) []byte {
	r := sse.NewReader(src, 0)
	defer r.Release()
	p := pass(x)
	var out []byte
	for {
		e, err := r.Next()
		if err != nil {
			out, _ = p.Close(out, nil)
			return out
		}
		if e.Data != nil {
			out, _ = p.Record(out, e.Name, e.Data, e.Raw)
		}
	}
}
