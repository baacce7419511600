package providers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

var (
	next    = Verdict{Action: Next, Transient: true}
	again   = Verdict{Action: Again, Transient: true}
	fault   = Verdict{Action: Next, Scope: RestCredential, For: restFault, Alarm: true}
	missing = Verdict{Action: Next, Scope: RestRoute, For: restFault}
	amiss   = Verdict{Action: Next, Alarm: true}
	limited = Verdict{Action: Next, Scope: RestCredential, Transient: true}
)

// TestRecordedErrors judges what providers have been seen to answer.
func TestRecordedErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		body   string
		kind   translate.ErrorKind
		want   Verdict
	}{
		{"xAI: a bad key by 400", 400, `{"code":"invalid-argument","error":"Incorrect API key provided. You can obtain an API key from https://console.x.ai."}`, translate.ErrUpstreamAuth, fault},
		{"xAI: blocked content by 403", 403, `{"code":"The caller does not have permission to execute the specified operation","error":"Content violates usage guidelines. Team: t, API key ID: k"}`, translate.ErrContent, Verdict{}},
		{"xAI: a parameter", 400, `{"code":"Client specified an invalid argument","error":"Model grok-code-fast-1 does not support parameter reasoningEffort."}`, translate.ErrInvalid, Verdict{}},
		{"xAI: a model that is gone", 404, `{"code":"Some requested entity was not found","error":"The model grok-beta was deprecated"}`, translate.ErrModel, missing},
		{"Groq: a model that is gone, by 400", 400, `{"error":{"code":"model_decommissioned","message":"The model x has been decommissioned","type":"invalid_request_error"}}`, translate.ErrModel, missing},
		{"Groq: the model's call does not fit its schema", 400, `{"error":{"code":"tool_use_failed","failed_generation":"{}","message":"Tool call validation failed","type":"invalid_request_error"}}`, translate.ErrUpstream, again},
		{"Groq: more than the tokens of a minute, by 413", 413, `{"error":{"message":"Request too large for model x on tokens per minute (TPM): Limit 6000, Requested 9000","type":"tokens","code":"rate_limit_exceeded"}}`, translate.ErrUpstreamLimit, Verdict{Action: Next}},
		{"OpenAI: more than the tokens of a minute, by 429", 429, `{"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000","type":"tokens","code":"rate_limit_exceeded"}}`, translate.ErrUpstreamLimit, Verdict{Action: Next}},
		{"Groq: no capacity for flex", 498, `{"error":{"message":"over capacity"}}`, translate.ErrOverloaded, next},
		{"OpenAI: a limit", 429, `{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}`, translate.ErrUpstreamLimit, limited},
		{"OpenAI: a model that does not exist, by 400", 400, `{"error":{"code":"model_not_found","message":"The requested model 'x' does not exist.","param":"model","type":"invalid_request_error"}}`, translate.ErrModel, missing},
		{"OpenAI: a model that the account may not use, by 403", 403, `{"error":{"code":null,"message":"You are not allowed to sample from this model","param":null,"type":"invalid_request_error"}}`, translate.ErrModel, missing},
		{"OpenAI: a model that the project may not use, by 403", 403, `{"error":{"code":"model_not_found","message":"Project p does not have access to model x","type":"invalid_request_error"}}`, translate.ErrModel, missing},
		{"OpenAI: Envoy's words", 503, `upstream connect error or disconnect/reset before headers`, translate.ErrOverloaded, next},
		{"Azure: no such deployment", 404, `{"error":{"type":"invalid_request_error","code":"DeploymentNotFound","message":"m"}}`, translate.ErrModel, missing},
		{"Mistral: no such model, by 400", 400, `{"code":"1500","message":"Invalid model: x","object":"error","param":null,"type":"invalid_model"}`, translate.ErrModel, missing},
		{"Mistral: a bad key", 401, `{"detail":"Invalid API Key"}`, translate.ErrUpstreamAuth, fault},
		{"DeepSeek: no such model, by 400", 400, `{"error":{"message":"The supported API model names are a or b, but you passed c.","type":"invalid_request_error","code":"invalid_request_error"}}`, translate.ErrModel, missing},
		{"DeepSeek: no balance", 402, `{"error":{"message":"Insufficient Balance"}}`, translate.ErrUpstreamAuth, fault},
		{"the client's words are no fault of ours", 400, `{"error":{"message":"messages[0]: Incorrect API key provided","type":"invalid_request_error"}}`, translate.ErrInvalid, Verdict{}},
		{"a firewall's page by 403 is no bad key", 403, "\n<!DOCTYPE html><html>blocked</html>", translate.ErrUpstream, amiss},
		{"a wrong path of base_url", 405, `{"detail":"Method Not Allowed"}`, translate.ErrUpstream, amiss},
		{"not in this country", 451, ``, translate.ErrUpstream, amiss},
		{"not implemented", 501, ``, translate.ErrUpstream, amiss},
		{"a lock", 409, `{"error":{"message":"m"}}`, translate.ErrUpstream, next},
		{"too early", 425, ``, translate.ErrUpstream, next},
		{"Cloudflare: an error it does not know", 520, `<html>`, translate.ErrUpstream, next},
		{"Cloudflare: the server is down", 521, `<html>`, translate.ErrUpstream, next},
		{"Cloudflare: no connection in time", 522, `<html>`, translate.ErrTimeout, Verdict{Action: Next}},
		{"Cloudflare: no answer in time", 524, `<html>`, translate.ErrTimeout, Verdict{Action: Next}},
		{"Cloudflare: no certificate", 526, `<html>`, translate.ErrUpstream, next},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := openai.Dialect{}.DecodeError(test.status, []byte(test.body))
			v := Classify(&Answer{Status: test.status, Body: []byte(test.body)}, e)
			if e.Kind != test.kind || v != test.want {
				t.Errorf("kind %d, %+v, want %d, %+v", e.Kind, v, test.kind, test.want)
			}
			if strings.Contains(e.Message, "API key ID") {
				t.Errorf("the client is told %q", e.Message)
			}
		})
	}
}

