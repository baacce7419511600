package xjpgateway

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// tooLate answers a request that came to a configuration that is gone.
func tooLate(w http.ResponseWriter, d *dialect) error {
	e := &translate.Error{Kind: translate.ErrOverloaded, Retry: translate.Yes, Message: "the gateway has just been reconfigured; try again"}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Retry-After", "1")
	w.Header().Set("X-Should-Retry", "true")
	w.WriteHeader(d.Status(e))
	w.Write(d.EncodeError(nil, e, ""))
	return nil
}

// answer tells the client of an error that occurred before its answer began, in its
// own dialect, or hands it to handle_errors if the site asks for that.
func (c *call) answer(err error) error {
	if err == nil {
		return nil
	}
	e, raw := describe(err)
	c.outcome.err = e
	// A body that does not arrive in time ends the request's context, too, but its sender
	// may still listen.
	if c.outcome.gone || c.r.Context().Err() != nil && e.Kind != translate.ErrSlow {
		c.outcome.gone = true
		c.outcome.status = statusClientClosed
		c.w.WriteHeader(statusClientClosed)
		return nil
	}
	status := c.dialect.Status(e)
	c.errorHeaders(e)
	if c.h.Errors == "return" {
		c.outcome.status = status
		return caddyhttp.Error(status, &DialectError{Dialect: c.dialect.Inbound.Name(), Err: e, RequestID: c.id})
	}
	if raw != nil {
		c.writeRaw(raw)
		return nil
	}
	c.writeJSON(status, c.dialect.EncodeError(nil, e, c.id))
	return nil
}

// rescue turns a panic into an error in the client's dialect, as far as that can still
// be told (CC35).
func (c *call) rescue() {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	c.h.logger.Error("panic", zap.String("panic", redact(fmt.Sprint(p))), zap.String("request_id", c.id), zap.Stack("stack"))
	e := &translate.Error{Kind: translate.ErrInternal, Message: "the gateway failed"}
	c.outcome.err = e
	if !c.headersSent {
		c.writeJSON(c.dialect.Status(e), c.dialect.EncodeError(nil, e, c.id))
		return
	}
	if c.down != nil {
		c.down.write(c.dialect.NewEncoder(&c.x).Encode(nil, &translate.Event{Kind: translate.EventFailed, Err: e}))
	}
}

// statusClientClosed is what the access log shows for a client that went away, as
// reverse_proxy has it.
const statusClientClosed = 499

// describe finds the error that the client is told, and the provider's own answer
// where that is handed on as it came.
func describe(err error) (*translate.Error, *rawAnswer) {
	var f *failure
	if errors.As(err, &f) {
		return f.err, f.raw
	}
	var e *translate.Error
	if errors.As(err, &e) {
		return e, nil
	}
	return &translate.Error{Kind: translate.ErrInternal, Message: "the gateway failed: " + err.Error()}, nil
}

// errorHeaders tells the client whether and when to try again (wire-openai-anthropic.md 6.3).
func (c *call) errorHeaders(e *translate.Error) {
	h := c.w.Header()
	if wait := e.RetryAfter; wait > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
		h.Set("Retry-After-Ms", strconv.FormatInt(max(1, wait.Milliseconds()), 10))
	}
	switch e.Retry {
	case translate.Yes:
		h.Set("X-Should-Retry", "true")
	case translate.No:
		h.Set("X-Should-Retry", "false")
	}
}

// writeRaw hands on a provider's own error.
func (c *call) writeRaw(raw *rawAnswer) {
	h := c.w.Header()
	if raw.contentType != "" {
		h.Set("Content-Type", raw.contentType)
	}
	h.Set("Content-Length", strconv.Itoa(len(raw.body)))
	c.announce()
	c.sendWhole(raw.status, raw.body)
}

// checkMethod refuses methods that the endpoint does not know.
func (c *call) checkMethod() error {
	methods := methodsOf(c.op)
	if c.op == opUnknown || slices.Contains(methods, c.r.Method) {
		return nil
	}
	c.w.Header().Set("Allow", allowed(c.op))
	return &translate.Error{Kind: translate.ErrMethod, Retry: translate.No,
		Message: "the method " + quoted(c.r.Method) + " is not allowed here; use " + methods[0]}
}

// unknownPath answers a path under our prefixes at which nothing is served.
func (c *call) unknownPath() error {
	return &translate.Error{Kind: translate.ErrUnsupported, Retry: translate.No,
		Message: "nothing is served at " + quoted(c.r.URL.Path) + "; there are /v1/chat/completions, /v1/messages, /v1/messages/count_tokens and /v1/models"}
}

// DialectError is an error on its way through Caddy's handle_errors, where the handler
// xjp_error renders it.
type DialectError struct {
	// Dialect is the client's dialect.
	Dialect string
	// Err is the error in the neutral form.
	Err *translate.Error
	// RequestID is the id that the client was told.
	RequestID string
}

// Error gives the message for the client.
func (e *DialectError) Error() string { return e.Err.Message }

// Unwrap gives the neutral error.
func (e *DialectError) Unwrap() error { return e.Err }
