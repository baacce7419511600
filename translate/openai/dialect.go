// Package openai is the dialect of OpenAI's Chat Completions, on the client's side and
// on the provider's.
package openai

import "github.com/rickyjim626/xjp-gateway/translate"

// Dialect converts between Chat and the neutral form.
type Dialect struct{}

// Name is "openai".
func (Dialect) Name() string { return "openai" }

// Interface guards
var (
	_ translate.Inbound  = Dialect{}
	_ translate.Outbound = Dialect{}
	_ translate.Passer   = Dialect{}
)
