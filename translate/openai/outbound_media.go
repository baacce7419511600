package openai

import (
	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// media writes an image, a document, audio or video as a part.
func (o *outbound) media(b *translate.Block) *translate.Error {
	m, field := b.Media, b.At.String()
	if m.FileID != nil {
		return translate.Invalid(field, "files stored at another provider cannot be used; send the data")
	}
	switch {
	case !o.takes(m):
		return translate.Invalid(field, "this model takes no "+m.Kind.String()+"s")
	case m.Plain != nil:
		o.documentText(b)
	case m.Content != nil:
		return o.documentParts(b)
	case m.Kind == translate.Image:
		o.image(b)
	case m.Kind == translate.Document:
		o.file(b)
	case m.Kind == translate.Audio:
		o.audio(b)
	default:
		o.video(b)
	}
	return nil
}

// documentText writes a plain-text document as text: title, context, body.
func (o *outbound) documentText(b *translate.Block) {
	var text scan.Text
	for _, t := range []scan.Text{b.Media.Name, b.Media.Context, b.Media.Plain} {
		if len(t) > 0 {
			if len(text) > 0 {
				text = append(text, `\n`...)
			}
			text = append(text, t...)
		}
	}
	o.x.Losses.Add(b.At.String(), translate.Converted)
	o.dropCitations(b)
	o.textPart(text, b.Cache)
}

// documentParts writes the parts of a document in order; its cache mark goes on the last.
func (o *outbound) documentParts(b *translate.Block) *translate.Error {
	o.x.Losses.Add(b.At.String(), translate.Converted)
	o.dropCitations(b)
	for i, inner := range b.Media.Content {
		if i == len(b.Media.Content)-1 && b.Cache != nil {
			inner.Cache = b.Cache
		}
		if err := o.part(&inner); err != nil {
			return err
		}
	}
	return nil
}

// dropCitations records that answers will not cite a document.
func (o *outbound) dropCitations(b *translate.Block) {
	if b.Media.Citations {
		o.x.Losses.Drop(b.At.String() + ".citations")
	}
}

func (o *outbound) image(b *translate.Block) {
	m := b.Media
	o.Object()
	o.KeyString("type", "image_url")
	o.KeyObject("image_url")
	o.Key("url")
	o.location(m, media.SniffBase64(m.Data, m.Type))
	if m.Detail != "" {
		o.KeyString("detail", m.Detail)
	}
	o.EndObject()
	o.keyMark(b.Cache)
	o.EndObject()
}

// location writes a medium's URL, or its data as a data URL.
func (o *outbound) location(m *translate.Media, mediaType string) {
	o.OpenText()
	if len(m.URL) > 0 {
		o.Piece(m.URL)
	} else {
		o.Escaped("data:" + mediaType + ";base64,")
		o.Piece(scan.Text(m.Data))
	}
	o.CloseText()
}

func (o *outbound) file(b *translate.Block) {
	m := b.Media
	o.Object()
	o.KeyString("type", "file")
	o.KeyObject("file")
	if len(m.Name) > 0 {
		o.KeyText("filename", m.Name)
	} else {
		o.KeyString("filename", "document.pdf")
	}
	o.Key("file_data")
	o.location(m, media.SniffBase64(m.Data, m.Type))
	o.EndObject()
	o.keyMark(b.Cache)
	o.EndObject()
	o.dropCitations(b)
}

func (o *outbound) audio(b *translate.Block) {
	format := "wav"
	switch b.Media.Type {
	case "audio/mpeg":
		format = "mp3"
	case "audio/ogg", "audio/flac", "audio/aac":
		format = b.Media.Type[len("audio/"):]
	case "audio/mp4":
		format = "m4a"
	}
	o.Object()
	o.KeyString("type", "input_audio")
	o.KeyObject("input_audio")
	o.KeyText("data", b.Media.Data)
	o.KeyString("format", format)
	o.EndObject()
	o.keyMark(b.Cache)
	o.EndObject()
}

func (o *outbound) video(b *translate.Block) {
	o.Object()
	o.KeyString("type", "video_url")
	o.KeyObject("video_url")
	o.Key("url")
	o.location(b.Media, media.SniffBase64(b.Media.Data, b.Media.Type))
	o.EndObject()
	o.keyMark(b.Cache)
	o.EndObject()
}

// takes reports whether the model takes a medium in some form.
func (o *outbound) takes(m *translate.Media) bool {
	switch {
	case m.FileID != nil:
		return false
	case m.Plain != nil, m.Content != nil:
		return true
	case m.Kind == translate.Image:
		return o.caps.Images
	case m.Kind == translate.Document:
		return o.caps.PDF
	case m.Kind == translate.Audio:
		return o.caps.AudioIn && m.Data != nil
	}
	return o.caps.VideoIn
}
