package xjpgateway

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/registry"
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
//		retry <n> | { … }
//		breaker off | { … }
//		queue <size> [<wait>]
//		defaults { <any of the four> }
//		keep_alive <duration>
//		max_body <size>
//		max_bodies <size>
//		max_event <size>
//		fetch off | { … }
//		recall off | { … }
//		log_filter ok
//		store off | <engine> …
//		state <engine> …
//		pepper <placeholder…>
//		on_store_failure allow_known|deny
//		time_zone <name>
//		limits { <limit> <value> … }
//		ledger { … }
//		prices { … }
//		budget_alerts <percent…> { … }
//		idempotency off | { … }
//	}
func parseGlobal(d *caddyfile.Dispenser, existing any) (any, error) {
	d.Next()
	if existing != nil {
		return nil, d.Err("the xjp option is already specified; keep it in one block")
	}
	if d.NextArg() {
		return nil, d.ArgErr()
	}
	p := newParser()
	if err := optionsOfApp.Read(d, func(string) error { return p.option(d) }); err != nil {
		return nil, err
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	app := App{Config: *p.config}
	return httpcaddyfile.App{Name: "xjp", Value: caddyconfig.JSON(&app, nil)}, nil
}

// The options of the app, and those of a site, which may hold the app's as well.
var (
	optionsOfApp = module.Block{Name: "xjp", Many: []string{"provider", "model", "key"},
		Once: []string{"timeout", "retry", "breaker", "queue", "defaults", "keep_alive", "max_body", "max_bodies", "max_event", "fetch", "recall", "log_filter",
			"store", "state", "pepper", "on_store_failure", "time_zone", "limits", "ledger", "prices", "budget_alerts", "idempotency"}}
	optionsOfSite = module.Block{Name: "xjp_gateway", Many: append([]string{"models", "cors"}, optionsOfApp.Many...),
		Once: append([]string{"auth", "errors"}, optionsOfApp.Once...)}
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
	site := siteParser{parser: newParser()}
	if err := optionsOfSite.Read(d, func(string) error { return site.option(d) }); err != nil {
		return nil, err
	}
	if err := site.finish(h); err != nil {
		return nil, err
	}
	if site.used {
		site.handler.Inline = site.config
	}
	return &site.handler, nil
}

func parseErrorHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h.Next()
	if h.NextArg() {
		return nil, h.ArgErr()
	}
	return ErrorHandler{}, nil
}

// parser reads the app's options, wherever they stand.
type parser struct {
	config *Config
	// first is where providers or models are first defined, nil if they are not.
	first *caddyfile.Dispenser
	// names are the names and aliases of models, with the model that each belongs to.
	names map[string]string
	// given are the options that may stand in defaults as well and have been read.
	given map[string]bool
	// defined remembers where providers and models are defined, routes and allowed where
	// they are named, for checks that need more than the block read so far.
	defined []mention
	routes  []mention
	allowed []mention
}

// mention is a name and the line that it stands in.
type mention struct {
	name string
	at   *caddyfile.Dispenser
}

func newParser() *parser {
	return &parser{config: &Config{}, names: map[string]string{}, given: map[string]bool{}}
}

// here keeps the place of the current token for an error message.
func here(d *caddyfile.Dispenser) *caddyfile.Dispenser {
	at := *d
	return &at
}

// option reads one option of the app.
func (p *parser) option(d *caddyfile.Dispenser) error {
	c := p.config
	switch d.Val() {
	case "provider":
		return p.provider(d)
	case "model":
		return p.model(d)
	case "key":
		return p.key(d)
	case "timeout", "retry", "breaker", "queue":
		return p.attempts(d)
	case "defaults":
		return p.defaults(d)
	case "keep_alive":
		return parseDuration(d, &c.KeepAlive)
	case "max_body":
		return parseSize(d, &c.MaxBody, maxSize)
	case "max_bodies":
		return parseSize(d, &c.MaxBodies, maxTogether)
	case "max_event":
		return parseSize(d, &c.MaxEvent, maxSize)
	case "fetch":
		return parseFetch(d, &c.Fetch)
	case "recall":
		return parseRecall(d, &c.Recall)
	case "log_filter":
		c.LogFilterOK = true
		return parseWord(d, "ok")
	}
	return p.accounts(d)
}

