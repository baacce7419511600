// Package gemini is the dialect of Google's Gemini API, on AI Studio and on Vertex AI.
package gemini

import "github.com/rickyjim626/xjp-gateway/translate"

// Dialect converts between generateContent and the neutral form.
type Dialect struct{}

// Name is "gemini".
func (Dialect) Name() string { return "gemini" }

// Interface guards
var _ translate.Outbound = Dialect{}
