package demo

import (
	"context"
	"net/http"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// Client is the provider without Caddy: calls to an upstream inside the process.
type Client struct {
	upstream *Upstream
}

// NewClient makes a client with an upstream of its own.
func NewClient() *Client { return &Client{upstream: New()} }

// Resolve serves any model in the client's own dialect, or in the wire form asked for.
func (c *Client) Resolve(model string, o providers.Options) (*providers.Route, error) {
	wire := o.Wire
	if wire == "" && o.Dialect == "anthropic" {
		wire = "anthropic"
	}
	if wire == "" {
		wire = "openai"
	}
	return &providers.Route{Wire: wire, Model: model, Family: translate.FamilyAnthropic, Adjust: adjust}, nil
}

// adjust declares that the demo takes everything.
func adjust(caps *translate.Capabilities) {
	caps.ReasoningStyle = "openrouter"
	caps.CacheControl, caps.SystemParts, caps.ImageURL, caps.PDFURL, caps.VideoURL = true, true, true, true, true
	caps.Images, caps.PDF, caps.AudioIn, caps.VideoIn, caps.Tools, caps.NativeFormat = true, true, true, true, true, true
	caps.Budget, caps.Adaptive, caps.Effort, caps.DisableThinking = true, true, true, true
	caps.ContextWindow, caps.MaxOutput = 200_000, 64_000
}

// Credentials gives one that adds nothing.
func (c *Client) Credentials() []providers.Credential {
	return []providers.Credential{providers.NoCredential{}}
}

// Transport is the upstream itself.
func (c *Client) Transport() http.RoundTripper { return c.upstream }

// NewRequest makes a call.
func (c *Client) NewRequest(ctx context.Context, call *providers.Call) (*http.Request, error) {
	method, path := http.MethodPost, "/v1/chat/completions"
	switch {
	case call.Op == providers.ListModels:
		method, path = http.MethodGet, "/v1/models"
	case call.Op == providers.CountTokens:
		path = "/v1/messages/count_tokens"
	case call.Route.Wire == "anthropic":
		path = "/v1/messages"
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://demo.invalid"+path, nil)
	if err != nil {
		return nil, err
	}
	providers.AnthropicHeaders(r.Header, call)
	if what := call.Client.Get("X-Demo"); what != "" {
		r.Header.Set("X-Demo", what)
	}
	return r, nil
}

// Classify judges as all kinds do.
func (c *Client) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	return providers.Classify(a, e)
}

// CountsTokens reports that Messages has a counter.
func (c *Client) CountsTokens(r *providers.Route) bool { return r.Wire == "anthropic" }

// ParseModels reads the list of models.
func (c *Client) ParseModels(body []byte) ([]providers.Model, error) {
	return providers.ParseModelList(body)
}
