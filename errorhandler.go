package xjpgateway

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/rickyjim626/xjp-gateway/translate"
)

func init() {
	caddy.RegisterModule(ErrorHandler{})
}

// ErrorHandler renders the error in handle_errors in the dialect of the client. It is
// for sites whose gateway has `errors return`, and for errors of other handlers on the
// gateway's paths.
type ErrorHandler struct{}

// CaddyModule returns the Caddy module information.
func (ErrorHandler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.xjp_error",
		New: func() caddy.Module { return new(ErrorHandler) },
	}
}

// ServeHTTP writes the error that is being handled; without one it calls the next handler.
func (ErrorHandler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	err, ok := r.Context().Value(caddyhttp.ErrorCtxKey).(error)
	if !ok {
		return next.ServeHTTP(w, r)
	}
	d, e, id, status := rendered(r, err)
	if id == "" { // the gateway has not seen the request
		id = newID()
		tellID(w.Header(), id)
	}
	body := d.EncodeError(nil, e, id)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, werr := w.Write(body)
	return werr
}

// rendered finds dialect, error, request id and status for an error in handle_errors. One
// of another handler keeps its status.
func rendered(r *http.Request, err error) (d *dialect, e *translate.Error, id string, status int) {
	var own *DialectError
	if errors.As(err, &own) {
		d = dialectNamed(own.Dialect)
		return d, own.Err, own.RequestID, d.Status(own.Err)
	}
	d = openaiDialect
	if e, ok := locate(r); ok {
		d = e.dialect
	}
	kind := translate.ErrInternal
	status = http.StatusInternalServerError
	var handled caddyhttp.HandlerError
	if errors.As(err, &handled) && handled.StatusCode > 0 {
		status = handled.StatusCode
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		kind = translate.ErrTooLarge
	case status == http.StatusNotFound:
		kind = translate.ErrNotFound
	case status == http.StatusUnauthorized:
		kind = translate.ErrAuth
	case status == http.StatusForbidden:
		kind = translate.ErrPermission
	case status == http.StatusTooManyRequests:
		kind = translate.ErrRateLimit
	case status >= 400 && status < 500:
		kind = translate.ErrInvalid
	}
	return d, &translate.Error{Kind: kind, Message: http.StatusText(status)}, "", status
}

// dialectNamed finds a client dialect by its name.
func dialectNamed(name string) *dialect {
	if name == anthropicDialect.Inbound.Name() {
		return anthropicDialect
	}
	return openaiDialect
}

// Interface guards
var _ caddyhttp.MiddlewareHandler = (*ErrorHandler)(nil)
