// Package vertex calls Google's Vertex AI: Gemini models by generateContent, Claude
// models by rawPredict.
package vertex

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/gemini"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// Settings are what an operator sets.
type Settings struct {
	// Project and Location are where models are called; routes can override both.
	Project, Location string
	// Publisher is the publisher of models whose name does not tell it.
	Publisher string
	// Version is the API's version for Gemini, "" for v1beta1; Claude is always called by v1.
	Version string
	// BaseURL replaces the address that follows from the location, nil for none.
	BaseURL *url.URL
	// CallIDs sends ids of function calls to Gemini, which Vertex refused so far (A16).
	CallIDs bool
	// HeaderBetas and BodyBetas are the beta features of Claude that go on in the header
	// and in the body; all others are left out (B25).
	HeaderBetas, BodyBetas []string
	// Express is true if calls are made with an API key and without a project.
	Express bool
}

// Client is the provider without Caddy.
type Client struct {
	settings    Settings
	credentials []providers.Credential
	account     string
}

// New makes a client. account names the credentials in signatures' origins.
func New(s Settings, credentials []providers.Credential, account string) *Client {
	return &Client{settings: s, credentials: credentials, account: account}
}

// place is where and how a model is called.
type place struct {
	base, path string
	publisher  string
}

// Resolve finds a model's publisher and place (provider-gemini-vertex.md 1).
func (c *Client) Resolve(model string, o providers.Options) (*providers.Route, error) {
	if err := gemini.CheckModel(model); err != nil {
		return nil, err
	}
	model, o = resource(model, o)
	publisher, name := c.publisherOf(model, o.Publisher)
	p, err := c.place(publisher, name, o)
	if err != nil {
		return nil, err
	}
	r := &providers.Route{Model: name, Quirks: translate.Quirks{Vertex: true}, Data: p}
	switch publisher {
	case "google":
		r.Wire, r.Family = "gemini", translate.FamilyGoogle
		r.Origin = providers.Origin("vertex", c.account, orElse(o.Project, c.settings.Project))
		r.Quirks.CallIDs = c.settings.CallIDs
	case "anthropic":
		r.Wire, r.Family, r.Adjust = "anthropic", translate.FamilyAnthropic, adjustClaude
	default:
		return nil, fmt.Errorf("publisher %q is not served; there are google and anthropic", publisher)
	}
	return r, nil
}

// adjustClaude sets what Claude on Vertex does not take: URLs, schemas of the API's own
// and strict tools (provider-gemini-vertex.md 1.1).
func adjustClaude(caps *translate.Capabilities) {
	caps.CacheControl, caps.ToolImages, caps.SystemParts = true, true, true
	caps.ImageURL, caps.PDFURL, caps.AudioIn, caps.VideoIn = false, false, false, false
	caps.NativeFormat, caps.StrictTools = false, false
}

// resource takes project and location out of a full resource name
// (projects/P/locations/L/…), so that it is called where it lies.
func resource(model string, o providers.Options) (string, providers.Options) {
	parts := strings.SplitN(model, "/", 5)
	if len(parts) < 5 || parts[0] != "projects" || parts[2] != "locations" {
		return model, o
	}
	o.Project, o.Region = parts[1], parts[3]
	return strings.TrimPrefix(parts[4], "endpoints/"), o
}

// publisherOf tells a model's publisher and its name without it.
func (c *Client) publisherOf(model, override string) (publisher, name string) {
	if rest, ok := strings.CutPrefix(model, "publishers/"); ok {
		publisher, name, _ = strings.Cut(rest, "/models/")
		return publisher, name
	}
	name = strings.TrimPrefix(model, "models/")
	if before, after, ok := strings.Cut(name, "/"); ok {
		return before, after
	}
	switch {
	case override != "":
		publisher = override
	case strings.HasPrefix(name, "claude"):
		publisher = "anthropic"
	default:
		publisher = orElse(c.settings.Publisher, "google")
	}
	return publisher, name
}

// place gives host and path of a model.
func (c *Client) place(publisher, name string, o providers.Options) (*place, error) {
	version := orElse(c.settings.Version, "v1beta1")
	if publisher != "google" {
		version = "v1"
	}
	project, location := orElse(o.Project, c.settings.Project), orElse(o.Region, orElse(c.settings.Location, "global"))
	p := &place{base: "https://" + host(location), publisher: publisher}
	if c.settings.Express {
		p.base = "https://" + host("global")
	}
	if c.settings.BaseURL != nil {
		p.base = c.settings.BaseURL.String()
	}
	models := "publishers/" + publisher + "/models/" + url.PathEscape(name)
	switch {
	case isNumber(name):
		if c.settings.Express {
			return nil, errors.New("a tuned model cannot be called with an API key") // A4
		}
		models = "endpoints/" + name
		fallthrough
	case !c.settings.Express:
		if project == "" {
			return nil, errors.New("no project is set")
		}
		p.path = "/" + version + "/projects/" + url.PathEscape(project) + "/locations/" + url.PathEscape(location) + "/" + models
	default:
		p.path = "/" + version + "/" + models
	}
	return p, nil
}

// host is the API's host for a location: bare for global, .rep. for the multi-regions,
// with the region in front for all others (A1, A2).
func host(location string) string {
	switch location {
	case "global":
		return "aiplatform.googleapis.com"
	case "us", "eu":
		return "aiplatform." + location + ".rep.googleapis.com"
	}
	return location + "-aiplatform.googleapis.com"
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// Credentials lists what can be used.
func (c *Client) Credentials() []providers.Credential { return c.credentials }

// NewRequest makes a call.
func (c *Client) NewRequest(ctx context.Context, call *providers.Call) (*http.Request, error) {
	if call.Route == nil {
		return nil, errors.New("no list of models on Vertex AI")
	}
	p := call.Route.Data.(*place)
	address := p.base + p.path + gemini.Method(call)
	if p.publisher == "anthropic" {
		address = p.base + claudePath(p, call)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err != nil {
		return nil, err
	}
	providers.SetAccept(r.Header, call)
	if p.publisher == "anthropic" {
		c.claude(r, call)
	}
	return r, nil
}

// Classify judges by Google's error bodies, and by the one complaint about betas that a
// second try without them mends.
func (c *Client) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	v := gemini.Classify(a, e)
	if v.Scope == providers.RestCredential && a.Status != http.StatusUnauthorized {
		v.Scope = providers.RestRoute // quotas and permissions are those of a model in a region
	}
	if a.Status == http.StatusBadRequest && strings.Contains(string(a.Body), "anthropic-beta") {
		v.NoBetas = true
	}
	return v
}

// CountsTokens reports that every model has a counter.
func (c *Client) CountsTokens(*providers.Route) bool { return true }
