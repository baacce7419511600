package xjpgateway

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// siteParser reads the directive's block: the site's options, and those of the app that
// the smallest configurations write there.
type siteParser struct {
	*parser
	handler Handler
	// used is true if the block holds options of the app.
	used bool
}

// option reads one option.
func (p *siteParser) option(d *caddyfile.Dispenser) error {
	s := &p.handler
	switch d.Val() {
	case "models":
		return p.models(d, &s.Models)
	case "auth":
		s.Auth = "off"
		return parseWord(d, s.Auth)
	case "errors":
		s.Errors = "return"
		return parseWord(d, s.Errors)
	case "cors":
		origins := d.RemainingArgs()
		if len(origins) == 0 {
			origins = []string{"*"}
		}
		s.CORS = append(s.CORS, origins...)
		return nil
	}
	p.used = true
	return p.parser.option(d)
}

// finish checks the block against the global option and the blocks of other sites.
func (p *siteParser) finish(h httpcaddyfile.Helper) error {
	var global Config
	if app, ok := h.Option("xjp").(httpcaddyfile.App); ok {
		if err := json.Unmarshal(app.Value, &global); err != nil {
			return h.WrapErr(err)
		}
	}
	switch {
	case p.config.defines() && global.defines():
		return p.first.Errf("providers and models are defined here and in the global option xjp; keep them in one place")
	case global.defines():
		return p.checkModels(&global)
	}
	if err := p.parser.finish(); err != nil {
		return err
	}
	return p.compare(h.State)
}

// inlineSites is the key of the adaptation's state under which the sites that define
// providers and models of their own are kept.
const inlineSites = "xjp_gateway.sites"

// inlineSite is what one site defines.
type inlineSite struct {
	config  string
	defined map[string]bool
}

// compare refuses what another site has defined already, unless both say the same in
// all, as a snippet does that several sites import.
func (p *siteParser) compare(state map[string]any) error {
	if !p.config.defines() {
		return nil
	}
	sites, _ := state[inlineSites].([]inlineSite)
	this := inlineSite{string(caddyconfig.JSON(p.config, nil)), map[string]bool{}}
	for _, site := range sites {
		if site.config == this.config {
			return nil
		}
	}
	for _, m := range p.defined {
		for _, site := range sites {
			if site.defined[m.name] {
				return m.at.Errf("%s is already defined in another site; define what sites share in the global option xjp", m.name)
			}
		}
		this.defined[m.name] = true
	}
	state[inlineSites] = append(sites, this)
	return nil
}
