package anthropic

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/rickyjim626/xjp-gateway/providers"
)

func TestRequests(t *testing.T) {
	for _, test := range []struct {
		name, base string
		bearer     bool
		op         providers.Op
		want       string
		header     string
		value      string
	}{
		{"messages", "https://api.anthropic.com", false, providers.Generate, "POST https://api.anthropic.com/v1/messages", "X-Api-Key", "k"},
		{"with the version pasted", "https://api.anthropic.com/v1/", false, providers.Generate, "POST https://api.anthropic.com/v1/messages", "X-Api-Key", "k"},
		{"a server below a path", "https://api.deepseek.com/anthropic", true, providers.Generate, "POST https://api.deepseek.com/anthropic/v1/messages", "Authorization", "Bearer k"},
		{"counting", "https://api.anthropic.com", false, providers.CountTokens, "POST https://api.anthropic.com/v1/messages/count_tokens", "X-Api-Key", "k"},
		{"the list", "https://api.anthropic.com", false, providers.ListModels, "GET https://api.anthropic.com/v1/models?limit=1000", "X-Api-Key", "k"},
	} {
		t.Run(test.name, func(t *testing.T) {
			address, _ := url.Parse(test.base)
			c := New(address, []string{"k"}, test.bearer)
			r, err := c.NewRequest(context.Background(), &providers.Call{Op: test.op, Client: http.Header{}})
			if err != nil || r.Method+" "+r.URL.String() != test.want {
				t.Fatalf("got %v, %v", r, err)
			}
			if err := c.Credentials()[0].Authorize(r); err != nil || r.Header.Get(test.header) != test.value {
				t.Errorf("%v, %v", r.Header, err)
			}
			if r.Header.Get("Anthropic-Version") != providers.AnthropicVersion {
				t.Errorf("version %q", r.Header.Get("Anthropic-Version"))
			}
		})
	}
}
