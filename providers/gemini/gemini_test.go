package gemini

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
)

// TestClassify goes through the table of provider-gemini-vertex.md 5.
func TestClassify(t *testing.T) {
	auth := providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: time.Minute, Alarm: true}
	unmet := auth
	unmet.Scope = providers.RestRoute
	for _, test := range []struct {
		name   string
		status int
		body   string
		kind   translate.ErrorKind
		want   providers.Verdict
	}{
		{"5 INVALID_ARGUMENT", 400, `{"error":{"code":400,"message":"Unknown name \"foo\"","status":"INVALID_ARGUMENT"}}`, translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"5 context overflow", 400, `{"error":{"code":400,"message":"The input token count (210) exceeds the maximum number of tokens allowed (200).","status":"INVALID_ARGUMENT"}}`, translate.ErrContext, providers.Verdict{Action: providers.Fail}},
		{"A22: a corrupted signature is replaced", 400, `{"error":{"code":400,"message":"Corrupted thought signature.","status":"INVALID_ARGUMENT"}}`, translate.ErrInvalid, providers.Verdict{Action: providers.Fail, NoSignatures: true}},
		{"B14: a bad key by its reason", 400, `{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}`, translate.ErrUpstreamAuth, auth},
		{"B14: a bad key by its words", 400, `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}`, translate.ErrUpstreamAuth, auth},
		{"5 FAILED_PRECONDITION", 400, `{"error":{"code":400,"message":"User location is not supported","status":"FAILED_PRECONDITION"}}`, translate.ErrUpstreamAuth, unmet},
		{"5 UNAUTHENTICATED", 401, `{"error":{"code":401,"message":"m","status":"UNAUTHENTICATED"}}`, translate.ErrUpstreamAuth, auth},
		{"5 PERMISSION_DENIED", 403, `{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED"}}`, translate.ErrUpstreamAuth, auth},
		{"5 NOT_FOUND", 404, `{"error":{"code":404,"message":"m","status":"NOT_FOUND"}}`, translate.ErrModel, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, For: time.Minute}},
		{"5 too large", 413, `{"error":{"code":413,"message":"m"}}`, translate.ErrTooLarge, providers.Verdict{Action: providers.Fail}},
		{"5 RESOURCE_EXHAUSTED without RetryInfo", 429, `{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}`, translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, Transient: true}},
		{"B15: RetryInfo", 429, `{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]}}`, translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 34070 * time.Millisecond, Transient: true}},
		{"B15: RetryInfo in words", 429, `{"error":{"code":429,"message":"Please retry in 2.5s.","status":"RESOURCE_EXHAUSTED"}}`, translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 2500 * time.Millisecond, Transient: true}},
		{"B13: an error in an array", 429, `[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"900ms"}]}}]`, translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 900 * time.Millisecond, Transient: true}},
		{"B15: RetryInfo in hours", 429, `{"error":{"code":429,"message":"Please retry in 1h2m3.5s.","status":"RESOURCE_EXHAUSTED"}}`, translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: time.Hour + 2*time.Minute + 3500*time.Millisecond, Transient: true}},
		{"B15: a wait that is not sane", 429, `{"error":{"code":429,"message":"m","details":[{"retryDelay":"99999999s"}]}}`, translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 24 * time.Hour, Transient: true}},
		{"B15: a wait that has gone by", 429, `{"error":{"code":429,"message":"m","details":[{"retryDelay":"-3s"}]}}`, translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, Transient: true}},
		{"B15: RetryInfo inside a 200", 200, `{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"3.5s"}]}}`, translate.ErrUpstreamLimit, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 3500 * time.Millisecond, Transient: true}},
		{"5 INTERNAL inside a 200", 200, `{"error":{"code":500,"message":"m","status":"INTERNAL"}}`, translate.ErrUpstream, providers.Verdict{Action: providers.Again, Transient: true}},
		{"5 a cached content that the client names", 403, `{"error":{"code":403,"message":"CachedContent not found (or permission denied)","status":"PERMISSION_DENIED"}}`, translate.ErrInvalid, providers.Verdict{Action: providers.Fail}},
		{"5 too large by its words", 400, `{"error":{"code":400,"message":"Request payload size exceeds the limit: 20971520 bytes.","status":"INVALID_ARGUMENT"}}`, translate.ErrTooLarge, providers.Verdict{Action: providers.Fail}},
		{"5 CANCELLED", 499, `{"error":{"code":499,"message":"m","status":"CANCELLED"}}`, translate.ErrInterrupted, providers.Verdict{Action: providers.Next, Transient: true}},
		{"5 INTERNAL", 500, `{"error":{"code":500,"message":"m","status":"INTERNAL"}}`, translate.ErrUpstream, providers.Verdict{Action: providers.Again, Transient: true}},
		{"5 UNAVAILABLE", 503, `{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}`, translate.ErrOverloaded, providers.Verdict{Action: providers.Next, Transient: true}},
		{"5 DEADLINE_EXCEEDED", 504, `{"error":{"code":504,"message":"m","status":"DEADLINE_EXCEEDED"}}`, translate.ErrTimeout, providers.Verdict{Action: providers.Next}},
		{"5 HTML", 502, `<html>502</html>`, translate.ErrUpstream, providers.Verdict{Action: providers.Next, Transient: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := gemini.Dialect{}.DecodeError(test.status, []byte(test.body))
			if v := Classify(&providers.Answer{Status: test.status, Body: []byte(test.body)}, e); e.Kind != test.kind || v != test.want {
				t.Errorf("kind %d, %+v, want %d, %+v", e.Kind, v, test.kind, test.want)
			}
		})
	}
	t.Run("B16: a quota of the day rests until it begins anew", func(t *testing.T) {
		body := []byte(`{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"5s"}]}}`)
		e := gemini.Dialect{}.DecodeError(429, body)
		v := Classify(&providers.Answer{Status: 429, Body: body}, e)
		if want := untilReset(time.Now()); v.Scope != providers.RestCredential || v.For < want || v.For > want+time.Minute {
			t.Errorf("%+v, want %v", v, want)
		}
		if v.Transient || e.Retry != translate.No {
			t.Errorf("another round is worth its while: %+v, %d", v, e.Retry)
		}
		if e.RetryAfter != 5*time.Second {
			t.Errorf("the client is told to wait %v", e.RetryAfter)
		}
	})
	t.Run("5 errors of Google's front end before Claude", func(t *testing.T) {
		body := []byte(`{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"3s"}]}}`)
		e := anthropic.Dialect{}.DecodeError(429, body)
		if v := Classify(&providers.Answer{Status: 429, Body: body}, e); e.Kind != translate.ErrUpstreamLimit || v.For != 3*time.Second {
			t.Errorf("%+v, %+v", e, v)
		}
		body = []byte(`{"error":{"code":400,"message":"m","status":"FAILED_PRECONDITION"}}`)
		e = anthropic.Dialect{}.DecodeError(400, body)
		if v := Classify(&providers.Answer{Status: 400, Body: body}, e); e.Kind != translate.ErrUpstreamAuth || v != unmet {
			t.Errorf("%+v, %+v", e, v)
		}
	})
	t.Run("5 projects are not told", func(t *testing.T) {
		body := []byte(`{"error":{"code":400,"message":"Resource projects/my-secret-project/locations/us is wrong","status":"INVALID_ARGUMENT"}}`)
		e := gemini.Dialect{}.DecodeError(400, body)
		Classify(&providers.Answer{Status: 400, Body: body}, e)
		if e.Message != "Resource projects/…/locations/us is wrong" || !strings.Contains(e.Upstream, "my-secret-project") {
			t.Errorf("told %q, logged %q", e.Message, e.Upstream)
		}
	})
}

