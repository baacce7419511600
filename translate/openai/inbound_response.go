package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// EncodeResponse writes a whole answer (4.1, 4.2).
func (Dialect) EncodeResponse(dst []byte, r *translate.Response, x *translate.Exchange) []byte {
	w := emit.Writer{B: dst}
	w.Object()
	w.KeyString("id", "chatcmpl-"+x.ID)
	w.KeyString("object", "chat.completion")
	w.KeyInt("created", x.Created)
	w.KeyString("model", x.Model)
	w.KeyArray("choices")
	choices := r.Choices
	if len(choices) == 0 {
		choices = []translate.Choice{{Stop: translate.Stop{Reason: translate.StopEnd}}}
	}
	for i := range choices {
		writeChoice(&w, &choices[i], x)
	}
	w.EndArray()
	w.Key("usage")
	writeUsage(&w, &r.Usage)
	if r.ServiceTier != "" {
		w.KeyString("service_tier", r.ServiceTier)
	}
	w.EndObject()
	return w.B
}

func writeChoice(w *emit.Writer, c *translate.Choice, x *translate.Exchange) {
	legacy := x.Request != nil && x.Request.LegacyFunctions
	w.Object()
	w.KeyInt("index", int64(c.Index))
	w.KeyObject("message")
	w.KeyString("role", "assistant")
	writeContent(w, c)
	writeRefusal(w, c)
	writeReasoning(w, c, x.ReasoningFormat)
	calls := writeCalls(w, c, legacy)
	writeRest(w, c, x)
	w.EndObject()
	w.KeyRaw("logprobs", c.Logprobs)
	w.KeyString("finish_reason", finishReason(&c.Stop, calls, legacy))
	if c.Stop.Reason == translate.StopSequence && c.Stop.Sequence != nil {
		w.KeyText("stop_reason", c.Stop.Sequence)
	}
	w.EndObject()
}

// writeContent writes the text blocks as one string, null if there are none.
func writeContent(w *emit.Writer, c *translate.Choice) {
	w.Key("content")
	open := false
	for i := range c.Blocks {
		b := &c.Blocks[i]
		if b.Kind != translate.TextBlock || len(b.Text) == 0 {
			continue
		}
		if !open {
			w.OpenText()
			open = true
		}
		w.Piece(b.Text)
	}
	if !open {
		w.Null()
		return
	}
	w.CloseText()
}

func writeRefusal(w *emit.Writer, c *translate.Choice) {
	w.Key("refusal")
	for i := range c.Blocks {
		if c.Blocks[i].Kind == translate.RefusalBlock {
			w.Text(c.Blocks[i].Text)
			return
		}
	}
	if c.Stop.Reason == translate.StopFilter && len(c.Stop.Explanation) > 0 {
		w.Text(c.Stop.Explanation)
		return
	}
	w.Null()
}

// writeReasoning writes reasoning as text, and as details where something of it is
// sealed, so that a client which sends those back keeps the seal (4.2).
func writeReasoning(w *emit.Writer, c *translate.Choice, format string) {
	if format == asNone {
		return
	}
	var text []byte
	sealedAny := false
	for i := range c.Blocks {
		if b := &c.Blocks[i]; b.Kind == translate.ReasoningBlock {
			text = append(text, b.Reasoning.Text...)
			sealedAny = sealedAny || b.Reasoning.Signature != nil || b.Reasoning.Redacted != nil
		}
	}
	if len(text) > 0 {
		if format != "reasoning" {
			w.KeyText("reasoning_content", scan.Text(text))
		}
		if format == "reasoning" || format == asBoth {
			w.KeyText("reasoning", scan.Text(text))
		}
	}
	if !sealedAny {
		return
	}
	w.KeyArray("reasoning_details")
	n := 0
	for i := range c.Blocks {
		if b := &c.Blocks[i]; b.Kind == translate.ReasoningBlock {
			writeDetail(w, b.Reasoning, n)
			n++
		}
	}
	w.EndArray()
}

// writeCalls writes the tool calls and returns their number.
func writeCalls(w *emit.Writer, c *translate.Choice, legacy bool) int {
	n := 0
	for i := range c.Blocks {
		b := &c.Blocks[i]
		if b.Kind != translate.CallBlock {
			continue
		}
		if n++; n == 1 && !legacy {
			w.KeyArray("tool_calls")
		}
		if legacy {
			if n == 1 {
				w.KeyObject("function_call")
				w.KeyText("name", b.Call.Name)
				w.KeyText("arguments", b.Call.ArgsText())
				w.EndObject()
			}
			continue
		}
		w.Object()
		writeCallHead(w, b.Call.ID, b.Call.Name, b.Call.Custom)
		w.KeyText(argsKey(b.Call.Custom), b.Call.ArgsText())
		w.EndObject()
		writeGoogle(w, b.Signature)
		w.EndObject()
	}
	if n > 0 && !legacy {
		w.EndArray()
	}
	return n
}

// writeRest writes annotations, images and the signature of text.
func writeRest(w *emit.Writer, c *translate.Choice, x *translate.Exchange) {
	var notes choice
	images := 0
	var signature *translate.Signature
	for i := range c.Blocks {
		b := &c.Blocks[i]
		switch b.Kind {
		case translate.TextBlock:
			at := block{start: notes.text}
			notes.text += codePoints(b.Text)
			for k := range b.Citations {
				notes.cite(&at, &b.Citations[k], x)
			}
			if b.Signature != nil {
				signature = b.Signature
			}
		case translate.MediaBlock:
			if b.Media.Kind == translate.Image {
				images++
			} else {
				x.AnswerLosses.Drop(b.Media.Kind.String())
			}
		case translate.OpaqueBlock:
			x.AnswerLosses.Drop(b.Opaque.Type)
		}
	}
	if len(notes.notes) > 0 {
		w.KeyArray("annotations")
		w.B = append(w.B, notes.notes...)
		w.EndArray()
	}
	if images > 0 {
		w.KeyArray("images")
		for i := range c.Blocks {
			if b := &c.Blocks[i]; b.Kind == translate.MediaBlock && b.Media.Kind == translate.Image {
				writeImage(w, b.Media)
			}
		}
		w.EndArray()
	}
	writeGoogle(w, signature)
}
