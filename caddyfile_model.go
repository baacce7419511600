package xjpgateway

import (
	"encoding/json"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"

	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// model reads:
//
//	model <name> {
//		alias <name…>
//		route <provider> <model> { … }
//		strict
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
	for _, other := range p.config.Models {
		if other.Name == m.Name {
			return d.Errf("model '%s' is already defined", m.Name)
		}
	}
	if strings.Count(m.Name, "*") > 1 {
		return d.Errf("model '%s': only one * is allowed", m.Name)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := p.modelOption(d, m); err != nil {
			return err
		}
	}
	if len(m.Routes) == 0 {
		return d.Errf("model '%s' has no route", m.Name)
	}
	p.config.Models = append(p.config.Models, m)
	return nil
}

func (p *parser) modelOption(d *caddyfile.Dispenser, m *ModelConfig) error {
	switch d.Val() {
	case "alias":
		m.Aliases = append(m.Aliases, d.RemainingArgs()...)
	case "route":
		r, err := p.route(d, m)
		if err != nil {
			return err
		}
		m.Routes = append(m.Routes, r)
	case "strict":
		m.Strict = true
	case "display_name":
		if !d.AllArgs(&m.DisplayName) {
			return d.ArgErr()
		}
	case "context_window":
		return parseTokens(d, &m.ContextWindow)
	case "max_output":
		return parseTokens(d, &m.MaxOutput)
	default:
		return unknownOption(d, "model", []string{"alias", "route", "strict", "display_name", "context_window", "max_output"})
	}
	return nil
}

// route reads:
//
//	route <provider> <model> {
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
	at := *d
	p.routes = append(p.routes, routeToken{r.Provider, &at})
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := r.option(d); err != nil {
			return nil, err
		}
	}
	return r, nil
}

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
	if field := r.text(d.Val()); field != nil {
		if !d.AllArgs(field) {
			return d.ArgErr()
		}
		return nil
	}
	var name, value string
	switch option := d.Val(); option {
	case "strict":
		r.Strict = true
		return nil
	case "timeout":
		return parseTimeouts(d, &r.Timeouts)
	case "capability", "body", "header":
		if !d.AllArgs(&name, &value) {
			return d.ArgErr()
		}
		return r.set(d, option, name, value)
	}
	return unknownOption(d, "route", []string{"wire", "publisher", "region", "project", "backend", "capability", "body", "header", "reasoning_format", "strict", "timeout"})
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

// parseTimeouts reads `{ first_token <d>  idle <d>  total <d> }`.
func parseTimeouts(d *caddyfile.Dispenser, t *Timeouts) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		field := map[string]*caddy.Duration{"first_token": &t.FirstToken, "idle": &t.Idle, "total": &t.Total}[d.Val()]
		if field == nil {
			return unknownOption(d, "timeout", []string{"first_token", "idle", "total"})
		}
		if err := parseDuration(d, field); err != nil {
			return err
		}
	}
	return nil
}

func parseFetch(d *caddyfile.Dispenser, f *FetchConfig) error {
	if d.NextArg() {
		if f.Off = d.Val() == "off"; !f.Off || d.NextArg() {
			return d.ArgErr()
		}
		return nil
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		var err error
		switch d.Val() {
		case "allow":
			f.Allow = append(f.Allow, d.RemainingArgs()...)
			if _, perr := f.networks(); perr != nil {
				err = d.WrapErr(perr)
			}
		case "max_size":
			err = parseSize(d, &f.MaxSize)
		case "timeout":
			err = parseDuration(d, &f.Timeout)
		default:
			err = unknownOption(d, "fetch", []string{"allow", "max_size", "timeout"})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func parseRecall(d *caddyfile.Dispenser, r *RecallConfig) error {
	if d.NextArg() {
		if r.Off = d.Val() == "off"; !r.Off || d.NextArg() {
			return d.ArgErr()
		}
		return nil
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		var err error
		switch d.Val() {
		case "max_size":
			err = parseSize(d, &r.MaxSize)
		case "ttl":
			err = parseDuration(d, &r.TTL)
		default:
			err = unknownOption(d, "recall", []string{"max_size", "ttl"})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func parseDuration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	value, err := caddy.ParseDuration(text)
	if err != nil || value <= 0 {
		return d.Errf("'%s' is no duration above zero, such as 30s or 5m", text)
	}
	*into = caddy.Duration(value)
	return nil
}

func parseSize(d *caddyfile.Dispenser, into *int64) error {
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	value, err := humanize.ParseBytes(text)
	if err != nil || value == 0 || value > 1<<40 {
		return d.Errf("'%s' is no size above zero, such as 32MiB", text)
	}
	*into = int64(value)
	return nil
}

func parseTokens(d *caddyfile.Dispenser, into *int64) error {
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	var value int64
	if json.Unmarshal([]byte(text), &value) != nil || value <= 0 {
		return d.Errf("'%s' is no number of tokens", text)
	}
	*into = value
	return nil
}
