package gemini

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// logprobs tells logprobsResult as Chat has it: each token that was chosen, with the most
// likely ones at its place.
func (d *decoder) logprobs(c *candidate, v scan.Value) {
	chosen := v.Get("chosenCandidates")
	if chosen.Len() == 0 {
		return
	}
	var top []scan.Value
	for place := range v.Get("topCandidates").Elements() {
		top = append(top, place.Get("candidates"))
	}
	w := emit.Writer{}
	w.Object()
	w.KeyArray("content")
	i := 0
	for token := range chosen.Elements() {
		w.Object()
		writeToken(&w, token)
		w.KeyArray("top_logprobs")
		if i < len(top) {
			for other := range top[i].Elements() {
				w.Object()
				writeToken(&w, other)
				w.EndObject()
			}
		}
		w.EndArray()
		w.EndObject()
		i++
	}
	w.EndArray()
	w.KeyNull("refusal")
	w.EndObject()
	d.add(translate.Event{Kind: translate.EventLogprobs, Choice: c.index, Raw: w.B})
}

// writeToken writes a token: a probability of one, whose logarithm is 0, is left out.
func writeToken(w *emit.Writer, v scan.Value) {
	token := v.Get("token").Text()
	w.KeyText("token", token)
	if p := v.Get("logProbability"); p.Kind() == scan.Number {
		w.KeyRaw("logprob", p.Raw())
	} else {
		w.KeyInt("logprob", 0)
	}
	w.KeyArray("bytes")
	for _, b := range token.AppendTo(nil) {
		w.Int(int64(b))
	}
	w.EndArray()
}
