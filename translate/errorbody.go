package translate

import (
	"regexp"
	"strconv"
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
	if e := v.Get("error"); !e.IsNull() {
		v = e
	}
	b := ErrorBody{Error: v}
	if v.Kind() == scan.String {
		b.Message = v.Str()
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

// KindOfStatus is what a provider's status means if nothing else is known.
func KindOfStatus(status int) ErrorKind {
	switch {
	case status == 401, status == 402:
		return ErrUpstreamAuth
	case status == 403:
		return ErrUpstreamAuth
	case status == 404:
		return ErrModel
	case status == 408, status == 504, status == 524:
		return ErrTimeout
	case status == 413:
		return ErrTooLarge
	case status == 429:
		return ErrUpstreamLimit
	case status == 499: // Google's CANCELLED, and nginx's: the call was given up on the way
		return ErrInterrupted
	case status == 503, status == 529:
		return ErrOverloaded
	case status >= 400 && status < 500:
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

// told is the message that a client is given.
func (e *Error) told(message string) string {
	switch e.Kind {
	case ErrInvalid, ErrTooLarge, ErrContext, ErrContent:
		if message != "" {
			return message
		}
		return "the provider refused the request"
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

// overflows are the ways in which providers say that a prompt is too long: with prompt,
// limit and answer asked for in named groups (claude-code-gateway.md 5.2).
var overflows = []*regexp.Regexp{
	regexp.MustCompile(`prompt is too long: (?P<n>[\d,]+) tokens > (?P<m>[\d,]+) maximum`),
	regexp.MustCompile("input length and `max_tokens` exceed context limit: (?P<n>[\\d,]+) \\+ (?P<a>[\\d,]+) > (?P<m>[\\d,]+)"),
	regexp.MustCompile(`(?i)maximum context length (?:is|of) (?P<m>[\d,]+) tokens.*?(?:requested|resulted in|you requested)\D*(?P<t>[\d,]+) tokens(?:\s*\((?P<n>[\d,]+) (?:in|of)[^,;)]*[,;]?\s*(?P<a>[\d,]+)?)?`),
	regexp.MustCompile(`(?i)maximum context length (?:is|of) (?P<m>[\d,]+)`),
	regexp.MustCompile(`(?i)input token count \(?(?P<n>[\d,]+)\)? exceeds the maximum number of tokens allowed \(?(?P<m>[\d,]+)\)?`),
	regexp.MustCompile(`(?i)prompt (?:token count of|contains) (?P<n>[\d,]+)(?: tokens)?.*?(?:limit|maximum) of (?P<m>[\d,]+)`),
	regexp.MustCompile(`(?i)(?P<n>[\d,]+) tokens.*?(?:exceed|larger|longer|greater).*?(?P<m>[\d,]+)`),
}

// overflowWords tell an overflow without numbers.
var overflowWords = regexp.MustCompile(`(?i)context.?length.?exceeded|context window|maximum context|input is too long|prompt is too long|too many (?:input )?tokens|exceeds? the (?:model's )?(?:context|maximum number of tokens)|input token count|exceed context limit|reduce the length of the (?:messages|prompt)`)

// readOverflow reports whether a message tells that the context overflows, and reads
// the numbers.
func readOverflow(message string, e *Error) bool {
	if !overflowWords.MatchString(message) {
		return false
	}
	for _, pattern := range overflows {
		m := pattern.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		total := int64(0)
		for i, name := range pattern.SubexpNames() {
			n, _ := strconv.ParseInt(strings.ReplaceAll(m[i], ",", ""), 10, 64)
			switch name {
			case "n":
				e.Tokens = n
			case "m":
				e.Limit = n
			case "a":
				e.MaxTokens = n
			case "t":
				total = n
			}
		}
		if e.Tokens == 0 {
			e.Tokens = total
		}
		return true
	}
	return true
}

// Overflows makes e a context overflow if its code or message says so, for errors whose
// status tells nothing.
func (e *Error) Overflows(code string) bool {
	if !readOverflow(e.Upstream, e) && code != "context_length_exceeded" {
		return false
	}
	e.Kind, e.Code = ErrContext, ""
	e.Message = e.told(e.Upstream)
	return true
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
