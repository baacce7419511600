package providers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestKeysStayHidden(t *testing.T) {
	const secret = "sk-very-secret"
	for _, list := range [][]Credential{BearerKeys([]string{secret, secret + "2"}), HeaderKeys("X-Api-Key", []string{secret})} {
		for i, key := range list {
			if want := fmt.Sprintf("api_key %d", i+1); key.Name() != want {
				t.Errorf("name %q, want %q", key.Name(), want)
			}
			for _, format := range []string{"%s", "%v", "%+v", "%#v"} {
				if text := fmt.Sprintf(format, key); strings.Contains(text, secret) {
					t.Errorf("%s shows %s", format, text)
				}
			}
			r, _ := http.NewRequest(http.MethodPost, "http://localhost", nil)
			if err := key.Authorize(r); err != nil || !strings.Contains(r.Header.Get("Authorization")+r.Header.Get("X-Api-Key"), secret) {
				t.Errorf("%v, %v", err, r.Header)
			}
		}
	}
	if list := BearerKeys(nil); len(list) != 1 || list[0].Name() != "none" {
		t.Errorf("without keys: %v", list)
	}
}

// TestAnthropicHeaders checks what goes on to servers that speak Messages.
func TestAnthropicHeaders(t *testing.T) {
	client := http.Header{
		"Anthropic-Version":        {"2026-10-21"},
		"Anthropic-Beta":           {"zeta-2099-01-01 ,  alpha-1", "third"},
		"Anthropic-Foo":            {"1"},
		"X-Claude-Code-Session-Id": {"s"},
		"X-Stainless-Retry-Count":  {"0"},
		"User-Agent":               {"claude-code"},
		"Openai-Organization":      {"org"},
		"Anthropic-Workspace-Id":   {"w"},
	}
	for _, test := range []struct {
		name string
		call Call
		want map[string][]string
	}{
		{"CC4: betas go on byte for byte, all lines of them", Call{PassThrough: true}, map[string][]string{"Anthropic-Beta": {"zeta-2099-01-01 ,  alpha-1", "third"}}},
		{"CC5: any version goes on", Call{PassThrough: true}, map[string][]string{"Anthropic-Version": {"2026-10-21"}}},
		{"CC6: other headers of Anthropic's go on", Call{PassThrough: true}, map[string][]string{"Anthropic-Foo": {"1"}, "Anthropic-Workspace-Id": {"w"}}},
		{"CC6: nothing else does", Call{PassThrough: true}, map[string][]string{"X-Claude-Code-Session-Id": nil, "X-Stainless-Retry-Count": nil, "User-Agent": nil, "Openai-Organization": nil}},
		{"a translated request has our version and no betas", Call{}, map[string][]string{"Anthropic-Version": {AnthropicVersion}, "Anthropic-Beta": nil, "Anthropic-Foo": nil}},
		{"betas that were refused stay away", Call{PassThrough: true, NoBetas: true}, map[string][]string{"Anthropic-Beta": nil, "Anthropic-Version": {"2026-10-21"}}},
		{"a stream is asked for as one", Call{Stream: true}, map[string][]string{"Accept": {"text/event-stream"}}},
		{"a whole answer is asked for as JSON", Call{}, map[string][]string{"Accept": {"application/json"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			to := http.Header{}
			test.call.Client = client
			AnthropicHeaders(to, &test.call)
			for name, want := range test.want {
				if got := to.Values(name); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}
