package module

import (
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Block is the grammar of a Caddyfile block: which options it knows, and which of them
// may be given more than once.
type Block struct {
	// Name is what error messages call the block.
	Name string
	// Once are the options that may be given once, Many those that may be repeated.
	Once, Many []string
}

// Read hands each option of the block to option, with the dispenser at its name. It
// refuses options that the block does not know, a second one of those that may be given
// once, and arguments that option left over, with the line of the offending token.
func (b Block) Read(d *caddyfile.Dispenser, option func(name string) error) error {
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		once := slices.Contains(b.Once, name)
		switch {
		case !once && !slices.Contains(b.Many, name):
			return d.Errf("unknown %s option '%s'; known are: %s", b.Name, name, strings.Join(slices.Concat(b.Many, b.Once), ", "))
		case once && seen[name]:
			return d.Errf("%s already specified", name)
		}
		seen[name] = true
		if err := option(name); err != nil {
			return err
		}
		if d.NextArg() {
			return d.ArgErr()
		}
	}
	return nil
}

// ParseCount reads an option's one value, a whole number from lowest to highest.
func ParseCount(d *caddyfile.Dispenser, into *int, lowest, highest int) error {
	option, text := d.Val(), ""
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < lowest || value > highest {
		return d.Errf("%s: '%s' is no whole number from %d to %d", option, text, lowest, highest)
	}
	*into = value
	return nil
}
