package openai

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// PatchRequest gives the edits that make a client's body fit the target: the provider's
// model name, usage in streams, and the limit's field where the host knows only one.
func (Dialect) PatchRequest(doc *scan.Doc, x *translate.Exchange) ([]scan.Edit, *translate.Error) {
	var edits []scan.Edit
	root := doc.Root()
	if m := root.Get("model"); !m.Text().Equal(x.Target.Model) {
		edits = append(edits, scan.Edit{Start: m.Start(), End: m.End(), With: quoted(x.Target.Model)})
	}
	if x.Request != nil && x.Request.Stream {
		edits = append(edits, usageEdits(root)...)
	}
	return edits, nil
}

func quoted(s string) []byte { return append(scan.AppendText([]byte{'"'}, s), '"') }

// usageEdits make a stream tell its usage (rule G7).
func usageEdits(root scan.Value) []scan.Edit {
	options := root.Get("stream_options")
	if options.Kind() != scan.Object {
		if options.Exists() {
			return []scan.Edit{{Start: options.Start(), End: options.End(), With: []byte(`{"include_usage":true}`)}}
		}
		at := root.End() - 1
		return []scan.Edit{{Start: at, End: at, With: []byte(`,"stream_options":{"include_usage":true}`)}}
	}
	include := options.Get("include_usage")
	switch {
	case include.True():
		return nil
	case include.Exists():
		return []scan.Edit{{Start: include.Start(), End: include.End(), With: []byte("true")}}
	}
	with := []byte(`"include_usage":true`)
	if options.Len() > 0 {
		with = append(with, ',')
	}
	return []scan.Edit{{Start: options.Start() + 1, End: options.Start() + 1, With: with}}
}

// PassResponse hands a whole answer on with the logical model name.
func (Dialect) PassResponse(dst []byte, doc *scan.Doc, x *translate.Exchange) ([]byte, translate.Seen) {
	v := doc.Root()
	seen := translate.Seen{ID: v.Get("id").Str(), Model: v.Get("model").Str(), Usage: ParseUsage(v.Get("usage"))}
	if seen.Err = errorIn(v); seen.Err != nil {
		return dst, seen
	}
	seen.Content, seen.Done = true, true
	first := v.Get("choices").First()
	if reason := first.Get("finish_reason").Str(); reason != "" {
		seen.Stop = &translate.Stop{Reason: stopReason(reason), Native: reason}
	} else if !tells(first.Get("message")) { // neither an answer nor a reason for there being none (5.5)
		seen.Err = translate.EndOf(nil, false)
		return dst, seen
	}
	return appendRenamed(dst, doc.Source(), v.Get("model"), x.Model), seen
}

// appendRenamed appends a document with its model replaced.
func appendRenamed(dst, src []byte, model scan.Value, name string) []byte {
	if model.Kind() != scan.String || model.Text().Equal(name) {
		return append(dst, src...)
	}
	dst = append(dst, src[:model.Start()]...)
	dst = scan.AppendText(append(dst, '"'), name)
	return append(append(dst, '"'), src[model.End():]...)
}

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
	fresh    bool   // the record at hand tells content, or the reason to stop
	told     bool   // usage has been told
	last     []byte // a record of the latest usage that came beside choices
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
		if !p.finished && !p.output { // nothing came, and no reason for it (5.5)
			e := translate.EndOf(nil, false)
			return p.Fail(dst, e), translate.Seen{Err: e}
		}
		return p.done(dst), translate.Seen{Done: true}
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
	return p.forward(dst, v, data), seen
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
		seen.Content = seen.Content || tells(c.Get("delta"))
	}
	p.output = p.output || seen.Content
	p.fresh = seen.Content || finishes
	p.finished = p.finished || finishes
	if u := v.Get("usage"); u.Exists() {
		seen.Usage = ParseUsage(u)
	}
	if seen.Usage == nil {
		seen.Usage = ParseUsage(v.At("x_groq", "usage"))
	}
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
	if usage.IsNull() && p.usage && v.At("x_groq", "usage").Kind() == scan.Object {
		p.last = p.hostUsage(p.last[:0], v, data)
	}
	if usage.IsNull() && (!usage.Exists() || p.usage) {
		return p.plain(dst, v, data)
	}
	alone := !v.Get("choices").First().Exists()
	if usage.IsNull() {
		return p.rewritten(dst, v, data, true, false)
	}
	if !alone {
		p.last = p.rewritten(p.last[:0], v, data, false, true)
		if p.finished && !p.fresh {
			return dst // it tells nothing else
		}
		return p.rewritten(dst, v, data, true, false)
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
	dst = sse.AppendOpen(dst, "")
	from := len(dst)
	dst = p.renamed(dst, data, v.Get("model"))
	oneLine(dst[from:])
	return sse.AppendClose(dst)
}

