// Package state is the contract of the engines that keep what nodes share from moment to
// moment: the counts of limits, and answers to requests that may be sent again. Each engine
// is a Caddy module in the namespace xjp.state.
package state

import (
	"context"

	"github.com/rickyjim626/xjp-gateway/idempotency"
	"github.com/rickyjim626/xjp-gateway/limits"
)

// Engines are the parts of an open engine.
type Engines struct {
	Limits  limits.Engine
	Answers idempotency.Store
	// Shared says that several nodes share the counts.
	Shared bool
	// Ping reports whether the engine can be reached; nil for one in this process.
	Ping func(ctx context.Context) error
}

// Settings are what the gateway tells an engine.
type Settings struct {
	// MaxAnswers is the most bytes of answers kept for requests that may be sent again.
	MaxAnswers int64
	// Restore tells what the ledger knows to be used of a tenant's quotas. An engine asks for
	// those quotas of a reservation that it has no count of: after a start, after its server
	// has lost its data, in a new window, and where a limit is set in the middle of one. nil
	// is a gateway without a ledger. What the journal holds and the store does not have yet
	// is not in it, which is some tenths of a second's use.
	Restore func(ctx context.Context, tenant string, meters []limits.Meter) ([]int64, error)
	// OnFailure is told when an engine can no longer reach its server, and when it can
	// again; nil is nobody.
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
