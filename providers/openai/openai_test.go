package openai

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// TestAddresses checks that base addresses work as people paste them.
func TestAddresses(t *testing.T) {
	for _, test := range []struct{ base, want string }{
		{"https://api.openai.com", "https://api.openai.com/v1/chat/completions"},
		{"https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"},
		{"https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"},
		{"http://localhost:11434", "http://localhost:11434/v1/chat/completions"},
		{"https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions"},
		{"https://api.groq.com/openai", "https://api.groq.com/openai/v1/chat/completions"},
		{"https://open.bigmodel.cn/api/paas/v4", "https://open.bigmodel.cn/api/paas/v4/chat/completions"},
		{"https://generativelanguage.googleapis.com/v1beta/openai/", "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"},
		{"https://vllm.example/vision", "https://vllm.example/vision/v1/chat/completions"},
	} {
		t.Run(test.base, func(t *testing.T) {
			address, _ := url.Parse(test.base)
			c := New(address, nil)
			route, _ := c.Resolve("m", providers.Options{})
			r, err := c.NewRequest(context.Background(), &providers.Call{Route: route})
			if err != nil || r.URL.String() != test.want {
				t.Errorf("got %v, %v", r.URL, err)
			}
			r, err = c.NewRequest(context.Background(), &providers.Call{Op: providers.ListModels})
			if want := test.want[:len(test.want)-len("/chat/completions")] + "/models"; err != nil || r.Method != http.MethodGet || r.URL.String() != want {
				t.Errorf("list: got %v, %v", r.URL, err)
			}
		})
	}
}

// TestOfficialAndCompatible checks what OpenAI and servers like it are sent.
func TestOfficialAndCompatible(t *testing.T) {
	for _, test := range []struct{ base, user, max string }{
		{"https://api.openai.com", "safety_identifier", "max_completion_tokens"},
		{"https://eu.api.openai.com/v1", "safety_identifier", "max_completion_tokens"},
		{"https://api.deepseek.com", "user", "max_tokens"},
		{"https://notapi.openai.com.example", "user", "max_tokens"},
	} {
		address, _ := url.Parse(test.base)
		route, _ := New(address, nil).Resolve("m", providers.Options{})
		var caps translate.Capabilities
		route.Adjust(&caps)
		if route.Quirks.UserField != test.user || caps.MaxTokensParam != test.max {
			t.Errorf("%s: %q, %q", test.base, route.Quirks.UserField, caps.MaxTokensParam)
		}
	}
}
