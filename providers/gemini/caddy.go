package gemini

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(Provider{})
}

// Provider calls Google's Gemini API (AI Studio) with API keys.
type Provider struct {
	module.Base
	*Client `json:"-"`

	// Version is the version of the API. Default: v1beta.
	Version string `json:"version,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.gemini", New: func() caddy.Module { return new(Provider) }}
}

// Provision resolves the settings. It makes no network call.
func (p *Provider) Provision(ctx caddy.Context) error {
	if err := p.Base.Provision(ctx, "https://generativelanguage.googleapis.com", true); err != nil || p.Missing() != nil {
		return err
	}
	version := p.Version
	if version == "" {
		version = "v1beta"
	}
	p.Client = New(p.URL(), version, p.Keys())
	return nil
}

// UnmarshalCaddyfile sets up the provider from Caddyfile tokens:
//
//	provider <name> [gemini] [<key placeholder>] {
//		api_key <placeholder or key>
//		version <version>
//		base_url <url>
//		optional
//		header <name> <value>
//		max_concurrent <n>
//		transport <module> { … }
//	}
func (p *Provider) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return p.UnmarshalBlock(d, []string{"version"}, func(d *caddyfile.Dispenser) (bool, error) {
		if d.Val() != "version" {
			return false, nil
		}
		if !d.AllArgs(&p.Version) {
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
	_ providers.Counter     = (*Provider)(nil)
	_ providers.Lister      = (*Provider)(nil)
)
