package xjpgateway

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("xjp", parseGlobal)
	httpcaddyfile.RegisterHandlerDirective("xjp_gateway", parseHandler)
	httpcaddyfile.RegisterHandlerDirective("xjp_error", parseErrorHandler)
	httpcaddyfile.RegisterDirectiveOrder("xjp_gateway", httpcaddyfile.Before, "reverse_proxy")
	httpcaddyfile.RegisterDirectiveOrder("xjp_error", httpcaddyfile.Before, "reverse_proxy")
}

// parseGlobal reads the global option:
//
//	xjp {
//		provider <name> [<kind>] [<secret placeholder>] { … }
//		model <name> { … }
//		key <placeholder or key> { … }
//		timeout { … }
//		keep_alive <duration>
//		max_body <size>
//		max_bodies <size>
//		max_event <size>
//		fetch off | { … }
//		recall off | { … }
//		log_filter ok
//	}
func parseGlobal(d *caddyfile.Dispenser, existing any) (any, error) {
	if existing != nil {
		return nil, d.Err("the xjp option is already specified; keep it in one block")
	}
	d.Next()
	if d.NextArg() {
		return nil, d.ArgErr()
	}
	p := parser{config: &Config{}}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		known, err := p.option(d)
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, unknownOption(d, "xjp", appOptions)
		}
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	app := App{Config: *p.config}
	return httpcaddyfile.App{Name: "xjp", Value: caddyconfig.JSON(&app, nil)}, nil
}

// appOptions are the options of the app, siteOptions those of a site.
var (
	appOptions  = []string{"provider", "model", "key", "timeout", "keep_alive", "max_body", "max_bodies", "max_event", "fetch", "recall", "log_filter"}
	siteOptions = []string{"models", "auth", "cors", "errors"}
)

// parseHandler reads the directive. The smallest configurations put the app's options
// into it as well:
//
//	xjp_gateway [<matcher>] {
//		models <name…>
//		auth off
//		cors <origin…>
//		errors return
//
//		<options of the global option xjp>
//	}
func parseHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	d := h.Dispenser
	d.Next()
	if d.NextArg() {
		return nil, d.ArgErr()
	}
	var handler Handler
	p := parser{config: &Config{}}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		known, err := handler.option(d)
		if !known && err == nil {
			known, err = p.option(d)
		}
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, unknownOption(d, "xjp_gateway", append(siteOptions, appOptions...))
		}
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	if app, ok := h.Option("xjp").(httpcaddyfile.App); ok && p.config.defines() {
		var config Config
		if json.Unmarshal(app.Value, &config) == nil && config.defines() {
			return nil, p.first.Errf("providers and models are defined in the global option xjp as well; keep them in one place")
		}
	}
	if p.used {
		handler.Inline = p.config
	}
	return &handler, nil
}

// option reads one option of a site.
func (h *Handler) option(d *caddyfile.Dispenser) (bool, error) {
	switch d.Val() {
	case "models":
		names := d.RemainingArgs()
		if len(names) == 0 {
			return true, d.ArgErr()
		}
		h.Models = append(h.Models, names...)
	case "auth":
		if !d.AllArgs(&h.Auth) || h.Auth != "off" {
			return true, d.Err("auth takes the one value off")
		}
	case "cors":
		origins := d.RemainingArgs()
		if len(origins) == 0 {
			origins = []string{"*"}
		}
		h.CORS = append(h.CORS, origins...)
	case "errors":
		if !d.AllArgs(&h.Errors) || h.Errors != "return" {
			return true, d.Err("errors takes the one value return")
		}
	default:
		return false, nil
	}
	return true, nil
}

func parseErrorHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h.Next()
	if h.NextArg() {
		return nil, h.ArgErr()
	}
	return ErrorHandler{}, nil
}

// unknownOption lists the options that a block knows.
func unknownOption(d *caddyfile.Dispenser, block string, known []string) error {
	return d.Errf("unknown %s option '%s'; known are: %s", block, d.Val(), strings.Join(known, ", "))
}

// parser reads the app's options, wherever they stand.
type parser struct {
	config *Config
	used   bool
	first  *caddyfile.Dispenser // where providers and models are first defined
	// routes remembers where each route was written, for checks that need all providers.
	routes []routeToken
}

