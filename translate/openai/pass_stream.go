package openai

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// pass carries a stream between two sides of Chat: each chunk keeps its bytes but for
// the model's name, and usage is taken out if the client did not ask for it.
type pass struct {
	x        *translate.Exchange
	doc      scan.Doc
	name     []byte // the logical name in quotes
	usage    bool
	finished bool
	output   bool
	ended    bool
	begun    bool
	fresh    bool // the record at hand tells content, or the reason to stop
	told     bool // usage has been told
	tier     served
	last     []byte // a record of the latest usage that came beside choices
	layout   []scan.Member
	edits    []scan.Edit
	routine  routine
	repeated []scan.Edit // what was edited in the chunk that is the pattern
}

// NewPass makes a pass for a streamed answer.
func (Dialect) NewPass(x *translate.Exchange) translate.Pass {
	return &pass{x: x, name: quoted(x.Model), usage: x.Request != nil && x.Request.IncludeUsage}
}

// KeepAlive appends a comment.
func (p *pass) KeepAlive(dst []byte) []byte { return sse.AppendComment(dst, "keep-alive") }

// Fail tells a failure in the stream.
func (p *pass) Fail(dst []byte, e *translate.Error) []byte {
	p.ended = true
	dst = sse.AppendOpen(dst, "")
	dst = Dialect{}.EncodeError(dst, e, "")
	return sse.AppendClose(dst)
}

// Record hands a chunk on. A chunk of nothing but text goes a short way: only the
// model's name is looked for and replaced in its bytes.
func (p *pass) Record(dst []byte, name, data, raw []byte) ([]byte, translate.Seen) {
	switch {
	case p.ended:
		return dst, translate.Seen{}
	case data == nil: // a comment
		return append(dst, raw...), translate.Seen{}
	case bytes.HasPrefix(data, []byte("[DONE]")):
		return p.end(dst)
	}
	if p.routine.text(data) != nil {
		return p.repeat(dst, data)
	}
	if p.doc.Parse(data, scan.Limits{}) != nil {
		return dst, translate.Seen{} // a record that is no JSON tells the client nothing
	}
	v := p.doc.Root()
	var seen translate.Seen
	if seen.Err = errorIn(v); seen.Err != nil {
		return p.Fail(dst, seen.Err), seen
	}
	p.look(v, &seen)
	dst = p.forward(dst, v, data)
	p.learn(v)
	return dst, seen
}

// learn notes what is done to a chunk of nothing but text, if the same can be done to
// the next.
func (p *pass) learn(v scan.Value) {
	if !p.routine.learn(v) {
		return
	}
	p.repeated = p.repeated[:0]
	for _, e := range p.edits {
		if e.Start < p.routine.to && e.End > p.routine.from {
			p.routine.stencil = scan.Stencil{}
			return
		}
		p.repeated = append(p.repeated, e)
	}
}

// repeat hands on a chunk that differs from the pattern only in its text.
func (p *pass) repeat(dst, data []byte) ([]byte, translate.Seen) {
	p.output, p.fresh = true, true
	p.edits = p.edits[:0]
	for _, e := range p.repeated {
		if e.Start >= p.routine.to {
			e.Start, e.End = e.Start+len(data)-p.routine.size, e.End+len(data)-p.routine.size
		}
		p.edits = append(p.edits, e)
	}
	dst = sse.AppendOpen(dst, "")
	dst = scan.Splice(dst, data, p.edits)
	return sse.AppendClose(dst), translate.Seen{Content: true}
}

// look notes what a chunk says.
func (p *pass) look(v scan.Value, seen *translate.Seen) {
	finishes := false
	for c := range v.Get("choices").Elements() {
		if reason := c.Get("finish_reason").Text(); len(reason) > 0 {
			finishes = finishes || !p.finished
			if seen.Stop == nil {
				seen.Stop = &translate.Stop{Reason: stopReason(string(reason)), Native: string(reason)}
			}
		}
		delta := c.Get("delta")
		seen.Content = seen.Content || tells(delta)
		seen.Images += delta.Get("images").Len()
	}
	p.output = p.output || seen.Content
	p.fresh = seen.Content || finishes
	p.finished = p.finished || finishes
	seen.Usage = p.tier.usage(v)
	if !p.begun {
		p.begun = true
		seen.ID, seen.Model = v.Get("id").Str(), v.Get("model").Str()
	}
}

// tells reports whether a delta holds a part of the answer.
func tells(delta scan.Value) bool {
	for key, v := range delta.Members() {
		switch string(key) {
		case "role":
		case "content", "reasoning", "reasoning_content", "refusal":
			if len(v.Text()) > 0 || v.Kind() == scan.Array {
				return true
			}
		default:
			if !v.IsNull() && v.Kind() != scan.Array || v.Kind() == scan.Array && v.First().Exists() {
				return true
			}
		}
	}
	return false
}

