package gemini

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// DecodeError reads the body of an error answer.
func (Dialect) DecodeError(status int, body []byte) *translate.Error {
	return upstreamError(status, translate.ReadErrorBody(body))
}

// upstreamError says what an error of Google's means (5).
func upstreamError(status int, b translate.ErrorBody) *translate.Error {
	if status == 200 {
		status = statusOf(b)
	}
	e := translate.NewUpstreamError(status, b)
	if e.Type = b.Type; e.Type == "" {
		e.Type = b.Code
	}
	if wait := retryDelay(b); wait > 0 {
		e.RetryAfter = wait
	}
	switch {
	case status == 400 && mentionsSignature(b.Message):
		e.Type = "thought_signature"
	case status == 400 && (badKey(b) || b.Type == "FAILED_PRECONDITION"):
		e.Kind = translate.ErrUpstreamAuth
		e.Retell()
	case status == 403 && strings.HasPrefix(b.Message, "CachedContent not found"): // a name that the client gave
		e.Kind = translate.ErrInvalid
		e.Retell()
	case status == 400 && strings.HasPrefix(b.Message, "Request payload size exceeds the limit"):
		e.Kind = translate.ErrTooLarge
	}
	e.Message = HideOperator(e.Message)
	return e
}

// statusOf gives the status of an error inside a 200.
func statusOf(b translate.ErrorBody) int {
	if n, err := strconv.Atoi(b.Code); err == nil && n >= 400 && n < 600 {
		return n
	}
	return 500
}

// operators finds what tells tenants about the operator's account: names and numbers of
// projects, hosts, keys.
var operators = regexp.MustCompile(`(?i)(projects/)[^/\s"'` + "`" + `]+|(\bproject[_ ]?(?:number|id)?\W{0,3})\d{6,}|([?&](?:project|key)=)[^&\s"'` + "`" + `]+|(?:[a-z0-9-]+\.)+googleapis\.com|AIza[0-9a-z_-]{10,}`)

// HideOperator takes the operator's projects, hosts and keys out of an error's words, which
// tenants are told (5).
func HideOperator(message string) string {
	return operators.ReplaceAllString(message, "$1$2$3…")
}

// mentionsSignature reports whether Google refuses a thought signature (A22).
func mentionsSignature(message string) bool {
	lower := strings.ToLower(message)
	return strings.Contains(lower, "thought signature") || strings.Contains(lower, "thought_signature")
}

func badKey(b translate.ErrorBody) bool {
	for d := range b.Error.Get("details").Elements() {
		if d.Get("reason").Text().Equal("API_KEY_INVALID") {
			return true
		}
	}
	return strings.Contains(b.Message, "API key not valid") || strings.Contains(b.Message, "API key expired")
}

// retryIn finds the wait in Google's words: "Please retry in 2.5s.", "… in 1h2m3s".
var retryIn = regexp.MustCompile(`(?i)retry in ((?:[0-9.]+\s*(?:h|ms|m|s))+)`)

// retryDelay reads how long Google asks to wait: RetryInfo, or words. 0 is unknown.
func retryDelay(b translate.ErrorBody) time.Duration {
	for d := range b.Error.Get("details").Elements() {
		if wait, err := time.ParseDuration(d.Get("retryDelay").Str()); err == nil && wait > 0 {
			return wait
		}
	}
	if m := retryIn.FindStringSubmatch(b.Message); m != nil {
		wait, _ := time.ParseDuration(strings.ToLower(strings.ReplaceAll(m[1], " ", "")))
		return max(wait, 0)
	}
	return 0
}
