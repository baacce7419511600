package openai

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(Provider{})
}

// Provider calls OpenAI's Chat Completions, or any compatible server by base_url. A key
// is needed for OpenAI itself; a server of one's own may do without.
type Provider struct {
	module.Base
	*Client `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.openai", New: func() caddy.Module { return new(Provider) }}
}

// Provision resolves the settings. It makes no network call.
func (p *Provider) Provision(ctx caddy.Context) error {
	if err := p.Base.Provision(ctx, "https://"+officialHost, p.BaseURL == ""); err != nil || p.Missing() != nil {
		return err
	}
	p.Client = New(p.URL(), p.Keys())
	return nil
}

// UnmarshalCaddyfile sets up the provider from Caddyfile tokens:
//
//	provider <name> [openai] [<key placeholder>] {
//		api_key <placeholder or key>
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
	_ providers.Lister      = (*Provider)(nil)
)
