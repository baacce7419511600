package xjpgateway

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.opentelemetry.io/otel/trace"

	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// attempt is one call to a provider.
type attempt struct {
	c      *call
	route  *route
	target *target
	strict bool
	// pass is true if the client's dialect is the route's, so that nothing is translated.
	pass bool
	// stream is true if the provider is asked for a stream.
	stream bool
	sent   translate.Target

	call       providers.Call
	state      *registry.State // what is known of the route
	admission  admission
	lastResort bool // no other route of the plan could be tried instead
	credential *credential
	retokened  bool
	unsigned   bool
	broke      *failure // a failure after content, which the client has been told
	usageRaw   []byte   // the provider's usage objects
	firstUsage int      // the length of the first of them
	heard      heard
	answerID   string          // the provider's
	price      *prices.Price   // nil if it is not known
	images     int64           // those of the prompt, if the price is by them
	accounted  translate.Usage // what earlier calls of the same try used

	ctx      context.Context
	cancel   context.CancelCauseFunc
	started  time.Time
	span     trace.Span
	failed   *translate.Error // what the span tells of the failure
	patience *patience
	header   http.Header // of the request that was sent
	response *http.Response
	body     *segments            // what the transport may be reading
	built    []byte               // pooled body
	joined   *translate.Continued // an answer that may pause; nil for others
	original []byte               // the body that a paused answer began with
}

// newAttempt prepares a route for the request.
func (c *call) newAttempt(r *route, upstream string, strict bool) (*attempt, *failure) {
	t, err := r.target(c.dialect.Inbound.Name(), upstream)
	if err != nil {
		return nil, &failure{err: translate.Invalid("model", "model "+quoted(c.model)+": "+err.Error()), verdict: providers.Verdict{Action: providers.Next}}
	}
	price := c.s.accounts.price(r, t.route.Model)
	if c.s.pricedOnly && price == nil {
		e := &translate.Error{Kind: translate.ErrOverloaded, Retry: translate.No, Message: "model " + quoted(c.model) + " has no known price at the moment"}
		return nil, &failure{err: e, verdict: providers.Verdict{Action: providers.Next}}
	}
	a := &attempt{c: c, route: r, target: t, strict: strict, stream: c.ask.stream, price: price, images: c.images(price)}
	a.pass = t.route.Wire == c.dialect.Inbound.Name() && !t.route.Rewrite
	a.call = providers.Call{Op: providers.Generate, Route: t.route, Client: clientHeaders(c.r.Header), PassThrough: a.pass}
	a.chooseStream()
	return a, nil
}

// foldAbove is the size of an answer, in tokens, from which a translated answer is
// streamed from Messages providers although the client did not ask for it: long silent
// requests are cut by what lies between (wire-openai-anthropic.md 2.1, "stream").
const foldAbove = 16_384

// chooseStream decides whether the provider streams an answer that the client wants whole.
func (a *attempt) chooseStream() {
	if a.c.ask.stream {
		return
	}
	if s, ok := a.route.upstream.Provider.(providers.Streamer); ok {
		a.call.Body = a.c.body
		if s.ForceStream(&a.call) {
			a.stream = true // the body passes, the answer is gathered
		}
		return
	}
	if !a.pass && a.target.route.Wire == "anthropic" {
		req, err := a.c.decoded()
		a.stream = err == nil && (!req.HasMaxTokens && a.target.caps.DefaultMaxTokens == 0 || req.MaxTokens > foldAbove || mayPause(req))
	}
}

// clientHeaders are the client's headers without its credentials.
func clientHeaders(h http.Header) http.Header {
	kept := make(http.Header, len(h))
	for name, values := range h {
		switch name {
		case "Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Cookie", "Proxy-Authorization":
		default:
			kept[name] = values
		}
	}
	return kept
}

// begin sets up the exchange for this try.
func (a *attempt) begin() {
	r := a.target.route
	a.sent = translate.Target{
		Provider: a.route.upstream.name, Model: r.Model, Family: r.Family, Origin: r.Origin,
		Caps: a.target.caps, Quirks: r.Quirks,
	}
	if a.unsigned {
		a.sent.Family, a.sent.Origin = r.Family, "none"
	}
	a.c.x.ReasoningFormat = a.route.config.ReasoningFormat
	a.c.x.Begin(&a.sent)
	a.call.Stream, a.failed, a.original, a.broke = a.stream, nil, nil, nil
	a.started = time.Now()
	ctx := context.WithValue(a.c.r.Context(), caddyhttp.VarsCtxKey, map[string]any{})
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	calls.enter(a)
	o := &a.c.outcome
	o.route, o.model, o.passed, o.wire = a.route, r.Model, a.pass, r.Wire
	o.usage, o.stop = translate.Usage{}, "" // what an earlier route told is not this one's
	a.accounted = translate.Usage{}
	a.c.publish()
}

