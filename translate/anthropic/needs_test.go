package anthropic

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/scantest"
	"github.com/rickyjim626/xjp-gateway/translate"
)

func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		body string
		want translate.Needs
	}{
		{`{"max_tokens":5,"messages":[{"role":"user","content":"hi"}]}`, translate.Needs{Answer: 5}},
		{`{"messages":[{"role":"user","content":[{"type":"image","source":{}}]}],"tools":[{"name":"t"}]}`, translate.Needs{Images: 1, Tools: true}},
		{`{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64"}}]}]}`, translate.Needs{PDF: true}},
		{`{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text"}},{"type":"document","source":{"type":"content"}}]}]}`, translate.Needs{}},
		{`{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"image"}]},{"type":"image"}]}]}`, translate.Needs{Images: 2}},
		{`{"messages":[1,{"content":[2]}],"tools":3,"max_tokens":"x"}`, translate.Needs{}},
	} {
		if got := Needs(scantest.Document(t, c.body)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.body, got, c.want)
		}
	}
}

func TestSession(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                             "",
		`{"metadata":{"user_id":"me"}}`:  "",
		`{"metadata":{"user_id":"{no"}}`: "",
		`{"metadata":{"user_id":"user_ab_account_cd_session_ef-1"}}`:               "ef-1",
		`{"metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"ef-2\"}"}}`: "ef-2",
	} {
		if got := Session(scantest.Document(t, body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// A conversation is known by what it begins with, whatever has been said since and
// whatever client says it.
func TestBeginning(t *testing.T) {
	beginning := func(body string) (s string) {
		Beginning(scantest.Document(t, body), func(b []byte) { s += string(b) + "|" })
		return s
	}
	first := beginning(`{"system":[{"type":"text","text":"client 1.0"},{"type":"text","text":"S"}],"messages":[{"role":"user","content":"A"}]}`)
	later := beginning(`{"system":[{"type":"text","text":"client 1.1"},{"type":"text","text":"S"}],"messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"}]}`)
	if first != `"S"|"A"|` || later != first {
		t.Errorf("%s, then %s", first, later)
	}
	if got := beginning(`{"system":"S","messages":[{"role":"user","content":[{"type":"text"}]}]}`); got != `"S"|[{"type":"text"}]|` {
		t.Errorf("of plain text: %s", got)
	}
}
