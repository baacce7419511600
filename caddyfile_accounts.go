package xjpgateway

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

// accounts reads one of the options about keys, limits, the ledger and money.
func (p *parser) accounts(d *caddyfile.Dispenser) error {
	c := p.config
	switch d.Val() {
	case "store":
		return parseStore(d, c)
	case "state":
		return parseEngine(d, "state", &c.State)
	case "pepper":
		return parsePeppers(d, &c.Peppers)
	case "on_store_failure":
		return parseChoice(d, &c.OnStoreFailure, allowKnown, denyAll)
	case "time_zone":
		return parseTimeZone(d, c)
	case "limits":
		return parseLimits(d, &c.Limits)
	case "ledger":
		return parseLedger(d, &c.Ledger)
	case "prices":
		return parsePrices(d, &c.Prices)
	case "idempotency":
		return parseIdempotency(d, &c.Idempotency)
	}
	return parseBudgetAlerts(d, &c.BudgetAlerts)
}

// parseStore reads `store off | <engine> <what the engine takes>`.
func parseStore(d *caddyfile.Dispenser, c *Config) error {
	at := here(d)
	if d.NextArg() && d.Val() == "off" {
		c.StoreOff = true
		return nil
	}
	*d = *at
	return parseEngine(d, "stores", &c.Store)
}

// parseEngine reads `<option> <engine> <what the engine takes>`.
func parseEngine(d *caddyfile.Dispenser, namespace string, into *json.RawMessage) error {
	option := d.Val()
	if !d.NextArg() {
		return d.Errf("%s: which one? There are: %s", option, strings.Join(engineNames(namespace), ", "))
	}
	name := d.Val()
	instance, err := caddyfile.UnmarshalModule(d, "xjp."+namespace+"."+name)
	if err != nil {
		if _, missing := caddy.GetModule("xjp." + namespace + "." + name); missing != nil {
			return d.Errf("%s: '%s' is not known%s; there are: %s", option, name, didYouMean(name, engineNames(namespace)), strings.Join(engineNames(namespace), ", "))
		}
		return err
	}
	*into = caddyconfig.JSONModuleObject(instance, "engine", name, nil)
	return nil
}

// engineNames are the engines that are built in.
func engineNames(namespace string) []string {
	var names []string
	for _, info := range caddy.GetModules("xjp." + namespace) {
		names = append(names, info.ID.Name())
	}
	return names
}

// parsePeppers reads `pepper <placeholder…>`. What is no placeholder would stand in the
// adapted configuration for everybody to read.
func parsePeppers(d *caddyfile.Dispenser, into *[]string) error {
	*into = d.RemainingArgs()
	if len(*into) == 0 {
		return d.ArgErr()
	}
	for _, pepper := range *into {
		if !strings.HasPrefix(pepper, "{") {
			return d.Err("pepper: give it as a placeholder such as {env.XJP_PEPPER} or {file./run/secrets/pepper}")
		}
	}
	return nil
}

// parseChoice reads one of some words.
func parseChoice(d *caddyfile.Dispenser, into *string, words ...string) error {
	option := d.Val()
	if !d.AllArgs(into) {
		return d.ArgErr()
	}
	for _, word := range words {
		if *into == word {
			return nil
		}
	}
	return d.Errf("%s: '%s' is not known; it is one of %s", option, *into, strings.Join(words, ", "))
}

