package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// isUncounted reports whether a usage object is what a provider without counts tells at
// an answer's end: zeros (E11). Elsewhere zeros are true, as from a cache (D11).
func isUncounted(x *translate.Exchange, usage scan.Value) bool {
	if !x.Target.Quirks.Uncounted || usage.Len() == 0 {
		return false
	}
	for _, n := range usage.Members() {
		if count, ok := n.Int(); ok && count != 0 {
			return false
		}
	}
	return true
}

// estimate gives the usage that the answer's beginning told, with an output of so many
// bytes.
func estimate(u *translate.Usage, x *translate.Exchange, written int) {
	if u.Prompt() == 0 {
		u.Input = x.PromptEstimate
	}
	u.Output = translate.EstimateOutput(written)
	u.Reported, u.Estimated = true, true
}