// close ends the try: nothing of it is left running.
func (a *attempt) close() {
	if a.cancel != nil {
		calls.leave(a)
		a.cancel(errClosed)
	}
	if a.patience != nil {
		a.patience.stop()
		a.patience = nil
	}
	if a.response != nil {
		a.response.Body.Close()
		a.response = nil
	}
	if a.body != nil {
		a.body.end()
		a.body = nil
	}
	if a.built != nil {
		putBuffer(a.built)
		a.built = nil
	}
	a.endSpan()
}

// The causes of an attempt's end that are not the provider's own.
var (
	errClosed     = errors.New("attempt closed")
	errFirstToken = slowError("no content within the time limit")
	errIdle       = slowError("no data within the time limit")
	errTotal      = slowError("no complete answer within the time limit")
	errClientGone = errors.New("the client went away")
)

// slowError is a provider that takes longer than its limit.
type slowError string

// Error tells the limit.
func (e slowError) Error() string { return string(e) }

// Timeout says that it is one, as net.Error does.
func (slowError) Timeout() bool { return true }

// once makes the call and serves the client with its answer.
func (a *attempt) once() *failure {
	a.begin()
	if a.warms() {
		return a.warm()
	}
	body, f := a.prepare()
	if f != nil {
		return f
	}
	a.c.letGoOfDocument()
	if f := a.send(body); f != nil {
		return f
	}
	if a.response.StatusCode != http.StatusOK {
		return a.refused()
	}
	return a.relay()
}

// warms reports whether a Messages client only warms a cache, which providers of other
// dialects know nothing of (trap 67).
func (a *attempt) warms() bool {
	if a.pass || a.c.dialect != anthropicDialect {
		return false
	}
	n, ok := a.c.document().Root().Get("max_tokens").Int()
	return ok && n == 0
}

// warm answers with nothing, as that asks for.
func (a *attempt) warm() *failure {
	if _, err := a.c.decoded(); err != nil {
		return &failure{err: err}
	}
	r := &translate.Response{Choices: []translate.Choice{{Stop: translate.Stop{Reason: translate.StopLength}}}, Usage: translate.Usage{Reported: true}}
	a.c.x.Request = a.c.req
	if a.c.ask.stream {
		return a.unfold(r)
	}
	return a.answerWhole(r)
}

// send makes the HTTP request.
func (a *attempt) send(body *segments) *failure {
	req, err := a.route.upstream.NewRequest(a.ctx, &a.call)
	var refused *translate.Error
	if errors.As(err, &refused) {
		return &failure{err: refused, verdict: providers.Verdict{Action: providers.Next}}
	}
	if err != nil {
		return a.fail(translate.ErrUpstream, "the request could not be made: "+err.Error())
	}
	if err := a.credential.Authorize(req); err != nil {
		f := a.fail(translate.ErrUpstreamAuth, "the provider's credential could not be obtained")
		f.err.Upstream = err.Error()
		return f
	}
	a.setHeaders(req, body)
	a.header = req.Header
	if f := a.openEntry(); f != nil {
		return f
	}
	a.startSpan(req)
	a.patience = newPatience(a)
	a.response, err = a.route.upstream.transport.RoundTrip(req)
	if err != nil {
		return a.unreachable(err)
	}
	a.answerID = answerID(a.response.Header)
	if strings.EqualFold(a.response.Header.Get("Content-Encoding"), "gzip") {
		a.response.Body = &gzipBody{raw: a.response.Body}
	}
	return nil
}

