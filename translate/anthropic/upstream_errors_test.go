package anthropic_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

// Error answers of Messages providers as clients of Chat get them (wire-openai-anthropic.md 6.2).
func TestMessagesErrorsToChat(t *testing.T) {
	body := func(kind, message string) string {
		return `{"type":"error","error":{"type":"` + kind + `","message":"` + message + `"},"request_id":"req_upstream"}`
	}
	told := func(message, kind, code string) string {
		return `{"error":{"message":"` + message + `","type":"` + kind + `","param":null,"code":` + code + `}}`
	}
	for _, r := range []struct {
		name     string
		status   int
		body     string
		toStatus int
		want     string
	}{
		{"6.2 a fault of the request", 400, body("invalid_request_error", "messages.0: \\\"x\\\" is bad"), 400, told(`messages.0: \"x\" is bad`, "invalid_request_error", `"upstream_invalid_request"`)},
		{"pain 29: a prompt too long", 400, body("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), 400, told("prompt is too long: 210000 tokens > 200000 maximum", "invalid_request_error", `"context_length_exceeded"`)},
		{"6.2 the gateway's own credential", 401, body("authentication_error", "invalid x-api-key"), 502, told("the provider refused the gateway's own credential", "server_error", `"upstream_auth_failed"`)},
		{"6.2 the gateway's own balance", 400, body("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), 502, told("the provider refused the gateway's own credential", "server_error", `"upstream_auth_failed"`)},
		{"6.2 the operator's spending limit", 400, body("invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2026-12-01."), 502, told("the provider refused the gateway's own credential", "server_error", `"upstream_auth_failed"`)},
		{"6.2 the client's words are no fault of the account", 400, body("invalid_request_error", "tools.0: Your credit balance is no name"), 400, told("tools.0: Your credit balance is no name", "invalid_request_error", `"upstream_invalid_request"`)},
		{"6.2 content that was blocked", 400, body("invalid_request_error", "Output blocked by content filtering policy"), 400, told("Output blocked by content filtering policy", "invalid_request_error", `"content_policy_violation"`)},
		{"6.2 what the credential may not", 403, body("permission_error", "no"), 502, told("the provider refused the gateway's own credential", "server_error", `"upstream_auth_failed"`)},
		{"6.2 a model that is unknown there", 404, body("not_found_error", "model: claude-9"), 404, told("the provider does not know the model", "invalid_request_error", `"model_not_found"`)},
		{"6.2 a body too large", 413, body("request_too_large", "Request exceeds the maximum size"), 413, told("Request exceeds the maximum size", "invalid_request_error", `"upstream_invalid_request"`)},
		{"6.2 a rate limit", 429, body("rate_limit_error", "org-secret has reached its limit"), 429, told("the provider's rate limit is reached", "rate_limit_error", `"upstream_rate_limited"`)},
		{"6.2 a failure", 500, body("api_error", "Internal server error at 10.1.2.3"), 502, told("the provider failed", "server_error", `"upstream_error"`)},
		{"6.2 a timeout", 504, body("timeout_error", "x"), 504, told("the provider did not answer in time", "server_error", `"upstream_timeout"`)},
		{"trap 122: an overload, which SDKs retry as a 503", 529, body("overloaded_error", "Overloaded"), 503, told("the provider is overloaded", "server_error", `"overloaded"`)},
		{"6.2 an overload by its type", 500, body("overloaded_error", "Overloaded"), 503, told("the provider is overloaded", "server_error", `"overloaded"`)},
		{"6.2 a web page", 502, "<html><title>502 Bad Gateway</title></html>", 502, told("the provider failed", "server_error", `"upstream_error"`)},
		{"6.2 nothing", 400, "", 400, told("the provider refused the request", "invalid_request_error", `"upstream_invalid_request"`)},
		{"6.2 plain text", 400, "max_tokens: too big", 400, told("max_tokens: too big", "invalid_request_error", `"upstream_invalid_request"`)},
		{"6.2 a string under error", 400, `{"error":"bad thing"}`, 400, told("bad thing", "invalid_request_error", `"upstream_invalid_request"`)},
		{"6.2 a list, as Google's front end has it", 400, `[{"error":{"code":400,"message":"bad thing","status":"INVALID_ARGUMENT"}}]`, 400, told("bad thing", "invalid_request_error", `"upstream_invalid_request"`)},
		{"6.2 JSON in the message", 400, `{"error":{"message":"{\"error\":{\"message\":\"inner\"}}","type":"x"}}`, 400, told("inner", "invalid_request_error", `"upstream_invalid_request"`)},
	} {
		t.Run(r.name, func(t *testing.T) {
			e := anthropic.Dialect{}.DecodeError(r.status, []byte(r.body))
			if got := openai.Dialect.Status(openai.Dialect{}, e); got != r.toStatus {
				t.Errorf("status %d, want %d", got, r.toStatus)
			}
			if got := string(openai.Dialect{}.EncodeError(nil, e, "req_1")); got != r.want {
				t.Errorf("told\n%s\nwant\n%s", got, r.want)
			}
			if e.Status != r.status {
				t.Errorf("the log is told of status %d", e.Status)
			}
		})
	}
	t.Run("6.2 a message longer than 2 KiB", func(t *testing.T) {
		e := anthropic.Dialect{}.DecodeError(400, []byte(body("invalid_request_error", strings.Repeat("é", 2000))))
		if n := len(e.Message); n > 2048 || n < 2000 {
			t.Errorf("a message of %d bytes", n)
		}
	})
}
