// Package anthropic calls Anthropic's Messages API.
package anthropic

import (
	"context"
	"net/http"
	"net/url"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// Client is the provider without Caddy.
type Client struct {
	base string
	keys []providers.Credential
}

// New makes a client for an address, pasted with or without /v1. Keys are sent as
// x-api-key, or as bearer tokens.
func New(address *url.URL, keys []string, bearer bool) *Client {
	c := &Client{base: providers.TrimVersion(address.String(), "/v1"), keys: providers.HeaderKeys("X-Api-Key", keys)}
	if bearer {
		c.keys = providers.BearerKeys(keys)
	}
	return c
}

// Resolve serves any model as Messages.
func (c *Client) Resolve(model string, _ providers.Options) (*providers.Route, error) {
	return &providers.Route{Wire: "anthropic", Model: model, Family: translate.FamilyAnthropic, Adjust: Adjust}, nil
}

// Adjust sets what the Messages API itself takes.
func Adjust(caps *translate.Capabilities) {
	caps.CacheControl, caps.ImageURL, caps.PDFURL, caps.ToolImages = true, true, true, true
	caps.AudioIn, caps.VideoIn, caps.SystemParts = false, false, true
	if caps.WebSearch == "" {
		caps.WebSearch = "web_search_20250305"
	}
}

// Credentials lists the keys.
func (c *Client) Credentials() []providers.Credential { return c.keys }

// NewRequest makes a call.
func (c *Client) NewRequest(ctx context.Context, call *providers.Call) (*http.Request, error) {
	method, path := http.MethodPost, "/v1/messages"
	switch call.Op {
	case providers.CountTokens:
		path = "/v1/messages/count_tokens"
	case providers.ListModels:
		method, path = http.MethodGet, "/v1/models?limit=1000"
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err == nil {
		providers.AnthropicHeaders(r.Header, call)
	}
	return r, err
}

// Classify judges as all kinds do.
func (c *Client) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	return providers.Classify(a, e)
}

// CountsTokens reports that every model has a counter.
func (c *Client) CountsTokens(*providers.Route) bool { return true }

// ParseModels reads the list of models.
func (c *Client) ParseModels(body []byte) ([]providers.Model, error) {
	return providers.ParseModelList(body)
}