// answerID is a provider's id of its answer, as the headers tell it: OpenRouter's, by which it
// tells later what the answer cost (D27), Anthropic's and OpenAI's, by which they know what
// they are asked about. It is "" if the headers tell none.
func answerID(h http.Header) string {
	for _, name := range [...]string{"X-Generation-Id", "Request-Id", "X-Request-Id"} {
		if id := h.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// setHeaders adds what all calls have to a provider's request.
func (a *attempt) setHeaders(req *http.Request, body *segments) {
	if a.call.Body != nil && a.rewrites() {
		body = newSegments(a.call.Body)
	}
	a.body = body
	req.Body, req.ContentLength = body, body.size
	req.GetBody = func() (io.ReadCloser, error) { return body.again(), nil }
	h := req.Header
	h.Set("Content-Type", "application/json")
	h.Set("Accept-Encoding", "identity")
	if h.Get("User-Agent") == "" {
		h.Set("User-Agent", "xjp-gateway")
	}
	for name, value := range a.route.upstream.ExtraHeaders() {
		h.Set(name, value)
	}
	for name, value := range a.route.headers {
		h.Set(name, value)
	}
}

func (a *attempt) rewrites() bool {
	w, ok := a.route.upstream.Provider.(providers.Rewriter)
	return ok && w.RewritesBody(a.target.route)
}

// gzipBody decodes an answer that was compressed although identity was asked for (E18).
type gzipBody struct {
	raw io.ReadCloser
	zr  *gzip.Reader
}

// Read decodes the answer.
func (b *gzipBody) Read(p []byte) (int, error) {
	if b.zr == nil {
		zr, err := gzip.NewReader(b.raw)
		if err != nil {
			return 0, err
		}
		b.zr = zr
	}
	return b.zr.Read(p)
}

// Close closes the answer.
func (b *gzipBody) Close() error { return b.raw.Close() }

// fail makes a failure that the gateway found itself.
func (a *attempt) fail(kind translate.ErrorKind, message string) *failure {
	e := &translate.Error{Kind: kind, Message: message}
	a.failed = e
	return &failure{err: e, verdict: providers.Judge(e)}
}

// unreachable tells why no answer came.
func (a *attempt) unreachable(err error) *failure {
	if a.ctx.Err() != nil {
		return a.ended(context.Cause(a.ctx))
	}
	f := a.fail(translate.ErrUpstream, "the provider could not be reached")
	f.err.Upstream, f.cause = err.Error(), err
	return f
}

// ended turns the cause of an attempt's end into a failure.
func (a *attempt) ended(cause error) *failure {
	switch cause {
	case errFirstToken, errIdle, errTotal:
		f := a.fail(translate.ErrTimeout, "the provider sent "+cause.Error())
		f.err.Code = "upstream_timeout"
		return f
	case errShutdown:
		return a.shutdown()
	}
	a.c.outcome.gone = a.c.r.Context().Err() != nil
	return a.fail(translate.ErrInterrupted, "the connection was closed")
}

// maxErrorBody and maxErrorTime bound what is read of an error answer: its status says most.
const (
	maxErrorBody = 64 << 10
	maxErrorTime = 5 * time.Second
)

// refused reads an error answer and asks the provider what it means.
func (a *attempt) refused() *failure {
	timer := time.AfterFunc(maxErrorTime, func() { a.cancel(errTotal) })
	defer timer.Stop()
	body, _ := io.ReadAll(io.LimitReader(a.response.Body, maxErrorBody))
	body = a.scrub(body)
	wire := outbound(a.target.route.Wire)
	e := wire.DecodeError(a.response.StatusCode, body)
	f := a.judge(e, body)
	if a.pass && a.target.route.Wire == "anthropic" && tellsRaw(f.err) && isEnvelope(body) {
		f.raw = &rawAnswer{a.response.StatusCode, a.response.Header.Get("Content-Type"), body}
	}
	return f
}

// judge asks the provider what an error means.
func (a *attempt) judge(e *translate.Error, body []byte) *failure {
	answer := &providers.Answer{Call: &a.call, Status: a.response.StatusCode, Header: a.response.Header, Body: body}
	a.failed = e
	a.scrubError(e)
	verdict := a.route.upstream.Classify(answer, e)
	if e.Kind == translate.ErrModel && !a.named() && !(a.pass && a.target.route.Wire == "anthropic") {
		e.Kind = translate.ErrUpstream
	}
	if e.Kind == translate.ErrContext {
		a.measure(e)
	}
	return &failure{err: e, verdict: verdict}
}

// named reports whether the client chose the provider's name of the model itself. If it
// did not, a missing model is the operator's fault and no 404 (provider-openrouter.md 6).
func (a *attempt) named() bool {
	return a.c.match.Rest != "" || a.c.model == a.target.route.Model
}

// measure fills in the numbers of a context overflow that the provider did not tell:
// clients compact by them (CC15).
func (a *attempt) measure(e *translate.Error) {
	if e.Limit == 0 {
		e.Limit = a.target.caps.ContextWindow
	}
	if e.Tokens == 0 {
		e.Tokens = estimate.Body(a.c.document())
	}
	if e.Limit == 0 {
		e.Limit = e.Tokens - 1
	}
	if e.MaxTokens == 0 {
		e.Tokens = max(e.Tokens, e.Limit+1)
	}
}

// isEnvelope reports whether an error body has the form of Messages.
func isEnvelope(body []byte) bool {
	v, err := scan.Parse(body)
	return err == nil && v.Get("type").Text().Equal("error") && v.At("error", "type").Kind() == scan.String
}

// tellsRaw reports whether Messages clients are given a Messages provider's error as it
// came (CC14). Errors about our own credential are not theirs to see (CC19).
func tellsRaw(e *translate.Error) bool {
	switch e.Kind {
	case translate.ErrInvalid, translate.ErrContext, translate.ErrTooLarge, translate.ErrContent,
		translate.ErrModel, translate.ErrNotFound, translate.ErrUpstreamLimit, translate.ErrOverloaded:
		return e.Status >= 400
	}
	return false
}
