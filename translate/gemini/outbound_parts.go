package gemini

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// placeholder stands in for a signature that is not there; AI Studio and Vertex AI both
// take it (3.5).
const placeholder = "skip_thought_signature_validator"

// isPlaceholder reports whether a signature is the placeholder in either of its spellings,
// as clients have it of other gateways. It signs nothing, so its loss is none (A23).
func isPlaceholder(value scan.Text) bool {
	return value.Equal(placeholder) || value.Equal("c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=")
}

// turn writes one content.
func (o *outbound) turn(t *translate.Turn) *translate.Error {
	mark := len(o.B)
	o.Object()
	role, parts := "user", o.userParts
	if t.Role == translate.Assistant {
		role, parts = "model", o.modelParts
	}
	o.KeyString("role", role)
	o.KeyArray("parts")
	empty := len(o.B)
	if err := parts(t); err != nil {
		return err
	}
	if len(o.B) == empty {
		o.B = o.B[:mark]
		return nil
	}
	o.EndArray()
	o.EndObject()
	return nil
}

func (o *outbound) text(t scan.Text, s *translate.Signature) {
	o.Object()
	o.KeyText("text", t)
	o.seal(s)
	o.EndObject()
}

// seal writes a part's signature, if it has one.
func (o *outbound) seal(s *translate.Signature) {
	if s != nil {
		o.KeyText("thoughtSignature", s.Value)
	}
}

// userParts writes the user's content: results first, the media that cannot stand in
// results after all of them (A11), then the rest.
func (o *outbound) userParts(t *translate.Turn) *translate.Error {
	var later []*translate.Block
	for i := range t.Blocks {
		if b := &t.Blocks[i]; b.Kind == translate.ResultBlock {
			moved, err := o.result(b)
			if err != nil {
				return err
			}
			later = append(later, moved...)
		}
	}
	for _, b := range later {
		if err := o.media(b); err != nil {
			return err
		}
	}
	for i := range t.Blocks {
		if b := &t.Blocks[i]; b.Kind != translate.ResultBlock {
			if err := o.part(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// part writes text, a medium, or what another block says in words.
func (o *outbound) part(b *translate.Block) *translate.Error {
	switch b.Kind {
	case translate.TextBlock, translate.RefusalBlock:
		if len(b.Text) > 0 || b.Signature != nil {
			o.text(b.Text, b.Signature)
		}
	case translate.MediaBlock:
		return o.media(b)
	case translate.SearchBlock, translate.OpaqueBlock: // of a result that is told as text
		if t, ok := o.wordsOf(b); ok {
			o.text(t, nil)
		}
	default:
		o.x.Losses.Drop(b.At.String())
	}
	return nil
}

// modelParts writes what the model said.
func (o *outbound) modelParts(t *translate.Turn) *translate.Error {
	called := false
	for i := range t.Blocks {
		b := &t.Blocks[i]
		if b.Kind == translate.CallBlock {
			o.call(b, called)
			called = true
		} else if err := o.part(b); err != nil {
			return err
		}
	}
	return nil
}

var skipped = &translate.Signature{Value: scan.Text(placeholder)}

// call writes a functionCall. Gemini 3 refuses a step whose first call has no signature
// (A18 to A20).
func (o *outbound) call(b *translate.Block, follows bool) {
	o.Object()
	o.KeyObject("functionCall")
	o.keyID(b.Call.ID)
	o.KeyText("name", o.toolName(b.Call.Name))
	o.KeyRaw("args", b.Call.Object())
	o.EndObject()
	if b.Signature == nil && !follows && o.caps.Gemini >= 3 {
		o.seal(skipped)
	} else {
		o.seal(b.Signature)
	}
	o.EndObject()
}

// keyID writes an id where the surface takes ids (A16, A17).
func (o *outbound) keyID(id scan.Text) {
	if o.x.Target.Quirks.CallIDs && len(id) > 0 {
		o.KeyText("id", id)
	}
}

// result writes a functionResponse and returns the media that must stand after all of
// them.
func (o *outbound) result(b *translate.Block) ([]*translate.Block, *translate.Error) {
	r := b.Result
	within, after := o.resultMedia(r.Blocks)
	o.Object()
	o.KeyObject("functionResponse")
	o.keyID(r.CallID)
	o.KeyText("name", o.toolName(r.Name))
	o.KeyObject("response")
	if r.IsError {
		o.Key("error")
	} else {
		o.Key("output")
	}
	o.resultText(r.Blocks)
	o.EndObject()
	if len(within) > 0 {
		o.KeyArray("parts")
		for _, m := range within {
			if err := o.resultPart(m); err != nil {
				return nil, err
			}
		}
		o.EndArray()
	}
	o.EndObject()
	o.EndObject()
	return after, nil
}

// resultMedia parts the media of a result into those that can stand within it and those
// that must come after: older models know only the latter, and the newer ones take
// images and documents only.
func (o *outbound) resultMedia(blocks []translate.Block) (within, after []*translate.Block) {
	for i := range blocks {
		b := &blocks[i]
		switch {
		case b.Kind != translate.MediaBlock || isText(b.Media):
		case o.caps.ToolImages && (b.Media.Kind == translate.Image || b.Media.Kind == translate.Document):
			within = append(within, b)
		default:
			after = append(after, b)
		}
	}
	return within, after
}

// isText reports whether a document is given as text.
func isText(m *translate.Media) bool { return m.Plain != nil || m.Content != nil }

// resultPart writes a medium within a functionResponse, which knows no settings for it.
func (o *outbound) resultPart(b *translate.Block) *translate.Error {
	field := b.At.String()
	mediaType, err := o.mediaType(b.Media, field)
	if err != nil {
		return err
	}
	o.Object()
	o.blob(b.Media, mediaType)
	o.EndObject()
	if d := b.Media.Detail; d != "" && d != "auto" {
		o.x.Losses.Drop(field + ".image_url.detail")
	}
	if len(b.Media.Context) > 0 {
		o.x.Losses.Drop(field + ".context")
	}
	o.mediaLosses(b.Media, field)
	return nil
}

// resultText writes a result's texts as one string: whatever a tool says, its words are
// not taken for fields (pain 24).
func (o *outbound) resultText(blocks []translate.Block) {
	o.OpenText()
	first := true
	for i := range blocks {
		t, ok := o.wordsOf(&blocks[i])
		if !ok {
			continue
		}
		if !first {
			o.Escaped("\n")
		}
		first = false
		o.Piece(t)
	}
	o.CloseText()
}

// wordsOf is what a block of a result says in words; ok is false for media and for what
// has none.
func (o *outbound) wordsOf(b *translate.Block) (t scan.Text, ok bool) {
	switch b.Kind {
	case translate.MediaBlock:
		if !isText(b.Media) {
			return nil, false
		}
		t = documentText(b.Media)
		for i := range b.Media.Content {
			if words, ok := o.wordsOf(&b.Media.Content[i]); ok {
				t = append(append(t, `\n`...), words...)
			} else {
				o.x.Losses.Drop(b.Media.Content[i].At.String())
			}
		}
		return t, true
	case translate.SearchBlock:
		o.x.Losses.Add(b.At.String(), translate.Converted)
		return searchText(b.Search), true
	case translate.OpaqueBlock:
		if b.Opaque.Summary.IsBlank() {
			o.x.Losses.Drop(b.At.String())
			return nil, false
		}
		o.x.Losses.Add(b.At.String(), translate.Converted)
		return b.Opaque.Summary, true
	}
	return b.Text, true
}
