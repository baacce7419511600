// Package memory keeps the counts of limits and the answers to requests that may be sent
// again in the process. One node needs nothing else; several share them by the engine redis.
package memory

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/state"
)

func init() {
	caddy.RegisterModule(State{})
}

// State keeps counts of limits, and answers to requests that may be sent again, in the
// memory of this process. They survive a reload of the configuration. After a restart, what
// was used of budgets and of limits per day and month is taken from the ledger.
type State struct{}

// CaddyModule returns the Caddy module information.
func (State) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.state.memory", New: func() caddy.Module { return new(State) }}
}

// Identity implements state.Module: there is one memory.
func (*State) Identity() string { return "memory" }

// Open implements state.Module.
func (*State) Open(s state.Settings) (*state.Engines, error) {
	answers := NewAnswers(s.MaxAnswers)
	return &state.Engines{Limits: NewEngine(s.Restore), Answers: answers, BoundAnswers: answers.Bound, Own: true}, nil
}

// UnmarshalCaddyfile sets up the engine from Caddyfile tokens. It has no settings:
//
//	state memory
func (*State) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the engine's name
	if d.NextArg() {
		return d.ArgErr()
	}
	if d.NextBlock(d.Nesting()) {
		return d.Err("state memory has no settings")
	}
	return nil
}

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*State)(nil)
	_ state.Module          = (*State)(nil)
)
