package anthropic

import (
	"bytes"
	"strconv"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// PatchRequest gives the edits that make a client's body fit the target: the provider's
// model name (or Vertex AI's version in its place), a limit within the model's, and no
// thinking that another family sealed.
func (Dialect) PatchRequest(doc *scan.Doc, x *translate.Exchange) ([]scan.Edit, *translate.Error) {
	root := doc.Root()
	members := root.Layout()
	p := patch{x: x}
	for i, m := range members {
		switch string(m.Key) {
		case "model":
			p.model(members, i)
		case "max_tokens":
			p.limit(m.Value)
		case "thinking":
			p.budget(m.Value, root)
		case "messages":
			p.messages(m.Value)
		case "stream":
			if x.Request != nil && m.Value.True() != x.Request.Stream {
				p.replace(m.Value, strconv.AppendBool(nil, x.Request.Stream))
			}
		}
	}
	if x.Request != nil && x.Request.Stream && !root.Get("stream").Exists() {
		p.edits = append(p.edits, scan.Edit{Start: root.End() - 1, End: root.End() - 1, With: []byte(`,"stream":true`)})
	}
	return p.edits, nil
}

// patch gathers edits in the order of the document.
type patch struct {
	x     *translate.Exchange
	edits []scan.Edit
}

func (p *patch) replace(v scan.Value, with []byte) {
	p.edits = append(p.edits, scan.Edit{Start: v.Start(), End: v.End(), With: with})
}

func (p *patch) model(members []scan.Member, i int) {
	m := members[i]
	if p.x.Target.Quirks.Vertex { // the model stands in the URL (B21)
		p.edits = append(p.edits, scan.Edit{Start: m.Start, End: m.Value.End(), With: []byte(`"anthropic_version":"` + vertexVersion + `"`)})
		return
	}
	if !m.Value.Text().Equal(p.x.Target.Model) {
		p.replace(m.Value, append(scan.AppendText([]byte{'"'}, p.x.Target.Model), '"'))
	}
}

// limit clamps max_tokens to what the model can (CC12).
func (p *patch) limit(v scan.Value) {
	most := p.x.Target.Caps.MaxOutput
	if n, ok := v.Int(); ok && most > 0 && n > most {
		p.x.Losses.Add("max_tokens", translate.Clamped)
		p.replace(v, strconv.AppendInt(nil, most, 10))
	}
}

// budget keeps a thinking budget below a clamped limit.
func (p *patch) budget(v, root scan.Value) {
	most := p.x.Target.Caps.MaxOutput
	limit, ok := root.Get("max_tokens").Int()
	budget := v.Get("budget_tokens")
	n, has := budget.Int()
	if ok && has && most > 0 && limit > most && n >= most {
		p.x.Losses.Add("thinking.budget_tokens", translate.Clamped)
		p.replace(budget, strconv.AppendInt(nil, max(minBudget, most-1), 10))
	}
}

// messages takes out thinking that the gateway has sealed for another family. All else
// stays as it is, whatever it is (CC7).
func (p *patch) messages(list scan.Value) {
	if !bytes.Contains(list.Raw(), []byte("xjp1.")) {
		return
	}
	i := 0
	for m := range list.Elements() {
		p.content(m.Get("content"), i)
		i++
	}
}

func (p *patch) content(content scan.Value, turn int) {
	var blocks []scan.Value
	for b := range content.Elements() {
		blocks = append(blocks, b)
	}
	for i, b := range blocks {
		if !foreign(b) {
			continue
		}
		p.x.Losses.Drop(translate.At{Field: "messages", Turn: turn, Part: i}.String())
		switch {
		case len(blocks) == 1: // content must not be empty
			p.replace(b, []byte(`{"type":"text","text":"(reasoning of another model)"}`))
		case i+1 < len(blocks):
			p.edits = append(p.edits, scan.Edit{Start: b.Start(), End: blocks[i+1].Start()})
		case len(p.edits) > 0 && p.edits[len(p.edits)-1].End == b.Start(): // those before it are gone as well
			p.replace(b, []byte(`{"type":"text","text":"(reasoning of another model)"}`))
		default:
			p.edits = append(p.edits, scan.Edit{Start: blocks[i-1].End(), End: b.End()})
		}
	}
}

// foreign reports whether a block was sealed by the gateway.
func foreign(b scan.Value) bool {
	switch string(b.Get("type").Text()) {
	case "thinking":
		return b.Get("signature").Text().HasPrefix("xjp1.")
	case "redacted_thinking":
		return b.Get("data").Text().HasPrefix("xjp1.")
	}
	return false
}

// PassResponse hands a whole answer on with the logical model name.
func (Dialect) PassResponse(dst []byte, doc *scan.Doc, x *translate.Exchange) ([]byte, translate.Seen) {
	v := doc.Root()
	seen := translate.Seen{ID: v.Get("id").Str(), Model: v.Get("model").Str(), Usage: ParseUsage(v.Get("usage"))}
	if v.Get("type").Text().Equal("error") {
		seen.Err = upstreamError(200, translate.ReadError(v))
		return dst, seen
	}
	seen.Content, seen.Done = true, true
	if v.Get("stop_reason").Kind() == scan.String {
		seen.Stop = readStop(v, x)
	}
	model := v.Get("model")
	if model.Kind() != scan.String {
		return append(dst, doc.Source()...), seen
	}
	return appendRenamed(dst, doc.Source(), model, x.Model), seen
}

// appendRenamed appends a document with its model replaced.
func appendRenamed(dst, src []byte, model scan.Value, name string) []byte {
	dst = append(dst, src[:model.Start()]...)
	dst = scan.AppendText(append(dst, '"'), name)
	return append(append(dst, '"'), src[model.End():]...)
}

// pass carries a stream between two sides of Messages: each event keeps its bytes but
// for the model's name in the first.
type pass struct {
	x      *translate.Exchange
	doc    scan.Doc
	usage  translate.Usage
	stop   *translate.Stop
	output bool
	ended  bool
}

// NewPass makes a pass for a streamed answer.
func (Dialect) NewPass(x *translate.Exchange) translate.Pass { return &pass{x: x} }

// KeepAlive appends a ping.
func (p *pass) KeepAlive(dst []byte) []byte { return append(dst, pingFrame...) }

// Fail tells a failure in the stream.
func (p *pass) Fail(dst []byte, e *translate.Error) []byte {
	p.ended = true
	return failFrame(dst, e, p.x)
}

// Record hands an event on. Deltas are not looked into.
func (p *pass) Record(dst []byte, name, data, raw []byte) ([]byte, translate.Seen) {
	switch {
	case p.ended:
		return dst, translate.Seen{}
	case data == nil: // a comment counts as a sign of life, as a ping does (CC27)
		return append(dst, pingFrame...), translate.Seen{}
	case bytes.HasPrefix(data, []byte("[DONE]")): // OpenRouter adds it
		return dst, translate.Seen{}
	}
	if len(name) == 0 { // clients skip events without a name (trap 116)
		return p.unnamed(dst, data)
	}
	var seen translate.Seen
	switch string(name) {
	case "content_block_delta", "content_block_start":
		p.output, seen.Content = true, true
	case "message_start", "message_delta", "error":
		return p.inspect(dst, name, data)
	case "message_stop":
		p.ended, seen.Done, seen.Stop = true, true, p.stop
	}
	return appendRecord(dst, name, data, raw), seen
}

// appendRecord appends an event as it came, if it is framed as clients want it.
func appendRecord(dst, name, data, raw []byte) []byte {
	if n := len(raw); n > 2 && raw[n-1] == '\n' && raw[n-2] == '\n' && raw[0] == 'e' {
		return append(dst, raw...)
	}
	return sse.AppendEvent(dst, string(name), data)
}

// unnamed gives an event the name that its data tell.
func (p *pass) unnamed(dst, data []byte) ([]byte, translate.Seen) {
	if p.doc.Parse(data, scan.Limits{}) != nil {
		return dst, translate.Seen{}
	}
	kind := []byte(p.doc.Root().Get("type").Str())
	if len(kind) == 0 {
		if p.doc.Root().Get("error").IsNull() {
			return dst, translate.Seen{}
		}
		kind = []byte("error")
	}
	return p.Record(dst, kind, data, nil)
}

// inspect reads the events that tell more than content.
func (p *pass) inspect(dst, name, data []byte) ([]byte, translate.Seen) {
	var seen translate.Seen
	if p.doc.Parse(data, scan.Limits{}) != nil {
		return dst, seen
	}
	v := p.doc.Root()
	switch string(name) {
	case "error":
		seen.Err = upstreamError(200, translate.ReadError(v))
		p.ended = true
		return sse.AppendEvent(dst, "error", data), seen
	case "message_start":
		return p.start(dst, v, data)
	}
	if MergeUsage(&p.usage, v.Get("usage")) {
		seen.Usage = &p.usage
	}
	if delta := v.Get("delta"); delta.Get("stop_reason").Kind() == scan.String {
		p.stop = readStop(delta, p.x)
		p.stop.Sequence, p.stop.Explanation = clone(p.stop.Sequence), clone(p.stop.Explanation)
		p.stop.Details = nil
		seen.Stop = p.stop
	}
	return sse.AppendEvent(dst, "message_delta", data), seen
}

func (p *pass) start(dst []byte, v scan.Value, data []byte) ([]byte, translate.Seen) {
	m := v.Get("message")
	seen := translate.Seen{ID: m.Get("id").Str(), Model: m.Get("model").Str()}
	if MergeUsage(&p.usage, m.Get("usage")) {
		seen.Usage = &p.usage
	}
	dst = sse.AppendOpen(dst, "message_start")
	if model := m.Get("model"); model.Kind() == scan.String {
		dst = appendRenamed(dst, data, model, p.x.Model)
	} else {
		dst = append(dst, data...)
	}
	return sse.AppendClose(dst), seen
}

// Close tells what the end of the body means. A stream that had told why it stops is
// completed, one that had not is an error (rule G8).
func (p *pass) Close(dst []byte, err error) ([]byte, translate.Seen) {
	if p.ended {
		return dst, translate.Seen{}
	}
	if p.stop != nil {
		p.ended = true
		return append(dst, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...), translate.Seen{Done: true}
	}
	e := translate.EndOf(err, p.output)
	return p.Fail(dst, e), translate.Seen{Err: e}
}

// Remote is a medium that a request names by URL.
type Remote struct {
	// Source is the source object.
	Source scan.Value
	URL    string
	// Field is where it stands.
	Field string
	Kind  translate.MediaKind
}

// RemoteMedia lists the media that a body names by URL, in the order of the document.
func RemoteMedia(doc *scan.Doc) []Remote {
	var list []Remote
	turn := 0
	for m := range doc.Root().Get("messages").Elements() {
		list = remoteIn(list, m.Get("content"), turn)
		turn++
	}
	return list
}

func remoteIn(list []Remote, content scan.Value, turn int) []Remote {
	i := 0
	for b := range content.Elements() {
		if source := b.Get("source"); source.Get("type").Text().Equal("url") {
			r := Remote{Source: source, URL: source.Get("url").Str(), Field: translate.At{Field: "messages", Turn: turn, Part: i}.String()}
			if b.Get("type").Text().Equal("document") {
				r.Kind = translate.Document
			}
			list = append(list, r)
		}
		if b.Get("type").Text().Equal("tool_result") {
			list = remoteIn(list, b.Get("content"), turn)
		}
		i++
	}
	return list
}

// Base64Source writes a source object that holds data.
func Base64Source(mediaType string, data []byte) []byte {
	out := append([]byte(`{"type":"base64","media_type":"`), media.Canonical(mediaType)...)
	out = append(out, `","data":"`...)
	out = append(out, data...)
	return append(out, `"}`...)
}
