package translate

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// ErrorBody is what a provider's error says, whatever its form: an object under error,
// an array of such (Google), a string, nested JSON in a string, or no JSON at all
// (wire-openai-anthropic.md 6.2).
type ErrorBody struct {
	Message string
	// Type and Code are the provider's words; a numeric code is spelled in digits.
	Type, Code string
	// Param names a field.
	Param string
	// Error is the error object, for what only one provider says.
	Error scan.Value
}

// maxErrorText bounds an error's text.
const maxErrorText = 2048

// ReadErrorBody reads an error body.
func ReadErrorBody(body []byte) ErrorBody {
	v, err := scan.Parse(body)
	if err != nil {
		return ErrorBody{Message: plainError(body)}
	}
	return ReadError(v)
}

// ReadError reads an error from a JSON value.
func ReadError(v scan.Value) ErrorBody {
	if v.Kind() == scan.Array {
		v = v.First()
	}
	outer := v
	if e := v.Get("error"); !e.IsNull() {
		v = e
	}
	b := ErrorBody{Error: v}
	if v.Kind() == scan.String {
		b.Message, b.Code = clip(v.Str()), outer.Get("code").Str() // xAI has its code beside it
		return b
	}
	if m := v.Get("message"); m.Kind() == scan.Object { // Clewdr (E6)
		b.Message = clip(firstWord(ReadError(m).Message, string(m.Raw())))
	} else {
		b.Message = clip(firstStr(m, v.Get("detail"), v.Get("error_description"), v.Get("msg")))
	}
	b.Type = firstStr(v.Get("type"), v.Get("status"))
	b.Param = v.Get("param").Str()
	switch code := v.Get("code"); code.Kind() {
	case scan.String:
		b.Code = code.Str()
	case scan.Number:
		b.Code = string(code.Raw())
	}
	b.nested()
	return b
}

// nested digs for a provider's own message in what a router wraps: JSON in the message,
// or in metadata.raw (provider-openrouter.md 6).
func (b *ErrorBody) nested() {
	for _, text := range []string{b.Error.At("metadata", "raw").Str(), b.Message} {
		if !strings.HasPrefix(strings.TrimSpace(text), "{") {
			continue
		}
		if inner := ReadErrorBody([]byte(text)); inner.Message != "" {
			b.Message = inner.Message
			return
		}
	}
	if raw := b.Error.At("metadata", "raw"); raw.Kind() == scan.Object {
		if inner := ReadError(raw); inner.Message != "" {
			b.Message = inner.Message
		}
	} else if text := raw.Str(); text != "" && b.Message == "Provider returned error" {
		b.Message = clip(text)
	}
}

func firstStr(values ...scan.Value) string {
	for _, v := range values {
		if s := v.Str(); s != "" {
			return s
		}
	}
	return ""
}

// plainError is the text of an error that is no JSON; a web page has none.
func plainError(body []byte) string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(body), ""))
	if strings.HasPrefix(text, "<") {
		return ""
	}
	return clip(text)
}

func clip(s string) string {
	if len(s) > maxErrorText {
		s = strings.ToValidUTF8(s[:maxErrorText], "")
	}
	return s
}

// KindOfStatus is what a provider's status means if nothing else is known. A status that
// is about the form of the call, and not about what the client asked, is the gateway's or
// the operator's fault; those that SDKs repeat by themselves are the provider's
// (wire-openai-anthropic.md 6.3).
func KindOfStatus(status int) ErrorKind {
	switch status {
	case 401, 402, 403:
		return ErrUpstreamAuth
	case 404:
		return ErrModel
	case 405, 406, 407, 411, 414, 415, 417, 421, 426, 428, 431: // a wrong base_url, most often
		return ErrUpstream
	case 408, 504, 522, 524, 598, 599:
		return ErrTimeout
	case 409, 423, 424, 425: // locks, and what the provider itself depends on
		return ErrUpstream
	case 413:
		return ErrTooLarge
	case 429:
		return ErrUpstreamLimit
	case 451: // not in this country
		return ErrUpstream
	case 498, 503, 529: // 498 is Groq's
		return ErrOverloaded
	case 499: // Google's CANCELLED, and nginx's: the call was given up on the way
		return ErrInterrupted
	}
	if status >= 400 && status < 500 {
		return ErrInvalid
	}
	return ErrUpstream
}

// NewUpstreamError makes the error for a provider's answer of a status. The client is
// told the provider's message where the fault may be its own.
func NewUpstreamError(status int, b ErrorBody) *Error {
	e := &Error{Kind: KindOfStatus(status), Status: status, Upstream: b.Message, Type: firstWord(b.Type, b.Code), Param: b.Param}
	switch {
	case e.Kind == ErrInvalid && readOverflow(b.Message, e):
		e.Kind = ErrContext
	case e.Kind == ErrInvalid || e.Kind == ErrTooLarge:
		e.Code = "upstream_invalid_request"
	}
	e.Message = e.told(b.Message)
	return e
}

func firstWord(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// Retell puts the message right after a change of the kind: the provider's own words go
// on where the fault may be the client's, and no others.
func (e *Error) Retell() {
	e.Code = ""
	e.Message = e.told(e.Upstream)
}

// told is the message that a client is given.
func (e *Error) told(message string) string {
	switch e.Kind {
	case ErrInvalid, ErrTooLarge, ErrContext, ErrContent:
		if message != "" {
			return message
		}
		return "the provider refused the request"
	case ErrUpstreamAuth:
		return "the provider refused the gateway's own credential"
	case ErrModel:
		return "the provider does not know the model"
	case ErrUpstreamLimit:
		return "the provider's rate limit is reached"
	case ErrOverloaded:
		return "the provider is overloaded"
	case ErrTimeout:
		return "the provider did not answer in time"
	}
	return "the provider failed"
}

// EndOf is what a stream that broke off means for the client: nothing if it had told
// its end, else an error (rule G8). err is nil for a clean end of the body; an *Error is
// told as it is.
func EndOf(err error, output bool) *Error {
	if told, ok := err.(*Error); ok {
		e := *told
		return &e
	}
	if slow, ok := err.(interface{ Timeout() bool }); ok && slow.Timeout() {
		return &Error{Kind: ErrTimeout, Code: "upstream_timeout", Message: "the provider sent " + err.Error()}
	}
	e := &Error{Kind: ErrInterrupted, Code: "upstream_stream_interrupted", Message: "the provider's stream ended before the answer was complete"}
	if err != nil {
		e.Upstream = err.Error()
	} else if !output {
		e.Kind, e.Code, e.Message = ErrUpstream, "empty_upstream_response", "the provider sent an empty answer"
	}
	return e
}
