package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
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

// said is how many bytes of the answer a delta holds.
func said(delta scan.Value) int {
	n := 0
	for _, key := range []string{"text", "thinking", "partial_json"} {
		n += len(delta.Get(key).Text())
	}
	return n
}

// estimated appends a message_delta with an estimate in place of its usage.
func (p *pass) estimated(dst []byte, usage scan.Value, data []byte) ([]byte, translate.Seen) {
	estimate(&p.usage, p.x, p.written)
	w := emit.Writer{}
	writeUsage(&w, &p.usage, p.usage.Output)
	dst = sse.AppendOpen(dst, "message_delta")
	from := len(dst)
	dst = scan.Splice(dst, data, []scan.Edit{{Start: usage.Start(), End: usage.End(), With: w.B}})
	sse.OneLine(dst[from:])
	return sse.AppendClose(dst), translate.Seen{Usage: &p.usage, Stop: p.stop}
}
