package gemini

import "github.com/rickyjim626/xjp-gateway/translate"

// writeThinking asks for thinking: by level from Gemini 3 on, by budget before, never by
// both (A39). Thoughts are asked for only if there are any and the client can be shown
// them: a model that does not think refuses the wish to see it.
func (o *outbound) writeThinking() {
	e := o.r.Reasoning
	if e.Mode == translate.EffortUnset && e.Level == "" {
		return // the model's own default
	}
	off := e.Mode == translate.EffortOff || e.Mode == translate.EffortBetweenTools
	if o.caps.Gemini < 2.5 {
		if !off {
			o.x.Losses.Drop(o.effortField())
		}
		return
	}
	mark := len(o.B)
	o.KeyObject("thinkingConfig")
	empty := len(o.B)
	if o.caps.Gemini >= 3 {
		if level := o.thinkingLevel(e); level != "" {
			o.KeyString("thinkingLevel", level)
		}
	} else if budget, ok := o.thinkingBudget(e); ok {
		o.KeyInt("thinkingBudget", budget)
	}
	if !off && !e.Hide && o.x.ReasoningFormat != "none" {
		o.KeyBool("includeThoughts", true)
	}
	if len(o.B) == empty {
		o.B = o.B[:mark]
		return
	}
	o.EndObject()
}

// effortField is the client's own name for its wish.
func (o *outbound) effortField() string {
	if o.r.Reasoning.Raw != nil {
		return "thinking"
	}
	return o.field(o.r.EffortField())
}

// thinkingLevel gives the level for Gemini 3, where thinking cannot be off.
func (o *outbound) thinkingLevel(e translate.Effort) string {
	switch e.Mode {
	case translate.EffortOff, translate.EffortBetweenTools:
		o.x.Losses.Add(o.effortField(), translate.Converted)
		return o.caps.LowestLevel
	case translate.EffortBudget:
		o.x.Losses.Add(o.effortField(), translate.Converted)
		switch {
		case e.Budget < 4096:
			return "low"
		case e.Budget < 16384:
			return "medium"
		}
		return "high"
	}
	switch e.Level {
	case "minimal":
		if o.caps.LowestLevel != "minimal" {
			o.x.Losses.Add(o.effortField(), translate.Converted)
		}
		return o.caps.LowestLevel
	case "xhigh", "max":
		o.x.Losses.Add(o.effortField(), translate.Clamped)
		return "high"
	case "low", "medium", "high", "":
		return e.Level
	}
	o.x.Losses.Drop(o.effortField())
	return ""
}

// efforts are the names of an effort and the part of the largest budget that each may
// think with, in percent.
var efforts = map[string]int64{"minimal": 4, "low": 20, "medium": 50, "high": 80, "xhigh": 100, "max": 100}

// thinkingBudget gives the budget for Gemini 2.5; ok is false to leave it to the model.
func (o *outbound) thinkingBudget(e translate.Effort) (budget int64, ok bool) {
	switch {
	case e.Mode == translate.EffortOff || e.Mode == translate.EffortBetweenTools:
		if o.caps.MinBudget > 0 {
			o.x.Losses.Add(o.effortField(), translate.Converted)
		}
		return o.caps.MinBudget, true
	case e.Mode == translate.EffortBudget:
		budget = min(max(e.Budget, o.caps.MinBudget), o.caps.MaxBudget)
		if budget != e.Budget {
			o.x.Losses.Add(o.effortField(), translate.Clamped)
		}
		return budget, true
	case e.Level == "":
		return 0, false
	}
	share, known := efforts[e.Level]
	if !known {
		o.x.Losses.Drop(o.effortField())
		return 0, false
	}
	return max(o.caps.MaxBudget*share/100, o.caps.MinBudget), true
}
