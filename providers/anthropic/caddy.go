package anthropic

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(Provider{})
}

// Provider calls Anthropic's Messages API, or a server that speaks it by base_url.
type Provider struct {
	module.Base
	*Client `json:"-"`

	// Auth is how keys are sent: "x-api-key" (default) or "bearer".
	Auth string `json:"auth,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.anthropic", New: func() caddy.Module { return new(Provider) }}
}

// Provision resolves the settings. It makes no network call.
func (p *Provider) Provision(ctx caddy.Context) error {
	if p.Auth != "" && p.Auth != "x-api-key" && p.Auth != "bearer" {
		return fmt.Errorf("auth: %q is not known; there are x-api-key and bearer", p.Auth)
	}
	if err := p.Base.Provision(ctx, "https://api.anthropic.com", true); err != nil || p.Missing() != nil {
		return err
	}
	p.Client = New(p.URL(), p.Keys(), p.Auth == "bearer")
	return nil
}

// UnmarshalCaddyfile sets up the provider from Caddyfile tokens:
//
//	provider <name> [anthropic] [<key placeholder>] {
//		api_key <placeholder or key>
//		auth x-api-key|bearer
//		base_url <url>
//		optional
//		header <name> <value>
//		max_concurrent <n>
//		transport <module> { … }
//	}
func (p *Provider) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return p.UnmarshalBlock(d, []string{"auth"}, func(d *caddyfile.Dispenser) (bool, error) {
		if d.Val() != "auth" {
			return false, nil
		}
		if !d.AllArgs(&p.Auth) || p.Auth != "x-api-key" && p.Auth != "bearer" {
			return true, d.Err("auth takes x-api-key or bearer")
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
