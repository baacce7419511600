package gemini_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

var (
	chatDialect     = openai.Dialect{}
	messagesDialect = anthropic.Dialect{}
)

// wired is a stream of events as Google sends it, with line ends of its choice.
func wired(lineEnd string, events ...string) []byte {
	var out []byte
	for _, e := range events {
		out = append(out, "data: "+strings.ReplaceAll(e, "\n", "")+lineEnd+lineEnd...)
	}
	return out
}

// read carries a stream of bytes to a client.
func read(x *translate.Exchange, to translate.Inbound, src io.Reader) []byte {
	return drain(translate.NewConversion(gemini.Dialect{}.NewDecoder(x), to.NewEncoder(x), nil), src)
}

func drain(pass translate.Pass, src io.Reader) []byte {
	reader := sse.NewReader(src, 0)
	defer reader.Release()
	var out []byte
	for {
		e, err := reader.Next()
		if err != nil {
			out, _ = pass.Close(out, nil)
			return out
		}
		if e.Data != nil {
			out, _ = pass.Record(out, e.Name, e.Data, e.Raw)
		}
	}
}

// talk is an answer with all that answers have.
var talk = append([]string{
	parts(`{"text":"思考","thought":true}`),
	parts(`{"text":"naïve "}`),
	parts(`{"text":"😀é","thoughtSignature":"s0"}`),
	parts(`{"executableCode":{"language":"PYTHON","code":"1+1"}},{"codeExecutionResult":{"output":"2"}}`),
	parts(`{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="},"thoughtSignature":"s2"}`),
	counted(`"promptTokenCount":10,"candidatesTokenCount":3,"thoughtsTokenCount":2,"totalTokenCount":15`),
}, piecesOfCall...)

func TestCuts(t *testing.T) {
	t.Run("B17: line ends of both kinds, cut at any byte", func(t *testing.T) {
		for _, to := range []translate.Inbound{chatDialect, messagesDialect} {
			want := read(exchange(nil), to, bytes.NewReader(wired("\n", talk...)))
			if !bytes.Contains(want, []byte("😀é")) {
				t.Fatalf("the text is not there: %s", want)
			}
			for _, lineEnd := range []string{"\n", "\r\n"} {
				body := wired(lineEnd, talk...)
				if got := read(exchange(nil), to, iotest.OneByteReader(bytes.NewReader(body))); !bytes.Equal(got, want) {
					t.Fatalf("byte for byte: %s\nwant %s", got, want)
				}
				for cut := range body {
					got := read(exchange(nil), to, io.MultiReader(bytes.NewReader(body[:cut]), bytes.NewReader(body[cut:])))
					if !bytes.Equal(got, want) {
						t.Fatalf("cut at %d of %q: %s\nwant %s", cut, lineEnd, got, want)
					}
				}
			}
		}
	})
	t.Run("B18: a picture of 6 MB in one event", func(t *testing.T) {
		data := strings.Repeat("iVBORw0KGgoA", 1<<19)
		body := wired("\r\n", ends(`{"inlineData":{"mimeType":"image/png","data":"`+data+`"}}`, "STOP"))
		got := chatTeller{}.stream(t, frames(read(exchange(nil), chatDialect, bytes.NewReader(body))))
		if want := "image data:image/png;base64," + data + "\nfinish stop\n"; !strings.HasPrefix(got, want) {
			t.Errorf("%d bytes are told: %.100s", len(got), got)
		}
	})
	t.Run("5 JSON without data: is read as the event that it is", func(t *testing.T) {
		body := append(wired("\n", parts(`{"text":"half"}`)), "{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"m\",\n    \"status\": \"UNAVAILABLE\"\n  }\n}\n"...)
		got := chatTeller{}.stream(t, frames(read(exchange(nil), chatDialect, bytes.NewReader(body))))
		if want := "content \"half\"\nerror server_error (overloaded): the provider is overloaded"; got != want {
			t.Errorf("%s", got)
		}
	})
	t.Run("4.5 data lines without blank lines between are events of their own", func(t *testing.T) {
		body := []byte("data: " + parts(`{"text":"a"}`) + "\ndata: " + parts(`{"text":"b"}`) + "\ndata: " + ends("", "STOP") + "\n\n")
		got := chatTeller{}.stream(t, frames(read(exchange(nil), chatDialect, bytes.NewReader(body))))
		if want := "content \"ab\"\nfinish stop\n"; !strings.HasPrefix(got, want) {
			t.Errorf("%s", got)
		}
	})
	t.Run("4.5 a stream without alt=sse is one array", func(t *testing.T) {
		got := wholeTold(t, exchange(nil), chatDialect, chatTeller{}, []byte("["+parts(`{"text":"a"}`)+",\n"+ends(`{"text":"b"}`, "STOP")+"]"))
		if want := "content \"ab\"\nfinish stop\n"; got != want {
			t.Errorf("%s", got)
		}
	})
}
