package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// EncodeResponse writes a whole answer (4.1, 4.2).
func (Dialect) EncodeResponse(dst []byte, r *translate.Response, x *translate.Exchange) []byte {
	w := emit.Writer{B: dst}
	c := &translate.Choice{Stop: translate.Stop{Reason: translate.StopEnd}}
	if len(r.Choices) > 0 {
		c = &r.Choices[0]
	}
	if len(r.Choices) > 1 {
		x.AnswerLosses.Drop("choices")
	}
	w.Object()
	writeHead(&w, x)
	w.KeyArray("content")
	calls := 0
	for i := range c.Blocks {
		if c.Blocks[i].Kind == translate.CallBlock {
			calls++
		}
		writeBlock(&w, &c.Blocks[i], x)
	}
	w.EndArray()
	writeStop(&w, &c.Stop, calls)
	w.KeyNull("container")
	w.KeyNull("diagnostics")
	w.Key("usage")
	writeUsage(&w, &r.Usage, r.Usage.Output)
	w.EndObject()
	return w.B
}

// tierOf is Messages' word for the tier that served; "" if it has none (4.1).
func tierOf(word string) string {
	switch word {
	case "default":
		return "standard"
	case "priority", "fast":
		return "priority"
	}
	return ""
}

func writeBlock(w *emit.Writer, b *translate.Block, x *translate.Exchange) {
	switch b.Kind {
	case translate.TextBlock, translate.RefusalBlock:
		writeText(w, b, x)
		if b.Signature != nil {
			writeRedacted(w, b.Signature.SealText())
		}
	case translate.ReasoningBlock:
		writeThinking(w, b.Reasoning)
	case translate.CallBlock:
		if b.Signature != nil {
			writeRedacted(w, own(b.Signature))
		}
		w.Object()
		w.KeyString("type", "tool_use")
		w.KeyText("id", b.Call.ID)
		w.KeyText("name", b.Call.Name)
		w.KeyRaw("input", b.Call.Object())
		w.EndObject()
	case translate.MediaBlock:
		x.AnswerLosses.Drop(b.Media.Kind.String())
		if b.Signature != nil {
			x.AnswerLosses.Drop("thought_signature")
		}
		writeText(w, &translate.Block{Text: scan.Quote(noteOf(b.Media))}, x)
	case translate.OpaqueBlock:
		if b.Opaque.Dialect == "anthropic" {
			w.Raw(b.Opaque.Raw)
		} else {
			x.AnswerLosses.Drop(b.Opaque.Type)
		}
	}
}

func writeText(w *emit.Writer, b *translate.Block, x *translate.Exchange) {
	if len(b.Text) == 0 {
		return
	}
	w.Object()
	w.KeyString("type", "text")
	w.KeyText("text", b.Text)
	open := false
	for i := range b.Citations {
		c := &b.Citations[i]
		if c.Dialect != "anthropic" {
			x.AnswerLosses.Drop("annotations")
			continue
		}
		if !open {
			w.KeyArray("citations")
			open = true
		}
		w.Raw(c.Raw)
	}
	if open {
		w.EndArray()
	}
	w.EndObject()
}

func writeThinking(w *emit.Writer, r *translate.Reasoning) {
	if r.Redacted != nil {
		writeRedacted(w, opaqueOf(r))
		return
	}
	w.Object()
	w.KeyString("type", "thinking")
	w.KeyText("thinking", r.Text)
	if r.Signature != nil {
		w.KeyText("signature", own(r.Signature))
	} else {
		w.KeyString("signature", "")
	}
	w.EndObject()
}

func writeRedacted(w *emit.Writer, data scan.Text) {
	w.Object()
	w.KeyString("type", "redacted_thinking")
	w.KeyText("data", data)
	w.EndObject()
}

// writeStop writes why the answer ended (4.3).
func writeStop(w *emit.Writer, s *translate.Stop, calls int) {
	w.KeyString("stop_reason", stopWord(s, calls))
	w.Key("stop_sequence")
	if s.Reason == translate.StopSequence && s.Sequence != nil {
		w.Text(s.Sequence)
	} else {
		w.Null()
	}
	switch {
	case len(s.Details) > 0:
		w.KeyRaw("stop_details", s.Details)
	case s.Reason == translate.StopFilter:
		w.KeyObject("stop_details")
		w.KeyString("type", "refusal")
		w.KeyNull("category")
		w.Key("explanation")
		if len(s.Explanation) > 0 {
			w.Text(s.Explanation)
		} else {
			w.Null()
		}
		w.EndObject()
	default:
		w.KeyNull("stop_details")
	}
}

func stopWord(s *translate.Stop, calls int) string {
	switch s.Reason {
	case translate.StopLength:
		return "max_tokens"
	case translate.StopContext:
		return "model_context_window_exceeded"
	case translate.StopSequence:
		return "stop_sequence"
	case translate.StopFilter:
		return "refusal"
	case translate.StopPause:
		return "pause_turn"
	case translate.StopCompaction:
		return "compaction"
	}
	if calls > 0 {
		return "tool_use"
	}
	return "end_turn"
}
