// Package openai calls OpenAI's Chat Completions, and any compatible server by its
// base address: vLLM, Ollama, DeepSeek, Groq and so on.
package openai

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// officialHost is OpenAI's own; other hosts are compatible servers with older habits.
const officialHost = "api.openai.com"

// Client is the provider without Caddy.
type Client struct {
	base     string
	official bool
	keys     []providers.Credential
}

// New makes a client for an address, pasted with or without its version.
func New(address *url.URL, keys []string) *Client {
	return &Client{
		base:     versioned(address),
		official: address.Host == officialHost || strings.HasSuffix(address.Host, "."+officialHost),
		keys:     providers.BearerKeys(keys),
	}
}

// version is a segment of a path that names an API's version.
var version = regexp.MustCompile(`/v[0-9]+[a-z0-9]*(/|$)`)

// versioned is the address with /v1, unless its path names a version already: some
// compatible servers count otherwise (/api/paas/v4) or add more (/v1beta/openai).
func versioned(address *url.URL) string {
	base := strings.TrimRight(address.String(), "/")
	if version.MatchString(address.Path) {
		return base
	}
	return base + "/v1"
}

// Resolve serves any model as Chat.
func (c *Client) Resolve(model string, _ providers.Options) (*providers.Route, error) {
	return &providers.Route{
		Wire: "openai", Model: model, Quirks: translate.Quirks{UserField: c.userField()}, Adjust: c.adjust,
	}, nil
}

func (c *Client) userField() string {
	if c.official {
		return "safety_identifier"
	}
	return "user"
}

// adjust sets what OpenAI and compatible servers differ in.
func (c *Client) adjust(caps *translate.Capabilities) {
	caps.CacheControl, caps.PDFURL, caps.ToolImages = false, false, false
	if c.official {
		caps.MaxTokensParam, caps.ReasoningStyle = "max_completion_tokens", "openai_effort"
		caps.StopMax, caps.UserMax, caps.ToolNameMax = 4, 64, 64
		return
	}
	caps.MaxTokensParam, caps.ReasoningStyle = "max_tokens", "reasoning_content"
}

// Credentials lists the keys; a compatible server may need none.
func (c *Client) Credentials() []providers.Credential { return c.keys }

// NewRequest makes a call.
func (c *Client) NewRequest(ctx context.Context, call *providers.Call) (*http.Request, error) {
	method, path := http.MethodPost, "/chat/completions"
	if call.Op == providers.ListModels {
		method, path = http.MethodGet, "/models"
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err == nil {
		providers.SetAccept(r.Header, call)
	}
	return r, err
}

// Classify judges as all kinds do.
func (c *Client) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	return providers.Classify(a, e)
}

// ParseModels reads the list of models.
func (c *Client) ParseModels(body []byte) ([]providers.Model, error) {
	return providers.ParseModelList(body)
}
