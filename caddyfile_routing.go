package xjpgateway

import (
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/registry"
)

// optionsOfDefaults are the options that may be grouped.
var optionsOfDefaults = module.Block{Name: "defaults", Once: []string{"timeout", "retry", "breaker", "queue"}}

// defaults reads `defaults { … }`, which groups options of the app and means the same.
func (p *parser) defaults(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	return optionsOfDefaults.Read(d, func(string) error { return p.attempts(d) })
}

// attempts reads one of the options that govern attempts. They may stand in defaults or
// beside it, but not twice.
func (p *parser) attempts(d *caddyfile.Dispenser) error {
	option, c := d.Val(), p.config
	if p.given[option] {
		return d.Errf("%s already specified", option)
	}
	p.given[option] = true
	switch option {
	case "timeout":
		return parseTimeouts(d, &c.Timeouts)
	case "retry":
		return parseRetry(d, &c.Retry)
	case "breaker":
		return parseBreaker(d, &c.Breaker)
	}
	return parseQueue(d, &c.Queue)
}

// parseRetry reads `retry <n> | { max <n>  backoff <d>  max_wait <d>  budget <share> }`.
func parseRetry(d *caddyfile.Dispenser, r *RetryConfig) error {
	if d.CountRemainingArgs() > 0 {
		r.Max = new(int)
		return module.ParseCount(d, r.Max, 0, maxRounds)
	}
	block := module.Block{Name: "retry", Once: []string{"max", "backoff", "max_wait", "budget"}}
	return block.Read(d, func(name string) error {
		switch name {
		case "max":
			r.Max = new(int)
			return module.ParseCount(d, r.Max, 0, maxRounds)
		case "backoff":
			return parseDuration(d, &r.Backoff)
		case "max_wait":
			return parseDuration(d, &r.MaxWait)
		}
		return parseShare(d, &r.Budget)
	})
}

// parseBreaker reads:
//
//	breaker off | {
//		failures <n>
//		ratio <share>
//		min_calls <n>
//		window <duration>
//		cooldown <duration>
//	}
func parseBreaker(d *caddyfile.Dispenser, b *BreakerConfig) error {
	if d.NextArg() {
		b.Off = true
		return atWord(d, "off")
	}
	block := module.Block{Name: "breaker", Once: []string{"failures", "ratio", "min_calls", "window", "cooldown"}}
	return block.Read(d, func(name string) error {
		switch name {
		case "failures":
			return module.ParseCount(d, &b.Failures, 1, maxCalls)
		case "ratio":
			return parseShare(d, &b.Ratio)
		case "min_calls":
			return module.ParseCount(d, &b.MinCalls, 1, maxCalls)
		case "window":
			return parseDuration(d, &b.Window)
		}
		return parseDuration(d, &b.Cooldown)
	})
}

// parseQueue reads `queue <size> [<wait>]`.
func parseQueue(d *caddyfile.Dispenser, q *QueueConfig) error {
	args := d.RemainingArgs()
	if len(args) < 1 || len(args) > 2 {
		return d.ArgErr()
	}
	size, err := strconv.Atoi(args[0])
	if err != nil || size < 0 || size > maxQueue {
		return d.Errf("queue: '%s' is no whole number from 0 to %d", args[0], maxQueue)
	}
	q.Size = &size
	if len(args) == 1 {
		return nil
	}
	if q.Wait, err = durationOf(args[1]); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// fallback reads `fallback on <class…>`, or a route that is taken after all others:
// `fallback <provider> <model> { … }`. A provider that is called "on" can stand in
// routes only.
func (p *parser) fallback(d *caddyfile.Dispenser, m *ModelConfig) error {
	at := here(d)
	if d.NextArg() && d.Val() == "on" {
		return parseFallbackOn(d, m)
	}
	*d = *at
	r, err := p.route(d, m)
	if err != nil {
		return err
	}
	r.Fallback = true
	if err := r.checkWeight(); err != nil {
		return at.WrapErr(err)
	}
	m.Routes = append(m.Routes, r)
	return nil
}

func parseFallbackOn(d *caddyfile.Dispenser, m *ModelConfig) error {
	if m.FallbackOn != nil {
		return d.Err("fallback on already specified")
	}
	for d.NextArg() {
		m.FallbackOn = append(m.FallbackOn, d.Val())
		if err := m.checkFallbackOn(); err != nil {
			return d.WrapErr(err)
		}
	}
	if m.FallbackOn == nil {
		return d.ArgErr()
	}
	return nil
}

// parseHedge reads `hedge <delay>` or `hedge p<percentile>`, such as p95.
func parseHedge(d *caddyfile.Dispenser, h *HedgeConfig) error {
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	digits, isQuantile := strings.CutPrefix(text, "p")
	if !isQuantile {
		delay, err := durationOf(text)
		if err != nil {
			return d.Errf("hedge: '%s' is neither a delay above zero, such as 2s, nor a percentile from p50 to p99", text)
		}
		h.Delay = delay
		return nil
	}
	percent, err := strconv.ParseFloat(digits, 64)
	if h.Quantile = percent / 100; err != nil || !(h.Quantile >= minQuantile && h.Quantile <= maxQuantile) {
		return d.Errf("hedge: '%s' is no percentile from p50 to p99", text)
	}
	return nil
}

// parseShare reads a share in percent, from 1% to 100%.
func parseShare(d *caddyfile.Dispenser, into *float64) error {
	option, text := d.Val(), ""
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if *into = percent / 100; err != nil || !(*into >= minShare && *into <= 1) {
		return d.Errf("%s: '%s' is no share from 1%% to 100%%", option, text)
	}
	return nil
}

// parsePolicy reads `policy <name>`.
func parsePolicy(d *caddyfile.Dispenser, into *string) error {
	if err := parseText(d, into); err != nil {
		return err
	}
	if _, err := registry.ParsePolicy(*into); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// parseAffinity reads `affinity <kind>`.
func parseAffinity(d *caddyfile.Dispenser, into *string) error {
	if err := parseText(d, into); err != nil {
		return err
	}
	if _, err := registry.ParseAffinity(*into); err != nil {
		return d.WrapErr(err)
	}
	return nil
}