// TestWaits checks that a provider that asks to be left alone is, and that its word on
// trying again holds.
func TestWaits(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   Verdict
	}{
		{"an overload with a time rests the route", 529, http.Header{"Retry-After": {"3"}}, "", Verdict{Action: Next, Scope: RestRoute, For: 3 * time.Second, Transient: true}},
		{"so does a failure", 500, http.Header{"Retry-After": {"3"}}, "", Verdict{Action: Next, Scope: RestRoute, For: 3 * time.Second, Transient: true}},
		{"a wait is no repeat at once, whatever failed", 400, http.Header{"Retry-After": {"3"}}, `{"error":{"message":"m","code":"tool_use_failed"}}`, Verdict{Action: Next, Scope: RestRoute, For: 3 * time.Second, Transient: true}},
		{"6.3 x-should-retry: false", 500, http.Header{"X-Should-Retry": {"false"}}, "", Verdict{Action: Next}},
		{"6.3 it does not make a client's fault another's", 400, http.Header{"X-Should-Retry": {"false"}}, "", Verdict{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := openai.Dialect{}.DecodeError(test.status, []byte(test.body))
			if v := Classify(&Answer{Status: test.status, Header: test.header}, e); v != test.want {
				t.Errorf("%+v, want %+v", v, test.want)
			}
		})
	}
}

// TestEveryStatus goes through all statuses and odd bodies: a client is only told of a
// request that is wrong in itself, nothing of ours is told, no wait is out of bounds.
func TestEveryStatus(t *testing.T) {
	dialects := map[string]interface {
		DecodeError(int, []byte) *translate.Error
	}{"openai": openai.Dialect{}, "anthropic": anthropic.Dialect{}, "gemini": gemini.Dialect{}}
	for name, dialect := range dialects {
		for status := 200; status < 600; status++ {
			for _, body := range []string{"", "{", "<html>their words</html>", `{"error":{"message":"their words"}}`, `{"error":"their words"}`, `[]`, `[{"error":{"code":429,"message":"their words","details":[{"retryDelay":"1e99s"}]}}]`, "\xff\x00"} {
				where := fmt.Sprintf("%s %d %q", name, status, body)
				e := dialect.DecodeError(status, []byte(body))
				v := Classify(&Answer{Status: status, Header: http.Header{"Retry-After": {"1e99"}}, Body: []byte(body)}, e)
				clients := e.Kind == translate.ErrInvalid || e.Kind == translate.ErrTooLarge
				if clients != (v.Action == Fail) || clients && (status < 400 || status > 499) {
					t.Errorf("%s: kind %d, %+v", where, e.Kind, v)
				}
				if !clients && strings.Contains(e.Message, "their words") || e.Message == "" {
					t.Errorf("%s: the client is told %q", where, e.Message)
				}
				if e.RetryAfter != maxRetryAfter || v.For < 0 || v.For > maxRetryAfter {
					t.Errorf("%s: waits %v and %v", where, e.RetryAfter, v.For)
				}
			}
		}
	}
}
