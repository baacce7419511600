package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
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
	if r.Usage.ServiceTier != "" {
		w.KeyString("service_tier", tierWord(r.Usage.ServiceTier))
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
	writeReasoning(w, c, reasoningFormat(x))
	var calls int
	if legacy {
		calls = writeFunctionCall(w, c, x)
	} else {
		calls = writeCalls(w, c)
	}
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
	open := false
	for i := range c.Blocks {
		if b := &c.Blocks[i]; b.Kind == translate.RefusalBlock && len(b.Text) > 0 {
			if !open {
				w.OpenText()
				open = true
			}
			w.Piece(b.Text)
		}
	}
	if open {
		w.CloseText()
		return
	}
	if c.Stop.Reason == translate.StopFilter && len(c.Stop.Explanation) > 0 {
		w.Text(c.Stop.Explanation)
		return
	}
	w.Null()
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
			end := notes.text + codePoints(b.Text)
			notes.blocks = append(notes.blocks, block{number: i, start: notes.text, end: end})
			notes.text = end
			for k := range b.Citations {
				notes.cite(i, &b.Citations[k], x)
			}
			if b.Signature != nil {
				if signature != nil { // there is room for one
					x.AnswerLosses.Drop("thought_signature")
				}
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
	if len(notes.citations) > 0 {
		notes.writeAnnotations(w)
	}
	if images > 0 {
		w.KeyArray("images")
		for i := range c.Blocks {
			if b := &c.Blocks[i]; b.Kind == translate.MediaBlock && b.Media.Kind == translate.Image {
				writeImage(w, b.Media, b.Signature)
			}
		}
		w.EndArray()
	}
	writeGoogle(w, signature)
}
