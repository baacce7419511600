package xjpgateway

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"

	"github.com/rickyjim626/xjp-gateway/providers/module"
)

// parseTimeouts reads `{ connect <d>  first_token <d>  idle <d>  total <d>  stream_total <d> }`.
func parseTimeouts(d *caddyfile.Dispenser, t *Timeouts) error {
	return readTimeouts(d, module.Block{Name: "timeout", Once: []string{"connect", "first_token", "idle", "total", "stream_total"}}, t)
}

// parseRouteTimeouts reads the limits of a route. Connecting is the business of its
// provider's transport, which all of the provider's routes share.
func parseRouteTimeouts(d *caddyfile.Dispenser, t *Timeouts) error {
	return readTimeouts(d, module.Block{Name: "route timeout", Once: []string{"first_token", "idle", "total", "stream_total"}}, t)
}

func readTimeouts(d *caddyfile.Dispenser, block module.Block, t *Timeouts) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	fields := map[string]*caddy.Duration{"connect": &t.Connect, "first_token": &t.FirstToken, "idle": &t.Idle, "total": &t.Total, "stream_total": &t.StreamTotal}
	return block.Read(d, func(name string) error { return parseDuration(d, fields[name]) })
}

// parseFetch reads `fetch off | { allow <network…>  max_size <size>  timeout <d> }`.
func parseFetch(d *caddyfile.Dispenser, f *FetchConfig) error {
	if d.NextArg() {
		f.Off = true
		return atWord(d, "off")
	}
	block := module.Block{Name: "fetch", Many: []string{"allow"}, Once: []string{"max_size", "timeout"}}
	return block.Read(d, func(name string) error {
		switch name {
		case "max_size":
			return parseSize(d, &f.MaxSize, maxSize)
		case "timeout":
			return parseDuration(d, &f.Timeout)
		}
		networks := d.RemainingArgs()
		if len(networks) == 0 {
			return d.ArgErr()
		}
		f.Allow = append(f.Allow, networks...)
		if _, err := f.networks(); err != nil {
			return d.WrapErr(err)
		}
		return nil
	})
}

// parseRecall reads `recall off | { max_size <size>  ttl <d> }`.
func parseRecall(d *caddyfile.Dispenser, r *RecallConfig) error {
	if d.NextArg() {
		r.Off = true
		return atWord(d, "off")
	}
	block := module.Block{Name: "recall", Once: []string{"max_size", "ttl"}}
	return block.Read(d, func(name string) error {
		if name == "max_size" {
			return parseSize(d, &r.MaxSize, maxTogether)
		}
		return parseDuration(d, &r.TTL)
	})
}

// parseWord reads the one value that an option takes.
func parseWord(d *caddyfile.Dispenser, word string) error {
	if option := d.Val(); !d.NextArg() {
		return d.Errf("%s takes the one value %s", option, word)
	}
	return atWord(d, word)
}

// atWord checks that the current token is the one value that its option takes.
func atWord(d *caddyfile.Dispenser, word string) error {
	if d.Val() != word {
		return d.Errf("'%s' is not known here; the one value is %s", d.Val(), word)
	}
	return nil
}

// parseText reads a value that is taken as it is.
func parseText(d *caddyfile.Dispenser, into *string) error {
	if !d.AllArgs(into) {
		return d.ArgErr()
	}
	return nil
}

func parseDuration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	value, err := durationOf(text)
	if err != nil {
		return d.WrapErr(err)
	}
	*into = value
	return nil
}

func durationOf(text string) (caddy.Duration, error) {
	value, err := caddy.ParseDuration(text)
	if err != nil || value <= 0 {
		return 0, fmt.Errorf("'%s' is no duration above zero, such as 30s or 5m", text)
	}
	return caddy.Duration(value), nil
}

// parseSize reads a number of bytes up to a limit.
func parseSize(d *caddyfile.Dispenser, into *int64, limit uint64) error {
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	value, err := humanize.ParseBytes(text)
	if err != nil || value == 0 || value > limit {
		return d.Errf("'%s' is no size above zero and up to %s, such as 16MiB", text, humanize.IBytes(limit))
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
