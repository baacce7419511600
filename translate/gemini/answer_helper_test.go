package gemini_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// answer is what Google answers, and what clients of both dialects are told: one thing a
// line, as tellChat and tellMessages spell it, and at the end what was lost.
type answer struct {
	name     string
	google   []string // response objects, the events of a stream
	asked    *translate.Request
	chat     string
	messages string
}

func runAnswers(t *testing.T, rows []answer) {
	for _, a := range rows {
		t.Run(a.name, func(t *testing.T) {
			a.check(t, "chat", openai.Dialect{}, chatTeller{}, a.chat)
			if a.messages != "" { // which knows no freeform tools
				a.check(t, "messages", anthropic.Dialect{}, messagesTeller{}, a.messages)
			}
		})
	}
}

// teller reads what a client is told.
type teller interface {
	whole(t *testing.T, body []byte) string
	stream(t *testing.T, frames []frame) string
}

// check plays the answer in all forms: streamed, whole, and each asked for as the other.
func (a answer) check(t *testing.T, dialect string, to translate.Inbound, read teller, want string) {
	want = trimLines(want)
	body := []byte("[" + strings.Join(a.google, ",") + "]")
	if len(a.google) == 1 {
		body = []byte(a.google[0])
	}
	for form, told := range map[string]func(*translate.Exchange) string{
		"stream":   func(x *translate.Exchange) string { return read.stream(t, streamed(x, to, a.google)) },
		"whole":    func(x *translate.Exchange) string { return wholeTold(t, x, to, read, body) },
		"gathered": func(x *translate.Exchange) string { return gatheredTold(t, x, to, read, a.google) },
		"unfolded": func(x *translate.Exchange) string { return unfoldedTold(t, x, to, read, body) },
	} {
		x := exchange(a.asked)
		got := trimLines(told(x))
		if !strings.Contains(string(body), "usageMetadata") { // then streams tell an estimate
			got = regexp.MustCompile(`(?m)^usage .*\n?`).ReplaceAllString(got, "")
		}
		if lost := x.AnswerLosses.String(); lost != "" {
			got = strings.TrimSpace(got) + "\nlost " + lost
		}
		if got = strings.TrimSpace(got); got != want {
			t.Errorf("%s, %s:\n%s\nwant:\n%s", dialect, form, got, want)
		}
	}
}

// exchange is one whose route has the origin "o".
func exchange(asked *translate.Request) *translate.Exchange {
	if asked == nil {
		asked = &translate.Request{}
	}
	r := *asked
	r.IncludeUsage = true
	x := &translate.Exchange{ID: "1", Created: 1, Model: "m", Request: &r}
	x.Begin(&translate.Target{Model: "gemini", Family: translate.FamilyGoogle, Origin: "o"})
	return x
}

// streamed carries a stream to a client. Each record goes through memory that is written
// over by the next, as the reader's is.
func streamed(x *translate.Exchange, to translate.Inbound, records []string) []frame {
	pass := translate.NewConversion(gemini.Dialect{}.NewDecoder(x), to.NewEncoder(x), nil)
	var out, memory []byte
	for _, r := range records {
		for i := range memory {
			memory[i] = '#'
		}
		memory = append(memory[:0], r...)
		var seen translate.Seen
		out, seen = pass.Record(out, nil, memory, nil)
		if seen.Err != nil && seen.Err.Answer != nil { // as the gateway does
			return frames(unfold(x, to, seen.Err.Answer))
		}
	}
	out, _ = pass.Close(out, nil)
	return frames(out)
}

// unfold streams a whole answer.
func unfold(x *translate.Exchange, to translate.Inbound, r *translate.Response) []byte {
	encoder := to.NewEncoder(x)
	var out []byte
	for _, e := range r.Events(nil) {
		out = encoder.Encode(out, &e)
	}
	return out
}

func decodeWhole(t *testing.T, x *translate.Exchange, body []byte) (*translate.Response, *translate.Error) {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse(body, scan.Limits{}); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return gemini.Dialect{}.DecodeResponse(doc, x)
}

func wholeTold(t *testing.T, x *translate.Exchange, to translate.Inbound, read teller, body []byte) string {
	r, err := decodeWhole(t, x, body)
	return tellWhole(t, x, to, read, r, err)
}

func tellWhole(t *testing.T, x *translate.Exchange, to translate.Inbound, read teller, r *translate.Response, err *translate.Error) string {
	if err != nil && err.Answer == nil {
		return read.whole(t, to.EncodeError(nil, err, ""))
	}
	if err != nil {
		r = err.Answer
	}
	return read.whole(t, to.EncodeResponse(nil, r, x))
}

func gatheredTold(t *testing.T, x *translate.Exchange, to translate.Inbound, read teller, records []string) string {
	fold := translate.NewFold(x)
	decoder := gemini.Dialect{}.NewDecoder(x)
	for _, r := range records {
		for _, e := range decoder.Decode(nil, []byte(r), nil) {
			fold.Add(&e)
		}
	}
	for _, e := range decoder.Close(nil, nil) {
		fold.Add(&e)
	}
	r, err := fold.Response()
	return tellWhole(t, x, to, read, r, err)
}

func unfoldedTold(t *testing.T, x *translate.Exchange, to translate.Inbound, read teller, body []byte) string {
	r, err := decodeWhole(t, x, body)
	if err != nil && err.Answer == nil {
		return read.whole(t, to.EncodeError(nil, err, ""))
	}
	if err != nil {
		r = err.Answer
	}
	return read.stream(t, frames(unfold(x, to, r)))
}

// frame is one record of a stream to a client.
type frame struct {
	name string
	data string
}

func frames(stream []byte) []frame {
	r := sse.NewReader(strings.NewReader(string(stream)), 0)
	defer r.Release()
	var list []frame
	for {
		e, err := r.Next()
		if err != nil {
			return list
		}
		if !e.Comment {
			list = append(list, frame{string(e.Name), string(e.Data)})
		}
	}
}

// trimLines takes the indentation of a table's text away.
func trimLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

type object = map[string]any

func decoded(t *testing.T, data string) object {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(data))
	d.UseNumber()
	var v object
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

// in walks into decoded JSON.
func in(v any, path ...string) any {
	for _, key := range path {
		m, _ := v.(object)
		v = m[key]
	}
	return v
}

func str(v any) string { s, _ := v.(string); return s }

func list(v any) []any { l, _ := v.([]any); return l }

// count is a number as it is written, 0 if there is none.
func count(v any) string {
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	return "0"
}

// lines are what a client is told.
type lines struct{ strings.Builder }

func (l *lines) add(format string, args ...any) { fmt.Fprintf(l, format+"\n", args...) }

// seal spells a signature without the envelope that binds it to the route.
func seal(v any) string {
	s := str(v)
	if s == "" {
		return ""
	}
	if inner, ok := strings.CutPrefix(s, "xjp1.google.o."); ok {
		return " sealed " + inner
	}
	if inner, ok := strings.CutPrefix(s, "xjp1.google+text.o."); ok {
		return " sealed text " + inner
	}
	return " sealed WITHOUT ENVELOPE " + s
}

// failure spells an error of either dialect.
func failure(v object) string {
	e := in(v, "error")
	code := str(in(e, "code"))
	if code != "" {
		code = " (" + code + ")"
	}
	return "error " + str(in(e, "type")) + code + ": " + str(in(e, "message"))
}

func unordered(v any) string { b, _ := json.Marshal(v); return string(b) }