func parseTimeZone(d *caddyfile.Dispenser, c *Config) error {
	if err := parseText(d, &c.TimeZone); err != nil {
		return err
	}
	if _, err := c.location(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// parseLimits reads `{ <limit> <value> … }`, such as `rpm 60` or `budget 50/month`.
func parseLimits(d *caddyfile.Dispenser, into *limits.Set) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name, value := d.Val(), ""
		if !d.AllArgs(&value) {
			return d.ArgErr()
		}
		if err := into.Put(name, value); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

// parseLedger reads:
//
//	ledger {
//		journal <folder>
//		sync always|<duration>
//		max_journal <size>
//		strict
//		retention <duration>
//		late_costs <wait…>|off
//		capture off | { max_body <size>  retention <duration>  max_total <size> }
//	}
func parseLedger(d *caddyfile.Dispenser, c *LedgerConfig) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	block := module.Block{Name: "ledger", Once: []string{"journal", "sync", "max_journal", "strict", "retention", "late_costs", "capture"}}
	return block.Read(d, func(name string) error {
		switch name {
		case "journal":
			return parseText(d, &c.Journal)
		case "sync":
			return parseSync(d, c)
		case "max_journal":
			return parseSize(d, &c.MaxJournal, maxTogether)
		case "retention":
			return parseDuration(d, &c.Retention)
		case "late_costs":
			return parseLateCosts(d, c)
		case "capture":
			return parseCapture(d, &c.Capture)
		}
		c.Strict = true
		return nil
	})
}

// parseLateCosts reads `late_costs off|<wait…>`.
func parseLateCosts(d *caddyfile.Dispenser, c *LedgerConfig) error {
	waits := d.RemainingArgs()
	if len(waits) == 0 {
		return d.ArgErr()
	}
	if c.LateCostsOff = len(waits) == 1 && waits[0] == "off"; c.LateCostsOff {
		return nil
	}
	for _, text := range waits {
		wait, err := durationOf(text)
		if err != nil {
			return d.WrapErr(err)
		}
		c.LateCosts = append(c.LateCosts, wait)
	}
	if err := c.validateLateCosts(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// parseCapture reads `capture off | { max_body <size>  retention <d>  max_total <size> }`.
func parseCapture(d *caddyfile.Dispenser, c *CaptureConfig) error {
	if d.NextArg() {
		c.Off = true
		return atWord(d, "off")
	}
	block := module.Block{Name: "capture", Once: []string{"max_body", "retention", "max_total"}}
	err := block.Read(d, func(name string) error {
		switch name {
		case "max_body":
			return parseSize(d, &c.MaxBody, maxCapturedBody)
		case "retention":
			return parseDuration(d, &c.Retention)
		}
		return parseSize(d, &c.MaxTotal, maxTogether)
	})
	if err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func parseSync(d *caddyfile.Dispenser, c *LedgerConfig) error {
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	c.Sync = new(caddy.Duration)
	if text == "always" {
		return nil
	}
	var err error
	if *c.Sync, err = durationOf(text); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// parsePrices reads `{ refresh <duration>  offline  strict }`.
func parsePrices(d *caddyfile.Dispenser, c *PricesConfig) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	block := module.Block{Name: "prices", Once: []string{"refresh", "offline", "strict"}}
	return block.Read(d, func(name string) error {
		switch name {
		case "refresh":
			return parseDuration(d, &c.Refresh)
		case "offline":
			c.Offline = true
		default:
			c.Strict = true
		}
		return nil
	})
}

// parseBudgetAlerts reads `budget_alerts <percent…> { webhook <url> }`.
func parseBudgetAlerts(d *caddyfile.Dispenser, c *BudgetAlertsConfig) error {
	for d.NextArg() {
		percent, err := strconv.Atoi(strings.TrimSuffix(d.Val(), "%"))
		if err != nil || percent < 1 || percent > 100 {
			return d.Errf("budget_alerts: '%s' is no percentage from 1 to 100", d.Val())
		}
		c.Thresholds = append(c.Thresholds, percent)
	}
	block := module.Block{Name: "budget_alerts", Once: []string{"webhook"}}
	return block.Read(d, func(string) error { return parseText(d, &c.Webhook) })
}

// parseIdempotency reads `idempotency off | { ttl <d>  max_size <size>  max_total <size> }`.
func parseIdempotency(d *caddyfile.Dispenser, c *IdempotencyConfig) error {
	if d.NextArg() {
		c.Off = true
		return atWord(d, "off")
	}
	block := module.Block{Name: "idempotency", Once: []string{"ttl", "max_size", "max_total"}}
	return block.Read(d, func(name string) error {
		switch name {
		case "ttl":
			return parseDuration(d, &c.TTL)
		case "max_size":
			return parseSize(d, &c.MaxSize, maxSize)
		}
		return parseSize(d, &c.MaxTotal, maxTogether)
	})
}
