// Package clewdr calls a self-hosted Clewdr through its Claude-native endpoints.
package clewdr

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// The back ends of Clewdr: the real API behind it, or the web interface that takes
// nothing but text and images (provider-clewdr.md 1).
const (
	code = "code"
	web  = "web"
)

// restBlocked is how long the provider rests when its address is blocked.
const restBlocked = 10 * time.Minute

// Client is the provider without Caddy.
type Client struct {
	base string
	keys []providers.Credential
	pool pool
}

// New makes a client for an address.
func New(address *url.URL, keys []string) *Client {
	return &Client{base: providers.TrimVersion(address.String(), "/v1"), keys: providers.BearerKeys(keys)}
}

// Resolve serves a model by one of the back ends.
func (c *Client) Resolve(model string, o providers.Options) (*providers.Route, error) {
	backend := o.Backend
	if backend == "" {
		backend = code
	}
	r := &providers.Route{Wire: "anthropic", Model: model, Family: translate.FamilyAnthropic, Data: backend}
	switch backend {
	case code:
		r.Adjust = adjustCode
	case web:
		// A translation refuses what the web back end would drop in silence (E8), and mends
		// what its answers lack (E7, E10, E11).
		r.Adjust, r.Rewrite, r.Quirks = adjustWeb, true, translate.Quirks{Uncounted: true}
	default:
		return nil, fmt.Errorf("backend %q is not known; there are code and web", backend)
	}
	return r, nil
}

func adjustCode(caps *translate.Capabilities) {
	caps.CacheControl, caps.ImageURL, caps.PDFURL, caps.ToolImages = true, true, true, true
	caps.AudioIn, caps.VideoIn, caps.SystemParts = false, false, true
}

// adjustWeb declares what survives the web interface: text and base64 images.
func adjustWeb(caps *translate.Capabilities) {
	caps.Tools, caps.PDF, caps.AudioIn, caps.VideoIn = false, false, false, false
	caps.ImageURL, caps.PDFURL, caps.ToolImages, caps.CacheControl = false, false, false, false
	caps.Adaptive, caps.Budget, caps.Effort, caps.NativeFormat = false, false, false, false
	caps.ForcedTools, caps.WebSearch = false, ""
}

// Credentials lists the passwords; there is one for all callers.
func (c *Client) Credentials() []providers.Credential { return c.keys }

// NewRequest makes a call.
func (c *Client) NewRequest(ctx context.Context, call *providers.Call) (*http.Request, error) {
	method, path := http.MethodPost, "/code/v1/messages"
	switch {
	case call.Op == providers.ListModels:
		method, path = http.MethodGet, "/code/v1/models"
	case call.Op == providers.CountTokens:
		path = "/code/v1/messages/count_tokens"
	case call.Route.Data == web:
		path = "/v1/messages"
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err == nil {
		providers.AnthropicHeaders(r.Header, call)
	}
	return r, err
}

// CountsTokens reports that only the code back end has a counter.
func (c *Client) CountsTokens(r *providers.Route) bool { return r.Data == code }

// ForceStream streams what Clewdr only answers rightly as a stream: all of the web back
// end, whose whole answers lack stop reason (E10) and stop sequences (E17), and a prompt
// that is exactly Hi, which Clewdr would answer by itself (E1).
func (c *Client) ForceStream(call *providers.Call) bool {
	if call.Route.Data == web {
		return true
	}
	v, err := scan.Parse(call.Body)
	return err == nil && onlyHi(v.Get("messages"))
}

// onlyHi reports whether the one message is the magic prompt, as a string or as one text
// block. Chat's system messages do not count: they are no messages upstream.
func onlyHi(messages scan.Value) bool {
	var only scan.Value
	for m := range messages.Elements() {
		if role := m.Get("role").Str(); role == "system" || role == "developer" {
			continue
		}
		if only.Exists() {
			return false
		}
		only = m
	}
	content := only.Get("content")
	if content.Kind() == scan.Array && content.Len() == 1 {
		content = content.First().Get("text")
	}
	return content.Text().Equal("Hi")
}

// Classify judges by Clewdr's error types: an empty pool of cookies is an overload that
// lasts minutes (E3, E4); its complaints about our JSON are our own fault.
func (c *Client) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	kind := errorType(a.Body)
	v := providers.Classify(a, e)
	switch {
	case kind == "no_cookie_available" || kind == "too_many_retries":
		e.Kind, e.Message = translate.ErrOverloaded, "the provider has no account left that can answer"
		e.RetryAfter = c.pool.empty(time.Now())
		return providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: e.RetryAfter}
	case kind == "json_rejection" && a.Status != http.StatusRequestEntityTooLarge,
		a.Status == http.StatusBadRequest && strings.HasPrefix(kind, "invalid_") && kind != "invalid_request_error",
		a.Status == http.StatusBadRequest && kind == "parse_cookie_error":
		e.Kind, e.Message = translate.ErrUpstream, "the provider could not read the request"
		return providers.Verdict{Action: providers.Next, Alarm: true}
	case a.Status == http.StatusFound:
		return providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: restBlocked, Alarm: true}
	case a.Status == http.StatusInternalServerError:
		v.Repeat()
	}
	return v
}

// errorType reads error.type of a body; "" if there is none.
func errorType(body []byte) string {
	v, err := scan.Parse(body)
	if err != nil {
		return ""
	}
	return v.At("error", "type").Str()
}

// ParseModels reads the list of models.
func (c *Client) ParseModels(body []byte) ([]providers.Model, error) {
	return providers.ParseModelList(body)
}
