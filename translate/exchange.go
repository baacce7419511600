package translate

import "github.com/rickyjim626/xjp-gateway/translate/scan"

// Exchange is one request and its answer: what the two sides of a translation must
// remember of each other. The client's side fills the first part, the encoder of the
// provider's side the second, anew for each attempt.
type Exchange struct {
	// ID is the gateway's request id without prefix; answers derive their ids from it.
	ID string
	// Created is when the answer began, in Unix seconds.
	Created int64
	// Model is the logical name, which the answer carries (rule G4).
	Model string
	// Request is what the client asked.
	Request *Request
	// ReasoningFormat is how Chat clients are shown reasoning: "reasoning_content"
	// (default), "reasoning", "both" or "none".
	ReasoningFormat string
	// PromptEstimate is the estimated size of the prompt in tokens, told to Messages
	// clients before the true count is known.
	PromptEstimate int64

	// Target is the route that serves the attempt.
	Target *Target
	// Names maps tool names as sent upstream to the client's own, where they differ.
	Names map[string]scan.Text
	// IDs maps ids of calls as sent upstream to the client's own, where they differ.
	IDs map[string]scan.Text
	// FormatTool is the tool that stands in for an output schema; "" is none (2.7).
	FormatTool string
	// ParallelLimit asks decoders to keep only the first call of an answer, for targets
	// without a setting for it.
	ParallelLimit bool
	// Losses are the fields of the request that the target cannot carry.
	Losses Losses
	// AnswerLosses are the parts of the answer that the client's dialect cannot carry.
	AnswerLosses Losses
}

// Begin prepares the exchange for an attempt at a target.
func (x *Exchange) Begin(target *Target) {
	x.Target = target
	x.Names, x.IDs, x.FormatTool, x.ParallelLimit = nil, nil, "", false
	x.Losses.Reset()
	x.AnswerLosses.Reset()
}

// ToolName returns the client's name of a tool that the provider called.
func (x *Exchange) ToolName(sent scan.Text) scan.Text {
	if own, ok := x.Names[string(sent)]; ok {
		return own
	}
	return sent
}

// IsCustom reports whether the client declared a tool as freeform.
func (x *Exchange) IsCustom(name scan.Text) bool {
	if x.Request == nil {
		return false
	}
	for i := range x.Request.Tools {
		if t := &x.Request.Tools[i]; t.Custom && string(t.Name) == string(name) {
			return true
		}
	}
	return false
}

// CallID returns the client's id of a call that was sent upstream under another.
func (x *Exchange) CallID(sent scan.Text) scan.Text {
	if own, ok := x.IDs[string(sent)]; ok {
		return own
	}
	return sent
}
