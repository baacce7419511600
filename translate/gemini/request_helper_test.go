package gemini_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	double "github.com/rickyjim626/xjp-gateway/internal/doubles/gemini"
	"github.com/rickyjim626/xjp-gateway/providers"
	studioprovider "github.com/rickyjim626/xjp-gateway/providers/gemini"
	"github.com/rickyjim626/xjp-gateway/providers/vertex"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// place is a model on one of Google's two surfaces.
type place struct {
	surface, model string
	target         translate.Target
}

// studio is a model on AI Studio, as the provider gives it.
func studio(model string) *place {
	client := studioprovider.New(&url.URL{Scheme: "https", Host: "generativelanguage.googleapis.com"}, "v1beta", []string{"XJP_test_key"})
	route, err := client.Resolve(model, providers.Options{})
	return placed(double.AIStudio, route, err)
}

// vertexAI is a model on Vertex AI.
func vertexAI(model string) *place {
	client := vertex.New(vertex.Settings{Project: "p", Location: "us-central1"}, nil, "account")
	route, err := client.Resolve(model, providers.Options{})
	return placed(double.Vertex, route, err)
}

func placed(surface string, r *providers.Route, err error) *place {
	if err != nil {
		panic(err)
	}
	return &place{surface, r.Model, translate.Target{
		Model: r.Model, Family: r.Family, Origin: r.Origin, Quirks: r.Quirks, Caps: registry.Defaults(r.Model),
	}}
}

// with changes the flags of a place's route.
func (p *place) with(change func(*translate.Target)) *place {
	change(&p.target)
	return p
}

// seals stand for signatures in the tables: $studio1 and $vertex1 are as a client brings
// them back, sealed by the gateway under the surface that made them; $bare1 is one that
// the gateway has not sealed. In what is sent they are as Google made them.
func seals(sealed bool) *strings.Replacer {
	var pairs []string
	for name, p := range map[string]*place{"$studio": studio("gemini-3-pro"), "$vertex": vertexAI("gemini-3-pro")} {
		for n := range 4 {
			minted := double.Mint(p.surface, n)
			s := translate.Signature{Family: translate.FamilyGoogle, Origin: p.target.Origin, Value: scan.Text(minted)}
			if sealed {
				minted = string(s.Seal())
			}
			pairs = append(pairs, name+string(rune('0'+n)), minted)
		}
	}
	pairs = append(pairs, "$bare1", double.Mint(double.AIStudio, 1))
	return strings.NewReplacer(pairs...)
}

// row is a request in one or both of the clients' dialects and what Google must get.
type row struct {
	name     string
	to       *place // nil is gemini-2.5-flash on AI Studio
	chat     string // members of a Chat request, beside a small one's
	messages string // members of a Messages request
	want     string // members of the body; one of null must not be there
	lost     string // the losses, as x-xjp-lossy spells them
	err      string // the field at fault and what is said of it
}

func (r row) run(t *testing.T) {
	t.Run(r.name, func(t *testing.T) {
		if r.chat != "" {
			t.Run("chat", func(t *testing.T) { r.check(t, openai.Dialect{}, r.chat) })
		}
		if r.messages != "" {
			t.Run("messages", func(t *testing.T) { r.check(t, anthropic.Dialect{}, r.messages) })
		}
	})
}

func runAll(t *testing.T, rows []row) {
	for _, r := range rows {
		r.run(t)
	}
}

func (r row) check(t *testing.T, from translate.Inbound, in string) {
	t.Helper()
	to := r.to
	if to == nil {
		to = studio("gemini-2.5-flash")
	}
	got := toGemini(t, from, request(t, seals(true).Replace(in)), to)
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
	members(t, got.body, seals(false).Replace(r.want))
	if got.lost != r.lost {
		t.Errorf("losses %q, want %q", got.lost, r.lost)
	}
}

// sent is a request as it goes to Google.
type sent struct {
	body []byte
	lost string
	x    *translate.Exchange
	err  *translate.Error
}

// toGemini takes a client's request to Google. It checks what holds for every request:
// equal requests give equal bytes (rule G3), the API takes it, and so does its counter.
func toGemini(t *testing.T, from translate.Inbound, body string, to *place) sent {
	t.Helper()
	got := send(t, from, body, to, gemini.Dialect{}.EncodeRequest)
	if again := send(t, from, body, to, gemini.Dialect{}.EncodeRequest); !bytes.Equal(got.body, again.body) {
		t.Errorf("the same request gave two bodies:\n%s\n%s", got.body, again.body)
	}
	if got.err != nil {
		return got
	}
	if err := double.Check(got.body, to.surface, to.model); err != nil {
		t.Errorf("the API refuses it: %v\n%s", err, got.body)
	}
	count := send(t, from, body, to, gemini.EncodeCount)
	if count.err != nil {
		t.Fatalf("the counter's request: %s", count.err.Message)
	}
	if err := double.CheckCount(count.body, to.surface, to.model); err != nil {
		t.Errorf("the counter refuses it: %v\n%s", err, count.body)
	}
	return got
}

func send(t *testing.T, from translate.Inbound, body string, to *place,
	encode func([]byte, *translate.Request, *translate.Exchange) ([]byte, *translate.Error)) sent {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(body), scan.DefaultLimits); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	var lost translate.Losses
	r, err := from.DecodeRequest(doc, &lost)
	if err != nil {
		return sent{err: err}
	}
	x := &translate.Exchange{ID: "1", Model: "m", Request: r}
	x.Begin(&to.target)
	out, err := encode(nil, r, x)
	return sent{body: out, lost: joined(lost.String(), x.Losses.String()), x: x, err: err}
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ",")
}

// request puts members into a small request that is good in both dialects; a null takes
// a member out.
func request(t *testing.T, in string) string {
	t.Helper()
	keys := []string{"model", "max_tokens", "messages"}
	all := map[string]json.RawMessage{
		"model": json.RawMessage(`"m"`), "max_tokens": json.RawMessage(`100`),
		"messages": json.RawMessage(`[{"role":"user","content":"hi"}]`),
	}
	v, err := scan.Parse([]byte("{" + in + "}"))
	if err != nil {
		t.Fatalf("%v in %s", err, in)
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

// members checks members of an object: those named must be as told, byte for byte but
// for white space, and those of null must not be there.
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
