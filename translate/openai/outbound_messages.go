package openai

import (
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
			if b.Cache != nil { // tool_calls have no place for a mark
				o.x.Losses.Drop("cache_control")
			}
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
