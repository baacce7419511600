package xjpgateway

import (
	"encoding/json"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// parsePrice reads, with tokens in USD per million:
//
//	price {
//		<part> <usd>
//		override {
//			above_prompt <tokens>
//			hours <from> <to> [<zone>]
//			service_tier <tier>
//			since <date>
//			<part> <usd>
//		}
//	}
func parsePrice(d *caddyfile.Dispenser, into **prices.Price) error {
	at, fields, overrides := here(d), priceFields{}, []priceFields(nil)
	if d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "override" {
			if err := fields.put(d, priceText); err != nil {
				return err
			}
			continue
		}
		override, err := parseOverride(d)
		if err != nil {
			return err
		}
		overrides = append(overrides, override)
	}
	if overrides != nil {
		fields["overrides"] = overrides
	}
	var price prices.Price
	if err := json.Unmarshal(caddyconfig.JSON(fields, nil), &price); err != nil {
		return at.Errf("price: %s", strings.TrimPrefix(err.Error(), "price: "))
	}
	*into = &price
	return nil
}

// parseOverride reads the rates that hold under conditions, and these.
func parseOverride(d *caddyfile.Dispenser) (priceFields, error) {
	if d.NextArg() {
		return nil, d.ArgErr()
	}
	fields := priceFields{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		read := priceText
		switch d.Val() {
		case "above_prompt":
			read = priceTokens
		case "hours":
			read = priceHours
		}
		if err := fields.put(d, read); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// priceFields are what a block says, as a price in JSON has it, which knows what there is.
type priceFields map[string]any

// put reads the option at which the dispenser is.
func (f priceFields) put(d *caddyfile.Dispenser, read func(*caddyfile.Dispenser) (any, error)) error {
	name := d.Val()
	if _, twice := f[name]; twice {
		return d.Errf("%s already specified", name)
	}
	value, err := read(d)
	f[name] = value
	return err
}

func priceText(d *caddyfile.Dispenser) (any, error) {
	var text string
	err := parseText(d, &text)
	return text, err
}

func priceTokens(d *caddyfile.Dispenser) (any, error) {
	var tokens int64
	err := parseTokens(d, &tokens)
	return tokens, err
}

func priceHours(d *caddyfile.Dispenser) (any, error) {
	args := d.RemainingArgs()
	if len(args) != 2 && len(args) != 3 {
		return nil, d.ArgErr()
	}
	hours := map[string]string{"from": args[0], "to": args[1]}
	if len(args) == 3 {
		hours["zone"] = args[2]
	}
	return hours, nil
}
