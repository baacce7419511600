package clewdr

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
)

func client() *Client {
	address, _ := url.Parse("http://127.0.0.1:8484/v1/")
	return New(address, []string{"password"})
}

// TestClassify goes through the table of provider-clewdr.md 6.
func TestClassify(t *testing.T) {
	body := func(kind string) string { return `{"error":{"message":"m","type":"` + kind + `"}}` }
	empty := providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: time.Minute}
	ours := providers.Verdict{Action: providers.Next, Alarm: true}
	for _, test := range []struct {
		name   string
		status int
		body   string
		kind   translate.ErrorKind
		want   providers.Verdict
	}{
		{"6 invalid_auth", 401, `{"error":{"message":"Key/Password Invalid","type":"invalid_auth","code":401}}`, translate.ErrUpstreamAuth, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: time.Minute, Alarm: true}},
		{"6 bad_request", 400, body("bad_request"), translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"6 invalid_request_error of the API behind", 400, body("invalid_request_error"), translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"6 invalid_uri", 400, body("invalid_uri"), translate.ErrUpstream, ours},
		{"6 invalid_cookie", 400, body("invalid_cookie"), translate.ErrUpstream, ours},
		{"6 invalid_header_value", 400, body("invalid_header_value"), translate.ErrUpstream, ours},
		{"6 parse_cookie_error", 400, body("parse_cookie_error"), translate.ErrUpstream, ours},
		{"6 json_rejection 400", 400, body("json_rejection"), translate.ErrUpstream, ours},
		{"6 json_rejection 415", 415, body("json_rejection"), translate.ErrUpstream, ours},
		{"6 json_rejection 422", 422, body("json_rejection"), translate.ErrUpstream, ours},
		{"6 json_rejection 413", 413, body("json_rejection"), translate.ErrTooLarge, providers.Verdict{Action: providers.Fail}},
		{"E3: an empty pool", 500, body("no_cookie_available"), translate.ErrOverloaded, empty},
		{"E4: too many retries", 504, body("too_many_retries"), translate.ErrOverloaded, empty},
		{"6 unexpected_none", 500, body("unexpected_none"), translate.ErrUpstream, providers.Verdict{Action: providers.Again, Transient: true}},
		{"6 wreq_error", 500, body("wreq_error"), translate.ErrUpstream, providers.Verdict{Action: providers.Again, Transient: true}},
		{"E5: a block without a place to go", 302, `{"error":{"message":"Blocked, check your IP address","type":"error"}}`, translate.ErrUpstream, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 10 * time.Minute, Alarm: true}},
		{"6 overloaded_error", 529, body("overloaded_error"), translate.ErrOverloaded, providers.Verdict{Action: providers.Next, Transient: true}},
		{"6 error_parse_error_body", 502, body("error_parse_error_body"), translate.ErrUpstream, providers.Verdict{Action: providers.Next, Transient: true}},
		{"6 empty_choices", 204, "", translate.ErrUpstream, providers.Verdict{Action: providers.Next, Transient: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := anthropic.Dialect{}.DecodeError(test.status, []byte(test.body))
			if v := client().Classify(&providers.Answer{Status: test.status, Body: []byte(test.body)}, e); e.Kind != test.kind || v != test.want {
				t.Errorf("kind %d, %+v, want %d, %+v", e.Kind, v, test.kind, test.want)
			}
		})
	}
	for _, test := range []struct{ name, body, logged string }{
		{"E6: a message that is an error", `{"error":{"message":{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}},"type":"overloaded_error"}}`, "Overloaded"},
		{"E6: a message that is any object", `{"error":{"message":{"a":[1]},"type":"api_error"}}`, `{"a":[1]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if e := (anthropic.Dialect{}).DecodeError(529, []byte(test.body)); e.Upstream != test.logged {
				t.Errorf("logged %q, want %q", e.Upstream, test.logged)
			}
		})
	}
}

func TestForceStream(t *testing.T) {
	for _, test := range []struct {
		name, backend, body string
		want                bool
	}{
		{"E1: Hi as a string", code, `{"messages":[{"role":"user","content":"Hi"}]}`, true},
		{"E1: Hi as a block", code, `{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}`, true},
		{"E1: Hi behind Chat's system message", code, `{"messages":[{"role":"system","content":"s"},{"role":"user","content":"Hi"}]}`, true},
		{"E1: another word", code, `{"messages":[{"role":"user","content":"Hi!"}]}`, false},
		{"E1: Hi later on", code, `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"Hi"}]}`, false},
		{"E1: no message", code, `{"messages":[]}`, false},
		{"E1: no messages", code, `{}`, false},
		{"E1: no JSON", code, `{`, false},
		{"E17: the web back end only stops its streams", web, `{"messages":[{"role":"user","content":"a"}],"stop_sequences":["x"]}`, true},
		{"E10: the web back end tells no reason", web, `{"messages":[{"role":"user","content":"a"}]}`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			route, err := client().Resolve("m", providers.Options{Backend: test.backend})
			if err != nil {
				t.Fatal(err)
			}
			if got := client().ForceStream(&providers.Call{Route: route, Body: []byte(test.body)}); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestRequests(t *testing.T) {
	for _, test := range []struct {
		name, backend string
		op            providers.Op
		want          string
	}{
		{"code is the default", "", providers.Generate, "POST http://127.0.0.1:8484/code/v1/messages"},
		{"web", web, providers.Generate, "POST http://127.0.0.1:8484/v1/messages"},
		{"counting", code, providers.CountTokens, "POST http://127.0.0.1:8484/code/v1/messages/count_tokens"},
		{"E14: the list", code, providers.ListModels, "GET http://127.0.0.1:8484/code/v1/models"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := client()
			route, _ := c.Resolve("m", providers.Options{Backend: test.backend})
			r, err := c.NewRequest(context.Background(), &providers.Call{Op: test.op, Route: route})
			if err != nil || r.Method+" "+r.URL.String() != test.want {
				t.Fatalf("%v, %v", r, err)
			}
			if err := c.Credentials()[0].Authorize(r); err != nil || r.Header.Get("Authorization") != "Bearer password" || r.Header.Get("X-Api-Key") != "" {
				t.Errorf("%v, %v", r.Header, err)
			}
		})
	}
	if _, err := client().Resolve("m", providers.Options{Backend: "other"}); err == nil {
		t.Error("an unknown back end is accepted")
	}
}

// TestCapabilities checks that what the web back end would lose is declared.
func TestCapabilities(t *testing.T) {
	for _, test := range []struct {
		backend                             string
		tools, imageURL, pdf, sound, counts bool
	}{
		{code, true, true, true, false, true},
		{web, false, false, false, false, false},
	} {
		route, _ := client().Resolve("claude-sonnet-4-5", providers.Options{Backend: test.backend})
		caps := translate.Capabilities{Tools: true, Images: true, PDF: true, AudioIn: true, VideoIn: true}
		route.Adjust(&caps)
		if caps.Tools != test.tools || caps.ImageURL != test.imageURL || caps.PDF != test.pdf || caps.AudioIn != test.sound || !caps.Images || client().CountsTokens(route) != test.counts {
			t.Errorf("%s: %+v", test.backend, caps)
		}
	}
}
