package xjpgateway

import (
	"encoding/json"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// model reads:
//
//	model <name> {
//		alias <name…>
//		route <provider> <model> { … }
//		fallback <provider> <model> { … }
//		fallback on <class…>
//		policy first|weighted|least_latency|cheapest
//		affinity session|key|off
//		hedge <delay>|p<percentile>
//		strict
//		price { … }
//		display_name <text>
//		context_window <tokens>
//		max_output <tokens>
//	}
func (p *parser) model(d *caddyfile.Dispenser) error {
	p.mark(d)
	m := &ModelConfig{}
	if !d.AllArgs(&m.Name) {
		return d.ArgErr()
	}
	if strings.Count(m.Name, "*") > 1 {
		return d.Errf("model '%s': only one * is allowed", m.Name)
	}
	if err := p.name(d, m); err != nil {
		return err
	}
	at := here(d)
	if err := optionsOfModel.Read(d, func(string) error { return p.modelOption(d, m) }); err != nil {
		return err
	}
	if len(m.Routes) == 0 {
		return at.Errf("model '%s' has no route", m.Name)
	}
	if err := m.validate(); err != nil {
		return at.Errf("model '%s': %v", m.Name, err)
	}
	p.defined = append(p.defined, mention{"model '" + m.Name + "'", at})
	p.config.Models = append(p.config.Models, m)
	return nil
}

// name notes that the current token is a name of the model, or refuses it if it is taken.
func (p *parser) name(d *caddyfile.Dispenser, m *ModelConfig) error {
	name := d.Val()
	switch other, taken := p.names[name]; {
	case taken && name == m.Name && other == name:
		return d.Errf("model '%s' is already defined", name)
	case taken && other == name:
		return d.Errf("'%s' is already the name of a model", name)
	case taken:
		return d.Errf("'%s' is already an alias of model '%s'", name, other)
	}
	p.names[name] = m.Name
	return nil
}

var optionsOfModel = module.Block{Name: "model", Many: []string{"alias", "route", "fallback"},
	Once: []string{"policy", "affinity", "hedge", "strict", "price", "display_name", "context_window", "max_output"}}

func (p *parser) modelOption(d *caddyfile.Dispenser, m *ModelConfig) error {
	switch d.Val() {
	case "alias":
		return p.aliases(d, m)
	case "route":
		r, err := p.route(d, m)
		if err != nil {
			return err
		}
		m.Routes = append(m.Routes, r)
	case "fallback":
		return p.fallback(d, m)
	case "policy":
		return parsePolicy(d, &m.Policy)
	case "affinity":
		return parseAffinity(d, &m.Affinity)
	case "hedge":
		return parseHedge(d, &m.Hedge)
	case "strict":
		m.Strict = true
	case "price":
		return parsePrice(d, &m.Price)
	case "display_name":
		return parseText(d, &m.DisplayName)
	case "context_window":
		return parseTokens(d, &m.ContextWindow)
	case "max_output":
		return parseTokens(d, &m.MaxOutput)
	}
	return nil
}

// aliases reads further names of a model.
func (p *parser) aliases(d *caddyfile.Dispenser, m *ModelConfig) error {
	before := len(m.Aliases)
	for d.NextArg() {
		if strings.Contains(d.Val(), "*") {
			return d.Errf("alias '%s' must not hold a *", d.Val())
		}
		if err := p.name(d, m); err != nil {
			return err
		}
		m.Aliases = append(m.Aliases, d.Val())
	}
	if len(m.Aliases) == before {
		return d.ArgErr()
	}
	return nil
}

// route reads:
//
//	route <provider> <model> {
//		weight <n>
//		max_concurrent <n>
//		breaker off | { … }
//		wire chat|messages
//		publisher <name>
//		region <name>
//		project <id>
//		backend <name>
//		capability <flag> <value>
//		body <field> <json>
//		header <name> <value>
//		reasoning_format reasoning_content|reasoning|both|none
//		strict
//		price { … }
//		timeout { … }
//	}
func (p *parser) route(d *caddyfile.Dispenser, m *ModelConfig) (*RouteConfig, error) {
	r := &RouteConfig{}
	if !d.AllArgs(&r.Provider, &r.Model) {
		return nil, d.ArgErr()
	}
	if strings.Contains(r.Model, "{model.rest}") && !strings.Contains(m.Name, "*") {
		return nil, d.Errf("{model.rest} needs a model name with a *, which '%s' has not", m.Name)
	}
	p.routes = append(p.routes, mention{r.Provider, here(d)})
	return r, optionsOfRoute.Read(d, func(string) error { return r.option(d) })
}

var optionsOfRoute = module.Block{Name: "route", Many: []string{"capability", "body", "header"},
	Once: []string{"weight", "max_concurrent", "breaker", "wire", "publisher", "region", "project", "backend", "reasoning_format", "strict", "price", "timeout"}}

// text gives the field of an option that takes one word.
func (r *RouteConfig) text(option string) *string {
	switch option {
	case "wire":
		return &r.Wire
	case "publisher":
		return &r.Publisher
	case "region":
		return &r.Region
	case "project":
		return &r.Project
	case "backend":
		return &r.Backend
	case "reasoning_format":
		return &r.ReasoningFormat
	}
	return nil
}

func (r *RouteConfig) option(d *caddyfile.Dispenser) error {
	option := d.Val()
	if field := r.text(option); field != nil {
		if err := parseText(d, field); err != nil {
			return err
		}
		if err := r.checkWords(); err != nil {
			return d.WrapErr(err)
		}
		return nil
	}
	switch option {
	case "strict":
		r.Strict = true
		return nil
	case "weight":
		return module.ParseCount(d, &r.Weight, 1, maxWeight)
	case "max_concurrent":
		return module.ParseCount(d, &r.MaxConcurrent, 1, maxConcurrency)
	case "breaker":
		return parseBreaker(d, &r.Breaker)
	case "price":
		return parsePrice(d, &r.Price)
	case "timeout":
		return parseRouteTimeouts(d, &r.Timeouts)
	}
	var name, value string
	if !d.AllArgs(&name, &value) {
		return d.ArgErr()
	}
	if r.has(option, name) {
		return d.Errf("%s %s already specified", option, name)
	}
	return r.set(d, option, name, value)
}

// has reports whether a capability, a body field or a header is set already.
func (r *RouteConfig) has(option, name string) bool {
	switch option {
	case "capability":
		return r.Capabilities[name] != nil
	case "body":
		return r.Body[name] != nil
	}
	_, ok := r.Headers[name]
	return ok
}

// set adds a capability, a body field or a header.
func (r *RouteConfig) set(d *caddyfile.Dispenser, option, name, value string) error {
	switch option {
	case "capability":
		var probe translate.Capabilities
		if err := registry.SetCapability(&probe, name, value); err != nil {
			return d.WrapErr(err)
		}
		if r.Capabilities == nil {
			r.Capabilities = map[string]json.RawMessage{}
		}
		r.Capabilities[name] = literal(value)
	case "body":
		if !json.Valid([]byte(value)) {
			return d.Errf("body %s: the value is not JSON; write strings as `\"text\"` in backquotes", name)
		}
		if r.Body == nil {
			r.Body = map[string]json.RawMessage{}
		}
		r.Body[name] = json.RawMessage(value)
	case "header":
		if r.Headers == nil {
			r.Headers = map[string]string{}
		}
		r.Headers[name] = value
	}
	return nil
}

// literal writes a value as JSON: a number or boolean as it is, a word as a string.
func literal(value string) json.RawMessage {
	if json.Valid([]byte(value)) {
		return json.RawMessage(value)
	}
	text, _ := json.Marshal(value)
	return text
}
