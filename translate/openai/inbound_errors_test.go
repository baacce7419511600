package openai_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

// How clients of Chat are told each kind of error (wire-openai-anthropic.md 6.1 and 6.2).
func TestErrorsToChat(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    translate.Error
		status int
		want   string
	}{
		{"6.2 a bad field", translate.Error{Kind: translate.ErrInvalid, Param: "messages[0].role"}, 400, `"type":"invalid_request_error","param":"messages[0].role","code":null`},
		{"6.2 a prompt too long", translate.Error{Kind: translate.ErrContext}, 400, `"type":"invalid_request_error","param":null,"code":"context_length_exceeded"`},
		{"6.2 a body too large", translate.Error{Kind: translate.ErrTooLarge}, 413, `"type":"invalid_request_error","param":null,"code":"request_too_large"`},
		{"6.2 a bad key", translate.Error{Kind: translate.ErrAuth}, 401, `"type":"invalid_request_error","param":null,"code":"invalid_api_key"`},
		{"6.2 no scope", translate.Error{Kind: translate.ErrPermission}, 403, `"type":"permission_error","param":null,"code":"insufficient_permissions"`},
		{"6.2 no money", translate.Error{Kind: translate.ErrBilling}, 429, `"type":"insufficient_quota","param":null,"code":"insufficient_quota"`},
		{"6.2 an unknown model", translate.Error{Kind: translate.ErrModel, Param: "model"}, 404, `"type":"invalid_request_error","param":"model","code":"model_not_found"`},
		{"6.2 an unknown path", translate.Error{Kind: translate.ErrNotFound}, 404, `"type":"invalid_request_error","param":null,"code":null`},
		{"6.2 an unknown method", translate.Error{Kind: translate.ErrMethod}, 405, `"type":"invalid_request_error","param":null,"code":null`},
		{"6.2 a conflict", translate.Error{Kind: translate.ErrConflict}, 409, `"type":"conflict_error","param":null,"code":"idempotency_conflict"`},
		{"an idempotency key used again", translate.Error{Kind: translate.ErrKeyReused}, 422, `"type":"invalid_request_error","param":null,"code":"idempotency_key_reused"`},
		{"6.2 content that was blocked", translate.Error{Kind: translate.ErrContent}, 400, `"type":"invalid_request_error","param":null,"code":"content_policy_violation"`},
		{"6.2 the key's rate limit", translate.Error{Kind: translate.ErrRateLimit}, 429, `"type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"`},
		{"6.2 all providers' rate limits", translate.Error{Kind: translate.ErrUpstreamLimit}, 429, `"type":"rate_limit_error","param":null,"code":"upstream_rate_limited"`},
		{"6.2 the gateway's own credential", translate.Error{Kind: translate.ErrUpstreamAuth}, 502, `"type":"server_error","param":null,"code":"upstream_auth_failed"`},
		{"6.2 a provider's failure", translate.Error{Kind: translate.ErrUpstream}, 502, `"type":"server_error","param":null,"code":"upstream_error"`},
		{"6.2 no capacity", translate.Error{Kind: translate.ErrOverloaded}, 503, `"type":"server_error","param":null,"code":"overloaded"`},
		{"6.2 no answer in time", translate.Error{Kind: translate.ErrTimeout}, 504, `"type":"server_error","param":null,"code":"upstream_timeout"`},
		{"5.5 a stream that broke off", translate.Error{Kind: translate.ErrInterrupted}, 502, `"type":"server_error","param":null,"code":"upstream_stream_interrupted"`},
		{"6.2 a fault of the gateway", translate.Error{Kind: translate.ErrInternal}, 500, `"type":"server_error","param":null,"code":null`},
		{"6.2 an endpoint that is not here", translate.Error{Kind: translate.ErrUnsupported}, 404, `"type":"invalid_request_error","param":null,"code":null`},
		{"6.2 a code of its own", translate.Error{Kind: translate.ErrInvalid, Code: "upstream_invalid_request"}, 400, `"type":"invalid_request_error","param":null,"code":"upstream_invalid_request"`},
		{"6.1 details", translate.Error{Kind: translate.ErrContext, Details: []byte(`{"a": 1}`)}, 400, `"type":"invalid_request_error","param":null,"code":"context_length_exceeded","details":{"a": 1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.err.Message = "it \"failed\" \xff"
			if got := (openai.Dialect{}).Status(&c.err); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			want := `{"error":{"message":"it \"failed\" ` + "\uFFFD" + `",` + c.want + `}}`
			if got := string(openai.Dialect{}.EncodeError(nil, &c.err, "req_1")); got != want {
				t.Errorf("told %s\nwant %s", got, want)
			}
		})
	}
}