// provider reads `provider <name> [<kind>] [<secret placeholder>] { … }`. The kind
// defaults to the name.
func (p *parser) provider(d *caddyfile.Dispenser) error {
	p.mark(d)
	if !d.NextArg() {
		return d.ArgErr()
	}
	name, kind, at := d.Val(), d.Val(), here(d)
	if d.NextArg() {
		if strings.HasPrefix(d.Val(), "{") {
			*d = *at
		} else {
			kind, at = d.Val(), here(d)
		}
	}
	if p.config.Providers[name] != nil {
		return at.Errf("provider '%s' is already defined", name)
	}
	info, err := caddy.GetModule("xjp.providers." + kind)
	if err != nil {
		return unknownKind(at, kind)
	}
	instance := info.New()
	unmarshaler, ok := instance.(caddyfile.Unmarshaler)
	if !ok {
		return at.Errf("provider kind '%s' cannot be configured in a Caddyfile", kind)
	}
	if err := unmarshaler.UnmarshalCaddyfile(d.NewFromNextSegment()); err != nil {
		return err
	}
	if _, ok := instance.(module.Provider); !ok {
		return at.Errf("module xjp.providers.%s is no provider", kind)
	}
	if p.config.Providers == nil {
		p.config.Providers = map[string]json.RawMessage{}
	}
	p.defined = append(p.defined, mention{"provider '" + name + "'", at})
	p.config.Providers[name] = caddyconfig.JSONModuleObject(instance, "kind", kind, nil)
	return nil
}

// kindPattern is what can be a mistyped kind. Anything else may be a secret in the wrong
// place and is not repeated.
var kindPattern = regexp.MustCompile(`^[a-z_]{2,20}$`)

// unknownKind names the kinds there are, and the one that was probably meant.
func unknownKind(at *caddyfile.Dispenser, kind string) error {
	kinds := providerKinds()
	if !kindPattern.MatchString(kind) {
		return at.Errf("what follows a provider's name is its kind, and this is none; kinds are: %s. A secret can stand there only as a placeholder such as {env.API_KEY}", strings.Join(kinds, ", "))
	}
	return at.Errf("unknown provider kind '%s'%s; there are: %s (others must be built in with xcaddy)", kind, didYouMean(kind, kinds), strings.Join(kinds, ", "))
}

// didYouMean names the word that a mistyped one resembles most, "" if there is none.
func didYouMean(word string, known []string) string {
	if similar := registry.Similar(word, known); len(similar) > 0 {
		return ", did you mean '" + similar[0] + "'?"
	}
	return ""
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
		p.first = here(d)
	}
}

// key reads `key <placeholder or key> { id <name>  tenant <id>  models <name…>  limits { … }  optional }`.
func (p *parser) key(d *caddyfile.Dispenser) error {
	k := &KeyConfig{}
	if !d.AllArgs(&k.Key) {
		return d.ArgErr()
	}
	if hash, ok := strings.CutPrefix(k.Key, "sha256:"); ok {
		if _, err := keys.ParseHash(hash); err != nil {
			return d.WrapErr(err)
		}
		k.Key, k.Hash = "", hash
	}
	block := module.Block{Name: "key", Once: []string{"id", "tenant", "optional", "limits"}, Many: []string{"models"}}
	err := block.Read(d, func(name string) error {
		switch name {
		case "id":
			return parseText(d, &k.ID)
		case "tenant":
			return parseText(d, &k.Tenant)
		case "models":
			return p.models(d, &k.Models)
		case "limits":
			return parseLimits(d, &k.Limits)
		}
		k.Optional = true
		return nil
	})
	if err != nil {
		return err
	}
	p.config.Keys = append(p.config.Keys, k)
	return nil
}

// models reads the names of models that a site or a key is narrowed to.
func (p *parser) models(d *caddyfile.Dispenser, into *[]string) error {
	before := len(*into)
	for d.NextArg() {
		*into = append(*into, d.Val())
		p.allowed = append(p.allowed, mention{d.Val(), here(d)})
	}
	if len(*into) == before {
		return d.ArgErr()
	}
	return nil
}

// finish checks what can only be checked when everything has been read, with the line
// of the offending token.
func (p *parser) finish() error {
	known := slices.Sorted(maps.Keys(p.config.Providers))
	for _, r := range p.routes {
		if !slices.Contains(known, r.name) {
			return r.at.Errf("route to an unknown provider '%s'%s; defined are: %s", r.name, didYouMean(r.name, known), strings.Join(known, ", "))
		}
	}
	if !p.config.defines() {
		return nil // the models are defined elsewhere
	}
	return p.checkModels(p.config)
}

// checkModels checks that the models that sites and keys are narrowed to exist.
func (p *parser) checkModels(c *Config) error {
	names, err := c.modelNames()
	if err != nil {
		return p.first.WrapErr(err)
	}
	for _, m := range p.allowed {
		if err := known(names, m.name); err != nil {
			return m.at.WrapErr(err)
		}
	}
	return nil
}
