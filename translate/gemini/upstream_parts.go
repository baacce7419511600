package gemini

import (
	"bytes"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// part reads one part (4.1): its data in one member, and what is said about it in others.
// A part can be a thought and a call: then it is a call (B20).
func (d *decoder) part(c *candidate, v scan.Value) {
	var kind []byte
	var body scan.Value
	var seal *translate.Signature
	thought := false
	for key, m := range v.Members() {
		switch string(key) {
		case "thought":
			thought = m.True()
		case "thoughtSignature":
			seal = d.signature(m.Text())
		case "partMetadata", "videoMetadata", "mediaResolution":
		default:
			if !m.IsNull() && (kind == nil || string(kind) == "text") {
				kind, body = key, m
			}
		}
	}
	switch string(kind) {
	case "text", "":
		block := translate.TextBlock
		if thought {
			block = translate.ReasoningBlock
		}
		d.text(c, block, body.Text(), seal)
	case "functionCall":
		d.functionCall(c, body, seal)
	case "inlineData", "fileData":
		d.media(c, body, seal)
	case "executableCode":
		d.code(c, body.Get("language").Text(), body.Get("code").Text(), seal)
	case "codeExecutionResult":
		d.code(c, nil, body.Get("output").Text(), seal)
	default:
		d.opaque(c, string(kind), v)
	}
}

// signature is a part's seal, bound to the account that made it.
func (d *decoder) signature(value scan.Text) *translate.Signature {
	if len(value) == 0 {
		return nil
	}
	return &translate.Signature{Family: translate.FamilyGoogle, Origin: d.x.Target.Origin, Value: value}
}

// block opens a block of a kind, unless the open one is of that kind.
func (d *decoder) block(c *candidate, kind translate.BlockKind) int {
	if c.number >= 0 && c.open == kind {
		return c.number
	}
	d.endBlock(c)
	c.open, c.number = kind, c.blocks
	c.blocks++
	if kind == translate.TextBlock {
		c.said.begin(c.number)
	}
	return c.number
}

func (d *decoder) endBlock(c *candidate) {
	if c.number >= 0 {
		d.add(translate.Event{Kind: translate.EventBlockEnd, Choice: c.index, Block: c.number})
		c.number = -1
	}
}

// text tells text or reasoning. A seal ends its block: what follows is another part.
func (d *decoder) text(c *candidate, kind translate.BlockKind, t scan.Text, seal *translate.Signature) {
	if len(t) == 0 && seal == nil {
		return
	}
	n := d.block(c, kind)
	if len(t) > 0 {
		d.says(c)
		event := translate.EventText
		if kind == translate.ReasoningBlock {
			event = translate.EventReasoning
		} else {
			c.said.add(t)
		}
		d.add(translate.Event{Kind: event, Choice: c.index, Block: n, Text: t})
	}
	if seal != nil { // often on a last part without text (A24)
		d.add(translate.Event{Kind: translate.EventSeal, Choice: c.index, Block: n, Seals: kind, Signature: seal})
		d.endBlock(c)
	}
}

// media tells a medium that the model made, as data or as the address of a file.
func (d *decoder) media(c *candidate, v scan.Value, seal *translate.Signature) {
	d.says(c)
	d.endBlock(c)
	m := &translate.Media{Type: v.Get("mimeType").Str(), Data: v.Get("data").Text(), URL: v.Get("fileUri").Text()}
	m.Kind = mediaKind(m.Type)
	d.add(translate.Event{Kind: translate.EventMedia, Choice: c.index, Block: c.blocks, Media: m, Signature: seal})
	c.blocks++
}

func mediaKind(mediaType string) translate.MediaKind {
	switch kind, _, _ := strings.Cut(mediaType, "/"); kind {
	case "image", "":
		return translate.Image
	case "audio":
		return translate.Audio
	case "video":
		return translate.Video
	}
	return translate.Document
}

// code tells code that the model ran, or its output, as fenced text.
func (d *decoder) code(c *candidate, language, t scan.Text, seal *translate.Signature) {
	if len(t) == 0 {
		d.text(c, translate.TextBlock, nil, seal)
		return
	}
	fence := []byte("```")
	for bytes.Contains(t, fence) {
		fence = append(fence, '`')
	}
	from := len(d.buf)
	d.buf = append(append(append(d.buf, `\n`...), fence...), language...)
	d.buf = append(append(append(d.buf, `\n`...), t...), `\n`...)
	d.buf = append(append(d.buf, fence...), `\n`...)
	d.text(c, translate.TextBlock, d.buf[from:len(d.buf):len(d.buf)], seal)
}

// opaque tells a part that only Gemini's own clients understand: toolCall and
// toolResponse, which are never calls of the client's (B22), and kinds yet unknown.
func (d *decoder) opaque(c *candidate, kind string, v scan.Value) {
	d.endBlock(c)
	d.add(translate.Event{Kind: translate.EventOpaque, Choice: c.index, Block: c.blocks,
		Opaque: &translate.Opaque{Dialect: "gemini", Type: kind, Raw: v.Raw()}})
	c.blocks++
}
