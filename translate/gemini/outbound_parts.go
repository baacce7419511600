package gemini

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// placeholder stands in for a signature that is not there; AI Studio and Vertex AI both
// take it (3.5).
const placeholder = "skip_thought_signature_validator"

// turn writes one content.
func (o *outbound) turn(t *translate.Turn) *translate.Error {
	mark := len(o.B)
	o.Object()
	role := "user"
	if t.Role == translate.Assistant {
		role = "model"
	}
	o.KeyString("role", role)
	o.KeyArray("parts")
	empty := len(o.B)
	var err *translate.Error
	if t.Role == translate.Assistant {
		err = o.modelParts(t)
	} else {
		err = o.userParts(t)
	}
	if err != nil {
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
	if s != nil {
		o.KeyText("thoughtSignature", s.Value)
	}
	o.EndObject()
}

// userParts writes the user's content: results first, the media of older models' results
// after all of them (A11), then the rest.
func (o *outbound) userParts(t *translate.Turn) *translate.Error {
	var later []translate.Block
	for i := range t.Blocks {
		if b := &t.Blocks[i]; b.Kind == translate.ResultBlock {
			moved, err := o.result(b)
			if err != nil {
				return err
			}
			later = append(later, moved...)
		}
	}
	for i := range later {
		if err := o.media(&later[i]); err != nil {
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

func (o *outbound) part(b *translate.Block) *translate.Error {
	switch b.Kind {
	case translate.TextBlock, translate.RefusalBlock:
		o.text(b.Text, nil)
	case translate.MediaBlock:
		return o.media(b)
	case translate.SearchBlock:
		o.x.Losses.Add(b.At.String(), translate.Converted)
		o.text(searchText(b.Search), nil)
	case translate.OpaqueBlock:
		if b.Opaque.Refuse {
			return translate.Invalid(b.At.String(), "content of type "+b.Opaque.Type+" is not supported by this model's provider")
		}
		if b.Opaque.Summary.IsBlank() {
			o.x.Losses.Drop(b.At.String())
			return nil
		}
		o.x.Losses.Add(b.At.String(), translate.Converted)
		o.text(b.Opaque.Summary, nil)
	}
	return nil
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

// result writes a functionResponse and returns the media that must stand after all of
// them.
func (o *outbound) result(b *translate.Block) ([]translate.Block, *translate.Error) {
	r := b.Result
	if len(r.Name) == 0 {
		return nil, translate.Invalid(b.At.String(), "the tool result names no tool and no call with its id comes before it")
	}
	o.Object()
	o.KeyObject("functionResponse")
	o.keyID(r.CallID)
	o.KeyString("name", o.toolName(r.Name))
	o.KeyObject("response")
	key := "output"
	if r.IsError {
		key = "error"
	}
	o.Key(key)
	media := o.resultText(r.Blocks)
	o.EndObject()
	if len(media) > 0 && o.caps.ToolImages {
		o.KeyArray("parts")
		for i := range media {
			if err := o.media(&media[i]); err != nil {
				return nil, err
			}
		}
		o.EndArray()
		media = nil
	}
	o.EndObject()
	o.EndObject()
	return media, nil
}

// resultText writes a result's texts as one string and returns its media.
func (o *outbound) resultText(blocks []translate.Block) (media []translate.Block) {
	o.OpenText()
	first := true
	for i := range blocks {
		b := &blocks[i]
		t := b.Text
		switch b.Kind {
		case translate.MediaBlock:
			media = append(media, *b)
			continue
		case translate.SearchBlock:
			t = searchText(b.Search)
		case translate.OpaqueBlock:
			t = b.Opaque.Summary
		}
		if !first {
			o.Escaped("\n")
		}
		first = false
		o.Piece(t)
	}
	o.CloseText()
	return media
}

// keyID writes an id where the surface takes ids (A16, A17).
func (o *outbound) keyID(id scan.Text) {
	if o.x.Target.Quirks.CallIDs && len(id) > 0 {
		o.KeyText("id", id)
	}
}

// modelParts writes what the model said.
func (o *outbound) modelParts(t *translate.Turn) *translate.Error {
	seals := o.seals(t)
	called := false
	for i := range t.Blocks {
		b := &t.Blocks[i]
		switch b.Kind {
		case translate.CallBlock:
			o.call(b, seals[i], !called)
			called = true
		case translate.ReasoningBlock:
		case translate.TextBlock, translate.RefusalBlock:
			if len(b.Text) > 0 || seals[i] != nil {
				o.text(b.Text, seals[i])
			}
		case translate.MediaBlock:
			o.x.Losses.Drop(b.At.String())
		default:
			if err := o.part(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// seals gives each block of a turn its signature. One that a client brought back inside
// reasoning belongs to the call after it, or else to the text before it.
func (o *outbound) seals(t *translate.Turn) []*translate.Signature {
	list := make([]*translate.Signature, len(t.Blocks))
	for i := range t.Blocks {
		if s := t.Blocks[i].Signature; o.x.Target.Accepts(s) {
			list[i] = s
		} else if s != nil {
			o.x.Losses.Drop(t.Blocks[i].At.String() + ".signature")
		}
	}
	for i := range t.Blocks {
		b := &t.Blocks[i]
		if b.Kind != translate.ReasoningBlock {
			continue
		}
		at := place(t.Blocks, list, i)
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

// call writes a functionCall. Gemini 3 refuses a step whose first call has no signature
// (A18 to A20).
func (o *outbound) call(b *translate.Block, seal *translate.Signature, first bool) {
	o.Object()
	o.KeyObject("functionCall")
	o.keyID(b.Call.ID)
	o.KeyString("name", o.toolName(b.Call.Name))
	o.KeyRaw("args", b.Call.Object())
	o.EndObject()
	switch {
	case seal != nil:
		o.KeyText("thoughtSignature", seal.Value)
	case first && o.caps.Gemini >= 3:
		o.KeyString("thoughtSignature", placeholder)
	}
	o.EndObject()
}

// media writes a medium as inlineData or fileData.
func (o *outbound) media(b *translate.Block) *translate.Error {
	m, field := b.Media, b.At.String()
	switch {
	case m.FileID != nil:
		return translate.Invalid(field, "files stored at another provider cannot be used; send the data")
	case m.Plain != nil:
		o.text(documentText(m), nil)
		return nil
	case m.Content != nil:
		for i := range m.Content {
			if err := o.part(&m.Content[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := o.takes(m, field); err != nil {
		return err
	}
	mediaType := mediaTypeOf(m)
	if mediaType == "" {
		return translate.Invalid(field, "the type of the "+m.Kind.String()+" is not known; send it as a data URL or with a name that tells")
	}
	o.Object()
	if m.Data != nil {
		o.KeyObject("inlineData")
		o.KeyString("mimeType", mediaType)
		o.KeyText("data", m.Data)
	} else {
		o.KeyObject("fileData")
		o.KeyString("mimeType", mediaType)
		o.KeyText("fileUri", m.URL)
	}
	o.EndObject()
	o.mediaSettings(m, field)
	o.EndObject()
	return nil
}

func (o *outbound) takes(m *translate.Media, field string) *translate.Error {
	ok := map[translate.MediaKind]bool{
		translate.Image: o.caps.Images, translate.Document: o.caps.PDF, translate.Audio: o.caps.AudioIn, translate.Video: o.caps.VideoIn,
	}[m.Kind]
	if !ok {
		return translate.Invalid(field, "this model takes no "+m.Kind.String())
	}
	return nil
}

// documentText is a plain-text document: title, context, body.
func documentText(m *translate.Media) scan.Text {
	var out scan.Text
	for _, t := range []scan.Text{m.Name, m.Context, m.Plain} {
		if len(t) > 0 {
			if len(out) > 0 {
				out = append(out, `\n`...)
			}
			out = append(out, t...)
		}
	}
	return out
}

// mediaTypeOf is the type by the data, the declaration, or the URL's path without query
// (A40); never a guess (A41).
func mediaTypeOf(m *translate.Media) string {
	if m.Data != nil {
		return media.SniffBase64(m.Data, m.Type)
	}
	url := m.URL.String()
	if t := media.TypeByExtension(url); t != "" {
		return t
	}
	if m.Type == "" && (strings.Contains(url, "youtube.com/") || strings.Contains(url, "youtu.be/")) {
		return "video/*"
	}
	return m.Type
}

// mediaSettings writes how closely an image is looked at, and which part of a video.
func (o *outbound) mediaSettings(m *translate.Media, field string) {
	if m.Clip != nil {
		o.KeyRaw("videoMetadata", m.Clip) // offsets stay the strings they are (A44)
	}
	level := map[string]string{"low": "MEDIA_RESOLUTION_LOW", "medium": "MEDIA_RESOLUTION_MEDIUM", "high": "MEDIA_RESOLUTION_HIGH", "original": "MEDIA_RESOLUTION_ULTRA_HIGH"}[m.Detail]
	if level == "" {
		return
	}
	if o.caps.Gemini < 3 {
		o.x.Losses.Drop(field + ".image_url.detail")
		return
	}
	o.KeyObject("mediaResolution")
	o.KeyString("level", level)
	o.EndObject()
}
