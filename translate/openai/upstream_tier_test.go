package openai_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

// TestTier carries the tier that served, which sets the price, in streams as well.
func TestTier(t *testing.T) {
	for name, to := range map[string]translate.Inbound{"chat": openai.Dialect{}, "messages": anthropic.Dialect{}} {
		x := &translate.Exchange{ID: "1", Model: "m", Request: &translate.Request{IncludeUsage: true}}
		x.Begin(&translate.Target{})
		pass := translate.NewConversion(openai.Dialect{}.NewDecoder(x), to.NewEncoder(x), nil)
		var out []byte
		for _, record := range []string{
			`{"service_tier":"priority","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}`,
			`{"service_tier":"priority","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, `[DONE]`,
		} {
			out, _ = pass.Record(out, nil, []byte(record), nil)
		}
		if !strings.Contains(string(out), `"service_tier":"priority"`) {
			t.Errorf("%s lacks the tier: %s", name, out)
		}
	}
}
