package openrouter

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

func client(s Settings) *Client {
	address, _ := url.Parse("https://openrouter.ai/api/v1")
	return New(address, []string{"sk-or-1"}, s)
}

// TestClassify goes through the table of error types, provider-openrouter.md 6.
func TestClassify(t *testing.T) {
	body := func(inner string) string { return `{"error":{` + inner + `}}` }
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		body   string
		kind   translate.ErrorKind
		want   providers.Verdict
	}{
		{"6 invalid_request", 400, nil, body(`"code":400,"message":"m","metadata":{"error_type":"invalid_request"}`), translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"6 context_length_exceeded", 400, nil, body(`"code":400,"message":"too long","metadata":{"error_type":"context_length_exceeded"}`), translate.ErrContext, providers.Verdict{Action: providers.Fail}},
		{"6 content_policy_violation", 400, nil, body(`"code":400,"message":"m","metadata":{"error_type":"content_policy_violation"}`), translate.ErrContent, providers.Verdict{Action: providers.Fail}},
		{"6 refusal", 400, nil, body(`"code":400,"message":"m","metadata":{"error_type":"refusal"}`), translate.ErrContent, providers.Verdict{Action: providers.Fail}},
		{"6 authentication", 401, nil, body(`"code":401,"message":"No auth credentials found"`), translate.ErrUpstreamAuth, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: time.Minute, Alarm: true}},
		{"6 payment_required: no credits", 402, nil, body(`"code":402,"message":"Insufficient credits","metadata":{"limit_source":"openrouter_credits"}`), translate.ErrUpstreamAuth, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 10 * time.Minute, Alarm: true}},
		{"D18: the key's limit", 402, nil, body(`"code":402,"message":"m","metadata":{"limit_source":"openrouter_key_limit"}`), translate.ErrUpstreamAuth, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 10 * time.Minute, Alarm: true}},
		{"D17: a budget in flight passes", 402, http.Header{"Retry-After": {"3"}}, body(`"code":402,"message":"m","metadata":{"limit_source":"openrouter_in_flight_budget","reason":"in_flight_budget_exhausted"}`), translate.ErrOverloaded, providers.Verdict{Action: providers.Next, For: 3 * time.Second, Transient: true}},
		{"6 a request above the budget does not pass", 402, nil, body(`"code":402,"message":"m","metadata":{"limit_source":"openrouter_in_flight_budget","reason":"weight_exceeds_budget"}`), translate.ErrUpstreamAuth, providers.Verdict{Action: providers.Next, Alarm: true}},
		{"6 permission_denied: moderation by patterns", 403, nil, body(`"code":403,"message":"m","metadata":{"patterns":["x"]}`), translate.ErrContent, providers.Verdict{Action: providers.Fail}},
		{"6 permission_denied: moderation by reasons", 403, nil, body(`"code":403,"message":"m","metadata":{"reasons":["violence"],"flagged_input":"…","provider_name":"OpenAI"}`), translate.ErrContent, providers.Verdict{Action: providers.Fail}},
		{"6 region_restricted", 403, nil, body(`"code":403,"message":"m","metadata":{"error_type":"region_restricted"}`), translate.ErrUpstreamAuth, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, For: time.Minute}},
		{"6 permission_denied", 403, nil, body(`"code":403,"message":"m"`), translate.ErrUpstreamAuth, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: time.Minute, Alarm: true}},
		{"6 not_found", 404, nil, body(`"code":404,"message":"No endpoints found"`), translate.ErrModel, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, For: time.Minute}},
		{"D19: a missing model that may come back", 404, nil, body(`"error_type":"model_unavailable_upstream","http_status":404,"message":"m","availability":{"retryable":true}`), translate.ErrModel, providers.Verdict{Action: providers.Again, Transient: true}},
		{"D19: a failure that will not pass", 500, nil, body(`"code":500,"message":"m","availability":{"retryable":false}`), translate.ErrUpstream, providers.Verdict{Action: providers.Next}},
		{"6 timeout 408", 408, nil, body(`"code":408,"message":"m"`), translate.ErrTimeout, providers.Verdict{Action: providers.Next}},
		{"6 timeout 504", 504, nil, body(`"code":504,"message":"m"`), translate.ErrTimeout, providers.Verdict{Action: providers.Next}},
		{"6 timeout 524", 524, nil, body(`"code":524,"message":"m"`), translate.ErrTimeout, providers.Verdict{Action: providers.Next}},
		{"6 conflict", 409, nil, body(`"code":409,"message":"m"`), translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"6 gone", 410, nil, body(`"code":410,"message":"m"`), translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"6 unprocessable", 422, nil, body(`"code":422,"message":"m"`), translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"6 payload_too_large", 413, nil, body(`"code":413,"message":"m"`), translate.ErrTooLarge, providers.Verdict{Action: providers.Fail}},
		{"6 rate_limit_exceeded of the platform rests the key", 429, http.Header{"Retry-After": {"9"}, "X-Ratelimit-Limit": {"20"}}, body(`"code":429,"message":"m"`), translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 9 * time.Second, Transient: true}},
		{"6 rate_limit_exceeded of the provider behind rests the route", 429, http.Header{"Retry-After": {"9"}}, body(`"code":429,"message":"Provider returned error","metadata":{"raw":"slow down","provider_name":"x"}`), translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, For: 9 * time.Second, Transient: true}},
		{"6 server", 500, nil, body(`"code":500,"message":"m"`), translate.ErrUpstream, providers.Verdict{Action: providers.Again, Transient: true}},
		{"6 provider_unavailable", 502, nil, body(`"code":502,"message":"m"`), translate.ErrUpstream, providers.Verdict{Action: providers.Next, Transient: true}},
		{"6 provider_overloaded 503", 503, nil, body(`"code":503,"message":"m"`), translate.ErrOverloaded, providers.Verdict{Action: providers.Next, Transient: true}},
		{"6 provider_overloaded 529", 529, nil, body(`"code":529,"message":"m"`), translate.ErrOverloaded, providers.Verdict{Action: providers.Next, Transient: true}},
		{"D4: a word for a code inside a 200", 200, nil, body(`"code":"server_error","message":"m"`), translate.ErrUpstream, providers.Verdict{Action: providers.Next, Transient: true}},
		{"D20: a status without a code inside a 200", 200, nil, body(`"http_status":503,"error_type":"provider_overloaded","message":"m"`), translate.ErrOverloaded, providers.Verdict{Action: providers.Next, Transient: true}},
		{"6 an empty account inside a 200", 200, nil, body(`"code":402,"message":"m"`), translate.ErrUpstreamAuth, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 10 * time.Minute, Alarm: true}},
		{"6 rate_limit_exceeded of the platform by its body", 429, http.Header{"Date": {"Tue, 07 Oct 2025 13:56:50 GMT"}}, body(`"code":429,"message":"Rate limit exceeded: free-models-per-min. ","metadata":{"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1759845420000"},"provider_name":null}`), translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 10 * time.Second, Transient: true}},
		{"6 rate_limit_exceeded inside a 200", 200, nil, body(`"code":429,"message":"Provider returned error","metadata":{"raw":"slow down","provider_name":"x"}`), translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, Transient: true}},
		{"6 a wait that is not sane", 429, http.Header{"X-Ratelimit-Limit": {"20"}, "X-Ratelimit-Reset": {"9223372036854775807"}}, body(`"code":429,"message":"m"`), translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 24 * time.Hour, Transient: true}},
		{"6 a model's ID that is none", 400, nil, body(`"code":400,"message":"nonexistent/model is not a valid model ID"`), translate.ErrModel, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, For: time.Minute}},
		{"6 the client's words about a model's ID", 400, nil, body(`"code":400,"message":"tools[0]: x is not a valid model ID"`), translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"6 not_found for this request only", 404, nil, body(`"code":404,"message":"No endpoints found that support tool use. To learn more, visit …"`), translate.ErrInvalid, providers.Verdict{Action: providers.Next}},
		{"6 permission_denied: moderation of xAI behind", 403, nil, body(`"code":403,"message":"Provider returned error","metadata":{"provider_name":"xAI","raw":"{\"code\":\"The caller does not have permission\",\"error\":\"Content violates usage guidelines. Team: t, API key ID: k\"}"}`), translate.ErrContent, providers.Verdict{Action: providers.Fail}},
		{"D19: what may come back after a wait", 503, nil, body(`"error_type":"provider_overloaded","http_status":503,"message":"m","availability":{"retryable":true,"retry_after":2.5}`), translate.ErrOverloaded, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, For: 2500 * time.Millisecond, Transient: true}},
		{"6 no JSON", 502, nil, `<html>`, translate.ErrUpstream, providers.Verdict{Action: providers.Next, Transient: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := openai.Dialect{}.DecodeError(test.status, []byte(test.body))
			v := client(Settings{}).Classify(&providers.Answer{Status: test.status, Header: test.header, Body: []byte(test.body)}, e)
			if e.Kind != test.kind || v != test.want {
				t.Errorf("kind %d, %+v, want %d, %+v", e.Kind, v, test.kind, test.want)
			}
		})
	}
	t.Run("6 the envelope of Messages", func(t *testing.T) {
		body := []byte(`{"type":"error","error":{"type":"overloaded_error","message":"m","error_type":"provider_overloaded"},"request_id":"r"}`)
		e := anthropic.Dialect{}.DecodeError(529, body)
		if v := client(Settings{}).Classify(&providers.Answer{Status: 529, Body: body}, e); e.Kind != translate.ErrOverloaded || v.Action != providers.Next {
			t.Errorf("%+v %+v", e, v)
		}
	})
}

