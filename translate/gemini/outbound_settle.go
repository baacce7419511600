package gemini

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// settle brings each turn's blocks into what the API knows, before they are arranged, so
// that no turn is left empty or beside another of its role later. Signatures that the
// target does not accept are taken away, those that clients bring back inside reasoning
// are put where they belong, and blocks of another dialect become text. Turns that
// change are copied.
func (o *outbound) settle(turns []translate.Turn) ([]translate.Turn, *translate.Error) {
	out := turns
	for i := range turns {
		if o.settled(turns[i].Blocks) {
			continue
		}
		blocks, err := o.settleBlocks(&turns[i])
		if err != nil {
			return nil, err
		}
		if &out[0] == &turns[0] {
			out = append([]translate.Turn(nil), turns...)
		}
		out[i].Blocks = blocks
	}
	return out, nil
}

// settled reports whether nothing about a turn has to change.
func (o *outbound) settled(blocks []translate.Block) bool {
	for i := range blocks {
		b := &blocks[i]
		switch b.Kind {
		case translate.ReasoningBlock, translate.OpaqueBlock, translate.SearchBlock:
			return false
		case translate.MediaBlock:
			if isText(b.Media) && isBlank(b.Media) {
				return false
			}
		}
		if b.Signature != nil && !o.x.Target.Accepts(b.Signature) {
			return false
		}
	}
	return true
}

func (o *outbound) settleBlocks(t *translate.Turn) ([]translate.Block, *translate.Error) {
	seals := o.seals(t.Blocks)
	kept := make([]translate.Block, 0, len(t.Blocks))
	for i, b := range t.Blocks {
		b.Signature = seals[i]
		switch b.Kind {
		case translate.ReasoningBlock:
			continue
		case translate.MediaBlock:
			if isText(b.Media) && isBlank(b.Media) {
				continue
			}
		case translate.SearchBlock:
			o.x.Losses.Add(b.At.String(), translate.Converted)
			b.Kind, b.Text = translate.TextBlock, searchText(b.Search)
		case translate.OpaqueBlock:
			if b.Opaque.Refuse {
				return nil, translate.Invalid(b.At.String(), "content of type "+b.Opaque.Type+" is not supported by this model's provider")
			}
			if b.Opaque.Summary.IsBlank() {
				o.x.Losses.Drop(b.At.String())
				continue
			}
			o.x.Losses.Add(b.At.String(), translate.Converted)
			b.Kind, b.Text = translate.TextBlock, b.Opaque.Summary
		}
		kept = append(kept, b)
	}
	return kept, nil
}

// searchText renders a search result: title, source, texts.
func searchText(s *translate.Search) scan.Text {
	out := append(scan.Text{}, s.Title...)
	out = append(append(out, `\n`...), s.Source...)
	for i := range s.Blocks {
		out = append(append(out, `\n`...), s.Blocks[i].Text...)
	}
	return out
}

// seals gives each block of a turn its signature. One that a client brought back inside
// reasoning belongs to the call after it, or else to the text before it.
func (o *outbound) seals(blocks []translate.Block) []*translate.Signature {
	list := make([]*translate.Signature, len(blocks))
	for i := range blocks {
		switch s := blocks[i].Signature; {
		case o.x.Target.Accepts(s):
			list[i] = s
		case s != nil && !isPlaceholder(s.Value):
			o.x.Losses.Drop(blocks[i].At.String() + ".signature")
		}
	}
	for i := range blocks {
		b := &blocks[i]
		if b.Kind != translate.ReasoningBlock {
			continue
		}
		at := place(blocks, list, i)
		if !o.x.Target.Accepts(b.Reasoning.Signature) || at < 0 {
			o.x.Losses.Drop(b.At.String())
			continue
		}
		list[at] = sealOf(b.Reasoning)
	}
	return list
}

// sealOf is the signature that reasoning carries; an encrypted item is one itself.
func sealOf(r *translate.Reasoning) *translate.Signature {
	if r.Redacted == nil {
		return r.Signature
	}
	s := *r.Signature
	s.Value = r.Redacted
	return &s
}

// place finds the block that a signature in reasoning at i belongs to, -1 if there is none.
func place(blocks []translate.Block, taken []*translate.Signature, i int) int {
	for k := i + 1; k < len(blocks); k++ {
		if blocks[k].Kind == translate.CallBlock {
			if taken[k] == nil {
				return k
			}
			break
		}
	}
	for k := i - 1; k >= 0; k-- {
		if blocks[k].Kind == translate.TextBlock && taken[k] == nil {
			return k
		}
	}
	for k := i + 1; k < len(blocks); k++ {
		if blocks[k].Kind == translate.TextBlock && taken[k] == nil {
			return k
		}
	}
	return -1
}
