package providers

import (
	"net/http"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

// TestClassify goes through the table of causes for what all kinds share.
func TestClassify(t *testing.T) {
	const words = `{"error":{"message":"their words sk-1","type":"t","param":"p","code":"c"}}`
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		body   string
		kind   translate.ErrorKind
		action Action
		scope  Scope
		alarm  bool
		told   bool // the client is told the provider's words
	}{
		{"6.2 bad field: theirs to see", 400, nil, words, translate.ErrInvalid, Fail, RestNothing, false, true},
		{"6.2 unprocessable: theirs to see", 422, nil, words, translate.ErrInvalid, Fail, RestNothing, false, true},
		{"6.2 an unknown 4xx: theirs to see", 418, nil, words, translate.ErrInvalid, Fail, RestNothing, false, true},
		{"6.2 prompt too long, CC17: no failover", 400, nil, `{"error":{"message":"This model's maximum context length is 100 tokens, however you requested 120 tokens","code":"context_length_exceeded"}}`, translate.ErrContext, Fail, RestNothing, false, true},
		{"6.2 body too large", 413, nil, words, translate.ErrTooLarge, Fail, RestNothing, false, true},
		{"CC19: 401 is our own fault", 401, nil, words, translate.ErrUpstreamAuth, Next, RestCredential, true, false},
		{"CC19: 403 is our own fault", 403, nil, words, translate.ErrUpstreamAuth, Next, RestCredential, true, false},
		{"6.2 no balance is our own fault", 402, nil, words, translate.ErrUpstreamAuth, Next, RestCredential, true, false},
		{"6.2 no balance by 429", 429, nil, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`, translate.ErrUpstreamAuth, Next, RestCredential, true, false},
		{"6.2 content blocked", 400, nil, `{"error":{"message":"flagged","code":"content_policy_violation"}}`, translate.ErrContent, Fail, RestNothing, false, true},
		{"6.2 unknown model: the next route", 404, nil, words, translate.ErrModel, Next, RestRoute, false, false},
		{"6.2 rate limit rests the credential", 429, nil, words, translate.ErrUpstreamLimit, Next, RestCredential, false, false},
		{"6.2 500", 500, nil, words, translate.ErrUpstream, Next, RestNothing, false, false},
		{"6.2 502 HTML", 502, nil, "<html>gateway</html>", translate.ErrUpstream, Next, RestNothing, false, false},
		{"6.2 503", 503, nil, words, translate.ErrOverloaded, Next, RestNothing, false, false},
		{"6.2 529", 529, nil, words, translate.ErrOverloaded, Next, RestNothing, false, false},
		{"6.2 408", 408, nil, words, translate.ErrTimeout, Next, RestNothing, false, false},
		{"6.2 504", 504, nil, words, translate.ErrTimeout, Next, RestNothing, false, false},
		{"6.2 524", 524, nil, words, translate.ErrTimeout, Next, RestNothing, false, false},
		{"6.2 a redirect is no answer", 302, nil, "", translate.ErrUpstream, Next, RestNothing, true, false},
		{"6.2 no content is no answer", 204, nil, "", translate.ErrUpstream, Next, RestNothing, false, false},
		{"6.2 an empty body", 400, nil, "", translate.ErrInvalid, Fail, RestNothing, false, false},
		{"6.2 plain text", 400, nil, "their words sk-1", translate.ErrInvalid, Fail, RestNothing, false, true},
		{"6.2 error as a string", 400, nil, `{"error":"their words sk-1"}`, translate.ErrInvalid, Fail, RestNothing, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := openai.Dialect{}.DecodeError(test.status, []byte(test.body))
			said := e.Upstream
			v := Classify(&Answer{Status: test.status, Header: test.header, Body: []byte(test.body)}, e)
			if e.Kind != test.kind || v.Action != test.action || v.Scope != test.scope || v.Alarm != test.alarm {
				t.Errorf("kind %d, verdict %+v", e.Kind, v)
			}
			if told := e.Message == said; told != test.told {
				t.Errorf("the client is told %q", e.Message)
			}
			if e.Upstream != said {
				t.Errorf("the log is told %q, not %q", e.Upstream, said)
			}
			if e.Kind == translate.ErrUpstreamAuth && (e.Code != "" || e.Param != "") {
				t.Errorf("code %q and param %q are told", e.Code, e.Param)
			}
		})
	}
	t.Run("6.2 Anthropic's balance by 400 is our own fault", func(t *testing.T) {
		body := []byte(`{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API"}}`)
		e := anthropic.Dialect{}.DecodeError(400, body)
		if v := Classify(&Answer{Status: 400, Body: body}, e); e.Kind != translate.ErrUpstreamAuth || !v.Alarm || e.Message != ownFault {
			t.Errorf("%+v, %+v", e, v)
		}
	})
}

// TestRetryAfter reads all forms of the header.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, header, value string
		want                time.Duration
	}{
		{"6.3 seconds", "Retry-After", "30", 30 * time.Second},
		{"6.3 parts of seconds", "Retry-After", "0.5", 500 * time.Millisecond},
		{"6.3 a date", "Retry-After", "Wed, 25 Nov 2026 12:01:00 GMT", time.Minute},
		{"6.3 a date gone by", "Retry-After", "Wed, 25 Nov 2026 11:00:00 GMT", 0},
		{"6.3 milliseconds", "Retry-After-Ms", "250", 250 * time.Millisecond},
		{"negative", "Retry-After", "-5", 0},
		{"nothing to wait for", "Retry-After-Ms", "0", 0},
		{"a date beyond all bounds", "Retry-After", "Fri, 25 Nov 2126 12:00:00 GMT", maxRetryAfter},
		{"no number", "Retry-After", "soon", 0},
		{"NaN", "Retry-After", "NaN", 0},
		{"beyond all bounds", "Retry-After", "1e300", maxRetryAfter},
		{"infinite", "Retry-After", "Inf", maxRetryAfter},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := RetryAfter(http.Header{test.header: {test.value}}, now); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	t.Run("6.3 a date is meant by the provider's own clock, an hour behind ours", func(t *testing.T) {
		h := http.Header{"Retry-After": {"Wed, 25 Nov 2026 11:00:30 GMT"}, "Date": {"Wed, 25 Nov 2026 11:00:00 GMT"}}
		if got := RetryAfter(h, now); got != 30*time.Second {
			t.Errorf("got %v", got)
		}
	})
	t.Run("6.3 milliseconds that are none leave it to the seconds", func(t *testing.T) {
		if got := RetryAfter(http.Header{"Retry-After": {"2"}, "Retry-After-Ms": {"x"}}, now); got != 2*time.Second {
			t.Errorf("got %v", got)
		}
	})
	t.Run("the header goes into error and verdict", func(t *testing.T) {
		e := openai.Dialect{}.DecodeError(429, nil)
		v := Classify(&Answer{Status: 429, Header: http.Header{"Retry-After": {"7"}}}, e)
		if e.RetryAfter != 7*time.Second || v.For != 7*time.Second {
			t.Errorf("%v, %+v", e.RetryAfter, v)
		}
	})
}
