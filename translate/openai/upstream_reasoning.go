package openai

import (
	"hash/maphash"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// think tells reasoning of the item with the given index; -1 is none. What a signature
// seals is whole: other text after it is another block.
func (d *decoder) think(c *candidate, t scan.Text, index int64) {
	if len(t) == 0 {
		return
	}
	if c.sealed && c.open == translate.ReasoningBlock && (index < 0 || index != c.item) {
		d.endBlock(c)
	}
	if n := d.text(c, translate.ReasoningBlock, translate.EventReasoning, t); n != c.seal {
		c.seal, c.sealed = n, false
	}
	c.item = index
}

// reasoning reads the field that the host uses; of several that say the same, one counts
// (4.2). Items that hold text come first, since they tell which of it is sealed together.
func (d *decoder) reasoning(c *candidate, delta scan.Value) {
	details, blocks := delta.Get("reasoning_details"), delta.Get("thinking_blocks")
	inItems := holdsText(details, "text")
	inBlocks := !inItems && holdsText(blocks, "thinking")
	told := inItems || inBlocks
	if inItems && c.plain.equals(details) {
		inItems = false // the whole again, beside its seal
	}
	for _, key := range []string{"reasoning_content", "reasoning"} {
		if t := partText(delta.Get(key)); !told && len(t) > 0 {
			d.think(c, t, -1)
			c.plain.write(t)
			told = true
		}
	}
	for item := range details.Elements() {
		d.detail(c, item, told && !inItems)
	}
	for item := range blocks.Elements() {
		d.thinkingBlock(c, item, told && !inBlocks)
	}
}

// plainText is what reasoning has been told as plain text, of any length: this gateway's
// own streams, for one, tell a seal in an item together with all that it seals.
type plainText struct {
	hash maphash.Hash
	size int
}

func (p *plainText) write(t scan.Text) {
	p.hash.Write(t)
	p.size += len(t)
}

func (p *plainText) reset() {
	p.hash.Reset()
	p.size = 0
}

// equals reports whether items hold the same text.
func (p *plainText) equals(items scan.Value) bool {
	var again plainText
	again.hash.SetSeed(p.hash.Seed())
	for item := range items.Elements() {
		again.write(item.Get("text").Text())
	}
	return p.size > 0 && again.size == p.size && again.hash.Sum64() == p.hash.Sum64()
}

// holdsText reports whether an item of reasoning has text under a key.
func holdsText(items scan.Value, key string) bool {
	for item := range items.Elements() {
		if len(item.Get(key).Text()) > 0 {
			return true
		}
	}
	return false
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
			d.think(c, r.Text, -1)
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
	index, ok := v.Get("index").Int()
	if !ok {
		index = -1
	}
	switch v.Get("type").Str() {
	case "reasoning.text":
		if !told {
			d.think(c, v.Get("text").Text(), index)
		}
		if s := v.Get("signature").Text(); len(s) > 0 {
			d.sealed(c, s, family)
		}
	case "reasoning.summary":
		if !told {
			d.think(c, v.Get("summary").Text(), index)
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
	c.sealed = true
	c.plain.reset()
	s := &translate.Signature{Family: family, Origin: d.x.Target.Origin, Value: value}
	if family != translate.FamilyGoogle {
		s.Origin = ""
	}
	d.add(translate.Event{Kind: translate.EventSeal, Seals: translate.ReasoningBlock, Choice: c.index, Block: c.seal, Signature: s})
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
