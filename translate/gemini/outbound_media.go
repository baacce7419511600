package gemini

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// media writes a medium as a part, or a document that is text as such (3.3).
func (o *outbound) media(b *translate.Block) *translate.Error {
	m, field := b.Media, b.At.String()
	switch {
	case isText(m):
		if t := documentText(m); !t.IsBlank() {
			o.text(t, nil)
		}
		for i := range m.Content {
			if err := o.part(&m.Content[i]); err != nil {
				return err
			}
		}
		return nil
	}
	mediaType, err := o.mediaType(m, field)
	if err != nil {
		return err
	}
	if len(m.Context) > 0 {
		o.text(documentText(m), nil)
	}
	o.Object()
	o.blob(m, mediaType)
	if err := o.mediaSettings(m, field); err != nil {
		return err
	}
	o.seal(b.Signature)
	o.EndObject()
	o.mediaLosses(m, field)
	return nil
}

// blob writes where a medium's content is.
func (o *outbound) blob(m *translate.Media, mediaType string) {
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
}

// mediaLosses records what the API has no place for.
func (o *outbound) mediaLosses(m *translate.Media, field string) {
	if len(m.Name) > 0 && len(m.Context) == 0 {
		o.x.Losses.Drop(field + ".filename")
	}
	if m.Citations {
		o.x.Losses.Drop(field + ".citations")
	}
}

// mediaType checks that the model takes a medium and tells its type.
func (o *outbound) mediaType(m *translate.Media, field string) (string, *translate.Error) {
	if m.FileID != nil {
		return "", translate.Invalid(field, "files stored at another provider cannot be used; send the data")
	}
	if o.x.Target.Quirks.Vertex && m.URL.HasPrefix("https://generativelanguage.googleapis.com/") {
		return "", translate.Invalid(field, "files stored at AI Studio cannot be used by Vertex AI; send the data")
	}
	takes := [...]bool{
		translate.Image: o.caps.Images, translate.Document: o.caps.PDF, translate.Audio: o.caps.AudioIn, translate.Video: o.caps.VideoIn,
	}
	if !takes[m.Kind] {
		return "", translate.Invalid(field, "this model takes no "+m.Kind.String())
	}
	mediaType := mediaTypeOf(m)
	if mediaType == "" {
		return "", translate.Invalid(field, "the type of the "+m.Kind.String()+" is not known; send it as a data URL or with a name that tells")
	}
	if !o.fits(m.Kind, mediaType) {
		return "", translate.Invalid(field, "the "+m.Kind.String()+" is of the type "+mediaType)
	}
	return mediaType, nil
}

// fits reports whether a medium is what it was sent as; what a URL led to may be a page
// that says so. A PDF may come as an image, since the API looks at the type only.
func (o *outbound) fits(kind translate.MediaKind, mediaType string) bool {
	return kind == translate.Document || strings.HasPrefix(mediaType, kind.String()+"/") || mediaType == "application/pdf" && o.caps.PDF
}

// mediaTypeOf is the type by the data, the declaration, or the URL's path without query
// (A40); never a guess (A41).
func mediaTypeOf(m *translate.Media) string {
	if m.Data != nil {
		return media.SniffBase64(m.Data, m.Type)
	}
	if m.Type != "" {
		return m.Type
	}
	url := m.URL.String()
	if t := media.TypeByExtension(url); t != "" {
		return t
	}
	for _, prefix := range []string{"https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/"} {
		if strings.HasPrefix(url, prefix) {
			return "video/*"
		}
	}
	return ""
}

// isBlank reports whether a document that is given as text says nothing.
func isBlank(m *translate.Media) bool {
	for i := range m.Content {
		if b := &m.Content[i]; !b.IsEmpty() && (b.Kind != translate.MediaBlock || !isText(b.Media) || !isBlank(b.Media)) {
			return false
		}
	}
	return documentText(m).IsBlank()
}

// documentText is what is text of a document: title, context, body.
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

var resolutions = map[string]string{
	"low": "MEDIA_RESOLUTION_LOW", "medium": "MEDIA_RESOLUTION_MEDIUM", "high": "MEDIA_RESOLUTION_HIGH", "original": "MEDIA_RESOLUTION_ULTRA_HIGH",
}

// mediaSettings writes how closely an image is looked at, and which part of a video.
func (o *outbound) mediaSettings(m *translate.Media, field string) *translate.Error {
	if m.Clip != nil {
		if err := o.clip(m.Clip, field+".video_metadata"); err != nil {
			return err
		}
	}
	if m.Detail == "" || m.Detail == "auto" {
		return nil
	}
	level := resolutions[m.Detail]
	if level == "" || o.caps.Gemini < 3 {
		o.x.Losses.Drop(field + ".image_url.detail")
		return nil
	}
	o.KeyObject("mediaResolution")
	o.KeyString("level", level)
	o.EndObject()
	return nil
}

// clipFields are the members of videoMetadata and the other spelling of each.
var clipFields = []struct{ name, other string }{{"startOffset", "start_offset"}, {"endOffset", "end_offset"}, {"fps", ""}}

// clip writes a video's metadata. Offsets stay the strings they are (A44); what else
// stands there would be refused as unknown.
func (o *outbound) clip(raw []byte, field string) *translate.Error {
	v, err := scan.Parse(raw)
	if err != nil || v.Kind() != scan.Object {
		return translate.Invalid(field, field+" must be an object")
	}
	known := 0
	o.KeyObject("videoMetadata")
	for _, f := range clipFields {
		member := v.Get(f.name)
		if !member.Exists() && f.other != "" {
			member = v.Get(f.other)
		}
		if !member.Exists() {
			continue
		}
		known++
		if f.name == "fps" {
			if fps, ok := member.Float(); !ok || fps <= 0 || fps > 24 {
				return translate.Invalid(field+".fps", field+".fps must be above 0 and at most 24")
			}
		} else if member.Kind() != scan.String {
			return translate.Invalid(field+"."+f.name, field+"."+f.name+` must be a string such as "1.5s"`)
		}
		o.KeyRaw(f.name, member.Raw())
	}
	o.EndObject()
	if known < v.Len() {
		o.x.Losses.Drop(field)
	}
	return nil
}
