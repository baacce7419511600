package native

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/providers/openai"
)

func init() {
	caddy.RegisterModule(foreign{})
	caddy.RegisterModule(counted{})
}

// foreign is a provider as a third party builds one in.
type foreign struct {
	module.Base
	*openai.Client `json:"-"`
	Planet         string `json:"planet,omitempty"`
}

func (foreign) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.foreign", New: func() caddy.Module { return new(foreign) }}
}

func (p *foreign) Provision(ctx caddy.Context) error {
	if err := p.Base.Provision(ctx, "http://foreign.invalid", false); err != nil || p.Missing() != nil {
		return err
	}
	p.Client = openai.New(p.URL(), p.Keys())
	return nil
}

func (p *foreign) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return p.UnmarshalBlock(d, []string{"planet"}, func(d *caddyfile.Dispenser) (bool, error) {
		if d.Val() != "planet" {
			return false, nil
		}
		if !d.AllArgs(&p.Planet) {
			return true, d.ArgErr()
		}
		return true, nil
	})
}

// counted is a transport of a third party.
type counted struct{}

// countedCalls is how many requests went through it.
var countedCalls int

func (counted) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.transport.counted", New: func() caddy.Module { return new(counted) }}
}

func (*counted) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return nil
}

func (*counted) RoundTrip(r *http.Request) (*http.Response, error) {
	countedCalls++
	return http.DefaultTransport.RoundTrip(r)
}
