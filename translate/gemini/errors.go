package gemini

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

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
		e.Kind, e.Code, e.Message = translate.ErrUpstreamAuth, "", "the provider refused the gateway's own credential"
	case status == 404:
		e.Kind = translate.ErrModel
	}
	return e
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

var retryIn = regexp.MustCompile(`(?i)retry in ([0-9.]+)\s*s`)

// retryDelay reads how long Google asks to wait: RetryInfo, or words.
func retryDelay(b translate.ErrorBody) time.Duration {
	for d := range b.Error.Get("details").Elements() {
		if wait, err := time.ParseDuration(d.Get("retryDelay").Str()); err == nil && wait > 0 {
			return wait
		}
	}
	if m := retryIn.FindStringSubmatch(b.Message); m != nil {
		seconds, _ := strconv.ParseFloat(m[1], 64)
		return time.Duration(seconds * float64(time.Second))
	}
	return 0
}
