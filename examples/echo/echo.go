// Package echo is a provider as a third party would write it: a Caddy module outside of
// the gateway's own packages, which calls a server that speaks Chat at /chat.
package echo

import (
	"context"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/translate"
)

func init() {
	caddy.RegisterModule(Provider{})
}

// Provider calls an echo server. Embedding module.Base gives it keys, address, headers,
// transport and optional.
type Provider struct {
	module.Base

	// Room is the room of the server to speak in. Default: none.
	Room string `json:"room,omitempty"`

	credentials []providers.Credential
}

// CaddyModule returns the Caddy module information.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.echo", New: func() caddy.Module { return new(Provider) }}
}

// Provision resolves the settings. It makes no network call.
func (p *Provider) Provision(ctx caddy.Context) error {
	if err := p.Base.Provision(ctx, "https://echo.example.com", true); err != nil || p.Missing() != nil {
		return err
	}
	p.credentials = providers.HeaderKeys("X-Echo-Key", p.Keys())
	return nil
}

// Resolve serves any model as Chat. What the server takes of a request is declared in
// Adjust; all else is translated, reported or refused by the gateway.
func (p *Provider) Resolve(model string, _ providers.Options) (*providers.Route, error) {
	return &providers.Route{Wire: "openai", Model: model, Adjust: func(caps *translate.Capabilities) {
		caps.Tools = false
	}}, nil
}

// Credentials lists the keys, of which the gateway takes one for each attempt.
func (p *Provider) Credentials() []providers.Credential { return p.credentials }

// NewRequest makes a call. Credential and body are added by the gateway.
func (p *Provider) NewRequest(ctx context.Context, call *providers.Call) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL().String()+"/chat", nil)
	if err != nil {
		return nil, err
	}
	providers.SetAccept(r.Header, call)
	if p.Room != "" {
		r.Header.Set("X-Echo-Room", p.Room)
	}
	return r, nil
}

// Classify says what an error means: here as everywhere, but that the server answers
// 418 when it is busy.
func (p *Provider) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	if a.Status == http.StatusTeapot {
		e.Kind, e.Message = translate.ErrOverloaded, "the provider is busy"
	}
	return providers.Classify(a, e)
}

// UnmarshalCaddyfile sets up the provider from Caddyfile tokens:
//
//	provider <name> [echo] [<key placeholder>] {
//		room <name>
//		<options of all kinds>
//	}
func (p *Provider) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return p.UnmarshalBlock(d, []string{"room"}, func(d *caddyfile.Dispenser) (bool, error) {
		if d.Val() != "room" {
			return false, nil
		}
		if !d.AllArgs(&p.Room) {
			return true, d.ArgErr()
		}
		return true, nil
	})
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Provider)(nil)
	_ caddyfile.Unmarshaler = (*Provider)(nil)
	_ module.Provider       = (*Provider)(nil)
)
