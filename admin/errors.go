package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// Error is an answer that says what is wrong.
type Error struct {
	// Status is the HTTP status, Message the words for the client.
	Status  int
	Message string
	// Cause is for the log alone; nil if Message says all.
	Cause error

	allow string // the methods that the path takes, if it does not take the request's
}

func (e *Error) Error() string {
	if e.Cause != nil && e.Cause.Error() != e.Message {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// Answer writes the error in Caddy's form, {"error":"…"}.
func (e *Error) Answer(w http.ResponseWriter) {
	body, _ := encode(struct { // of a string cannot fail
		Error string `json:"error"`
	}{e.Message})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(e.Status)
	w.Write(body)
}

// ErrorOf gives what the client is told of an error.
func ErrorOf(err error) *Error {
	var told *Error
	if errors.As(err, &told) {
		return told
	}
	return &Error{Status: http.StatusInternalServerError, Message: "the request failed; the log says why", Cause: err}
}

// refuse makes an error for the client.
func refuse(status int, format string, args ...any) *Error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...)}
}

// invalid makes the error of a parameter, or a field of the body, that is wrong.
func invalid(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, format, args...)
}

// storeError tells the client of an error of the store in terms of what it asked for, such
// as "tenant 'acme'".
func storeError(err error, what string) error {
	var told *Error
	var wrong *keys.InvalidError
	var over *keys.OverError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &told):
		return err
	case errors.As(err, &wrong):
		return invalid("%s", wrong)
	case errors.As(err, &over):
		return refuse(http.StatusConflict, "%s", over)
	case errors.Is(err, stores.ErrCursor):
		return invalid("%s", stores.ErrCursor)
	case errors.Is(err, keys.ErrChanged):
		return refuse(http.StatusConflict, "%s is being changed by somebody else; try again", what)
	case errors.Is(err, keys.ErrNotFound):
		return refuse(http.StatusNotFound, "%s does not exist", what)
	case errors.Is(err, keys.ErrExists):
		return refuse(http.StatusConflict, "%s exists already", what)
	case errors.Is(err, keys.ErrInUse):
		return refuse(http.StatusConflict, "%s still has keys that are not revoked; revoke them first, or disable the tenant", what)
	case errors.Is(err, context.Canceled):
		return err // nobody is there to be told
	}
	return &Error{Status: http.StatusServiceUnavailable, Message: "the store does not answer; the log says why", Cause: err}
}