func TestUntilReset(t *testing.T) {
	for _, test := range []struct {
		now  string
		want time.Duration
	}{
		{"2026-11-25T07:59:00Z", time.Minute},
		{"2026-11-25T08:00:00Z", 24 * time.Hour},
		{"2026-12-31T20:00:00Z", 12 * time.Hour},
	} {
		now, _ := time.Parse(time.RFC3339, test.now)
		if got := untilReset(now); got != test.want {
			t.Errorf("%s: %v, want %v", test.now, got, test.want)
		}
	}
}

func TestRequests(t *testing.T) {
	address, _ := url.Parse("https://generativelanguage.googleapis.com/v1beta/")
	c := New(address, "v1beta", []string{"AIza-1"})
	for _, test := range []struct {
		name, model string
		call        providers.Call
		method, url string
	}{
		{"A5: a stream is asked for as SSE", "gemini-2.5-pro", providers.Call{Stream: true}, "POST", "/models/gemini-2.5-pro:streamGenerateContent?alt=sse"},
		{"A5: a whole answer is not", "gemini-2.5-pro", providers.Call{}, "POST", "/models/gemini-2.5-pro:generateContent"},
		{"counting", "models/gemini-2.5-pro", providers.Call{Op: providers.CountTokens}, "POST", "/models/gemini-2.5-pro:countTokens"},
		{"a tuned model", "tunedModels/mine", providers.Call{}, "POST", "/tunedModels/mine:generateContent"},
		{"the list", "x", providers.Call{Op: providers.ListModels}, "GET", "/models?pageSize=1000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			route, err := c.Resolve(test.model, providers.Options{})
			if err != nil {
				t.Fatal(err)
			}
			test.call.Route = route
			r, err := c.NewRequest(context.Background(), &test.call)
			if err != nil || r.Method != test.method || r.URL.String() != "https://generativelanguage.googleapis.com/v1beta"+test.url {
				t.Fatalf("%v, %v", r.URL, err)
			}
			if err := c.Credentials()[0].Authorize(r); err != nil || r.Header.Get("X-Goog-Api-Key") != "AIza-1" || strings.Contains(r.URL.String(), "AIza") {
				t.Errorf("%v, %v", r.Header, err)
			}
		})
	}
	for _, model := range []string{"", "gemini-x?key=1", "../x", "a#b", "a&b", "a%2fb"} {
		t.Run("A6: refused: "+model, func(t *testing.T) {
			if _, err := c.Resolve(model, providers.Options{}); err == nil {
				t.Error("no error")
			}
		})
	}
	t.Run("A21: another key is another origin", func(t *testing.T) {
		one, _ := c.Resolve("m", providers.Options{})
		two, _ := New(address, "v1beta", []string{"AIza-2"}).Resolve("m", providers.Options{})
		if one.Origin == two.Origin || one.Origin == "" || strings.Contains(one.Origin, "AIza") {
			t.Errorf("%q and %q", one.Origin, two.Origin)
		}
	})
}

