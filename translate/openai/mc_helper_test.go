package openai_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// The targets of the tests: a reasoning model of OpenAI's, one that does not reason, a
// compatible server, and Claude behind OpenRouter's Chat.
func gpt5() *translate.Target {
	return &translate.Target{Model: "gpt-5.2", Family: translate.FamilyOpenAI, Caps: registry.Defaults("gpt-5.2"),
		Quirks: translate.Quirks{UserField: "safety_identifier"}}
}

func gpt4o() *translate.Target {
	return &translate.Target{Model: "gpt-4o", Family: translate.FamilyOpenAI, Caps: registry.Defaults("gpt-4o"),
		Quirks: translate.Quirks{UserField: "safety_identifier"}}
}

func local() *translate.Target {
	return &translate.Target{Model: "qwen3", Caps: registry.Defaults("qwen3"), Quirks: translate.Quirks{UserField: "user"}}
}

func openRouter() *translate.Target {
	caps := registry.Defaults("anthropic/claude-sonnet-4.5")
	caps.ReasoningStyle, caps.MaxTokensParam, caps.WebSearch = "openrouter", "max_tokens", "openrouter"
	caps.ImageURL, caps.PDF, caps.PDFURL, caps.SystemParts, caps.TopK, caps.CacheControl = true, true, true, true, true, true
	caps.StopMax, caps.UserMax = 0, 0
	return &translate.Target{Model: "anthropic/claude-sonnet-4.5", Family: translate.FamilyAnthropic, Caps: caps,
		Quirks: translate.Quirks{OpenRouter: true, UserField: "user"}}
}

// with changes a target.
func with(make func() *translate.Target, change func(*translate.Target)) func() *translate.Target {
	return func() *translate.Target {
		target := make()
		change(target)
		return target
	}
}

// sent is a request as it goes to a provider.
type sent struct {
	body  []byte
	lost  string
	x     *translate.Exchange
	asked *translate.Request
	err   *translate.Error
}

// toChat takes a Messages request to a target. It checks what holds for every request:
// equal requests give equal bytes (rule G3), and the body is JSON.
func toChat(t *testing.T, body string, target *translate.Target) sent {
	t.Helper()
	first := send(t, body, target)
	if again := send(t, body, target); !bytes.Equal(first.body, again.body) {
		t.Errorf("the same request gave two bodies:\n%s\n%s", first.body, again.body)
	}
	if first.err == nil && !json.Valid(first.body) {
		t.Fatalf("the body is no JSON: %s", first.body)
	}
	return first
}

func send(t *testing.T, body string, target *translate.Target) sent {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(body), scan.DefaultLimits); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	var lost translate.Losses
	r, err := anthropic.Dialect{}.DecodeRequest(doc, &lost)
	if err != nil {
		return sent{err: err}
	}
	x := &translate.Exchange{ID: "1", Model: "m"}
	x.Begin(target)
	x.Request = r
	out, err := openai.Dialect{}.EncodeRequest(nil, r, x)
	return sent{body: out, lost: joined(lost.String(), x.Losses.String()), x: x, asked: r, err: err}
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ",")
}

// request puts members into a small Messages request; a null takes a member out.
func request(t *testing.T, members string) string {
	t.Helper()
	keys := []string{"model", "max_tokens", "messages"}
	all := map[string]json.RawMessage{
		"model": json.RawMessage(`"m"`), "max_tokens": json.RawMessage(`100`),
		"messages": json.RawMessage(`[{"role":"user","content":"hi"}]`),
	}
	v, err := scan.Parse([]byte("{" + members + "}"))
	if err != nil {
		t.Fatalf("%v in %s", err, members)
	}
	for key, m := range v.Members() {
		if !slices.Contains(keys, string(key)) {
			keys = append(keys, string(key))
		}
		all[string(key)] = m.Raw()
	}
	var b strings.Builder
	for _, key := range keys {
		if string(all[key]) != "null" {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + key + `":` + string(all[key]))
		}
	}
	return "{" + b.String() + "}"
}

// turns is a request of the given messages.
func turns(messages string) string { return `"messages":[` + messages + `]` }

// row is a request of Messages and what a provider of Chat must get of it.
type row struct {
	name string
	to   func() *translate.Target
	in   string // members of the request, beside a small one's
	want string // members of the body; one of null must not be there
	lost string // the losses, as x-xjp-lossy spells them
	err  string // the field at fault and what is said of it
}

func (r row) run(t *testing.T) {
	t.Run(r.name, func(t *testing.T) {
		to := r.to
		if to == nil {
			to = local
		}
		got := toChat(t, request(t, r.in), to())
		if r.err != "" {
			if got.err == nil {
				t.Fatalf("no error, but %s", got.body)
			}
			if told := got.err.Param + ": " + got.err.Message; !strings.HasPrefix(told, r.err) {
				t.Fatalf("error %q, want %q", told, r.err)
			}
			if got.err.Kind != translate.ErrInvalid {
				t.Errorf("kind of error %d, want an invalid request", got.err.Kind)
			}
			return
		}
		if got.err != nil {
			t.Fatalf("%s: %s", got.err.Param, got.err.Message)
		}
		members(t, got.body, r.want)
		if got.lost != r.lost {
			t.Errorf("losses %q, want %q", got.lost, r.lost)
		}
	})
}

// members checks members of an object: those named must be as told, byte for byte but for
// white space, and those of null must not be there.
func members(t *testing.T, body []byte, want string) {
	t.Helper()
	got, err := scan.Parse(body)
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	expected, err := scan.Parse([]byte("{" + want + "}"))
	if err != nil {
		t.Fatalf("%v in %s", err, want)
	}
	for key, m := range expected.Members() {
		have := got.Get(string(key))
		switch {
		case m.Kind() == scan.Null:
			if have.Exists() {
				t.Errorf("%s is there: %s", key, have.Raw())
			}
		case !have.Exists():
			t.Errorf("%s is missing in %s", key, body)
		case compact(have.Raw()) != compact(m.Raw()):
			t.Errorf("%s is\n%s\nwant\n%s", key, compact(have.Raw()), compact(m.Raw()))
		}
	}
}

func compact(raw []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// answer is an answer as a client of Messages gets it.
type answer struct {
	body []byte
	lost string
	err  *translate.Error
}

// wholeAnswer takes a whole answer of a provider to a client.
func wholeAnswer(t *testing.T, body string, target *translate.Target) answer {
	t.Helper()
	return wholeAnswerOf(t, body, exchange(target))
}

// exchange is one whose request names a stop sequence and nothing else.
func exchange(target *translate.Target) *translate.Exchange {
	x := &translate.Exchange{ID: "1", Model: "logical", PromptEstimate: 7, Request: &translate.Request{Stop: []scan.Text{scan.Text("END")}}}
	x.Begin(target)
	return x
}

func wholeAnswerOf(t *testing.T, body string, x *translate.Exchange) answer {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(body), scan.Limits{}); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	r, err := openai.Dialect{}.DecodeResponse(doc, x)
	if err != nil {
		return answer{err: err}
	}
	out := anthropic.Dialect{}.EncodeResponse(nil, r, x)
	if !json.Valid(out) {
		t.Fatalf("the answer is no JSON: %s", out)
	}
	return answer{body: out, lost: x.AnswerLosses.String()}
}

func member(t *testing.T, body []byte, key string) string {
	t.Helper()
	v, err := scan.Parse(body)
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return string(v.Get(key).Raw())
}
