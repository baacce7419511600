package openai

import (
	"bytes"
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
	args := argsOf(f)
	s := c.callFor(v, id, name, args)
	if len(s.id) == 0 {
		s.id = append(s.id, id...)
	}
	if len(s.name) == 0 {
		s.name = append(s.name, name...) // an empty name never overwrites (traps 79 and 110)
	}
	s.custom = s.custom || custom.Kind() == scan.Object
	if seal := googleSignature(v); seal != nil && s.number < 0 {
		seal.Value = bytes.Clone(seal.Value)
		s.seal = seal
	}
	if s.number < 0 {
		if len(s.name) == 0 || len(s.id) == 0 && len(s.early)+len(args) == 0 { // the id may still come (trap 109)
			s.early = append(s.early, args...)
			s.depth.Write(args)
			return
		}
		d.announce(c, s)
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

// callFor finds the call that a fragment belongs to, or begins one (5.4).
func (c *candidate) callFor(v scan.Value, id, name, args scan.Text) *callState {
	index, indexed := v.Get("index").Int()
	var s *callState
	if indexed {
		s = c.indexed(index, id, name, args)
	} else {
		s = c.unindexed(id, name)
	}
	if s == nil {
		s = &callState{index: index, indexed: indexed, number: -1, ordinal: len(c.calls)}
		c.calls = append(c.calls, s)
	}
	return s
}

// indexed finds a call by its index: the one of equal id, else the latest, unless a new
// id with a name, or without ids another object of arguments, says that the host counts
// all calls as 0 (trap 95, pain 5).
func (c *candidate) indexed(index int64, id, name, args scan.Text) *callState {
	var latest *callState
	for _, s := range c.calls {
		if !s.indexed || s.index != index {
			continue
		}
		if len(id) > 0 && string(s.id) == string(id) {
			return s
		}
		latest = s
	}
	switch {
	case latest == nil || len(name) == 0:
	case len(id) > 0 && len(latest.id) > 0, len(id) == 0 && latest.repeated(name, args):
		return nil
	}
	return latest
}

// repeated reports whether a fragment without an id begins a call of its own after s, whose
// arguments are whole: with a name and a new object. {} may still be followed by the real
// arguments of the same call (trap 111).
func (s *callState) repeated(name, args scan.Text) bool {
	return args.HasPrefix("{") && s.whole() && (string(s.early) != "{}" || string(s.name) != string(name))
}

// unindexed finds a call by its id, else the latest, unless the fragment begins another
// with an id or a name of its own.
func (c *candidate) unindexed(id, name scan.Text) *callState {
	if len(c.calls) == 0 {
		return nil
	}
	latest := c.calls[len(c.calls)-1]
	if len(id) == 0 {
		if len(name) == 0 || string(name) == string(latest.name) && !latest.whole() {
			return latest
		}
		return nil
	}
	for _, s := range c.calls {
		if string(s.id) == string(id) {
			return s
		}
	}
	if len(name) == 0 && len(latest.id) == 0 {
		return latest
	}
	return nil
}

// whole reports whether a call's arguments have come and are complete JSON.
func (s *callState) whole() bool { return (s.args || len(s.early) > 0) && s.depth.Complete() }

// announce tells that a call begins, after those before it that wait for an id.
func (d *decoder) announce(c *candidate, s *callState) {
	for _, other := range c.calls[:s.ordinal] {
		switch {
		case other.number < 0 && len(other.name) > 0:
			d.tell(c, other)
		case other.number >= 0 && string(other.early) == "{}":
			d.flush(c, other)
		}
	}
	d.tell(c, s)
}

// tell tells that a call begins, and what has come of its arguments.
func (d *decoder) tell(c *candidate, s *callState) {
	d.output = true
	c.held = nil
	d.endBlock(c)
	s.number = c.blocks
	c.blocks++
	if len(s.id) == 0 {
		s.id = mintID(d.x, c.index, s.ordinal)
	}
	if s.seal != nil && s.seal.Origin == "" {
		s.seal.Origin = d.x.Target.Origin
	}
	name := d.x.ToolName(s.name)
	s.wrapped = !s.custom && d.x.IsCustom(name)
	d.add(translate.Event{Kind: translate.EventCall, Choice: c.index, Block: s.number, ID: s.id, Name: name,
		Custom: s.custom || s.wrapped, Signature: s.seal})
	early := s.early
	s.early, s.depth = nil, translate.Progress{}
	d.arguments(c, s, early)
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
			if len(s.early)+len(s.name) == 0 {
				continue
			}
			if len(s.name) == 0 {
				s.name = scan.Text("tool_" + strconv.Itoa(i))
			}
			d.announce(c, s)
		}
		d.flush(c, s)
		d.add(translate.Event{Kind: translate.EventCallEnd, Choice: c.index, Block: s.number})
	}
}

// mintID gives a call an id if the host gave none.
func mintID(x *translate.Exchange, choice, n int) scan.Text {
	return scan.Text(translate.MintID("call_", x, choice<<8|n) + strconv.Itoa(n))
}
