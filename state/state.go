// Package state is the contract of the engines that keep what nodes share from moment to
// moment: the counts of limits, and answers to requests that may be sent again. Each engine
// is a Caddy module in the namespace xjp.state.
package state

import (
	"github.com/rickyjim626/xjp-gateway/idempotency"
	"github.com/rickyjim626/xjp-gateway/limits"
)

// Engines are the parts of an open engine.
type Engines struct {
	Limits  limits.Engine
	Answers idempotency.Store
	// BoundAnswers changes the most bytes of answers that are kept; nil where that is for the
	// engine's server to say.
	BoundAnswers func(bytes int64)
	// Own says that the counts are those of this process, which no other one sees.
	Own bool
}

// Settings are what the gateway tells an engine.
type Settings struct {
	// MaxAnswers is the most bytes of answers kept for requests that may be sent again.
	MaxAnswers int64
	// Restore tells what the ledger knows; nil is a gateway without one. What its journal
	// holds and the store does not have yet, some tenths of a second's use, is not in it.
	Restore limits.Restore
	// OnFailure is told when an engine can no longer reach its server, and when it can
	// again, in this order; nil is nobody. It must return soon, and not call the engine.
	OnFailure func(Failure)
}

// Failure is a change of what is known of an engine's server.
type Failure struct {
	// Down says that the server cannot be reached.
	Down bool
	// Err is why, without any secret; nil if it can be reached again.
	Err error
}

// Module is a guest module in the namespace xjp.state. Its Provision touches no network.
type Module interface {
	// Identity tells engines apart by their settings, without any secret in clear: as long
	// as it is the same, an open engine is kept over reloads.
	Identity() string
	// Open opens the engine. It returns at once, whether or not its server can be reached.
	Open(s Settings) (*Engines, error)
}
