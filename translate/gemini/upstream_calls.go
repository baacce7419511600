package gemini

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// openCall is a call whose arguments come in pieces (B21); the zero value is none.
type openCall struct {
	open   bool
	number int
	args   pieces
	custom []byte // the arguments of a freeform tool, whose input is told at the end
	// freeform marks such a tool, dropped a call that the client does not want.
	freeform, dropped bool
}

// functionCall reads a call: whole in one part, or begun by a part with its name and
// continued by parts without, the last of which may be empty (4.5).
func (d *decoder) functionCall(c *candidate, v scan.Value, seal *translate.Signature) {
	name := v.Get("name").Text()
	more := v.Get("willContinue").True()
	switch {
	case len(name) > 0:
		d.endCall(c)
		d.begin(c, v, seal)
		if a := v.Get("args"); a.Kind() == scan.Object && a.Len() > 0 || !more && v.Get("partialArgs").Len() == 0 {
			d.wholeArgs(c, a)
			return
		}
	case !c.call.open:
		if v.Len() > 0 {
			d.x.AnswerLosses.Drop("functionCall")
		}
		return
	case seal != nil:
		d.x.AnswerLosses.Drop("thought_signature")
	}
	if d.pieces(c, v.Get("partialArgs")) && !more {
		d.endCall(c)
	}
}

// begin announces a call.
func (d *decoder) begin(c *candidate, v scan.Value, seal *translate.Signature) {
	c.call = openCall{open: true}
	if c.calls++; c.calls > 1 && d.x.ParallelLimit {
		d.x.AnswerLosses.Drop("tool_calls")
		c.call.dropped = true
		return
	}
	d.says(c)
	d.endBlock(c)
	c.call.number = c.blocks
	c.blocks++
	id := v.Get("id").Text()
	if len(id) == 0 { // Vertex AI gives none
		id = scan.Text(translate.MintID("call_", d.x, d.calls))
	}
	d.calls++
	name := d.x.ToolName(v.Get("name").Text())
	c.call.freeform = d.x.IsCustom(name)
	d.add(translate.Event{Kind: translate.EventCall, Choice: c.index, Block: c.call.number, ID: id, Name: name, Custom: c.call.freeform, Signature: seal})
}

// wholeArgs tells the arguments of a call that came whole; none at all are {} (B2).
func (d *decoder) wholeArgs(c *candidate, args scan.Value) {
	call := c.call
	c.call = openCall{}
	if call.dropped {
		return
	}
	t := scan.Text("{}")
	switch {
	case args.Kind() != scan.Object || args.Len() == 0:
	case call.freeform:
		t = args.Get("input").Text()
	default:
		from := len(d.buf)
		d.buf = emit.AppendEscaped(d.buf, args.Raw())
		t = d.buf[from:len(d.buf):len(d.buf)]
	}
	d.args(c, t, call.number)
	d.add(translate.Event{Kind: translate.EventCallEnd, Choice: c.index, Block: call.number})
}

func (d *decoder) args(c *candidate, t scan.Text, block int) {
	if len(t) > 0 {
		d.add(translate.Event{Kind: translate.EventArgs, Choice: c.index, Block: block, Text: t})
	}
}

// pieces tells pieces of the open call's arguments and reports whether they were valid.
func (d *decoder) pieces(c *candidate, list scan.Value) bool {
	from := len(d.buf)
	for v := range list.Elements() {
		var err error
		if d.buf, err = c.call.args.append(d.buf, v); err != nil {
			d.badCall("partialArgs", err.Error())
			return false
		}
	}
	d.tell(c, from)
	return true
}

// tell tells what has been written of the open call's arguments since from.
func (d *decoder) tell(c *candidate, from int) {
	t := d.buf[from:len(d.buf):len(d.buf)]
	switch call := &c.call; {
	case call.dropped:
	case call.freeform:
		call.custom = append(call.custom, t...)
	default:
		d.args(c, t, call.number)
	}
}

// endCall ends the call whose arguments come in pieces, if there is one.
func (d *decoder) endCall(c *candidate) {
	if !c.call.open {
		return
	}
	from := len(d.buf)
	d.buf = c.call.args.end(d.buf)
	d.tell(c, from)
	call := c.call
	c.call = openCall{}
	if call.dropped {
		return
	}
	if call.freeform {
		d.args(c, translate.CustomInput(call.custom), call.number)
	}
	d.add(translate.Event{Kind: translate.EventCallEnd, Choice: c.index, Block: call.number})
}
