package gemini

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// outbound is the making of one request (provider-gemini-vertex.md 3).
type outbound struct {
	emit.Writer
	r      *translate.Request
	x      *translate.Exchange
	caps   *translate.Capabilities
	system []translate.Block
	turns  []translate.Turn
	format bool // an output format is sent as a setting
}

// EncodeRequest writes a generateContent request for the target; the model and whether
// to stream stand in the URL.
func (Dialect) EncodeRequest(dst []byte, r *translate.Request, x *translate.Exchange) ([]byte, *translate.Error) {
	o, err := plan(dst, r, x)
	if err != nil {
		return nil, err
	}
	o.Object()
	if err := o.prompt(); err != nil {
		return nil, err
	}
	o.writeChoice()
	if err := o.writeConfig(); err != nil {
		return nil, err
	}
	if tier := o.tier(); tier != "" {
		o.KeyString("serviceTier", tier)
	}
	o.EndObject()
	return o.B, nil
}

// EncodeCount writes a countTokens request: the prompt as it is on Vertex AI, wrapped
// in a generateContentRequest on AI Studio (4.7).
func EncodeCount(dst []byte, r *translate.Request, x *translate.Exchange) ([]byte, *translate.Error) {
	o, err := plan(dst, r, x)
	if err != nil {
		return nil, err
	}
	o.Object()
	if !x.Target.Quirks.Vertex {
		o.KeyObject("generateContentRequest")
		o.KeyString("model", resource(x.Target.Model))
	}
	if err := o.prompt(); err != nil {
		return nil, err
	}
	if !x.Target.Quirks.Vertex {
		o.EndObject()
	}
	o.EndObject()
	return o.B, nil
}

// resource is a model's name with the collection that it belongs to.
func resource(model string) string {
	if strings.Contains(model, "/") {
		return model
	}
	return "models/" + model
}

// plan arranges the conversation and decides what needs deciding before it is written.
func plan(dst []byte, r *translate.Request, x *translate.Exchange) (*outbound, *translate.Error) {
	o := &outbound{Writer: emit.Writer{B: dst}, r: r, x: x, caps: &x.Target.Caps}
	turns, err := o.settle(r.Turns)
	if err != nil {
		return nil, err
	}
	o.system, o.turns = translate.Arrange(turns, translate.HoistSystem, &x.Losses)
	o.planFormat()
	o.planSystem()
	if len(o.turns) == 0 {
		return nil, translate.Invalid("messages", "messages must hold something to answer")
	}
	if o.turns[0].Role == translate.Assistant {
		x.Losses.Add(o.turns[0].At.String(), translate.Repaired)
		first := translate.Turn{Role: translate.User, Blocks: []translate.Block{{Text: scan.Text("(conversation continues)")}}}
		o.turns = append([]translate.Turn{first}, o.turns...)
	}
	return o, o.checkFields()
}

// planSystem makes a user turn of the system text where there is nothing else (A46), and
// puts it before the user's first text for models without system turns (A47).
func (o *outbound) planSystem() {
	if len(o.system) == 0 || o.caps.SystemTurn && len(o.turns) > 0 {
		return
	}
	o.x.Losses.Add("system", translate.Converted)
	turn := translate.Turn{Role: translate.User, Blocks: o.system}
	o.system = nil
	if len(o.turns) > 0 {
		last := &turn.Blocks[len(turn.Blocks)-1] // ours: Arrange has copied it
		last.Text = append(last.Text[:len(last.Text):len(last.Text)], `\n\n`...)
	}
	if len(o.turns) == 0 || o.turns[0].Role != translate.User {
		o.turns = append([]translate.Turn{turn}, o.turns...)
		return
	}
	merged := append(turn.Blocks[:len(turn.Blocks):len(turn.Blocks)], o.turns[0].Blocks...)
	o.turns[0].Blocks = merged
}