// TestWhatClientsAreTold checks which words of an error go on.
func TestWhatClientsAreTold(t *testing.T) {
	const raw = `{\"error\":{\"message\":\"inner secret words\"}}`
	for _, test := range []struct {
		name, body   string
		status       int
		told, logged string
	}{
		{"D21: what lies in metadata.raw is for the log", `{"error":{"code":400,"message":"Provider returned error","metadata":{"raw":"` + raw + `","provider_name":"x"}}}`, 400, "Provider returned error", "inner secret words"},
		{"D21: also as an object", `{"error":{"code":400,"message":"Provider returned error","metadata":{"raw":{"error":{"message":"inner secret words"}}}}}`, 400, "Provider returned error", "inner secret words"},
		{"6 moderation is told in its words", `{"error":{"code":403,"message":"flagged for violence","metadata":{"reasons":["violence"]}}}`, 403, "flagged for violence", "flagged for violence"},
		{"6 a refused field is told", `{"error":{"code":400,"message":"temperature is wrong"}}`, 400, "temperature is wrong", "temperature is wrong"},
		{"CC19: a refused key is not told", `{"error":{"code":401,"message":"User not found: sk-or-1"}}`, 401, "the provider refused the gateway's own credential", "User not found: sk-or-1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := openai.Dialect{}.DecodeError(test.status, []byte(test.body))
			client(Settings{}).Classify(&providers.Answer{Status: test.status, Body: []byte(test.body)}, e)
			if e.Message != test.told || e.Upstream != test.logged {
				t.Errorf("told %q, logged %q", e.Message, e.Upstream)
			}
		})
	}
}

