// Package openrouter calls OpenRouter, in Chat or in Messages.
package openrouter

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Settings are what an operator can set beside keys and address.
type Settings struct {
	// Referer, Title and Categories attribute the traffic to an application.
	Referer, Title, Categories string
	// Cache lets OpenRouter answer from its response cache.
	Cache bool
	// Metadata asks for routing details in answers.
	Metadata bool
	// AllowFields are fields that clients may set although they spend money or move data.
	AllowFields []string

	bounds []bound // of the prices that are paid
}

// Client is the provider without Caddy.
type Client struct {
	base     string
	settings Settings
	keys     []providers.Credential
	denied   []string
}

// routing are the fields by which a request chooses where data goes and what is paid
// for; clients may set them only where the operator allows it (provider-openrouter.md 8.2).
var routing = []string{"provider", "plugins", "models", "route", "fallbacks", "transforms", "debug", "preset", "session_id"}

// New makes a client for an address, pasted with or without /v1.
func New(address *url.URL, keys []string, s Settings) *Client {
	c := &Client{base: providers.TrimVersion(address.String(), "/v1"), settings: s, keys: providers.BearerKeys(keys)}
	allowed := " " + strings.Join(s.AllowFields, " ") + " "
	for _, field := range routing {
		if !strings.Contains(allowed, " "+field+" ") {
			c.denied = append(c.denied, field)
		}
	}
	return c
}

// Resolve chooses the wire form: Messages for Messages clients of Claude models, which
// carries thinking, caching and tools whole (D29), Chat for all others.
func (c *Client) Resolve(model string, o providers.Options) (*providers.Route, error) {
	r := &providers.Route{
		Wire: o.Wire, Model: model, Family: family(model),
		Quirks: translate.Quirks{OpenRouter: true, UserField: "user"},
	}
	if r.Wire == "" {
		r.Wire = "openai"
		if o.Dialect == "anthropic" && r.Family == translate.FamilyAnthropic {
			r.Wire = "anthropic"
		}
	}
	r.Adjust = func(caps *translate.Capabilities) { adjust(caps, r) }
	return r, nil
}

// family follows from the vendor before the slash; ~ marks an alias of the newest.
func family(model string) string {
	vendor, _, _ := strings.Cut(strings.TrimPrefix(model, "~"), "/")
	switch vendor {
	case "anthropic":
		return translate.FamilyAnthropic
	case "google":
		return translate.FamilyGoogle
	case "openai":
		return translate.FamilyOpenAI
	case "x-ai":
		return translate.FamilyXAI
	}
	return ""
}

// adjust sets what OpenRouter takes on behalf of the model. A recorded answer shows that
// it takes URLs of videos, though its documentation knows providers that take none: for
// those a route says otherwise (D26).
func adjust(caps *translate.Capabilities, r *providers.Route) {
	caps.ReasoningStyle, caps.MaxTokensParam = "openrouter", "max_tokens"
	caps.ImageURL, caps.PDF, caps.PDFURL, caps.VideoURL = true, true, true, true
	caps.SystemParts, caps.TopK = true, true
	caps.CacheControl = r.Family == translate.FamilyAnthropic || r.Family == translate.FamilyGoogle
	caps.WebSearch = "openrouter"
	caps.StopMax, caps.UserMax = 0, 0
}

// Credentials lists the keys.
func (c *Client) Credentials() []providers.Credential { return c.keys }

// NewRequest makes a call.
func (c *Client) NewRequest(ctx context.Context, call *providers.Call) (*http.Request, error) {
	if err := c.check(call); err != nil {
		return nil, err
	}
	if call.Op == providers.Generate && len(c.settings.bounds) > 0 {
		var err error
		if call.Body, err = withBounds(call.Body, c.settings.bounds); err != nil {
			return nil, err
		}
	}
	method, path := http.MethodPost, "/v1/chat/completions"
	switch {
	case call.Op == providers.ListModels:
		method, path = http.MethodGet, "/v1/models?output_modalities=all"
	case call.Op == providers.Bill:
		method, path = http.MethodGet, "/v1/generation?id="+url.QueryEscape(call.AnswerID)
	case call.Route.Wire == "anthropic":
		path = "/v1/messages"
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return nil, err
	}
	c.setHeaders(r.Header, call)
	return r, nil
}

// check refuses what must not go out: OpenRouter's own tools, which cost, and in Messages
// what it does not take together.
func (c *Client) check(call *providers.Call) error {
	if err := c.checkTools(call); err != nil {
		return err
	}
	return c.checkFallbacks(call)
}

// checkTools refuses tools that OpenRouter runs itself, unless the operator allows the
// field server_tools (provider-openrouter.md 2 and 8.2).
func (c *Client) checkTools(call *providers.Call) error {
	if slices.Contains(c.settings.AllowFields, "server_tools") || !bytes.Contains(call.Body, []byte("openrouter:")) {
		return nil
	}
	v, err := scan.Parse(call.Body)
	if err != nil {
		return nil
	}
	for tool := range v.Get("tools").Elements() {
		if kind := tool.Get("type").Text(); kind.HasPrefix("openrouter:") {
			return translate.Invalid("tools", "tools of type "+kind.String()+" are not allowed here")
		}
	}
	return nil
}

// checkFallbacks refuses both ways of naming fallbacks together (D30). They can only come
// where the operator lets clients set both.
func (c *Client) checkFallbacks(call *providers.Call) error {
	if call.Route == nil || call.Route.Wire != "anthropic" || slices.Contains(c.denied, "fallbacks") || slices.Contains(c.denied, "models") {
		return nil
	}
	v, err := scan.Parse(call.Body)
	if err == nil && v.Get("fallbacks").Exists() && v.Get("models").Exists() {
		return translate.Invalid("fallbacks", "fallbacks and models cannot be set together")
	}
	return nil
}

func (c *Client) setHeaders(h http.Header, call *providers.Call) {
	providers.SetAccept(h, call)
	for name, value := range map[string]string{"HTTP-Referer": c.settings.Referer, "X-OpenRouter-Title": c.settings.Title, "X-OpenRouter-Categories": c.settings.Categories} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if c.settings.Metadata {
		h.Set("X-OpenRouter-Metadata", "enabled")
	}
	if !c.settings.Cache {
		h.Set("X-OpenRouter-Cache", "false")
	}
	if call.Route == nil || call.Route.Wire != "anthropic" {
		return
	}
	h.Set("Anthropic-Version", providers.AnthropicVersion)
	if call.PassThrough && !call.NoBetas {
		if betas := providers.Betas(call.Client); len(betas) > 0 {
			h.Set("X-Anthropic-Beta", strings.Join(betas, ","))
		}
	}
}

// DeniedFields lists the fields that clients may not set.
func (c *Client) DeniedFields(*providers.Route) []string { return c.denied }

// ParseModels reads the list of models.
func (c *Client) ParseModels(body []byte) ([]providers.Model, error) {
	return providers.ParseModelList(body)
}
