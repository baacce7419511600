// Package gemini calls Google's Gemini API (AI Studio).
package gemini

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Client is the provider without Caddy.
type Client struct {
	base   string
	origin string
	keys   []providers.Credential
}

// New makes a client for an address and a version of the API such as v1beta.
func New(address *url.URL, version string, keys []string) *Client {
	return &Client{
		base:   providers.TrimVersion(address.String(), "/"+version) + "/" + version,
		origin: providers.Origin(append([]string{"gemini", address.Host}, keys...)...),
		keys:   providers.HeaderKeys("X-Goog-Api-Key", keys),
	}
}

// CheckModel refuses names that would change the URL (A6).
func CheckModel(model string) error {
	if model == "" || strings.ContainsAny(model, "?&#%") || strings.Contains(model, "..") {
		return fmt.Errorf("%q is no name of a model", model)
	}
	return nil
}

// Resolve serves a model by generateContent.
func (c *Client) Resolve(model string, _ providers.Options) (*providers.Route, error) {
	if err := CheckModel(model); err != nil {
		return nil, err
	}
	return &providers.Route{
		Wire: "gemini", Model: model, Family: translate.FamilyGoogle, Origin: c.origin,
		Quirks: translate.Quirks{CallIDs: true},
	}, nil
}

// Credentials lists the keys.
func (c *Client) Credentials() []providers.Credential { return c.keys }

// resource is a model's path: models/x, tunedModels/x or as it was given.
func resource(model string) string {
	if strings.HasPrefix(model, "models/") || strings.HasPrefix(model, "tunedModels/") {
		return model
	}
	return "models/" + model
}

// NewRequest makes a call.
func (c *Client) NewRequest(ctx context.Context, call *providers.Call) (*http.Request, error) {
	method, path := http.MethodGet, "/models?pageSize=1000"
	if call.Op != providers.ListModels {
		method, path = http.MethodPost, "/"+EscapePath(resource(call.Route.Model))+Method(call)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err == nil {
		providers.SetAccept(r.Header, call)
	}
	return r, err
}

// Method is what a URL ends in. Without alt=sse a stream would be one JSON array (A5).
func Method(call *providers.Call) string {
	switch {
	case call.Op == providers.CountTokens:
		return ":countTokens"
	case call.Stream:
		return ":streamGenerateContent?alt=sse"
	}
	return ":generateContent"
}

// EscapePath escapes each segment of a path.
func EscapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// Classify judges by Google's error bodies.
func (c *Client) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	return Classify(a, e)
}

// CountsTokens reports that every model has a counter.
func (c *Client) CountsTokens(*providers.Route) bool { return true }

// ParseModels reads the list of models.
func (c *Client) ParseModels(body []byte) ([]providers.Model, error) {
	v, err := scan.Parse(body)
	if err != nil {
		return nil, err
	}
	var list []providers.Model
	for m := range v.Get("models").Elements() {
		id := strings.TrimPrefix(m.Get("name").Str(), "models/")
		if id == "" || !generates(m) {
			continue
		}
		window, _ := m.Get("inputTokenLimit").Int()
		most, _ := m.Get("outputTokenLimit").Int()
		list = append(list, providers.Model{ID: id, DisplayName: m.Get("displayName").Str(), ContextWindow: window, MaxOutput: most})
	}
	return list, nil
}

// generates reports whether a model answers; lists hold others too, such as embedders.
func generates(m scan.Value) bool {
	methods := m.Get("supportedGenerationMethods")
	for method := range methods.Elements() {
		if method.Text().Equal("generateContent") {
			return true
		}
	}
	return !methods.Exists()
}
