// Package anthropic is the dialect of Anthropic's Messages, on the client's side and on
// the provider's.
package anthropic

import "github.com/rickyjim626/xjp-gateway/translate"

// Dialect converts between Messages and the neutral form.
type Dialect struct{}

// Name is "anthropic".
func (Dialect) Name() string { return "anthropic" }

// Interface guards
var (
	_ translate.Inbound  = Dialect{}
	_ translate.Outbound = Dialect{}
	_ translate.Passer   = Dialect{}
)
