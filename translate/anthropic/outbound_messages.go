package anthropic

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// writeSystem writes the leading system blocks, each on its own so that its cache mark
// survives (trap 4).
func (o *outbound) writeSystem() {
	if len(o.system) == 0 {
		return
	}
	o.KeyArray("system")
	for i := range o.system {
		if b := &o.system[i]; b.Kind == translate.TextBlock {
			o.text(b.Text, b.Cache)
		}
	}
	o.EndArray()
}

func (o *outbound) text(t scan.Text, cache *translate.CacheMark) {
	o.Object()
	o.KeyString("type", "text")
	o.KeyText("text", t)
	o.keyMark(cache)
	o.EndObject()
}

func (o *outbound) writeMessages() *translate.Error {
	o.KeyArray("messages")
	for i := range o.turns {
		t := &o.turns[i]
		o.Object()
		o.KeyString("role", t.Role.String())
		o.KeyArray("content")
		for k := range t.Blocks {
			if err := o.block(&t.Blocks[k]); err != nil {
				return err
			}
		}
		o.EndArray()
		o.EndObject()
	}
	o.EndArray()
	return nil
}

// block writes one block of a turn, a result or a document.
func (o *outbound) block(b *translate.Block) *translate.Error {
	switch b.Kind {
	case translate.TextBlock, translate.RefusalBlock:
		if !b.Text.IsBlank() {
			o.text(b.Text, b.Cache)
		}
	case translate.MediaBlock:
		return o.media(b.Media, b.Cache, b.At.String())
	case translate.CallBlock:
		o.call(b)
	case translate.ResultBlock:
		return o.result(b)
	case translate.ReasoningBlock:
		o.reasoning(b)
	case translate.SearchBlock:
		if b.Search.Raw != nil {
			o.Raw(b.Search.Raw)
		}
	case translate.OpaqueBlock:
		return o.opaque(b)
	}
	return nil
}

// reasoning writes thinking, byte for byte as it came (trap 43).
func (o *outbound) reasoning(b *translate.Block) {
	r := b.Reasoning
	o.Object()
	if r.Redacted != nil {
		o.KeyString("type", "redacted_thinking")
		o.KeyText("data", r.Redacted)
	} else {
		o.KeyString("type", "thinking")
		o.KeyText("thinking", r.Text)
		if r.Signature != nil {
			o.KeyText("signature", r.Signature.Value)
		}
	}
	o.EndObject()
}

func (o *outbound) call(b *translate.Block) {
	o.Object()
	o.KeyString("type", "tool_use")
	o.KeyString("id", o.ids.call(b.Call.ID))
	o.KeyString("name", o.toolName(b.Call.Name))
	o.KeyRaw("input", b.Call.Object())
	o.keyMark(b.Cache)
	o.EndObject()
}

func (o *outbound) result(b *translate.Block) *translate.Error {
	r := b.Result
	o.Object()
	o.KeyString("type", "tool_result")
	o.KeyString("tool_use_id", o.ids.result())
	if r.IsError { // never inferred from the text (trap 17)
		o.KeyBool("is_error", true)
	}
	if err := o.resultContent(r.Blocks); err != nil {
		return err
	}
	o.keyMark(b.Cache)
	o.EndObject()
	return nil
}

// resultContent writes a result's content: a string for a single text, blocks otherwise,
// nothing if none of them says anything.
func (o *outbound) resultContent(blocks []translate.Block) *translate.Error {
	if len(blocks) == 1 && blocks[0].Kind == translate.TextBlock && blocks[0].Cache == nil {
		o.KeyText("content", blocks[0].Text)
		return nil
	}
	mark := len(o.B)
	o.KeyArray("content")
	empty := len(o.B)
	for i := range blocks {
		if blocks[i].Kind == translate.MediaBlock && !o.caps.ToolImages {
			o.x.Losses.Drop(blocks[i].At.String())
			continue
		}
		if err := o.block(&blocks[i]); err != nil {
			return err
		}
	}
	if len(o.B) == empty {
		o.B = o.B[:mark]
		return nil
	}
	o.EndArray()
	return nil
}