// done ends the stream, after usage if that has been told only beside choices.
func (p *pass) done(dst []byte) []byte {
	p.ended = true
	if p.usage && !p.told {
		dst = append(dst, p.last...)
	}
	return append(dst, sse.Done...)
}

// oneLine replaces the line ends between the values of a JSON document: an event's data
// must stand on one line.
func oneLine(data []byte) {
	for {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			return
		}
		data[i] = ' '
	}
}

// renamed appends data with the model's name replaced.
func (p *pass) renamed(dst, data []byte, model scan.Value) []byte {
	if model.Kind() != scan.String {
		return append(dst, data...)
	}
	dst = append(dst, data[:model.Start()]...)
	dst = append(dst, p.name...)
	return append(dst, data[model.End():]...)
}

// rewritten appends a chunk without its usage, or without its choices.
func (p *pass) rewritten(dst []byte, v scan.Value, data []byte, noUsage, noChoices bool) []byte {
	members := v.Layout()
	var edits []scan.Edit
	for i, m := range members {
		switch key := string(m.Key); {
		case key == "model" && m.Value.Kind() == scan.String:
			edits = append(edits, scan.Edit{Start: m.Value.Start(), End: m.Value.End(), With: p.name})
		case key == "usage" && noUsage:
			edits = append(edits, removed(members, i))
		case key == "choices" && noChoices:
			edits = append(edits, scan.Edit{Start: m.Value.Start(), End: m.Value.End(), With: []byte("[]")})
		}
	}
	return appendSpliced(dst, data, edits)
}

// appendSpliced appends a chunk with edits.
func appendSpliced(dst, data []byte, edits []scan.Edit) []byte {
	dst = sse.AppendOpen(dst, "")
	from := len(dst)
	dst = scan.Splice(dst, data, edits)
	oneLine(dst[from:])
	return sse.AppendClose(dst)
}

// hostUsage appends a chunk of the usage that a host told in a place of its own (Groq).
func (p *pass) hostUsage(dst []byte, v scan.Value, data []byte) []byte {
	members := v.Layout()
	var edits []scan.Edit
	for i, m := range members {
		switch key := string(m.Key); {
		case key == "model" && m.Value.Kind() == scan.String:
			edits = append(edits, scan.Edit{Start: m.Value.Start(), End: m.Value.End(), With: p.name})
		case key == "choices":
			edits = append(edits, scan.Edit{Start: m.Value.Start(), End: m.Value.End(), With: []byte("[]")})
		case key == "usage":
			edits = append(edits, removed(members, i))
		case key == "x_groq":
			edits = append(edits, scan.Edit{Start: m.Start, End: m.Value.End(), With: append([]byte(`"usage":`), m.Value.Get("usage").Raw()...)})
		}
	}
	return appendSpliced(dst, data, edits)
}

// removed takes out a member with the comma that belongs to it.
func removed(members []scan.Member, i int) scan.Edit {
	switch {
	case i > 0:
		return scan.Edit{Start: members[i-1].Value.End(), End: members[i].Value.End()}
	case len(members) > 1:
		return scan.Edit{Start: members[0].Start, End: members[1].Start}
	}
	return scan.Edit{Start: members[0].Start, End: members[0].Value.End()}
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
