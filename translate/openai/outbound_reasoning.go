package openai

import (
	"slices"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// writeReasoning asks for reasoning in the way of the host (3.5).
func (o *outbound) writeReasoning() {
	e := o.r.Reasoning
	if e.Mode == translate.EffortUnset && e.Level == "" {
		return
	}
	switch o.caps.ReasoningStyle {
	case "openrouter":
		o.openRouterReasoning(e)
	case "openai_effort", "reasoning_content":
		o.effort(e)
	default:
		o.x.Losses.Drop("thinking")
	}
}

func (o *outbound) openRouterReasoning(e translate.Effort) {
	o.KeyObject("reasoning")
	switch {
	case e.Mode == translate.EffortOff:
		o.KeyBool("enabled", false)
	case e.Mode == translate.EffortBetweenTools:
		o.KeyString("effort", "minimal")
	case e.Mode == translate.EffortBudget && e.Budget > 0:
		o.budget(e.Budget)
	case e.Level != "":
		o.KeyString("effort", e.Level)
	default:
		o.KeyBool("enabled", true)
	}
	if e.Hide {
		o.KeyBool("exclude", true)
	}
	o.EndObject()
}

// minBudget is the least that OpenRouter takes as a budget for models that have one.
const minBudget = 1024

// budget writes a budget that leaves room for an answer: OpenRouter refuses one that
// reaches the limit (CC12, pain 28).
func (o *outbound) budget(n int64) {
	most := n
	if o.limit > 0 {
		most = o.limit - 1
	}
	fit := max(minBudget, min(n, most))
	switch {
	case fit > most: // there is no room for thinking at all
		o.x.Losses.Drop("thinking")
		o.KeyBool("enabled", false)
		return
	case fit != n:
		o.x.Losses.Add("thinking.budget_tokens", translate.Clamped)
	}
	o.KeyInt("max_tokens", fit)
}

// levels are the efforts that hosts know, from the least.
var levels = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// effort asks for an effort by name. One that the host does not know falls to the
// nearest lower one.
func (o *outbound) effort(e translate.Effort) {
	if !o.caps.Effort {
		if e.Mode != translate.EffortOff {
			o.x.Losses.Drop("thinking")
		}
		return
	}
	level := e.Level
	switch e.Mode {
	case translate.EffortOff:
		level = "none"
	case translate.EffortBetweenTools:
		level = "minimal"
	case translate.EffortBudget:
		level = levelOf(e.Budget)
	}
	switch {
	case level == "":
		return
	case !slices.Contains(levels, level):
		o.x.Losses.Drop("output_config.effort")
		return
	case (level == "xhigh" || level == "max") && !o.caps.XHigh:
		o.x.Losses.Add("output_config.effort", translate.Clamped)
		level = "high"
	case level == "max":
		o.x.Losses.Add("output_config.effort", translate.Clamped)
		level = "xhigh"
	}
	o.KeyString("reasoning_effort", level)
}

// levelOf gives the effort that is about as large as a budget.
func levelOf(budget int64) string {
	switch {
	case budget < 4096:
		return "low"
	case budget < 16384:
		return "medium"
	}
	return "high"
}

// replay writes the reasoning of an assistant turn for hosts that want it back.
func (o *outbound) replay(turn int, t *translate.Turn) {
	switch o.caps.ReasoningStyle {
	case "openrouter":
		o.replayDetails(t)
	case "reasoning_content":
		o.replayText(turn, t)
	default:
		o.dropReasoning(t)
	}
}

func (o *outbound) dropReasoning(t *translate.Turn) {
	for i := range t.Blocks {
		if t.Blocks[i].Kind == translate.ReasoningBlock {
			o.x.Losses.Drop(t.Blocks[i].At.String())
		}
	}
}

// replayDetails writes OpenRouter's reasoning_details, unmodified and in order, without
// what the family behind it would refuse: foreign seals, text without a seal, and what
// has been told before (provider-openrouter.md 3, rules 1, 3, 6 and 10).
func (o *outbound) replayDetails(t *translate.Turn) {
	n := 0
	for i := range t.Blocks {
		b := &t.Blocks[i]
		if b.Kind != translate.ReasoningBlock {
			continue
		}
		if !o.x.Target.Accepts(b.Reasoning.Signature) || o.again(b.Reasoning) {
			o.x.Losses.Drop(b.At.String())
			continue
		}
		if n == 0 {
			o.KeyArray("reasoning_details")
		}
		if b.Reasoning.Raw != nil {
			o.Raw(b.Reasoning.Raw)
		} else {
			writeOwnDetail(&o.Writer, b.Reasoning, n)
		}
		n++
	}
	if n > 0 {
		o.EndArray()
	}
}

// again reports whether the request holds this reasoning already: some models answer
// "Duplicate item found" to it (D24).
func (o *outbound) again(r *translate.Reasoning) bool {
	key := string(firstText(r.Signature.Value, r.Text)) // a summary needs no seal
	if len(r.Redacted) > 0 {
		key = string(firstText(r.ID, r.Redacted))
	}
	if o.told[key] {
		return true
	}
	if o.told == nil {
		o.told = map[string]bool{}
	}
	o.told[key] = true
	return false
}

// writeOwnDetail writes an item with its seal as the provider made it.
func writeOwnDetail(w *emit.Writer, r *translate.Reasoning, index int) {
	plain := *r
	s := *r.Signature
	s.Origin = ""
	plain.Signature = &s
	writeDetail(w, &plain, index)
}

// replayText writes reasoning as text, but only inside an open tool loop: hosts of this
// style want it there and refuse or ignore it elsewhere.
func (o *outbound) replayText(turn int, t *translate.Turn) {
	if !o.inLoop(turn) {
		o.dropReasoning(t)
		return
	}
	var text scan.Text
	for i := range t.Blocks {
		switch b := &t.Blocks[i]; {
		case b.Kind != translate.ReasoningBlock:
		case b.Reasoning.Redacted != nil:
			o.x.Losses.Drop(b.At.String())
		default:
			text = append(text, b.Reasoning.Text...)
		}
	}
	if len(text) > 0 {
		o.KeyText("reasoning_content", text)
	}
}

// inLoop reports whether a turn lies after the last words of the user.
func (o *outbound) inLoop(turn int) bool {
	for _, t := range o.turns[turn+1:] {
		if t.Role != translate.User {
			continue
		}
		for _, b := range t.Blocks {
			if b.Kind != translate.ResultBlock {
				return false
			}
		}
	}
	return turn+1 < len(o.turns)
}