// opaque writes a block of this dialect as it came, and the summary of another's.
func (o *outbound) opaque(b *translate.Block) *translate.Error {
	switch {
	case b.Opaque.Dialect == "anthropic":
		o.Raw(b.Opaque.Raw)
	case b.Opaque.Refuse:
		return translate.Invalid(b.At.String(), "content of type "+b.Opaque.Type+" is not supported by this model's provider")
	case !b.Opaque.Summary.IsBlank():
		o.x.Losses.Add(b.At.String(), translate.Converted)
		o.text(b.Opaque.Summary, nil)
	default:
		o.x.Losses.Drop(b.At.String())
	}
	return nil
}

// media writes an image or a document.
func (o *outbound) media(m *translate.Media, cache *translate.CacheMark, field string) *translate.Error {
	switch {
	case m.FileID != nil:
		return translate.Invalid(field, "files stored at another provider cannot be used; send the data")
	case m.Kind == translate.Audio:
		return translate.Invalid(field, "this model takes no audio")
	case m.Kind == translate.Video:
		return translate.Invalid(field, "this model takes no video")
	}
	kind, err := o.mediaKind(m, field)
	if err != nil {
		return err
	}
	o.Object()
	o.KeyString("type", kind)
	o.KeyObject("source")
	if err := o.source(m, kind, field); err != nil {
		return err
	}
	o.EndObject()
	if kind == "document" {
		o.documentFields(m)
	}
	if m.Detail != "" && m.Detail != "auto" {
		o.x.Losses.Drop(field + ".image_url.detail")
	}
	o.keyMark(cache)
	o.EndObject()
	return nil
}

func (o *outbound) documentFields(m *translate.Media) {
	if len(m.Name) > 0 {
		o.KeyText("title", m.Name)
	}
	if len(m.Context) > 0 {
		o.KeyText("context", m.Context)
	}
	if m.Citations {
		o.KeyObject("citations")
		o.KeyBool("enabled", true)
		o.EndObject()
	}
}

// mediaKind tells whether a medium is an image or a document for the API; a PDF in an
// image part is a document (2.3).
func (o *outbound) mediaKind(m *translate.Media, field string) (string, *translate.Error) {
	mediaType := mediaTypeOf(m)
	switch {
	case m.Plain != nil, m.Content != nil, mediaType == "application/pdf", m.Kind == translate.Document && len(m.URL) > 0:
		if !o.caps.PDF && m.Plain == nil {
			return "", translate.Invalid(field, "this model takes no documents")
		}
		return "document", nil
	case strings.HasPrefix(mediaType, "text/"), mediaType == "application/json":
		return "document", nil
	case len(m.URL) == 0 && !imageTypes[mediaType]:
		return "", translate.Invalid(field, "media of type "+strconv.Quote(mediaType)+" are not supported; use JPEG, PNG, GIF, WebP, PDF or text")
	case !o.caps.Images:
		return "", translate.Invalid(field, "this model takes no images")
	}
	return "image", nil
}

var imageTypes = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true}

// mediaTypeOf is the type that the data's first bytes tell, else the declared one.
func mediaTypeOf(m *translate.Media) string {
	if len(m.Data) == 0 {
		return m.Type
	}
	return media.SniffBase64(m.Data, m.Type)
}

// source writes where a medium's content is.
func (o *outbound) source(m *translate.Media, kind, field string) *translate.Error {
	switch {
	case m.Plain != nil:
		o.KeyString("type", "text")
		o.KeyString("media_type", "text/plain")
		o.KeyText("data", m.Plain)
	case m.Content != nil:
		o.KeyString("type", "content")
		o.KeyArray("content")
		for i := range m.Content {
			if err := o.block(&m.Content[i]); err != nil {
				return err
			}
		}
		o.EndArray()
	case len(m.URL) > 0:
		o.KeyString("type", "url")
		o.KeyText("url", m.URL)
	case kind == "document" && mediaTypeOf(m) != "application/pdf":
		text, err := base64.StdEncoding.DecodeString(string(m.Data))
		if err != nil {
			return translate.Invalid(field, "the document's data is no valid base64")
		}
		o.KeyString("type", "text")
		o.KeyString("media_type", "text/plain")
		o.KeyString("data", string(text))
	default:
		o.KeyString("type", "base64")
		o.KeyString("media_type", mediaTypeOf(m))
		o.KeyText("data", m.Data)
	}
	return nil
}
