package openai

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
		{`{"messages":[{"role":"user","content":"hi"}]}`, translate.Needs{}},
		{`{"messages":[],"tools":[],"max_tokens":5}`, translate.Needs{Answer: 5}},
		{`{"messages":[],"tools":[{"type":"function"}],"max_tokens":5,"max_completion_tokens":7}`, translate.Needs{Tools: true, Answer: 7}},
		{`{"messages":[],"functions":[{"name":"f"}]}`, translate.Needs{Tools: true}},
		{`{"messages":[{"role":"user","content":[{"type":"text","text":"image_url"},{"type":"image_url","image_url":{"url":"data:…"}}]}]}`, translate.Needs{Images: 1}},
		{`{"messages":[{"role":"user","content":[{"type":"file","file":{}}]},{"role":"user","content":[{"type":"input_audio"},{"type":"video_url"}]}]}`, translate.Needs{PDF: true, Audio: true, Video: true}},
		{`{"messages":[{"role":"assistant","content":"here","images":[{"type":"image_url"},{"type":"image_url"}]},{"role":"user","content":[{"type":"image_url"}]}]}`, translate.Needs{Images: 3}},
		{`{"messages":[1,{"content":[2]}],"tools":3,"max_tokens":"x"}`, translate.Needs{}},
	} {
		if got := Needs(scantest.Document(t, c.body)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.body, got, c.want)
		}
	}
}

func TestSession(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                       "",
		`{"prompt_cache_key":"k"}`: "k",
		`{"metadata":{"session_id":"s"},"prompt_cache_key":"k"}`: "s",
		`{"session_id":"s","prompt_cache_key":"k","user":"u"}`:   "s",
		`{"user":"u","metadata":"m","prompt_cache_key":7}`:       "",
	} {
		if got := Session(scantest.Document(t, body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// A conversation is known by what it begins with, whatever has been said since.
func TestBeginning(t *testing.T) {
	beginning := func(body string) (s string) {
		Beginning(scantest.Document(t, body), func(b []byte) { s += string(b) + "|" })
		return s
	}
	first := beginning(`{"messages":[{"role":"system","content":"S"},{"role":"user","content":"A"}]}`)
	later := beginning(`{"messages":[{"role":"system","content":"S"},{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"C"}]}`)
	if first != `"S"|"A"|` || later != first {
		t.Errorf("%s, then %s", first, later)
	}
	if got := beginning(`{"messages":[]}`); got != "" {
		t.Errorf("of nothing: %s", got)
	}
}