type routeToken struct {
	provider string
	at       *caddyfile.Dispenser
}

// option reads one option of the app and reports whether it is one.
func (p *parser) option(d *caddyfile.Dispenser) (known bool, err error) {
	c := p.config
	switch d.Val() {
	case "provider":
		err = p.provider(d)
	case "model":
		err = p.model(d)
	case "key":
		err = p.key(d)
	case "timeout":
		err = parseTimeouts(d, &c.Timeouts)
	case "keep_alive":
		err = parseDuration(d, &c.KeepAlive)
	case "max_body":
		err = parseSize(d, &c.MaxBody)
	case "max_bodies":
		err = parseSize(d, &c.MaxBodies)
	case "max_event":
		err = parseSize(d, &c.MaxEvent)
	case "fetch":
		err = parseFetch(d, &c.Fetch)
	case "recall":
		err = parseRecall(d, &c.Recall)
	case "log_filter":
		var value string
		if !d.AllArgs(&value) || value != "ok" {
			err = d.Err("log_filter takes the one value ok")
		}
		c.LogFilterOK = true
	default:
		return false, nil
	}
	p.used = true
	return true, err
}

// provider reads `provider <name> [<kind>] [<secret placeholder>] { … }`. The kind
// defaults to the name.
func (p *parser) provider(d *caddyfile.Dispenser) error {
	p.mark(d)
	if !d.NextArg() {
		return d.ArgErr()
	}
	name, kind := d.Val(), d.Val()
	at := *d
	if d.NextArg() {
		if strings.HasPrefix(d.Val(), "{") {
			*d = at
		} else {
			kind = d.Val()
		}
	}
	segment := d.NewFromNextSegment()
	if p.config.Providers[name] != nil {
		return d.Errf("provider '%s' is already defined", name)
	}
	info, err := caddy.GetModule("xjp.providers." + kind)
	if err != nil {
		return d.Errf("unknown provider kind '%s'; there are: %s (others must be built in with xcaddy)", kind, strings.Join(providerKinds(), ", "))
	}
	instance := info.New()
	unmarshaler, ok := instance.(caddyfile.Unmarshaler)
	if !ok {
		return d.Errf("provider kind '%s' cannot be configured in a Caddyfile", kind)
	}
	if err := unmarshaler.UnmarshalCaddyfile(segment); err != nil {
		return err
	}
	if _, ok := instance.(module.Provider); !ok {
		return d.Errf("module xjp.providers.%s is no provider", kind)
	}
	if p.config.Providers == nil {
		p.config.Providers = map[string]json.RawMessage{}
	}
	p.config.Providers[name] = caddyconfig.JSONModuleObject(instance, "kind", kind, nil)
	return nil
}

func providerKinds() []string {
	var kinds []string
	for _, info := range caddy.GetModules("xjp.providers") {
		kinds = append(kinds, info.ID.Name())
	}
	return kinds
}

// mark remembers where providers and models are first defined.
func (p *parser) mark(d *caddyfile.Dispenser) {
	if p.first == nil {
		at := *d
		p.first = &at
	}
}

// key reads `key <placeholder or key> { id <name> … }`.
func (p *parser) key(d *caddyfile.Dispenser) error {
	k := &KeyConfig{}
	if !d.AllArgs(&k.Key) {
		return d.ArgErr()
	}
	if hash, ok := strings.CutPrefix(k.Key, "sha256:"); ok {
		k.Key, k.Hash = "", hash
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		switch d.Val() {
		case "id":
			if !d.AllArgs(&k.ID) {
				return d.ArgErr()
			}
		case "models":
			k.Models = append(k.Models, d.RemainingArgs()...)
		case "optional":
			k.Optional = true
		default:
			return unknownOption(d, "key", []string{"id", "models", "optional"})
		}
	}
	p.config.Keys = append(p.config.Keys, k)
	return nil
}

// finish checks what can only be checked when everything has been read, with the line
// of the offending token.
func (p *parser) finish() error {
	known := slices.Sorted(maps.Keys(p.config.Providers))
	for _, r := range p.routes {
		if !slices.Contains(known, r.provider) {
			return r.at.Errf("route to an unknown provider '%s'; defined are: %s", r.provider, strings.Join(known, ", "))
		}
	}
	return nil
}
