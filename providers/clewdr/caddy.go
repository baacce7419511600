package clewdr

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(Provider{})
}

// Provider calls a self-hosted Clewdr. Clewdr is not a product of Anthropic; its terms
// of use are its operator's concern. It gives weak guarantees: usage may be estimated,
// and its web back end takes nothing but text and images.
type Provider struct {
	module.Base
	*Client `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.clewdr", New: func() caddy.Module { return new(Provider) }}
}

// Provision resolves the settings. It makes no network call.
func (p *Provider) Provision(ctx caddy.Context) error {
	if err := p.Base.Provision(ctx, "http://127.0.0.1:8484", false); err != nil || p.Missing() != nil {
		return err
	}
	p.Client = New(p.URL(), p.Keys())
	return nil
}

// UnmarshalCaddyfile sets up the provider from Caddyfile tokens:
//
//	provider <name> [clewdr] [<password placeholder>] {
//		api_key <placeholder or password>
//		base_url <url>
//		optional
//		header <name> <value>
//		max_concurrent <n>
//		transport <module> { … }
//	}
func (p *Provider) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return p.UnmarshalBlock(d, nil, func(*caddyfile.Dispenser) (bool, error) { return false, nil })
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Provider)(nil)
	_ caddyfile.Unmarshaler = (*Provider)(nil)
	_ module.Provider       = (*Provider)(nil)
	_ providers.Counter     = (*Provider)(nil)
	_ providers.Lister      = (*Provider)(nil)
	_ providers.Streamer    = (*Provider)(nil)
)