func TestParseModels(t *testing.T) {
	c := New(&url.URL{Scheme: "https", Host: "h"}, "v1beta", nil)
	list, err := c.ParseModels([]byte(`{"models":[
		{"name":"models/gemini-2.5-pro","displayName":"Gemini 2.5 Pro","inputTokenLimit":1048576,"outputTokenLimit":65536,"supportedGenerationMethods":["generateContent","countTokens"]},
		{"name":"models/gemini-embedding-001","supportedGenerationMethods":["embedContent"]},
		{"name":"tunedModels/mine"},{"displayName":"nameless"}],"nextPageToken":"x"}`))
	if want := "[{gemini-2.5-pro Gemini 2.5 Pro 0 1048576 65536} {tunedModels/mine  0 0 0}]"; err != nil || fmt.Sprint(list) != want {
		t.Errorf("got  %v, %v\nwant %s", list, err, want)
	}
	if _, err := c.ParseModels([]byte("<html>")); err == nil {
		t.Error("HTML is no list")
	}
}

// TestParseRecordedLists reads the lists that Google gave.
func TestParseRecordedLists(t *testing.T) {
	c := New(&url.URL{Scheme: "https", Host: "h"}, "v1beta", nil)
	for _, e := range traffic.Load(t, "models") {
		var body struct {
			Models []struct {
				Name    string
				Methods []string `json:"supportedGenerationMethods"`
			}
		}
		if e.Provider != "google" || json.Unmarshal(e.Answer(), &body) != nil || len(body.Models) == 0 {
			continue
		}
		t.Run(e.ID, func(t *testing.T) {
			list, err := c.ParseModels(e.Answer())
			want := 0
			for _, m := range body.Models {
				if slices.Contains(m.Methods, "generateContent") {
					want++
				}
			}
			if err != nil || len(list) != want {
				t.Errorf("%d models, want %d, %v", len(list), want, err)
			}
			for _, m := range list {
				if m.ID == "" || m.ContextWindow == 0 {
					t.Errorf("%+v", m)
				}
			}
		})
	}
}
