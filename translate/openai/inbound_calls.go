package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// call announces a tool call, with its signature in the same delta.
func (e *encoder) call(c *choice, ev *translate.Event) {
	b := c.at(ev.Block, translate.CallBlock)
	b.custom = ev.Custom
	if e.legacy && b.call > 0 { // the older form has room for one call
		e.x.AnswerLosses.Drop("function_call")
		return
	}
	e.open(c)
	w := &e.w
	if e.legacy {
		w.KeyObject("function_call")
		w.KeyText("name", ev.Name)
		w.KeyString("arguments", "")
		w.EndObject()
		e.close()
		return
	}
	w.KeyArray("tool_calls")
	w.Object()
	w.KeyInt("index", int64(b.call))
	writeCallHead(w, ev.ID, ev.Name, ev.Custom)
	w.KeyString(argsKey(ev.Custom), "")
	w.EndObject()
	writeGoogle(w, ev.Signature)
	w.EndObject()
	w.EndArray()
	e.close()
}

// writeCallHead writes a call up to its name, inside the object of its kind.
func writeCallHead(w *emit.Writer, id, name scan.Text, custom bool) {
	kind := "function"
	if custom {
		kind = "custom"
	}
	w.KeyText("id", id)
	w.KeyString("type", kind)
	w.KeyObject(kind)
	w.KeyText("name", name)
}

func argsKey(custom bool) string {
	if custom {
		return "input"
	}
	return "arguments"
}

// writeGoogle writes a signature where Google's own Chat endpoint has it.
func writeGoogle(w *emit.Writer, s *translate.Signature) {
	if s == nil {
		return
	}
	w.KeyObject("extra_content")
	w.KeyObject("google")
	w.KeyText("thought_signature", s.Seal())
	w.EndObject()
	w.EndObject()
}

func (e *encoder) args(c *choice, b *block, t scan.Text) {
	b.args = true
	if e.legacy && b.call > 0 {
		return
	}
	e.written += len(t)
	e.open(c)
	switch {
	case e.legacy:
		e.w.B = append(e.w.B, `"function_call":{"arguments":"`...)
		e.w.B = append(e.w.B, t...)
		e.w.B = append(e.w.B, `"}`...)
		e.close()
		return
	case b.custom:
		e.w.B = append(e.w.B, `"tool_calls":[{"index":`...)
		e.w.B = appendInt(e.w.B, b.call)
		e.w.B = append(e.w.B, `,"custom":{"input":"`...)
	default:
		e.w.B = append(e.w.B, `"tool_calls":[{"index":`...)
		e.w.B = appendInt(e.w.B, b.call)
		e.w.B = append(e.w.B, `,"function":{"arguments":"`...)
	}
	e.w.B = append(e.w.B, t...)
	e.w.B = append(e.w.B, `"}}]`...)
	e.close()
}

// writeFunctionCall writes the first call in the older form, which has room for no other,
// and returns the number of calls.
func writeFunctionCall(w *emit.Writer, c *translate.Choice, x *translate.Exchange) int {
	n := 0
	for i := range c.Blocks {
		b := &c.Blocks[i]
		if b.Kind != translate.CallBlock {
			continue
		}
		if n++; n > 1 {
			x.AnswerLosses.Drop("function_call")
			continue
		}
		w.KeyObject("function_call")
		w.KeyText("name", b.Call.Name)
		w.KeyText("arguments", b.Call.ArgsText())
		w.EndObject()
	}
	return n
}

// writeCalls writes the tool calls and returns their number.
func writeCalls(w *emit.Writer, c *translate.Choice) int {
	n := 0
	for i := range c.Blocks {
		b := &c.Blocks[i]
		if b.Kind != translate.CallBlock {
			continue
		}
		if n++; n == 1 {
			w.KeyArray("tool_calls")
		}
		w.Object()
		writeCallHead(w, b.Call.ID, b.Call.Name, b.Call.Custom)
		w.KeyText(argsKey(b.Call.Custom), b.Call.ArgsText())
		w.EndObject()
		writeGoogle(w, b.Signature)
		w.EndObject()
	}
	if n > 0 {
		w.EndArray()
	}
	return n
}