func TestRequests(t *testing.T) {
	c := client(Settings{Referer: "https://app.example", Title: "App", Categories: "a,b"})
	from := http.Header{"Anthropic-Beta": {"one , two", "three"}, "Anthropic-Version": {"2026-10-21"}, "Http-Referer": {"https://client.example"}, "X-Claude-Code-Session-Id": {"s"}}
	for _, test := range []struct {
		name, dialect, model string
		o                    providers.Options
		call                 providers.Call
		wire, url            string
		headers              map[string]string
	}{
		{"D29: Messages for a client of Messages and Claude", "anthropic", "anthropic/claude-sonnet-4.5", providers.Options{}, providers.Call{PassThrough: true, Client: from}, "anthropic", "https://openrouter.ai/api/v1/messages",
			map[string]string{"X-Anthropic-Beta": "one,two,three", "Anthropic-Beta": "", "Anthropic-Version": providers.AnthropicVersion}},
		{"D29: also for an alias of Claude", "anthropic", "~anthropic/claude-sonnet-latest", providers.Options{}, providers.Call{}, "anthropic", "https://openrouter.ai/api/v1/messages", nil},
		{"D29: Chat for a client of Messages and another model", "anthropic", "google/gemini-2.5-pro", providers.Options{}, providers.Call{Client: from}, "openai", "https://openrouter.ai/api/v1/chat/completions",
			map[string]string{"X-Anthropic-Beta": "", "Anthropic-Beta": "", "Anthropic-Version": ""}},
		{"D29: Chat for a client of Chat", "openai", "anthropic/claude-sonnet-4.5", providers.Options{}, providers.Call{}, "openai", "https://openrouter.ai/api/v1/chat/completions", nil},
		{"a wire that is set", "anthropic", "anthropic/claude-sonnet-4.5", providers.Options{Wire: "openai"}, providers.Call{}, "openai", "https://openrouter.ai/api/v1/chat/completions", nil},
		{"betas that were refused stay away", "anthropic", "anthropic/claude-x", providers.Options{}, providers.Call{PassThrough: true, NoBetas: true, Client: from}, "anthropic", "https://openrouter.ai/api/v1/messages", map[string]string{"X-Anthropic-Beta": ""}},
		{"CC6: attribution is the operator's, and sessions stay here", "openai", "x/y", providers.Options{}, providers.Call{Client: from}, "openai", "https://openrouter.ai/api/v1/chat/completions",
			map[string]string{"Http-Referer": "https://app.example", "X-Openrouter-Title": "App", "X-Openrouter-Categories": "a,b", "X-Claude-Code-Session-Id": "", "X-Openrouter-Cache": "false"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Dialect = test.dialect
			route, err := c.Resolve(test.model, test.o)
			if err != nil || route.Wire != test.wire {
				t.Fatalf("%+v, %v", route, err)
			}
			test.call.Route = route
			r, err := c.NewRequest(context.Background(), &test.call)
			if err != nil || r.URL.String() != test.url || r.Method != http.MethodPost {
				t.Fatalf("%v, %v", r, err)
			}
			for name, want := range test.headers {
				if got := strings.Join(r.Header.Values(name), "|"); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
	t.Run("the list holds models of all kinds", func(t *testing.T) {
		r, err := c.NewRequest(context.Background(), &providers.Call{Op: providers.ListModels})
		if err != nil || r.Method != http.MethodGet || r.URL.String() != "https://openrouter.ai/api/v1/models?output_modalities=all" {
			t.Errorf("%v, %v", r, err)
		}
	})
	t.Run("the cache where it is allowed", func(t *testing.T) {
		c := client(Settings{Cache: true, Metadata: true})
		r, err := c.NewRequest(context.Background(), &providers.Call{Op: providers.ListModels})
		if err != nil || r.Header.Get("X-Openrouter-Cache") != "" || r.Header.Get("X-Openrouter-Metadata") != "enabled" {
			t.Errorf("%v, %v", r.Header, err)
		}
	})
}

func TestFallbacks(t *testing.T) {
	both := []byte(`{"model":"m","models":["a"],"fallbacks":[{"model":"b"}]}`)
	for _, test := range []struct {
		name    string
		allow   []string
		wire    string
		body    []byte
		refused bool
	}{
		{"D30: models and fallbacks together", []string{"models", "fallbacks"}, "anthropic", both, true},
		{"D30: one of them alone", []string{"models", "fallbacks"}, "anthropic", []byte(`{"models":["a"]}`), false},
		{"D30: both, but one of them is taken out", []string{"models"}, "anthropic", both, false},
		{"D30: Chat knows no fallbacks", []string{"models", "fallbacks"}, "openai", both, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := client(Settings{AllowFields: test.allow})
			_, err := c.NewRequest(context.Background(), &providers.Call{Route: &providers.Route{Wire: test.wire}, Body: test.body})
			if _, ok := err.(*translate.Error); ok != test.refused {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDeniedFields(t *testing.T) {
	got := strings.Join(client(Settings{AllowFields: []string{"provider", "plugins"}}).DeniedFields(nil), " ")
	if want := "models route fallbacks transforms debug preset session_id"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBill reads what is told of answers that are over.
func TestBill(t *testing.T) {
	c := client(Settings{})
	r, err := c.NewRequest(context.Background(), &providers.Call{Op: providers.Bill, AnswerID: "gen-1&x"})
	if err != nil || r.Method != http.MethodGet || r.URL.String() != "https://openrouter.ai/api/v1/generation?id=gen-1%26x" {
		t.Errorf("%v, %v", r, err)
	}
	for _, test := range []struct {
		name, data string
		want       translate.Usage
	}{
		{"D27: native counts are billed", `{"total_cost":0.0015,"tokens_prompt":1,"tokens_completion":2,"native_tokens_prompt":10,"native_tokens_completion":25,"native_tokens_reasoning":5,"native_tokens_cached":3,"native_tokens_completion_images":7,"service_tier":"flex"}`,
			translate.Usage{Input: 7, CacheRead: 3, Output: 25, Reasoning: 5, ImageOutput: 7, Cost: "0.0015", ServiceTier: "flex"}},
		{"an answer that never began costs nothing", `{"total_cost":0,"native_tokens_prompt":null,"native_tokens_completion":null,"cancelled":true}`, translate.Usage{Cost: "0"}},
		{"the client's own key is charged beside the fee", `{"total_cost":1e-6,"is_byok":true,"upstream_inference_cost":0.0012,"native_tokens_prompt":5}`,
			translate.Usage{Input: 5, Cost: "1e-6", BYOK: true, UpstreamCost: "0.0012"}},
		{"parts never exceed their whole", `{"total_cost":0,"native_tokens_prompt":5,"native_tokens_cached":9,"native_tokens_completion":1,"native_tokens_reasoning":4}`,
			translate.Usage{CacheRead: 5, Output: 1, Reasoning: 1, Cost: "0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := c.ParseBill([]byte(`{"data":` + test.data + `}`))
			if err != nil {
				t.Fatal(err)
			}
			test.want.Reported, test.want.Raw = true, []byte(test.data)
			if !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
		})
	}
	for _, bad := range []string{``, `<html>`, `{}`, `{"data":null}`, `{"data":{"native_tokens_prompt":5}}`, `{"data":{"total_cost":null}}`, `{"data":{"total_cost":"0.1"}}`} {
		if got, err := c.ParseBill([]byte(bad)); err == nil {
			t.Errorf("%s is a bill: %+v", bad, got)
		}
	}
}
