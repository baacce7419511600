package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
)

// reasoningPlan is how thinking is asked for.
type reasoningPlan struct {
	// thinking is the type of the thinking object, "" for none.
	thinking string
	budget   int64
	effort   string
}

// thinks reports whether the model will think, which excludes other settings.
func (p reasoningPlan) thinks() bool { return p.thinking == "enabled" || p.thinking == "adaptive" }

// The bounds of a thinking budget.
const (
	minBudget     = 1024
	minWithBudget = 2048
)

// shares are the parts of max_tokens that an effort may think with, in percent.
var shares = map[string]int64{"minimal": 10, "low": 20, "medium": 50, "high": 80, "xhigh": 95, "max": 95}

// planReasoning maps the client's wish to what the model takes (2.8).
func (o *outbound) planReasoning() *translate.Error {
	e := o.r.Reasoning
	o.makeRoom()
	switch e.Mode {
	case translate.EffortUnset:
		o.plan.effort = o.effort(e.Level)
	case translate.EffortOff:
		o.planOff(e.Level)
	case translate.EffortBetweenTools:
		o.planOff(e.Level)
	case translate.EffortLevel:
		o.planLevel(e.Level)
	case translate.EffortAdaptive:
		o.planAdaptive(e.Level)
	case translate.EffortBudget:
		o.planBudget(e)
	}
	o.settleConflicts()
	return nil
}

// makeRoom raises a limit that the client did not choose, where thinking would use it up
// before the answer begins (trap 24).
func (o *outbound) makeRoom() {
	switch o.r.Reasoning.Mode {
	case translate.EffortLevel, translate.EffortAdaptive, translate.EffortBudget:
	default:
		return
	}
	if !o.chosen || !o.caps.Adaptive && !o.caps.Budget {
		return
	}
	room := int64(defaultMaxTokens)
	if o.caps.MaxOutput > 0 {
		room = min(room, o.caps.MaxOutput)
	}
	o.maxTokens = max(o.maxTokens, room)
}

// effort gives the effort that the model knows for a level, "" for none.
func (o *outbound) effort(level string) string {
	switch {
	case level == "" || !o.caps.Effort:
		return ""
	case level == "minimal":
		o.x.Losses.Add(o.r.EffortField(), translate.Converted)
		return "low" // trap 25
	case (level == "xhigh" || level == "max") && !o.caps.XHigh:
		o.x.Losses.Add(o.r.EffortField(), translate.Clamped)
		return "high"
	}
	return level
}

// planOff asks for no thinking, or for as little as the model can do (trap 26).
func (o *outbound) planOff(level string) {
	switch {
	case o.caps.BetweenTools:
		o.plan.thinking = "between_tools"
		if o.r.Reasoning.Mode == translate.EffortOff {
			o.x.Losses.Add(o.r.EffortField(), translate.Converted)
		}
	case o.caps.DisableThinking || o.caps.DisableAtHigh:
		o.plan.thinking = "disabled"
	case o.caps.Effort:
		o.x.Losses.Add(o.r.EffortField(), translate.Converted)
		o.plan.effort = "low"
		return
	}
	o.plan.effort = o.effort(level)
	if (o.caps.DisableAtHigh || o.caps.BetweenTools) && (o.plan.effort == "xhigh" || o.plan.effort == "max") {
		o.x.Losses.Add(o.r.EffortField(), translate.Clamped)
		o.plan.effort = "high"
	}
}

func (o *outbound) planLevel(level string) {
	switch {
	case level == "none":
		o.planOff("")
	case o.caps.Adaptive:
		o.plan.thinking, o.plan.effort = "adaptive", o.effort(level)
	case o.caps.Budget:
		o.enable(o.maxTokens * shares[level] / 100)
	default:
		o.x.Losses.Drop(o.r.EffortField())
	}
}

func (o *outbound) planAdaptive(level string) {
	if o.caps.Adaptive {
		o.plan.thinking, o.plan.effort = "adaptive", o.effort(level)
		return
	}
	if level == "" {
		level = "medium"
		o.x.Losses.Add(o.r.EffortField(), translate.Converted)
	}
	o.planLevel(level)
}

// planBudget keeps a budget where the model takes one and turns it into an effort
// where it does not (trap 27).
func (o *outbound) planBudget(e translate.Effort) {
	if o.caps.Budget {
		o.enable(e.Budget)
		o.plan.effort = o.effort(e.Level)
		return
	}
	level := "high"
	switch {
	case e.Level != "":
		level = e.Level
	case e.Budget < 4096:
		level = "low"
	case e.Budget < 16384:
		level = "medium"
	}
	o.x.Losses.Add(o.r.EffortField(), translate.Converted)
	o.planLevel(level)
}

// enable asks for a thinking budget within max_tokens (trap 23).
func (o *outbound) enable(budget int64) {
	if o.maxTokens < minWithBudget {
		if !o.chosen {
			o.x.Losses.Drop(o.r.EffortField())
			return
		}
		o.maxTokens = minWithBudget
	}
	o.plan.thinking = "enabled"
	o.plan.budget = min(max(budget, minBudget), o.maxTokens-minBudget)
	if o.r.Reasoning.Mode == translate.EffortBudget && o.plan.budget != budget {
		o.x.Losses.Add(o.r.EffortField(), translate.Clamped)
	}
}

// settleConflicts leaves thinking out where the rest of the request excludes it: a
// forced tool (trap 22), a tool loop that began without thinking (trap 44), and the
// beginning of an answer, which would have to begin with thinking.
func (o *outbound) settleConflicts() {
	if !o.plan.thinks() {
		return
	}
	forced := o.choice.Mode == translate.ToolRequired || o.choice.Mode == translate.ToolNamed || o.x.FormatTool != ""
	begun := o.turns[len(o.turns)-1].Role == translate.Assistant
	if forced || begun || o.plan.thinking == "enabled" && o.openLoopUnsigned() {
		o.x.Losses.Drop(o.r.EffortField())
		o.plan.thinking, o.plan.budget = "", 0
	}
}

// openLoopUnsigned reports whether the conversation ends in results of calls that were
// made in a turn which does not begin with signed thinking.
func (o *outbound) openLoopUnsigned() bool {
	n := len(o.turns)
	for n > 0 && o.turns[n-1].Role.IsSystem() {
		n--
	}
	if n < 2 || o.turns[n-1].Role != translate.User || o.turns[n-1].Blocks[0].Kind != translate.ResultBlock {
		return false
	}
	return o.turns[n-2].Blocks[0].Kind != translate.ReasoningBlock
}

// writeReasoning writes thinking and output_config.
func (o *outbound) writeReasoning() {
	if o.plan.thinking != "" {
		o.KeyObject("thinking")
		o.KeyString("type", o.plan.thinking)
		if o.plan.thinking == "enabled" {
			o.KeyInt("budget_tokens", o.plan.budget)
		}
		if o.plan.thinks() && o.caps.Adaptive { // whose own choice may be to show nothing
			display := "summarized"
			if o.r.Reasoning.Hide {
				display = "omitted"
			}
			o.KeyString("display", display)
		}
		o.EndObject()
	}
	if o.plan.effort == "" && o.schema == nil {
		return
	}
	o.KeyObject("output_config")
	if o.plan.effort != "" {
		o.KeyString("effort", o.plan.effort)
	}
	if o.schema != nil {
		o.KeyObject("format")
		o.KeyString("type", "json_schema")
		o.KeyRaw("schema", o.schema)
		o.EndObject()
	}
	o.EndObject()
}
