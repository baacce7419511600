package anthropic

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
)

// spelling is how Messages tells a kind of error (6.2): only types that its SDKs know.
type spelling struct {
	status int
	kind   string
}

var spellings = map[translate.ErrorKind]spelling{
	translate.ErrInvalid:       {400, "invalid_request_error"},
	translate.ErrContext:       {400, "invalid_request_error"},
	translate.ErrTooLarge:      {413, "request_too_large"},
	translate.ErrSlow:          {408, "timeout_error"},
	translate.ErrAuth:          {401, "authentication_error"},
	translate.ErrPermission:    {403, "permission_error"},
	translate.ErrBilling:       {429, "billing_error"}, // CC22
	translate.ErrNotFound:      {404, "not_found_error"},
	translate.ErrModel:         {404, "not_found_error"},
	translate.ErrMethod:        {405, "invalid_request_error"},
	translate.ErrConflict:      {409, "conflict_error"},
	translate.ErrKeyReused:     {422, "invalid_request_error"},
	translate.ErrContent:       {400, "invalid_request_error"},
	translate.ErrRateLimit:     {429, "rate_limit_error"},
	translate.ErrQuota:         {429, "rate_limit_error"},
	translate.ErrUpstreamLimit: {429, "rate_limit_error"},
	translate.ErrUpstreamAuth:  {502, "api_error"},
	translate.ErrUpstream:      {502, "api_error"},
	translate.ErrOverloaded:    {529, "overloaded_error"},
	translate.ErrTimeout:       {504, "timeout_error"},
	translate.ErrInterrupted:   {502, "api_error"},
	translate.ErrInternal:      {500, "api_error"},
	translate.ErrUnsupported:   {404, "not_found_error"},
}

// Status is the HTTP status of an error.
func (Dialect) Status(e *translate.Error) int { return spellings[e.Kind].status }

// inDots spells a path as Messages does.
var inDots = strings.NewReplacer("[", ".", "]", "")

// named is the message of an error, with the field at fault ahead of it as in Messages:
// messages.0.role: must be user, assistant or system. A provider's own words stay.
func named(e *translate.Error) string {
	if e.Param == "" || e.Status != 0 {
		return e.Message
	}
	field := inDots.Replace(e.Param)
	message := strings.TrimPrefix(e.Message, e.Param+" ")
	if strings.HasPrefix(message, field+":") {
		return message
	}
	return field + ": " + message
}

// EncodeError writes an error. One about the context is told in the words that clients
// compact on (claude-code-gateway.md 5.2).
func (Dialect) EncodeError(dst []byte, e *translate.Error, requestID string) []byte {
	message := named(e)
	if e.Kind == translate.ErrContext {
		message = e.Overflow()
	}
	w := emit.Writer{B: append(dst, `{"type":"error","error":`...)}
	w.Object()
	w.KeyString("type", spellings[e.Kind].kind)
	w.KeyString("message", message)
	if e.Details != nil {
		w.KeyRaw("details", e.Details)
	}
	w.EndObject()
	if requestID != "" {
		w.KeyString("request_id", requestID)
	}
	w.EndObject()
	return w.B
}
