package translate

import (
	"strconv"
	"time"
)

// ErrorKind says what went wrong, in terms that every dialect can spell.
type ErrorKind uint8

// The kinds of errors (wire-openai-anthropic.md 6.2).
const (
	// ErrInvalid is a request that is wrong in itself.
	ErrInvalid ErrorKind = iota
	// ErrContext is a prompt, or prompt and answer, larger than the model's window.
	ErrContext
	// ErrTooLarge is a body above the limit.
	ErrTooLarge
	// ErrSlow is a request that did not arrive in time.
	ErrSlow
	// ErrAuth is a missing or wrong key.
	ErrAuth
	// ErrPermission is a key that may not do this.
	ErrPermission
	// ErrBilling is a key without money.
	ErrBilling
	// ErrNotFound is a path or object that does not exist.
	ErrNotFound
	// ErrModel is a model that does not exist.
	ErrModel
	// ErrMethod is a method that the path does not know.
	ErrMethod
	// ErrConflict is a conflict of idempotency.
	ErrConflict
	// ErrKeyReused is an idempotency key that was sent with another request before.
	ErrKeyReused
	// ErrContent is content that a provider blocked before any output.
	ErrContent
	// ErrRateLimit is the limit of the client's own key.
	ErrRateLimit
	// ErrQuota is a quota of the client's own key, which is used up for longer than one
	// waits.
	ErrQuota
	// ErrUpstreamLimit is the rate limit of all providers that could serve.
	ErrUpstreamLimit
	// ErrUpstreamAuth is a fault of the gateway's own credential or balance.
	ErrUpstreamAuth
	// ErrUpstream is a failure of the provider.
	ErrUpstream
	// ErrOverloaded is a provider or gateway without capacity.
	ErrOverloaded
	// ErrTimeout is a provider that did not answer in time.
	ErrTimeout
	// ErrInterrupted is a stream that broke off.
	ErrInterrupted
	// ErrInternal is a fault of the gateway.
	ErrInternal
	// ErrUnsupported is an endpoint that exists elsewhere but not here.
	ErrUnsupported
)

// Error is a failure as a client is told of it.
type Error struct {
	Kind ErrorKind
	// Message is for people; some clients also match on its words.
	Message string
	// Param names the field at fault, "" if none.
	Param string
	// Code overrides the dialect's usual code for the kind.
	Code string
	// RetryAfter is how long to wait; 0 is unknown.
	RetryAfter time.Duration
	// Retry tells the client whether to try again, where that is not left to it.
	Retry Tristate
	// Tokens, Limit and MaxTokens are the numbers of a context overflow: size of the
	// prompt, of the window, and of the answer asked for; 0 is unknown.
	Tokens, Limit, MaxTokens int64
	// Answer is the answer that tells a blocked prompt, which is a refusal and not an
	// error; nil for all other errors.
	Answer *Response
	// Details is a JSON object for the dialect's error.details, nil if none.
	Details []byte
	// Status is the provider's HTTP status, 0 if the gateway found the error itself.
	Status int
	// Upstream is the provider's own text, for the log only.
	Upstream string
	// Type is the provider's own error type or code word, for the log only.
	Type string
}

// Error gives the message.
func (e *Error) Error() string { return e.Message }

// Invalid makes an error about a field of the request.
func Invalid(param, message string) *Error {
	return &Error{Kind: ErrInvalid, Param: param, Message: message}
}

// Overflow gives the message of a context overflow in the words that clients look
// for: Claude Code compacts on the first and lowers max_tokens on the second
// (claude-code-gateway.md 5.2, CC15, CC16).
func (e *Error) Overflow() string {
	if e.MaxTokens > 0 && e.Tokens > 0 && e.Limit > 0 && e.Tokens <= e.Limit {
		return "input length and `max_tokens` exceed context limit: " + itoa(e.Tokens) + " + " + itoa(e.MaxTokens) + " > " + itoa(e.Limit)
	}
	return "prompt is too long: " + itoa(e.Tokens) + " tokens > " + itoa(e.Limit) + " maximum (capability_rejected: prompt_too_long)"
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
