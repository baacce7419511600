package openai

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// DecodeError reads the body of an error answer.
func (Dialect) DecodeError(status int, body []byte) *translate.Error {
	return upstreamError(status, translate.ReadErrorBody(body))
}

// words are what Chat providers call an error by its code, its type or the beginning of
// its message, whatever the status. Codes come first: only the beginning of a message is
// looked at, as the rest may be the client's own text.
var words = []struct {
	word string
	kind translate.ErrorKind
}{
	{"context_length_exceeded", translate.ErrContext},
	{"exceed_context_size_error", translate.ErrContext}, // llama.cpp
	{"content_policy_violation", translate.ErrContent},
	{"content_filter", translate.ErrContent},
	{"invalid_prompt", translate.ErrContent},
	{violates, translate.ErrContent}, // xAI, with 403
	{"insufficient_quota", translate.ErrUpstreamAuth},
	{"billing_not_active", translate.ErrUpstreamAuth},
	{"billing_hard_limit_reached", translate.ErrUpstreamAuth},
	{"account_deactivated", translate.ErrUpstreamAuth},
	{"invalid_api_key", translate.ErrUpstreamAuth},
	{"Incorrect API key provided", translate.ErrUpstreamAuth}, // xAI, with 400
	{"model_not_found", translate.ErrModel},
	{"model_decommissioned", translate.ErrModel},                          // Groq
	{"invalid_model", translate.ErrModel},                                 // Mistral
	{"DeploymentNotFound", translate.ErrModel},                            // Azure
	{"The supported API model names are", translate.ErrModel},             // DeepSeek
	{"You are not allowed to sample from this model", translate.ErrModel}, // OpenAI, with 403
	{toolUseFailed, translate.ErrUpstream},
}

// violates is how xAI tells that it blocked the content.
const violates = "Content violates usage guidelines"

// toolUseFailed is Groq's code for a call of the model's that does not fit its schema.
const toolUseFailed = "tool_use_failed"

// upstreamError says what an error of a Chat provider means.
func upstreamError(status int, b translate.ErrorBody) *translate.Error {
	if status == 200 { // an error in a 200: its code may be a status
		status = statusOf(b)
	}
	e := translate.NewUpstreamError(status, b)
	called := b.Code + " " + b.Type + " " + b.Error.Get("error_type").Str() + " " + b.Error.At("metadata", "error_type").Str()
	for i := range words {
		if w := &words[i]; strings.Contains(called, w.word) || strings.HasPrefix(b.Message, w.word) {
			means(e, w.kind, b)
			return e
		}
	}
	switch {
	case status == 413 && strings.Contains(called, "rate_limit_exceeded"): // Groq's limit of tokens a minute
		e.Kind = translate.ErrUpstreamLimit
		e.Retell()
	case status >= 500:
		e.Overflows("")
	}
	return e
}

// means makes e an error of the kind that the provider's word stands for.
func means(e *translate.Error, kind translate.ErrorKind, b translate.ErrorBody) {
	switch kind {
	case translate.ErrContext:
		e.Overflows("context_length_exceeded")
		if n, _ := b.Error.Get("n_ctx").Int(); n > 0 { // llama.cpp
			e.Limit = n
			e.Tokens, _ = b.Error.Get("n_prompt_tokens").Int()
		}
		return
	case translate.ErrUpstream:
		e.Type = b.Code
	}
	e.Kind = kind
	e.Retell()
	if strings.HasPrefix(e.Message, violates) {
		e.Message = violates // xAI goes on with the operator's team and key
	}
}

// statusOf gives the status that an error in a 200 would have had.
func statusOf(b translate.ErrorBody) int {
	code := 0
	for _, c := range b.Code {
		if c < '0' || c > '9' {
			code = 0
			break
		}
		code = code*10 + int(c-'0')
	}
	if code >= 400 && code < 600 {
		return code
	}
	switch {
	case strings.Contains(b.Type, "rate_limit"), strings.Contains(b.Code, "rate_limit"):
		return 429
	case strings.Contains(b.Type, "overloaded"), strings.Contains(b.Code, "overloaded"):
		return 503
	case b.Type == "invalid_request_error":
		return 400
	}
	return 502
}
