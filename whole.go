package xjpgateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// maxAnswer bounds a whole answer of a provider; images come inside of it.
const maxAnswer = 128 << 20

// answerLimits bound the structure of a provider's answer.
var answerLimits = scan.Limits{Depth: 1000}

// relayWhole serves the client with a whole answer, as a stream if it asked for one.
func (a *attempt) relayWhole() *failure {
	body, f := a.readAnswer()
	if f != nil {
		return f
	}
	defer putBuffer(body)
	doc, err := parse(bytes.TrimLeft(body, " \r\n\t"), answerLimits)
	if err != nil {
		if len(body) == 0 {
			return a.fail(translate.ErrUpstream, "the provider's answer is empty")
		}
		f := a.fail(translate.ErrUpstream, "the provider's answer is no JSON")
		f.err.Upstream = err.Error()
		return f
	}
	defer putDoc(doc)
	if a.pass && !a.c.ask.stream {
		return a.passWhole(doc)
	}
	response, e := outbound(a.target.route.Wire).DecodeResponse(doc, &a.c.x)
	if e != nil {
		return a.judge(e, body)
	}
	if a.c.ask.stream {
		return a.unfold(response)
	}
	return a.answerWhole(response)
}

// readAnswer reads the provider's answer to its end.
func (a *attempt) readAnswer() ([]byte, *failure) {
	src := io.LimitReader(a.response.Body, maxAnswer+1)
	body := getBuffer(int(min(max(a.response.ContentLength+1, 0), maxAnswer)))
	for {
		if len(body) == cap(body) {
			grown := append(getBuffer(2*cap(body)), body...)
			putBuffer(body)
			body = grown
		}
		n, err := src.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if err == io.EOF && len(body) <= maxAnswer {
			return body, nil
		}
		if err != nil {
			putBuffer(body)
			return nil, a.cutShort(err)
		}
	}
}

// cutShort tells why an answer could not be read to its end.
func (a *attempt) cutShort(err error) *failure {
	if err == io.EOF {
		return a.fail(translate.ErrUpstream, "the provider's answer is too large")
	}
	f := a.unreachable(err)
	if f.err.Kind == translate.ErrUpstream {
		f.err.Kind, f.err.Message = translate.ErrInterrupted, "the provider's answer broke off"
	}
	return f
}

// passWhole hands on an answer of the client's own dialect.
func (a *attempt) passWhole(doc *scan.Doc) *failure {
	out, seen := a.c.dialect.PassResponse(getBuffer(len(doc.Source())+256), doc, &a.c.x)
	defer func() { putBuffer(out) }()
	if seen.Err != nil {
		return a.judge(seen.Err, doc.Source())
	}
	seen.Content = true
	a.heard.bytes, a.heard.images = int64(len(out)), int64(seen.Images)
	a.c.see(a, &seen)
	a.answered()
	a.c.writeJSON(http.StatusOK, out)
	return nil
}

// answerWhole hands on an answer that was translated.
func (a *attempt) answerWhole(r *translate.Response) *failure {
	c := a.c
	if !r.Usage.Reported { // clients count on figures
		r.Estimate(estimate.Request(c.x.Request))
	}
	a.heard.images = int64(r.Images())
	observer := c.s.runtime.recall.Observe(c.principal())
	observer.Response(r)
	observer.Commit()
	out := c.dialect.EncodeResponse(getBuffer(0), r, &c.x)
	defer func() { putBuffer(out) }()
	seen := translate.Seen{Content: true, Usage: &r.Usage}
	if len(r.Choices) > 0 {
		seen.Stop = &r.Choices[0].Stop
	}
	c.see(a, &seen)
	a.answered()
	c.writeJSON(http.StatusOK, out)
	return nil
}

// unfold streams an answer that the provider gave at once.
func (a *attempt) unfold(r *translate.Response) *failure {
	c := a.c
	a.heard.images = int64(r.Images())
	observer := c.s.runtime.recall.Observe(c.principal())
	observer.Response(r)
	encoder := c.dialect.NewEncoder(&c.x)
	out := getBuffer(0)
	defer func() { putBuffer(out) }()
	for _, e := range r.Events(nil) {
		out = encoder.Encode(out, &e)
	}
	seen := translate.Seen{Content: true, Usage: &r.Usage, Done: true}
	c.see(a, &seen)
	a.answered()
	return a.finish(out, &seen, nil, observer)
}

// writeJSON sends a whole answer.
func (c *call) writeJSON(status int, body []byte) {
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.announce()
	c.sendWhole(status, body)
}

// sendWhole sends a whole answer whose headers are set. A client that does not take it has
// gone.
func (c *call) sendWhole(status int, body []byte) {
	c.outcome.status = status
	c.record()
	c.headersSent = true
	c.w.WriteHeader(status)
	if _, err := c.w.Write(body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		c.outcome.gone = true
	}
}

// announce is called before headers are sent: what is known by then is told to other
// handlers, and to the client if it asked for it.
func (c *call) announce() {
	c.publish()
	c.debugHeaders()
}

// debugHeaders tells a client that asked for it what was lost and who answered.
func (c *call) debugHeaders() {
	if c.r.Header.Get("X-Xjp-Debug") != "1" {
		return
	}
	h := c.w.Header()
	if lost := c.lossText(); lost != "" {
		h.Set("X-Xjp-Lossy", lost)
	}
	if c.outcome.route != nil {
		h.Set("X-Xjp-Provider", c.outcome.route.upstream.name)
		h.Set("X-Xjp-Upstream-Model", c.outcome.model)
	}
}

// lossText spells the losses of request and answer.
func (c *call) lossText() string {
	var all translate.Losses
	for _, l := range c.losses() {
		all.Add(l.Field, l.Action)
	}
	for _, l := range c.x.AnswerLosses.List() {
		all.Add(l.Field, l.Action)
	}
	return all.String()
}
