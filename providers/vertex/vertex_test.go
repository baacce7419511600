package vertex

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
)

func TestAddresses(t *testing.T) {
	project := Settings{Project: "proj", Location: "us-central1"}
	at := func(location string) Settings { return Settings{Project: "proj", Location: location} }
	count := providers.Call{Op: providers.CountTokens}
	for _, test := range []struct {
		name     string
		settings Settings
		model    string
		o        providers.Options
		call     providers.Call
		want     string
	}{
		{"a region", project, "gemini-2.5-pro", providers.Options{}, providers.Call{}, "us-central1-aiplatform.googleapis.com/v1beta1/projects/proj/locations/us-central1/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"A1: the multi-region us", at("us"), "gemini-2.5-pro", providers.Options{}, providers.Call{}, "aiplatform.us.rep.googleapis.com/v1beta1/projects/proj/locations/us/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"A1: the multi-region eu", at("eu"), "gemini-2.5-pro", providers.Options{}, providers.Call{}, "aiplatform.eu.rep.googleapis.com/v1beta1/projects/proj/locations/eu/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"A2: global", at("global"), "gemini-2.5-pro", providers.Options{}, providers.Call{}, "aiplatform.googleapis.com/v1beta1/projects/proj/locations/global/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"A2: global is the default", at(""), "gemini-2.5-pro", providers.Options{}, providers.Call{}, "aiplatform.googleapis.com/v1beta1/projects/proj/locations/global/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"A3: express mode", Settings{Express: true}, "gemini-2.5-pro", providers.Options{}, providers.Call{}, "aiplatform.googleapis.com/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"A3: express mode with a location", Settings{Express: true, Location: "us"}, "gemini-2.5-pro", providers.Options{}, providers.Call{}, "aiplatform.googleapis.com/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"A4: a tuned model", project, "1234567890", providers.Options{}, providers.Call{}, "us-central1-aiplatform.googleapis.com/v1beta1/projects/proj/locations/us-central1/endpoints/1234567890:generateContent"},
		{"A4: a tuned model by its resource name", project, "projects/other/locations/europe-west4/endpoints/77", providers.Options{}, providers.Call{}, "europe-west4-aiplatform.googleapis.com/v1beta1/projects/other/locations/europe-west4/endpoints/77:generateContent"},
		{"A5: a stream", project, "gemini-2.5-pro", providers.Options{}, providers.Call{Stream: true}, "us-central1-aiplatform.googleapis.com/v1beta1/projects/proj/locations/us-central1/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse"},
		{"a route's own region and project", project, "gemini-2.5-pro", providers.Options{Region: "asia-east1", Project: "p2"}, providers.Call{}, "asia-east1-aiplatform.googleapis.com/v1beta1/projects/p2/locations/asia-east1/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"a version of one's own", Settings{Project: "proj", Location: "us-central1", Version: "v1"}, "gemini-2.5-pro", providers.Options{}, providers.Call{}, "us-central1-aiplatform.googleapis.com/v1/projects/proj/locations/us-central1/publishers/google/models/gemini-2.5-pro:generateContent"},
		{"counting for Gemini", project, "gemini-2.5-pro", providers.Options{}, count, "us-central1-aiplatform.googleapis.com/v1beta1/projects/proj/locations/us-central1/publishers/google/models/gemini-2.5-pro:countTokens"},
		{"Claude by its name", project, "claude-sonnet-4-5@20250929", providers.Options{}, providers.Call{}, "us-central1-aiplatform.googleapis.com/v1/projects/proj/locations/us-central1/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict"},
		{"Claude streamed", project, "anthropic/claude-sonnet-4-5", providers.Options{}, providers.Call{Stream: true}, "us-central1-aiplatform.googleapis.com/v1/projects/proj/locations/us-central1/publishers/anthropic/models/claude-sonnet-4-5:streamRawPredict"},
		{"Claude by a publisher that is set", project, "my-claude", providers.Options{Publisher: "anthropic"}, providers.Call{}, "us-central1-aiplatform.googleapis.com/v1/projects/proj/locations/us-central1/publishers/anthropic/models/my-claude:rawPredict"},
		{"Claude by its resource name", project, "publishers/anthropic/models/claude-opus-4-5", providers.Options{}, providers.Call{}, "us-central1-aiplatform.googleapis.com/v1/projects/proj/locations/us-central1/publishers/anthropic/models/claude-opus-4-5:rawPredict"},
		{"Claude by its full resource name", project, "projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-4-5", providers.Options{}, providers.Call{}, "us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-4-5:rawPredict"},
		{"B26: counting for Claude", project, "claude-sonnet-4-5@default", providers.Options{}, count, "us-central1-aiplatform.googleapis.com/v1/projects/proj/locations/us-central1/publishers/anthropic/models/count-tokens:rawPredict"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := New(test.settings, nil, "a")
			route, err := c.Resolve(test.model, test.o)
			if err != nil {
				t.Fatal(err)
			}
			test.call.Route = route
			r, err := c.NewRequest(context.Background(), &test.call)
			if err != nil || r.Method != http.MethodPost || r.URL.String() != "https://"+test.want {
				t.Errorf("got  %v, %v\nwant https://%s", r.URL, err, test.want)
			}
		})
	}
	t.Run("an address of one's own", func(t *testing.T) {
		address, _ := url.Parse("http://127.0.0.1:1")
		c := New(Settings{Project: "p", Location: "us", BaseURL: address}, nil, "a")
		route, _ := c.Resolve("gemini-2.5-pro", providers.Options{})
		r, err := c.NewRequest(context.Background(), &providers.Call{Route: route})
		if err != nil || r.URL.String() != "http://127.0.0.1:1/v1beta1/projects/p/locations/us/publishers/google/models/gemini-2.5-pro:generateContent" {
			t.Errorf("%v, %v", r.URL, err)
		}
	})
	for _, test := range []struct {
		name, model string
		settings    Settings
	}{
		{"A4: a tuned model with an API key", "1234567890", Settings{Express: true}},
		{"A6: a model that would change the URL", "gemini-x?key=1", project},
		{"A6: a model that leads elsewhere", "../x", project},
		{"no project", "gemini-2.5-pro", Settings{}},
		{"a publisher that is not served", "meta/llama", project},
	} {
		t.Run(test.name, func(t *testing.T) {
			if route, err := New(test.settings, nil, "a").Resolve(test.model, providers.Options{}); err == nil {
				t.Errorf("no error: %+v", route.Data)
			}
		})
	}
}

// TestRoutes checks what a route says of itself.
func TestRoutes(t *testing.T) {
	c := New(Settings{Project: "proj"}, nil, "account")
	google, _ := c.Resolve("gemini-2.5-pro", providers.Options{})
	claude, _ := c.Resolve("claude-sonnet-4-5", providers.Options{})
	other, _ := New(Settings{Project: "proj2"}, nil, "account").Resolve("gemini-2.5-pro", providers.Options{})
	t.Run("A21: signatures are bound to the project", func(t *testing.T) {
		if google.Origin == "" || google.Origin == other.Origin {
			t.Errorf("%q and %q", google.Origin, other.Origin)
		}
	})
	t.Run("A16: Gemini is sent no ids unless that is set", func(t *testing.T) {
		with, _ := New(Settings{Project: "p", CallIDs: true}, nil, "a").Resolve("gemini-2.5-pro", providers.Options{})
		if google.Quirks.CallIDs || !with.Quirks.CallIDs || google.Wire != "gemini" {
			t.Errorf("%+v", google)
		}
	})
	t.Run("B27: Claude takes no URLs, no schemas and no strict tools", func(t *testing.T) {
		caps := translate.Capabilities{ImageURL: true, PDFURL: true, NativeFormat: true, StrictTools: true, PDF: true}
		claude.Adjust(&caps)
		if caps.ImageURL || caps.PDFURL || caps.NativeFormat || caps.StrictTools || !caps.PDF || claude.Wire != "anthropic" || claude.Family != translate.FamilyAnthropic {
			t.Errorf("%+v, %+v", claude, caps)
		}
	})
}

func TestClaude(t *testing.T) {
	c := New(Settings{Project: "p", HeaderBetas: []string{"web-search-2025-03-05", "context-management-2025-06-27"}, BodyBetas: []string{"context-1m-2025-08-07"}}, nil, "a")
	route, _ := c.Resolve("claude-sonnet-4-5@default", providers.Options{})
	client := http.Header{"Anthropic-Beta": {"web-search-2025-03-05,foo-2099", "context-1m-2025-08-07"}, "Anthropic-Version": {"2026-10-21"}}
	const body = `{"anthropic_version":"vertex-2023-10-16","max_tokens":1}`
	for _, test := range []struct {
		name         string
		call         providers.Call
		header, body string
	}{
		{"B25: only what Vertex takes, each at its place", providers.Call{PassThrough: true, Client: client}, "web-search-2025-03-05", `{"anthropic_version":"vertex-2023-10-16","max_tokens":1,"anthropic_beta":["context-1m-2025-08-07"]}`},
		{"B25: nothing after a refusal", providers.Call{PassThrough: true, NoBetas: true, Client: client}, "", body},
		{"B25: nothing for a translated request", providers.Call{Client: client}, "", body},
		{"B25: nothing unknown", providers.Call{PassThrough: true, Client: http.Header{"Anthropic-Beta": {"foo-2099, bar"}}}, "", body},
		{"B25, B26: nothing for the counter, and its model without a tag", providers.Call{Op: providers.CountTokens, PassThrough: true, Client: client, Body: []byte(`{"model":"claude-sonnet-4-5@default","messages":[]}`)}, "", `{"model":"claude-sonnet-4-5","messages":[]}`},
		{"B26: a date is no tag", providers.Call{Op: providers.CountTokens, Client: client, Body: []byte(`{"model":"claude-sonnet-4-5@20250929"}`)}, "", `{"model":"claude-sonnet-4-5@20250929"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.call.Route = route
			if test.call.Body == nil {
				test.call.Body = []byte(body)
			}
			r, err := c.NewRequest(context.Background(), &test.call)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(r.Header.Values("Anthropic-Beta"), "|"); got != test.header {
				t.Errorf("header %q, want %q", got, test.header)
			}
			if got := string(test.call.Body); got != test.body {
				t.Errorf("body %s\nwant %s", got, test.body)
			}
			if got := r.Header.Get("Anthropic-Version"); got != "" {
				t.Errorf("version %q", got)
			}
		})
	}
	t.Run("B25: a refused beta is left out at once", func(t *testing.T) {
		body := []byte("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Unexpected value(s) `x` for the `anthropic-beta` header.\"}}")
		e := anthropic.Dialect{}.DecodeError(400, body)
		if v := c.Classify(&providers.Answer{Status: 400, Body: body}, e); !v.NoBetas {
			t.Errorf("%+v", v)
		}
	})
	t.Run("5 quotas and permissions are those of a model in a region", func(t *testing.T) {
		for _, test := range []struct {
			status int
			body   string
			want   providers.Verdict
		}{
			{429, `{"error":{"code":429,"message":"Resource exhausted. Please try again later.","status":"RESOURCE_EXHAUSTED"}}`, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, Transient: true}},
			{403, `{"error":{"code":403,"message":"Permission 'aiplatform.endpoints.predict' denied on resource x (or it may not exist).","status":"PERMISSION_DENIED"}}`, providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, For: time.Minute, Alarm: true}},
			{401, `{"error":{"code":401,"message":"m","status":"UNAUTHENTICATED"}}`, providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: time.Minute, Alarm: true}},
		} {
			body := []byte(test.body)
			if v := c.Classify(&providers.Answer{Status: test.status, Body: body}, gemini.Dialect{}.DecodeError(test.status, body)); v != test.want {
				t.Errorf("%d: %+v, want %+v", test.status, v, test.want)
			}
		}
	})
}
