package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

func (d *decoder) think(c *candidate, t scan.Text) {
	if len(t) == 0 {
		return
	}
	d.text(c, translate.ReasoningBlock, translate.EventReasoning, t)
	c.seal = c.number
}

// reasoning reads the field that the host uses; of several that say the same, the first
// counts (4.2). Seals come in reasoning_details.
func (d *decoder) reasoning(c *candidate, delta scan.Value) {
	told := false
	for _, key := range []string{"reasoning_content", "reasoning"} {
		v := delta.Get(key)
		t := v.Text()
		if v.Kind() == scan.Array {
			t = partText(v)
		}
		if len(t) > 0 {
			d.think(c, t)
			told = true
			break
		}
	}
	for item := range delta.Get("reasoning_details").Elements() {
		d.detail(c, item, told)
	}
	for item := range delta.Get("thinking_blocks").Elements() {
		d.thinkingBlock(c, item, told)
	}
}

// thinkingBlock reads a block of Messages as LiteLLM hands it on.
func (d *decoder) thinkingBlock(c *candidate, v scan.Value, told bool) {
	r := readThinkingBlock(v)
	switch {
	case r == nil:
	case r.Redacted != nil:
		d.redacted(c, r)
	default:
		if !told {
			d.think(c, r.Text)
		}
		if r.Signature != nil {
			d.sealed(c, r.Signature.Value, r.Signature.Family)
		}
	}
}

// detail reads an item of reasoning_details. A signature may come in a fragment without
// text, even after text has begun (provider-openrouter.md 3, rule 8).
func (d *decoder) detail(c *candidate, v scan.Value, told bool) {
	if f := v.Get("format").Text(); len(f) > 0 {
		c.format = append(c.format[:0], f...)
	}
	family := translate.FamilyOf(c.format.String())
	if c.format == nil {
		family = translate.FamilyAnthropic
	}
	switch v.Get("type").Str() {
	case "reasoning.text":
		if t := v.Get("text").Text(); !told && len(t) > 0 {
			d.think(c, t)
		}
		if s := v.Get("signature").Text(); len(s) > 0 {
			d.sealed(c, s, family)
		}
	case "reasoning.summary":
		if t := v.Get("summary").Text(); !told && len(t) > 0 {
			d.think(c, t)
		}
	case "reasoning.encrypted":
		d.encrypted(c, v, family)
	}
}

// sealed puts a signature on the last reasoning, or on an empty one.
func (d *decoder) sealed(c *candidate, value scan.Text, family string) {
	if c.seal < 0 {
		d.endBlock(c)
		c.seal = c.blocks
		c.blocks++
	}
	s := &translate.Signature{Family: family, Origin: d.x.Target.Origin, Value: value}
	if family != translate.FamilyGoogle {
		s.Origin = ""
	}
	d.add(translate.Event{Kind: translate.EventSeal, Choice: c.index, Block: c.seal, Signature: s})
}

// encrypted tells a sealed item once, whole, as it must be sent back.
func (d *decoder) encrypted(c *candidate, v scan.Value, family string) {
	r := readDetail(v)
	if r == nil {
		return
	}
	if r.Signature.Family == "" || v.Get("format").Text() == nil {
		r.Signature.Family = family
	}
	d.redacted(c, r)
}

func (d *decoder) redacted(c *candidate, r *translate.Reasoning) {
	key := string(r.Redacted)
	if key == "" || c.seen[key] {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[key] = true
	d.output = true
	d.endBlock(c)
	n := c.blocks
	c.blocks++
	d.add(translate.Event{Kind: translate.EventRedacted, Choice: c.index, Block: n, Reasoning: r})
}
