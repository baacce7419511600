package anthropic

import (
	"strconv"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// PatchRequest gives the edits that make a client's body fit the target: the provider's
// model name (or Vertex AI's version in its place), a limit within the model's, and no
// thinking that another family sealed.
func (Dialect) PatchRequest(doc *scan.Doc, x *translate.Exchange) ([]scan.Edit, *translate.Error) {
	root := doc.Root()
	members := root.Layout()
	p := patch{x: x}
	for i, m := range members {
		switch string(m.Key) {
		case "model":
			p.model(members, i)
		case "max_tokens":
			p.limit(m.Value)
		case "thinking":
			p.budget(m.Value, root)
		case "messages":
			p.messages(m.Value)
		case "stream":
			if x.Request != nil && m.Value.True() != x.Request.Stream {
				p.replace(m.Value, strconv.AppendBool(nil, x.Request.Stream))
			}
		}
	}
	if x.Request != nil && x.Request.Stream && !root.Get("stream").Exists() {
		p.edits = append(p.edits, scan.Edit{Start: root.End() - 1, End: root.End() - 1, With: []byte(`,"stream":true`)})
	}
	return p.edits, nil
}

// patch gathers edits in the order of the document.
type patch struct {
	x      *translate.Exchange
	edits  []scan.Edit
	blocks []scan.Value // of the message at hand
}

func (p *patch) replace(v scan.Value, with []byte) {
	p.edits = append(p.edits, scan.Edit{Start: v.Start(), End: v.End(), With: with})
}

func (p *patch) model(members []scan.Member, i int) {
	m := members[i]
	if p.x.Target.Quirks.Vertex { // the model stands in the URL (B21)
		p.edits = append(p.edits, scan.Edit{Start: m.Start, End: m.Value.End(), With: []byte(`"anthropic_version":"` + vertexVersion + `"`)})
		return
	}
	if !m.Value.Text().Equal(p.x.Target.Model) {
		p.replace(m.Value, append(scan.AppendText([]byte{'"'}, p.x.Target.Model), '"'))
	}
}

// limit clamps max_tokens to what the model can (CC12).
func (p *patch) limit(v scan.Value) {
	most := p.x.Target.Caps.MaxOutput
	if n, ok := v.Int(); ok && most > 0 && n > most {
		p.x.Losses.Add("max_tokens", translate.Clamped)
		p.replace(v, strconv.AppendInt(nil, most, 10))
	}
}

// budget keeps a thinking budget below a clamped limit.
func (p *patch) budget(v, root scan.Value) {
	most := p.x.Target.Caps.MaxOutput
	limit, ok := root.Get("max_tokens").Int()
	budget := v.Get("budget_tokens")
	n, has := budget.Int()
	if ok && has && most > 0 && limit > most && n >= most {
		p.x.Losses.Add("thinking.budget_tokens", translate.Clamped)
		p.replace(budget, strconv.AppendInt(nil, max(minBudget, most-1), 10))
	}
}

// messages takes out thinking that the gateway has sealed for another family. All else
// stays as it is, whatever it is (CC7).
func (p *patch) messages(list scan.Value) {
	i := 0
	for m := range list.Elements() {
		if m.Get("role").Text().Equal("assistant") {
			p.content(m.Get("content"), i)
		}
		i++
	}
}

func (p *patch) content(content scan.Value, turn int) {
	blocks := p.blocks[:0]
	for b := range content.Elements() {
		blocks = append(blocks, b)
	}
	p.blocks = blocks
	for i := 0; i < len(blocks); i++ {
		run := i
		for run < len(blocks) && foreign(blocks[run]) {
			p.x.Losses.Drop(translate.At{Field: "messages", Turn: turn, Part: run}.String())
			run++
		}
		switch {
		case run == i:
		case i > 0:
			p.edits = append(p.edits, scan.Edit{Start: blocks[i-1].End(), End: blocks[run-1].End()})
		case run < len(blocks):
			p.edits = append(p.edits, scan.Edit{Start: blocks[0].Start(), End: blocks[run].Start()})
		default: // content must not be empty
			p.edits = append(p.edits, scan.Edit{Start: blocks[0].Start(), End: blocks[run-1].End(), With: []byte(`{"type":"text","text":"(reasoning of another model)"}`)})
		}
		i = max(i, run)
	}
}

// foreign reports whether a block was sealed by the gateway.
func foreign(b scan.Value) bool {
	switch string(b.Get("type").Text()) {
	case "thinking":
		return b.Get("signature").Text().HasPrefix("xjp1.")
	case "redacted_thinking":
		return b.Get("data").Text().HasPrefix("xjp1.")
	}
	return false
}

// PassResponse hands a whole answer on with the logical model name.
func (Dialect) PassResponse(dst []byte, doc *scan.Doc, x *translate.Exchange) ([]byte, translate.Seen) {
	v := doc.Root()
	seen := translate.Seen{ID: v.Get("id").Str(), Model: v.Get("model").Str(), Usage: ParseUsage(v.Get("usage"))}
	if seen.Err = errorIn(v); seen.Err != nil {
		return dst, seen
	}
	seen.Content, seen.Done = true, true
	if v.Get("stop_reason").Kind() == scan.String {
		seen.Stop = readStop(v, x)
	}
	model := v.Get("model")
	if model.Kind() != scan.String {
		return append(dst, doc.Source()...), seen
	}
	return appendRenamed(dst, doc.Source(), model, x.Model), seen
}

// appendRenamed appends a document with its model replaced.
func appendRenamed(dst, src []byte, model scan.Value, name string) []byte {
	dst = append(dst, src[:model.Start()]...)
	dst = scan.AppendText(append(dst, '"'), name)
	return append(append(dst, '"'), src[model.End():]...)
}
