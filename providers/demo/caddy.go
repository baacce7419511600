package demo

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(Provider{})
}

// Provider is an upstream inside the process, which needs no network and no key. It
// answers in the features of each dialect and fails on request in the ways real
// providers do, so that clients and operators can rehearse.
type Provider struct {
	module.Base
	*Client `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.demo", New: func() caddy.Module { return new(Provider) }}
}

// Provision makes the upstream.
func (p *Provider) Provision(ctx caddy.Context) error {
	p.Client = NewClient()
	return p.Base.Provision(ctx, "http://demo.invalid", false)
}

// UnmarshalCaddyfile sets up the provider from Caddyfile tokens:
//
//	provider <name> [demo]
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
	_ providers.Transporter = (*Provider)(nil)
)
