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

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
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
	credential providers.Credential
	retokened  bool
	unsigned   bool

	ctx      context.Context
	cancel   context.CancelCauseFunc
	started  time.Time
	span     trace.Span
	failed   *translate.Error // what the span tells of the failure
	patience *patience
	response *http.Response
	built    []byte // pooled body
}

// newAttempt prepares a route for the request.
func (c *call) newAttempt(r *route, upstream string, strict bool) (*attempt, *failure) {
	t, err := r.target(c.dialect.Inbound.Name(), upstream)
	if err != nil {
		return nil, &failure{err: translate.Invalid("model", "model "+quoted(c.model)+": "+err.Error()), verdict: providers.Verdict{Action: providers.Next}}
	}
	a := &attempt{c: c, route: r, target: t, strict: strict, stream: c.ask.stream}
	a.pass = t.route.Wire == c.dialect.Inbound.Name()
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
			a.stream, a.pass, a.call.PassThrough = true, false, false
		}
		return
	}
	if !a.pass && a.target.route.Wire == "anthropic" {
		req, err := a.c.decoded()
		a.stream = err == nil && (!req.HasMaxTokens && a.target.caps.DefaultMaxTokens == 0 || req.MaxTokens > foldAbove)
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
	a.call.Stream = a.stream
	a.started = time.Now()
	ctx := context.WithValue(a.c.r.Context(), caddyhttp.VarsCtxKey, map[string]any{})
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	o := &a.c.outcome
	o.route, o.model, o.passed, o.wire = a.route, r.Model, a.pass, r.Wire
}

// close ends the try: nothing of it is left running.
func (a *attempt) close() {
	if a.cancel != nil {
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
	if a.built != nil {
		putBuffer(a.built)
		a.built = nil
	}
	a.endSpan()
}

// The causes of an attempt's end that are not the provider's own.
var (
	errClosed     = errors.New("attempt closed")
	errFirstToken = errors.New("no content within the time limit")
	errIdle       = errors.New("no data within the time limit")
	errTotal      = errors.New("no complete answer within the time limit")
	errClientGone = errors.New("the client went away")
)

// once makes the call and serves the client with its answer.
func (a *attempt) once() *failure {
	a.begin()
	body, f := a.prepare()
	if f != nil {
		return f
	}
	if f := a.send(body); f != nil {
		return f
	}
	if a.response.StatusCode != http.StatusOK {
		return a.refused()
	}
	return a.relay()
}

// send makes the HTTP request.
func (a *attempt) send(body *segments) *failure {
	if a.credential = a.c.pickCredential(a.route.upstream); a.credential == nil {
		return a.allResting()
	}
	req, err := a.route.upstream.NewRequest(a.ctx, &a.call)
	if err != nil {
		return a.fail(translate.ErrUpstream, "the request could not be made: "+err.Error())
	}
	if err := a.credential.Authorize(req); err != nil {
		return a.fail(translate.ErrUpstreamAuth, "the provider's credential could not be obtained")
	}
	a.setHeaders(req, body)
	a.startSpan(req)
	a.patience = newPatience(a)
	a.response, err = a.route.upstream.transport.RoundTrip(req)
	if err != nil {
		return a.unreachable(err)
	}
	if strings.EqualFold(a.response.Header.Get("Content-Encoding"), "gzip") {
		a.response.Body = &gzipBody{raw: a.response.Body}
	}
	return nil
}

// setHeaders adds what all calls have to a provider's request.
func (a *attempt) setHeaders(req *http.Request, body *segments) {
	if a.call.Body != nil && a.rewrites() {
		body = newSegments(a.call.Body)
	}
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
	for name, value := range a.route.config.Headers {
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

// pickCredential takes the provider's credentials in turn and skips those that rest.
func (c *call) pickCredential(u *upstream) providers.Credential {
	list := u.Credentials()
	if len(list) == 1 && c.s.runtime.rests.resting(restKey(u, list[0]), time.Now()) == 0 {
		return list[0]
	}
	turn := c.s.runtime.turns.Add(1)
	for i := range list {
		cred := list[(turn+uint64(i))%uint64(len(list))]
		if c.s.runtime.rests.resting(restKey(u, cred), time.Now()) == 0 {
			return cred
		}
	}
	return nil
}

func restKey(u *upstream, cred providers.Credential) string { return u.name + "/" + cred.Name() }

// allResting fails an attempt because each credential of the provider rests.
func (a *attempt) allResting() *failure {
	wait := time.Duration(0)
	for _, cred := range a.route.upstream.Credentials() {
		if d := a.c.s.runtime.rests.resting(restKey(a.route.upstream, cred), time.Now()); wait == 0 || d < wait {
			wait = d
		}
	}
	f := a.fail(translate.ErrOverloaded, "the provider's credentials rest after failures")
	f.err.RetryAfter = wait
	f.verdict.Scope = providers.RestNothing
	return f
}

// fail makes a failure that the gateway found itself.
func (a *attempt) fail(kind translate.ErrorKind, message string) *failure {
	e := &translate.Error{Kind: kind, Message: message}
	return &failure{err: e, verdict: providers.Judge(e)}
}

// unreachable tells why no answer came.
func (a *attempt) unreachable(err error) *failure {
	if a.ctx.Err() != nil {
		return a.ended(context.Cause(a.ctx))
	}
	f := a.fail(translate.ErrUpstream, "the provider could not be reached")
	f.err.Upstream = err.Error()
	return f
}

// ended turns the cause of an attempt's end into a failure.
func (a *attempt) ended(cause error) *failure {
	switch cause {
	case errFirstToken, errIdle, errTotal:
		f := a.fail(translate.ErrTimeout, "the provider sent "+cause.Error())
		f.err.Code = "upstream_timeout"
		return f
	}
	a.c.outcome.gone = a.c.r.Context().Err() != nil
	return a.fail(translate.ErrInterrupted, "the connection was closed")
}

// maxErrorBody bounds what is read of an error answer.
const maxErrorBody = 64 << 10

// refused reads an error answer and asks the provider what it means.
func (a *attempt) refused() *failure {
	body, _ := io.ReadAll(io.LimitReader(a.response.Body, maxErrorBody))
	wire := outbound(a.target.route.Wire)
	e := wire.DecodeError(a.response.StatusCode, body)
	f := a.judge(e, body)
	if a.pass && tellsRaw(f.err) {
		f.raw = &rawAnswer{a.response.StatusCode, a.response.Header.Get("Content-Type"), body}
	}
	return f
}

// judge asks the provider what an error means.
func (a *attempt) judge(e *translate.Error, body []byte) *failure {
	answer := &providers.Answer{Call: &a.call, Status: a.response.StatusCode, Header: a.response.Header, Body: body}
	return &failure{err: e, verdict: a.route.upstream.Classify(answer, e)}
}

// tellsRaw reports whether clients of the provider's own dialect are given its error
// as it came (CC14). Errors about our own credential are not theirs to see (CC19).
func tellsRaw(e *translate.Error) bool {
	switch e.Kind {
	case translate.ErrInvalid, translate.ErrContext, translate.ErrTooLarge, translate.ErrContent,
		translate.ErrModel, translate.ErrNotFound, translate.ErrUpstreamLimit, translate.ErrOverloaded:
		return e.Status >= 400
	}
	return false
}
