package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// reasoningOf reads the reasoning of an earlier answer: OpenRouter's reasoning_details,
// LiteLLM's thinking_blocks, else plain text, which is a copy of those (2.4).
func (q *request) reasoningOf(m scan.Value, at translate.At) []translate.Block {
	var blocks []translate.Block
	for d := range m.Get("reasoning_details").Elements() {
		if r := readDetail(d); r != nil {
			blocks = append(blocks, translate.Block{Kind: translate.ReasoningBlock, Reasoning: r, At: at})
		}
	}
	if len(blocks) > 0 {
		return blocks
	}
	for b := range m.Get("thinking_blocks").Elements() {
		if r := readThinkingBlock(b); r != nil {
			blocks = append(blocks, translate.Block{Kind: translate.ReasoningBlock, Reasoning: r, At: at})
		}
	}
	if len(blocks) > 0 {
		return blocks
	}
	for _, key := range []string{"reasoning_content", "reasoning"} {
		if text := m.Get(key).Text(); !text.IsBlank() {
			return []translate.Block{{Kind: translate.ReasoningBlock, Reasoning: &translate.Reasoning{Text: text}, At: at}}
		}
	}
	return nil
}

// readDetail reads an item of reasoning_details; nil for kinds that are not reasoning.
// A missing format is Anthropic's (provider-openrouter.md 3).
func readDetail(d scan.Value) *translate.Reasoning {
	format := d.Get("format").Text()
	family := translate.FamilyOf(format.String())
	if format == nil {
		family = translate.FamilyAnthropic
	}
	r := &translate.Reasoning{ID: d.Get("id").Text(), Format: format, Raw: d.Raw()}
	switch d.Get("type").Str() {
	case "reasoning.text":
		r.Text = d.Get("text").Text()
		if s := d.Get("signature").Text(); len(s) > 0 {
			r.Signature = translate.Unseal(s, family)
			keepRaw(r, s)
		}
	case "reasoning.summary":
		r.Text, r.Summary = d.Get("summary").Text(), true
		if family == translate.FamilyOpenAI || family == translate.FamilyXAI {
			r.Signature = &translate.Signature{Family: family} // needs none to be sent back
		}
	case "reasoning.encrypted":
		data := d.Get("data").Text()
		if len(data) == 0 {
			return nil
		}
		r.Signature = translate.Unseal(data, family)
		r.Redacted = r.Signature.Value
		keepRaw(r, data)
	default:
		return nil
	}
	return r
}

// readThinkingBlock reads a block of Messages, as LiteLLM hands it to Chat clients.
func readThinkingBlock(b scan.Value) *translate.Reasoning {
	switch b.Get("type").Str() {
	case "thinking":
		r := &translate.Reasoning{Text: b.Get("thinking").Text()}
		if s := b.Get("signature").Text(); len(s) > 0 {
			r.Signature = translate.Unseal(s, translate.FamilyAnthropic)
		}
		return r
	case "redacted_thinking":
		s := translate.Unseal(b.Get("data").Text(), translate.FamilyAnthropic)
		return &translate.Reasoning{Redacted: s.Value, Signature: s}
	}
	return nil
}

// keepRaw keeps an item for its way back as it came only if the gateway has not wrapped
// a part of it.
func keepRaw(r *translate.Reasoning, sealed scan.Text) {
	if string(r.Signature.Value) != string(sealed) {
		r.Raw = nil
	}
}
