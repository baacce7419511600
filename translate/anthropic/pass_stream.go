package anthropic

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// pass carries a stream between two sides of Messages: each event keeps its bytes but
// for the model's name in the first.
type pass struct {
	x       *translate.Exchange
	doc     scan.Doc
	usage   translate.Usage
	stop    *translate.Stop
	output  bool
	ended   bool
	routine routine
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

// Record hands an event on. One whose data are no JSON is left out: clients would end the
// stream with it (pain 14).
func (p *pass) Record(dst []byte, name, data, raw []byte) ([]byte, translate.Seen) {
	switch {
	case p.ended:
		return dst, translate.Seen{}
	case data == nil: // a comment counts as a sign of life, as a ping does (CC27)
		return append(dst, pingFrame...), translate.Seen{}
	case bytes.HasPrefix(data, []byte("[DONE]")): // OpenRouter adds it
		return dst, translate.Seen{}
	}
	if string(name) == "content_block_delta" {
		if p.routine.text(data) != nil {
			return p.repeat(dst, name, data, raw)
		}
	}
	if p.doc.Parse(data, scan.Limits{}) != nil {
		return dst, translate.Seen{}
	}
	if len(name) == 0 || string(name) == "message" { // clients skip such events (trap 116, E7)
		if name = p.name(); len(name) == 0 {
			return dst, translate.Seen{}
		}
		raw = nil
	}
	var seen translate.Seen
	switch string(name) {
	case "content_block_delta":
		p.output, seen.Content = true, true
		p.routine.learn(p.doc.Root())
	case "content_block_start":
		p.output = p.output || !p.beginsEmpty()
		seen.Content = p.output
	case "message_start", "message_delta", "error":
		return p.inspect(dst, name, data, raw)
	case "message_stop":
		p.ended, seen.Done, seen.Stop = true, true, p.stop
	}
	return appendRecord(dst, name, data, raw), seen
}

// repeat hands on an event that differs from one before only in its piece of text.
func (p *pass) repeat(dst, name, data, raw []byte) ([]byte, translate.Seen) {
	p.output = true
	return appendRecord(dst, name, data, raw), translate.Seen{Content: true}
}

// appendRecord appends an event as it came, if it is framed as clients want it.
func appendRecord(dst, name, data, raw []byte) []byte {
	if n := len(raw); n > 2 && raw[n-1] == '\n' && raw[n-2] == '\n' && raw[0] == 'e' {
		return append(dst, raw...)
	}
	dst = sse.AppendOpen(dst, string(name))
	from := len(dst)
	dst = append(dst, data...)
	sse.OneLine(dst[from:])
	return sse.AppendClose(dst)
}

// name is the name that an event's data tell, nil if they tell none.
func (p *pass) name() []byte {
	v := p.doc.Root()
	if kind := v.Get("type").Text(); len(kind) > 0 && !bytes.ContainsRune(kind, '\\') {
		return kind
	}
	if !v.Get("error").IsNull() {
		return []byte("error")
	}
	return nil
}

// beginsEmpty reports whether a block begins with nothing: then it is no content yet, and
// another route can still answer (pain 9).
func (p *pass) beginsEmpty() bool {
	kind := p.doc.Root().At("content_block", "type").Text()
	return kind.Equal("text") || kind.Equal("thinking")
}

// inspect reads the events that tell more than content.
func (p *pass) inspect(dst, name, data, raw []byte) ([]byte, translate.Seen) {
	var seen translate.Seen
	v := p.doc.Root()
	switch string(name) {
	case "error":
		seen.Err = upstreamError(200, translate.ReadError(v))
		// In the form of another dialect, or about a credential that is not the client's (CC19).
		if p.ended = true; !v.Get("type").Text().Equal("error") || seen.Err.Kind == translate.ErrUpstreamAuth {
			return p.Fail(dst, seen.Err), seen
		}
	case "message_start":
		return p.start(dst, v, data)
	default:
		p.delta(v, &seen)
	}
	return appendRecord(dst, name, data, raw), seen
}

// delta reads the usage and the reason to stop.
func (p *pass) delta(v scan.Value, seen *translate.Seen) {
	if MergeUsage(&p.usage, v.Get("usage")) {
		seen.Usage = &p.usage
	}
	if delta := v.Get("delta"); delta.Get("stop_reason").Kind() == scan.String {
		p.stop = readStop(delta, p.x)
		p.stop.Sequence, p.stop.Explanation = clone(p.stop.Sequence), clone(p.stop.Explanation)
		p.stop.Details = nil
		seen.Stop = p.stop
	}
}

// start hands the beginning on under the logical name of the model.
func (p *pass) start(dst []byte, v scan.Value, data []byte) ([]byte, translate.Seen) {
	m := v.Get("message")
	seen := translate.Seen{ID: m.Get("id").Str(), Model: m.Get("model").Str()}
	if MergeUsage(&p.usage, m.Get("usage")) {
		seen.Usage = &p.usage
	}
	dst = sse.AppendOpen(dst, "message_start")
	from := len(dst)
	if model := m.Get("model"); model.Kind() == scan.String {
		dst = appendRenamed(dst, data, model, p.x.Model)
	} else {
		dst = append(dst, data...)
	}
	sse.OneLine(dst[from:])
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