// forward appends the chunk for the client. Usage is told once, in a record of its own
// without choices: clients add up what they are told, and some hosts tell it with every
// chunk, or with a last one that would undo the reason to stop.
func (p *pass) forward(dst []byte, v scan.Value, data []byte) []byte {
	usage := v.Get("usage")
	alone := !v.Get("choices").First().Exists()
	if usage.IsNull() && p.usage && v.At("x_groq", "usage").Kind() == scan.Object {
		p.last = p.hostUsage(p.last[:0], v, data)
	}
	switch {
	case !usage.Exists(), usage.IsNull() && p.usage:
		return p.plain(dst, v, data)
	case usage.IsNull():
		return p.withoutUsage(dst, v, data)
	case !alone:
		p.last = p.withoutChoices(p.last[:0], v, data)
		if p.finished && !p.fresh {
			return dst // it tells nothing else
		}
		return p.withoutUsage(dst, v, data)
	}
	p.last = p.last[:0]
	if !p.usage || p.told {
		return dst // trap 60
	}
	p.told = true
	return p.plain(dst, v, data)
}

// plain appends a chunk with nothing changed but the model's name.
func (p *pass) plain(dst []byte, v scan.Value, data []byte) []byte {
	p.edits = p.edits[:0]
	if model := v.Get("model"); model.Kind() == scan.String {
		p.edits = append(p.edits, scan.Edit{Start: model.Start(), End: model.End(), With: p.name})
	}
	return p.edited(dst, data)
}

// end ends the stream at the host's word. One that has told nothing at all is no answer
// (5.5).
func (p *pass) end(dst []byte) ([]byte, translate.Seen) {
	if !p.output && !p.finished {
		e := translate.EndOf(nil, false)
		return p.Fail(dst, e), translate.Seen{Err: e}
	}
	return p.done(dst), translate.Seen{Done: true}
}

// done ends the stream, after usage if that has been told only beside choices.
func (p *pass) done(dst []byte) []byte {
	p.ended = true
	if p.usage && !p.told {
		dst = append(dst, p.last...)
	}
	return append(dst, sse.Done...)
}

// withoutUsage appends a chunk without its usage.
func (p *pass) withoutUsage(dst []byte, v scan.Value, data []byte) []byte {
	p.layout, p.edits = v.AppendLayout(p.layout[:0]), p.edits[:0]
	for i := 0; i < len(p.layout); i++ {
		run := i
		for run < len(p.layout) && string(p.layout[run].Key) == "usage" {
			run++
		}
		if run > i {
			p.edits = append(p.edits, scan.Removal(p.layout, i, run))
			i = run - 1
			continue
		}
		p.rename(p.layout[i])
	}
	return p.edited(dst, data)
}

// withoutChoices appends a chunk without its choices.
func (p *pass) withoutChoices(dst []byte, v scan.Value, data []byte) []byte {
	p.layout, p.edits = v.AppendLayout(p.layout[:0]), p.edits[:0]
	for _, m := range p.layout {
		if string(m.Key) == "choices" {
			p.edits = append(p.edits, scan.Edit{Start: m.Value.Start(), End: m.Value.End(), With: []byte("[]")})
		}
		p.rename(m)
	}
	return p.edited(dst, data)
}

// hostUsage appends a chunk of the usage that a host told in a place of its own (Groq).
func (p *pass) hostUsage(dst []byte, v scan.Value, data []byte) []byte {
	p.layout, p.edits = v.AppendLayout(p.layout[:0]), p.edits[:0]
	for i, m := range p.layout {
		switch string(m.Key) {
		case "choices":
			p.edits = append(p.edits, scan.Edit{Start: m.Value.Start(), End: m.Value.End(), With: []byte("[]")})
		case "usage":
			p.edits = append(p.edits, scan.Removal(p.layout, i, i+1))
		case "x_groq":
			p.edits = append(p.edits, scan.Edit{Start: m.Start, End: m.Value.End(), With: append([]byte(`"usage":`), m.Value.Get("usage").Raw()...)})
		}
		p.rename(m)
	}
	return p.edited(dst, data)
}

// rename adds the edit of the model's name, if this member is it.
func (p *pass) rename(m scan.Member) {
	if string(m.Key) == "model" && m.Value.Kind() == scan.String {
		p.edits = append(p.edits, scan.Edit{Start: m.Value.Start(), End: m.Value.End(), With: p.name})
	}
}

// edited appends a chunk with the edits at hand.
func (p *pass) edited(dst, data []byte) []byte {
	dst = sse.AppendOpen(dst, "")
	from := len(dst)
	dst = scan.Splice(dst, data, p.edits)
	sse.OneLine(dst[from:])
	return sse.AppendClose(dst)
}

// Close tells what the end of the body means. A stream that had told its end is
// completed, one that had not is an error (rule G8).
func (p *pass) Close(dst []byte, err error) ([]byte, translate.Seen) {
	if p.ended {
		return dst, translate.Seen{}
	}
	if p.finished {
		return p.done(dst), translate.Seen{Done: true}
	}
	e := translate.EndOf(err, p.output)
	return p.Fail(dst, e), translate.Seen{Err: e}
}
