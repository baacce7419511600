package openai

import (
	"strconv"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// call reads a fragment of a tool call (5.4).
func (d *decoder) call(c *candidate, v scan.Value) {
	f := v.Get("function")
	custom := v.Get("custom")
	switch {
	case custom.Kind() == scan.Object:
		f = custom
	case !f.Exists():
		f = v.Get("function_call")
	}
	id, name := v.Get("id").Text(), f.Get("name").Text()
	s := c.callFor(v, id, name)
	if len(s.id) == 0 {
		s.id = append(s.id, id...)
	}
	if len(s.name) == 0 {
		s.name = append(s.name, name...) // an empty name never overwrites (traps 79 and 110)
	}
	s.custom = s.custom || custom.Kind() == scan.Object
	args := argsOf(f)
	if s.number < 0 && len(s.name) == 0 {
		s.early = append(s.early, args...)
		return
	}
	if s.number < 0 {
		d.announce(c, s, googleSignature(v))
		early := s.early
		s.early = nil
		d.arguments(c, s, early)
	}
	d.arguments(c, s, args)
}

// argsOf reads arguments: a string, or an object from hosts that forget to encode it.
func argsOf(f scan.Value) scan.Text {
	v := f.Get("arguments")
	if !v.Exists() {
		v = f.Get("input")
	}
	if v.Kind() == scan.Object {
		return emit.AppendEscaped(nil, v.Raw())
	}
	return v.Text()
}

// callFor finds the call that a fragment belongs to, or begins one: by index, unless a
// new id with a name says that a host counts all calls as 0 (trap 95); else by id; else
// the latest.
func (c *candidate) callFor(v scan.Value, id, name scan.Text) *callState {
	index, indexed := v.Get("index").Int()
	for i := len(c.calls) - 1; i >= 0; i-- {
		s := c.calls[i]
		same := len(id) > 0 && string(s.id) == string(id)
		switch {
		case indexed && s.indexed && s.index == index:
			if len(id) > 0 && len(name) > 0 && len(s.id) > 0 && !same {
				return c.begin(index, indexed)
			}
			return s
		case !indexed && (same || len(id) == 0 && len(name) == 0):
			return s
		}
	}
	return c.begin(index, indexed)
}

func (c *candidate) begin(index int64, indexed bool) *callState {
	s := &callState{index: index, indexed: indexed, number: -1}
	c.calls = append(c.calls, s)
	return s
}

// announce tells that a call begins.
func (d *decoder) announce(c *candidate, s *callState, signature *translate.Signature) {
	d.output = true
	d.held = nil
	d.endBlock(c)
	s.number = c.blocks
	c.blocks++
	if len(s.id) == 0 {
		s.id = mintID(d.x, c.index, len(c.calls)-1)
	}
	if signature != nil && signature.Origin == "" {
		signature.Origin = d.x.Target.Origin
	}
	for _, other := range c.calls {
		if other != s && string(other.early) == "{}" {
			d.flush(c, other)
		}
	}
	name := d.x.ToolName(s.name)
	s.wrapped = !s.custom && d.x.IsCustom(name)
	d.add(translate.Event{Kind: translate.EventCall, Choice: c.index, Block: s.number, ID: s.id, Name: name,
		Custom: s.custom || s.wrapped, Signature: signature})
}

// arguments tells a piece of a call's arguments. Some hosts send {} first and the real
// ones after (trap 111): an empty object is held until it is known to be all.
func (d *decoder) arguments(c *candidate, s *callState, t scan.Text) {
	if len(t) == 0 {
		return
	}
	if s.wrapped {
		s.early = append(s.early, t...)
		s.depth.Write(t)
		return
	}
	if !s.args && string(t) == "{}" {
		s.early = append(s.early[:0], t...)
		s.depth = translate.Progress{}
		s.depth.Write(t)
		return
	}
	if string(s.early) == "{}" {
		s.early, s.depth = nil, translate.Progress{}
	}
	s.args = true
	s.depth.Write(t)
	d.add(translate.Event{Kind: translate.EventArgs, Choice: c.index, Block: s.number, Text: t})
}

// flush tells arguments that were held.
func (d *decoder) flush(c *candidate, s *callState) {
	held := s.early
	if s.early = nil; len(held) == 0 {
		return
	}
	if s.wrapped {
		held = translate.CustomInput(held)
	}
	s.args = true
	d.add(translate.Event{Kind: translate.EventArgs, Choice: c.index, Block: s.number, Text: held})
}

// endCalls ends the calls of a choice. One that never got a name is told under a name
// of ours if it has arguments, and dropped otherwise.
func (d *decoder) endCalls(c *candidate) {
	for i, s := range c.calls {
		if s.number < 0 {
			if len(s.early) == 0 {
				continue
			}
			s.name = scan.Text("tool_" + strconv.Itoa(i))
			early := s.early
			s.early = nil
			d.announce(c, s, nil)
			d.arguments(c, s, early)
		}
		d.flush(c, s)
		d.add(translate.Event{Kind: translate.EventCallEnd, Choice: c.index, Block: s.number})
	}
}
