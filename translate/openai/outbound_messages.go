package openai

import (
	"strconv"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// writeMessages writes the conversation (3.2, 3.3).
func (o *outbound) writeMessages() *translate.Error {
	o.KeyArray("messages")
	if len(o.system) > 0 {
		o.systemMessage("system", o.system)
	}
	for i := range o.turns {
		t := &o.turns[i]
		var err *translate.Error
		switch t.Role {
		case translate.Assistant:
			err = o.assistant(i, t)
		case translate.User:
			err = o.user(t)
		default:
			o.systemMessage(t.Role.String(), t.Blocks)
		}
		if err != nil {
			return err
		}
	}
	o.EndArray()
	return nil
}

// systemMessage writes system text as parts, which keep cache marks, or as one string.
func (o *outbound) systemMessage(role string, blocks []translate.Block) {
	o.Object()
	o.KeyString("role", role)
	if o.caps.SystemParts && (len(blocks) > 1 || blocks[0].Cache != nil && o.caps.CacheControl) {
		o.KeyArray("content")
		for i := range blocks {
			o.textPart(blocks[i].Text, blocks[i].Cache)
		}
		o.EndArray()
	} else {
		o.Key("content")
		o.joined(blocks, `\n\n`)
	}
	o.EndObject()
}

// joined writes the texts of blocks as one string.
func (o *outbound) joined(blocks []translate.Block, separator string) {
	o.OpenText()
	first := true
	for i := range blocks {
		b := &blocks[i]
		if b.Kind != translate.TextBlock && b.Kind != translate.RefusalBlock {
			continue
		}
		if !first {
			o.Piece(scan.Text(separator))
		}
		first = false
		o.Piece(b.Text)
		if b.Cache != nil {
			o.x.Losses.Drop("cache_control")
		}
	}
	o.CloseText()
}

func (o *outbound) textPart(t scan.Text, cache *translate.CacheMark) {
	o.Object()
	o.KeyString("type", "text")
	o.KeyText("text", t)
	o.keyMark(cache)
	o.EndObject()
}

func (o *outbound) keyMark(cache *translate.CacheMark) {
	switch {
	case cache == nil:
	case o.caps.CacheControl:
		o.Key("cache_control")
		o.mark(cache)
	default:
		o.x.Losses.Drop("cache_control")
	}
}

// user writes the results of a turn as tool messages, then its other content, with the
// media of the results at its beginning.
func (o *outbound) user(t *translate.Turn) *translate.Error {
	var rest []translate.Block
	results := 0
	for i := range t.Blocks {
		b := &t.Blocks[i]
		if b.Kind != translate.ResultBlock {
			rest = append(rest, *b)
			continue
		}
		media := o.result(b, results)
		rest = append(rest, media...)
		results++
	}
	if len(rest) == 0 {
		return nil
	}
	o.Object()
	o.KeyString("role", "user")
	if len(t.Name) > 0 {
		o.KeyText("name", t.Name)
	}
	o.Key("content")
	if err := o.content(rest); err != nil {
		return err
	}
	o.EndObject()
	return nil
}

// result writes a tool message and returns the media that must follow in a user
// message, since tool messages hold text only (traps 72 and 73).
func (o *outbound) result(b *translate.Block, ordinal int) []translate.Block {
	r := b.Result
	var moved []translate.Block
	o.Object()
	o.KeyString("role", "tool")
	o.KeyText("tool_call_id", o.callID(r.CallID, ordinal))
	o.Key("content")
	o.OpenText()
	if r.IsError && !startsWithError(r.Blocks) { // Chat has no flag (trap 75)
		o.Escaped("Error: ")
		o.x.Losses.Add(b.At.String()+".is_error", translate.Converted)
	}
	for i := range r.Blocks {
		if i > 0 {
			o.Escaped("\n")
		}
		inner := &r.Blocks[i]
		if inner.Kind == translate.MediaBlock {
			moved = append(moved, *inner)
			o.Escaped("[" + inner.Media.Kind.String() + " " + strconv.Itoa(len(moved)) + " of tool result ")
			o.Piece(r.CallID)
			o.Escaped("]")
			continue
		}
		o.Piece(textOf(inner))
	}
	o.CloseText()
	o.keyMark(b.Cache)
	o.EndObject()
	if len(moved) > 0 && o.caps.Images {
		o.x.Losses.Add(b.At.String(), translate.Converted)
		label := append(scan.Text("Media of tool result "), r.CallID...)
		return append([]translate.Block{{Kind: translate.TextBlock, Text: append(label, ':'), At: b.At}}, moved...)
	}
	return nil
}

func startsWithError(blocks []translate.Block) bool {
	return len(blocks) > 0 && blocks[0].Kind == translate.TextBlock && blocks[0].Text.HasPrefix("Error")
}

// textOf renders a block as text.
func textOf(b *translate.Block) scan.Text {
	switch b.Kind {
	case translate.TextBlock, translate.RefusalBlock:
		return b.Text
	case translate.SearchBlock:
		return searchText(b.Search)
	case translate.OpaqueBlock:
		return b.Opaque.Summary
	}
	return nil
}

// searchText renders a search result: title, source, texts.
func searchText(s *translate.Search) scan.Text {
	out := append(scan.Text{}, s.Title...)
	out = append(out, `\n`...)
	out = append(out, s.Source...)
	for i := range s.Blocks {
		out = append(out, `\n`...)
		out = append(out, textOf(&s.Blocks[i])...)
	}
	return out
}

// maxCallID is how long a call's id may be at OpenAI.
const maxCallID = 40

// callID gives an id that fits the provider; the same id always gives the same.
func (o *outbound) callID(id scan.Text, ordinal int) scan.Text {
	if len(id) > 0 && (len(id) <= maxCallID || o.quirks.OpenRouter) {
		return id
	}
	sent := scan.Text(translate.SafeID(append(scan.Text("long:"), id...), ordinal))
	return sent
}

// content writes user content: a string where it is nothing but one text.
func (o *outbound) content(blocks []translate.Block) *translate.Error {
	if len(blocks) == 1 && blocks[0].Kind == translate.TextBlock && (blocks[0].Cache == nil || !o.caps.CacheControl) {
		if blocks[0].Cache != nil {
			o.x.Losses.Drop("cache_control")
		}
		o.Text(blocks[0].Text)
		return nil
	}
	o.Array()
	for i := range blocks {
		if err := o.part(&blocks[i]); err != nil {
			return err
		}
	}
	o.EndArray()
	return nil
}

func (o *outbound) part(b *translate.Block) *translate.Error {
	switch b.Kind {
	case translate.TextBlock, translate.RefusalBlock:
		o.textPart(b.Text, b.Cache)
	case translate.SearchBlock:
		o.x.Losses.Add(b.At.String(), translate.Converted)
		o.textPart(searchText(b.Search), b.Cache)
	case translate.MediaBlock:
		return o.media(b)
	case translate.OpaqueBlock:
		return o.opaque(b)
	}
	return nil
}

func (o *outbound) opaque(b *translate.Block) *translate.Error {
	switch {
	case b.Opaque.Refuse:
		return translate.Invalid(b.At.String(), "content of type "+b.Opaque.Type+" is not supported by this model's provider")
	case !b.Opaque.Summary.IsBlank():
		o.x.Losses.Add(b.At.String(), translate.Converted)
		o.textPart(b.Opaque.Summary, b.Cache)
	default:
		o.x.Losses.Drop(b.At.String())
	}
	return nil
}

func (o *outbound) media(b *translate.Block) *translate.Error {
	m, field := b.Media, b.At.String()
	if m.FileID != nil {
		return translate.Invalid(field, "files stored at another provider cannot be used; send the data")
	}
	switch {
	case m.Plain != nil:
		o.documentText(b)
		return nil
	case m.Content != nil:
		return o.documentParts(b)
	case m.Kind == translate.Image && !o.caps.Images:
		return translate.Invalid(field, "this model takes no images")
	case m.Kind == translate.Image:
		o.image(b)
	case m.Kind == translate.Document && !o.caps.PDF:
		return translate.Invalid(field, "this model takes no documents")
	case m.Kind == translate.Document:
		o.file(b)
	case m.Kind == translate.Audio && o.caps.AudioIn && m.Data != nil:
		o.audio(b)
	case m.Kind == translate.Video && o.caps.VideoIn:
		o.video(b)
	default:
		return translate.Invalid(field, "this model takes no "+m.Kind.String())
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
	o.textPart(text, b.Cache)
}

func (o *outbound) documentParts(b *translate.Block) *translate.Error {
	o.x.Losses.Add(b.At.String(), translate.Converted)
	for i := range b.Media.Content {
		if err := o.part(&b.Media.Content[i]); err != nil {
			return err
		}
	}
	return nil
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
	if m.Citations {
		o.x.Losses.Drop(b.At.String() + ".citations")
	}
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
	o.EndObject()
}

func (o *outbound) video(b *translate.Block) {
	o.Object()
	o.KeyString("type", "video_url")
	o.KeyObject("video_url")
	o.Key("url")
	o.location(b.Media, media.SniffBase64(b.Media.Data, b.Media.Type))
	o.EndObject()
	o.EndObject()
}

// assistant writes one message for an assistant turn, whose calls stay together.
func (o *outbound) assistant(turn int, t *translate.Turn) *translate.Error {
	texts, calls := 0, 0
	for i := range t.Blocks {
		switch b := &t.Blocks[i]; b.Kind {
		case translate.TextBlock, translate.RefusalBlock:
			if !b.Text.IsBlank() {
				texts++
			}
			if len(b.Citations) > 0 {
				o.x.Losses.Drop(b.At.String() + ".citations")
			}
		case translate.CallBlock:
			calls++
		case translate.OpaqueBlock:
			if b.Opaque.Refuse {
				return translate.Invalid(b.At.String(), "content of type "+b.Opaque.Type+" is not supported by this model's provider")
			}
			if b.Opaque.Summary.IsBlank() {
				o.x.Losses.Drop(b.At.String())
			} else {
				texts++
				o.x.Losses.Add(b.At.String(), translate.Converted)
			}
		case translate.MediaBlock:
			o.x.Losses.Drop(b.At.String())
		}
	}
	if texts == 0 && calls == 0 {
		o.dropReasoning(t)
		return nil
	}
	o.Object()
	o.KeyString("role", "assistant")
	o.Key("content")
	o.assistantText(t, texts)
	o.replay(turn, t)
	if calls > 0 {
		o.calls(t)
	}
	o.EndObject()
	return nil
}

// assistantText writes the texts of a turn joined, in parts where one has a cache mark;
// null, not "", where there is none (trap 76).
func (o *outbound) assistantText(t *translate.Turn, texts int) {
	if texts == 0 {
		o.Null()
		return
	}
	marked := false
	for i := range t.Blocks {
		marked = marked || t.Blocks[i].Cache != nil && t.Blocks[i].Kind == translate.TextBlock
	}
	if marked && o.caps.CacheControl {
		o.Array()
		for i := range t.Blocks {
			if text := textOf(&t.Blocks[i]); !text.IsBlank() {
				o.textPart(text, t.Blocks[i].Cache)
			}
		}
		o.EndArray()
		return
	}
	if marked {
		o.x.Losses.Drop("cache_control")
	}
	o.OpenText()
	for i := range t.Blocks {
		o.Piece(textOf(&t.Blocks[i]))
	}
	o.CloseText()
}

func (o *outbound) calls(t *translate.Turn) {
	o.KeyArray("tool_calls")
	n := 0
	for i := range t.Blocks {
		b := &t.Blocks[i]
		if b.Kind != translate.CallBlock {
			continue
		}
		o.Object()
		o.KeyText("id", o.callID(b.Call.ID, n))
		o.KeyString("type", "function")
		o.KeyObject("function")
		o.KeyString("name", o.toolName(b.Call.Name))
		o.Key("arguments")
		if b.Call.Custom {
			o.Bytes(b.Call.Object())
		} else if b.Call.Broken != nil {
			o.Text(b.Call.Broken)
		} else {
			o.Bytes(b.Call.Object()) // the client's own bytes, keys in their order (trap 88)
		}
		o.EndObject()
		if o.x.Target.Accepts(b.Signature) && !o.quirks.OpenRouter {
			o.KeyObject("extra_content")
			o.KeyObject("google")
			o.KeyText("thought_signature", b.Signature.Value)
			o.EndObject()
			o.EndObject()
		}
		o.EndObject()
		n++
	}
	o.EndArray()
}