// messagesFields are Messages' names of fields that Chat calls otherwise.
var messagesFields = map[string]string{
	"stop": "stop_sequences", "user": "metadata.user_id", "response_format": "output_config.format", "web_search_options": "tools", "reasoning_effort": "output_config.effort",
}

// field is the client's own name of a field, given Chat's.
func (o *outbound) field(chat string) string {
	if name := messagesFields[chat]; name != "" && o.r.Dialect == "anthropic" {
		return name
	}
	return chat
}

// maxCandidates is how many answers the API gives to one request.
const maxCandidates = 8

func (o *outbound) checkFields() *translate.Error {
	if o.r.HasMaxTokens && o.r.MaxTokens < 1 {
		return translate.Invalid(o.r.MaxTokensField(), o.r.MaxTokensField()+" must be at least 1")
	}
	if o.r.Candidates > maxCandidates {
		return translate.Invalid("n", "n must be at most 8 for this model's provider")
	}
	for _, m := range o.r.Modalities {
		if m != "text" && m != "image" { // nothing would bring sound back to the client
			return translate.Invalid("modalities", "modalities must be text and image for this model's provider")
		}
	}
	if len(o.r.Tools) > 0 && !o.caps.Tools {
		return translate.Invalid("tools", "this model takes no tools")
	}
	if err := o.checkTools(); err != nil {
		return err
	}
	for _, e := range o.r.Extra { // an unknown name would be a 400 (A48)
		if e.Refuse {
			return translate.Invalid(e.Name, e.Name+" is not supported by this model's provider")
		}
		o.x.Losses.Drop(e.Name)
	}
	for _, hint := range []struct {
		name string
		set  bool
	}{
		{o.field("user"), o.r.User != nil}, {"prompt_cache_key", o.r.CacheKey != nil}, {"cache_control", o.r.Cache != nil || o.marked()},
		{"min_p", o.r.MinP != nil}, {"logprobs", o.r.Logprobs && !o.caps.Logprobs},
	} {
		if hint.set {
			o.x.Losses.Drop(hint.name)
		}
	}
	return nil
}

// marked reports whether any block has a cache mark; Gemini caches without.
func (o *outbound) marked() bool {
	for i := range o.r.Turns {
		for k := range o.r.Turns[i].Blocks {
			if o.r.Turns[i].Blocks[k].Cache != nil {
				return true
			}
		}
	}
	for i := range o.r.Tools {
		if o.r.Tools[i].Cache != nil {
			return true
		}
	}
	return false
}

// prompt writes system instruction, conversation and tools.
func (o *outbound) prompt() *translate.Error {
	if len(o.system) > 0 {
		o.KeyObject("systemInstruction")
		o.KeyArray("parts")
		for i := range o.system {
			o.text(o.system[i].Text, nil)
		}
		o.EndArray()
		o.EndObject()
	}
	o.KeyArray("contents")
	for i := range o.turns {
		if err := o.turn(&o.turns[i]); err != nil {
			return err
		}
	}
	o.EndArray()
	return o.writeTools()
}

// instruct adds a system text of the gateway's own.
func (o *outbound) instruct(text string) {
	o.system = append(o.system[:len(o.system):len(o.system)], translate.Block{Text: scan.Quote(text)})
}

// planFormat decides whether an output format can be a setting: before Gemini 3 it
// cannot stand beside tools.
func (o *outbound) planFormat() {
	f := o.r.Format
	if f.Kind == translate.FormatText {
		return
	}
	if len(o.r.Tools) == 0 || o.caps.ToolsWithFormat {
		o.format = true
		return
	}
	o.x.Losses.Add(o.field("response_format"), translate.Converted)
	if f.Kind == translate.FormatJSON {
		o.instruct("Respond with a single JSON object and nothing else.")
		return
	}
	o.instruct("Respond with a single JSON value that satisfies this JSON Schema, and nothing else: " + string(f.Schema))
}
