package openrouter

import (
	"encoding/json"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(Provider{})
}

// Provider calls OpenRouter. Clients cannot set the fields that choose OpenRouter's
// providers, plugins and fallbacks, unless allow_fields names them.
type Provider struct {
	module.Base
	*Client `json:"-"`

	// Referer, Title and Categories attribute the traffic to an application.
	Referer    string `json:"referer,omitempty"`
	Title      string `json:"title,omitempty"`
	Categories string `json:"categories,omitempty"`

	// Cache lets OpenRouter answer equal requests from its response cache.
	Cache bool `json:"cache,omitempty"`

	// Metadata asks OpenRouter for routing details in its answers.
	Metadata bool `json:"metadata,omitempty"`

	// AllowFields are routing fields that clients may set: provider, plugins, models,
	// route, fallbacks, transforms, debug, preset, session_id. server_tools allows tools
	// that OpenRouter runs itself.
	AllowFields []string `json:"allow_fields,omitempty"`

	// MaxPrice is the most that the providers behind OpenRouter may ask: dearer ones are not
	// called. Default: no bound.
	MaxPrice MaxPrice `json:"max_price,omitzero"`
}

// CaddyModule returns the Caddy module information.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.openrouter", New: func() caddy.Module { return new(Provider) }}
}

// Provision resolves the settings. It makes no network call.
func (p *Provider) Provision(ctx caddy.Context) error {
	if err := p.Base.Provision(ctx, "https://openrouter.ai/api", true); err != nil || p.Missing() != nil {
		return err
	}
	bounds, err := p.MaxPrice.bounds()
	if err != nil {
		return err
	}
	p.Client = New(p.URL(), p.Keys(), Settings{p.Referer, p.Title, p.Categories, p.Cache, p.Metadata, p.AllowFields, bounds})
	return nil
}

// UnmarshalCaddyfile sets up the provider from Caddyfile tokens:
//
//	provider <name> [openrouter] [<key placeholder>] {
//		api_key <placeholder or key>
//		referer <url>
//		title <text>
//		categories <list>
//		cache
//		metadata
//		allow_fields <name…>
//		max_price {
//			prompt|completion|request|image <usd>
//		}
//		base_url <url>
//		optional
//		header <name> <value>
//		max_concurrent <n>
//		transport <module> { … }
//	}
func (p *Provider) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return p.UnmarshalBlock(d, []string{"referer", "title", "categories", "cache", "metadata", "allow_fields", "max_price"}, p.option)
}

func (p *Provider) option(d *caddyfile.Dispenser) (bool, error) {
	text := map[string]*string{"referer": &p.Referer, "title": &p.Title, "categories": &p.Categories}
	if field := text[d.Val()]; field != nil {
		if !d.AllArgs(field) {
			return true, d.ArgErr()
		}
		return true, nil
	}
	switch d.Val() {
	case "cache":
		p.Cache = true
	case "metadata":
		p.Metadata = true
	case "allow_fields":
		if p.AllowFields = d.RemainingArgs(); len(p.AllowFields) == 0 {
			return true, d.ArgErr()
		}
	case "max_price":
		return true, p.maxPrice(d)
	default:
		return false, nil
	}
	return true, nil
}

// maxPrice reads `{ prompt|completion|request|image <usd> }`.
func (p *Provider) maxPrice(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	var names []string
	for i := range units {
		names = append(names, units[i].name)
	}
	block := module.Block{Name: "max_price", Once: names}
	return block.Read(d, func(name string) error {
		var text string
		if !d.AllArgs(&text) {
			return d.ArgErr()
		}
		u := &units[slices.Index(names, name)]
		most, err := u.parse(text)
		if err != nil {
			return d.Errf("max_price: %s: %v", name, err)
		}
		*u.of(&p.MaxPrice) = json.Number(u.format(most))
		return nil
	})
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Provider)(nil)
	_ caddyfile.Unmarshaler = (*Provider)(nil)
	_ module.Provider       = (*Provider)(nil)
	_ providers.Lister      = (*Provider)(nil)
	_ providers.Rewriter    = (*Provider)(nil)
	_ providers.Biller      = (*Provider)(nil)
	_ providers.Guard       = (*Provider)(nil)
)
