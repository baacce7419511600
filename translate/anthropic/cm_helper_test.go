package anthropic_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/doubles/messages"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// claude is a model at Anthropic's own API.
func claude(model string) func() *translate.Target {
	return func() *translate.Target {
		return &translate.Target{Model: model, Family: translate.FamilyAnthropic, Caps: registry.Defaults(model)}
	}
}

// The models of the tests, named after what tells them apart: one that thinks by budget,
// takes sampling and forced tools, and is what a row means that names none; one that
// thinks by effort and takes a limit too; and the newest, which take the least.
var (
	sonnet45 = claude("claude-sonnet-4-5")
	sonnet5  = claude("claude-sonnet-5")
	opus48   = claude("claude-opus-4-8")
	sonnet55 = claude("claude-sonnet-5-5")
	opus55   = claude("claude-opus-5-5")
	haiku55  = claude("claude-haiku-5-5")
)

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
	body []byte
	lost string
	x    *translate.Exchange
	err  *translate.Error
}

// toMessages takes a Chat request to a target. It checks what holds for every request:
// equal requests give equal bytes (rule G3), and the body is JSON.
func toMessages(t *testing.T, body string, target *translate.Target) sent {
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
	r, err := openai.Dialect{}.DecodeRequest(doc, &lost)
	if err != nil {
		return sent{err: err}
	}
	x := &translate.Exchange{ID: "1", Created: 1700000000, Model: "m"}
	x.Begin(target)
	x.Request = r
	out, err := anthropic.Dialect{}.EncodeRequest(nil, r, x)
	return sent{body: out, lost: joined(lost.String(), x.Losses.String()), x: x, err: err}
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ",")
}

// request puts members into a small Chat request; a null takes a member out.
func request(t *testing.T, members string) string {
	t.Helper()
	keys := []string{"model", "messages"}
	all := map[string]json.RawMessage{"model": json.RawMessage(`"m"`), "messages": json.RawMessage(`[{"role":"user","content":"hi"}]`)}
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

// turns are the messages of a request, after which the body's are told in the same way.
func turns(messages string) string { return `"messages":[` + messages + `]` }

// row is a request of Chat and what a provider of Messages must get of it.
type row struct {
	name string
	to   func() *translate.Target
	in   string // members of the request, beside a small one's
	want string // members of the body; one of null must not be there
	lost string // the losses, as x-xjp-lossy spells them and a strict route refuses them
	err  string // the field at fault and what is said of it
}

func (r row) run(t *testing.T) {
	t.Run(r.name, func(t *testing.T) {
		to := r.to
		if to == nil {
			to = sonnet45
		}
		got := toMessages(t, request(t, r.in), to())
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
		if o := got.x.Target; o.Caps.UnsignedThinking || o.Quirks.Vertex {
			// not what Anthropic's own API takes
		} else if err := messages.Check(got.body); err != nil {
			t.Errorf("the API refuses the body: %v", err)
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
