package behaviour

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// google answers with one document, in the form that is asked for.
func google(document string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, ":stream") {
			events(w, document)
			return
		}
		whole(w, document)
	}
}

// googleError answers with an error of Google's.
func googleError(status int, body string) http.HandlerFunc {
	return failing(status, "application/json; charset=UTF-8", body)
}

// first answers differently the first time.
func first(once, then http.HandlerFunc) http.HandlerFunc {
	var calls atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			once(w, r)
			return
		}
		then(w, r)
	}
}

const (
	malformed = `{"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"Malformed function call: f("}],"usageMetadata":{"promptTokenCount":12}}`
	badCall   = "the model made a tool call that is not valid"
	blocked   = `{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":12,"totalTokenCount":12}}`
)

// TestGoogleAnswers goes through what Google tells within a status of 200 and the gateway
// treats as no answer (provider-gemini-vertex.md 4.2, 4.3).
func TestGoogleAnswers(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, test := range []struct {
		name   string
		answer func() http.HandlerFunc
		calls  int
		status int
		says   map[dialect]string
	}{
		{"B7 a blocked prompt is answered with 200 and a refusal, and asked once",
			func() http.HandlerFunc { return google(blocked) }, 1, 200,
			map[dialect]string{openai: `"finish_reason":"content_filter"`, anthropic: `"stop_reason":"refusal"`}},
		{"B7 whose prompt is paid for",
			func() http.HandlerFunc { return google(blocked) }, 1, 200,
			map[dialect]string{openai: `"total_tokens":12`, anthropic: `"input_tokens":12`}},
		{"B8 neither candidates nor a block reason",
			func() http.HandlerFunc { return google(`{"usageMetadata":{"promptTokenCount":12}}`) }, 1, 502,
			map[dialect]string{openai: `"code":"empty_upstream_response"`, anthropic: `"type":"api_error"`}},
		{"B9 a malformed call is asked for once more",
			func() http.HandlerFunc { return first(google(malformed), google(geminiWhole)) }, 2, 200,
			map[dialect]string{openai: `Hello there`, anthropic: `Hello there`}},
		{"B9 and only once",
			func() http.HandlerFunc { return google(malformed) }, 2, 502,
			map[dialect]string{openai: badCall, anthropic: badCall}},
		{"4.2 an unexpected call likewise",
			func() http.HandlerFunc {
				return google(strings.ReplaceAll(malformed, "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"))
			}, 2, 502, map[dialect]string{openai: badCall, anthropic: badCall}},
		{"4.5 a bare error in a stream of status 200",
			func() http.HandlerFunc {
				return google(`{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`)
			}, 1, 0, map[dialect]string{openai: `"code":"overloaded"`, anthropic: `"type":"overloaded_error"`}},
	} {
		for _, dia := range dialects {
			for _, stream := range []bool{false, true} {
				t.Run(name(test.name, "to", dia.name, wayOf(stream)), func(t *testing.T) {
					d.will(test.answer())
					got := post(t, url+dia.path, googleHello(stream, dia))
					if n := len(d.asked()); n != test.calls {
						t.Errorf("Google was asked %d times, want %d", n, test.calls)
					}
					if test.status != 0 && got.status != test.status {
						t.Errorf("status %d, want %d", got.status, test.status)
					}
					if !strings.Contains(got.body, test.says[dia]) {
						t.Errorf("%s lacks %s", got.body, test.says[dia])
					}
				})
			}
		}
	}
}

func wayOf(stream bool) string {
	if stream {
		return "streamed"
	}
	return "whole"
}

// googleHello asks for usage as well where that must be asked for.
func googleHello(stream bool, d dialect) string {
	body := hello("gemini", stream)
	if stream && d == openai {
		body = strings.Replace(body, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1)
	}
	return body
}

// TestGoogleErrors goes through the table of provider-gemini-vertex.md 5.
func TestGoogleErrors(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	const own = "the provider refused the gateway's own credential"
	status := func(code, word string) string {
		return `{"error":{"code":` + code + `,"message":"project 123456789012 of projects/my-project","status":"` + word + `"}}`
	}
	for _, test := range []struct {
		name             string
		answer           http.HandlerFunc
		calls            int
		chat, messages   int
		kind             map[dialect]string
		message          string
		retryAfter, code string
	}{
		{"5 INVALID_ARGUMENT is told without the operator's project", googleError(400, status("400", "INVALID_ARGUMENT")), 1, 400, 400,
			map[dialect]string{openai: "invalid_request_error", anthropic: "invalid_request_error"}, "project … of projects/…", "", "upstream_invalid_request"},
		{"5 a bad key is our own fault", googleError(400, `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`), 1, 502, 502,
			map[dialect]string{openai: "server_error", anthropic: "api_error"}, own, "", "upstream_auth_failed"},
		{"5 FAILED_PRECONDITION is our own fault", googleError(400, status("400", "FAILED_PRECONDITION")), 1, 502, 502,
			map[dialect]string{openai: "server_error", anthropic: "api_error"}, own, "", "upstream_auth_failed"},
		{"5 UNAUTHENTICATED is our own fault", googleError(401, status("401", "UNAUTHENTICATED")), 1, 502, 502,
			map[dialect]string{openai: "server_error", anthropic: "api_error"}, own, "", "upstream_auth_failed"},
		{"5 PERMISSION_DENIED is our own fault", googleError(403, status("403", "PERMISSION_DENIED")), 1, 502, 502,
			map[dialect]string{openai: "server_error", anthropic: "api_error"}, own, "", "upstream_auth_failed"},
		{"5 RESOURCE_EXHAUSTED with RetryInfo, in an array", googleError(429, `[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]}}]`), 1, 429, 429,
			map[dialect]string{openai: "rate_limit_error", anthropic: "rate_limit_error"}, "the provider's rate limit is reached", "35", "upstream_rate_limited"},
		{"5 CANCELLED is not the client's fault", googleError(499, status("499", "CANCELLED")), 1, 502, 502,
			map[dialect]string{openai: "server_error", anthropic: "api_error"}, "the provider failed", "", "upstream_stream_interrupted"},
		{"5 INTERNAL is asked once more", googleError(500, status("500", "INTERNAL")), 2, 502, 502,
			map[dialect]string{openai: "server_error", anthropic: "api_error"}, "the provider failed", "", "upstream_error"},
		{"5 UNAVAILABLE", googleError(503, status("503", "UNAVAILABLE")), 1, 503, 529,
			map[dialect]string{openai: "server_error", anthropic: "overloaded_error"}, "the provider is overloaded", "", "overloaded"},
		{"5 DEADLINE_EXCEEDED", googleError(504, status("504", "DEADLINE_EXCEEDED")), 1, 504, 504,
			map[dialect]string{openai: "server_error", anthropic: "timeout_error"}, "the provider did not answer in time", "", "upstream_timeout"},
		{"5 a web page", failing(502, "text/html", "<html>my-project</html>"), 1, 502, 502,
			map[dialect]string{openai: "server_error", anthropic: "api_error"}, "the provider failed", "", "upstream_error"},
	} {
		for _, dia := range dialects {
			for _, stream := range []bool{false, true} {
				t.Run(name(test.name, "to", dia.name, wayOf(stream)), func(t *testing.T) {
					d.will(test.answer)
					got := post(t, url+dia.path, hello("gemini", stream))
					if n := len(d.asked()); n != test.calls {
						t.Errorf("Google was asked %d times, want %d", n, test.calls)
					}
					if want := map[dialect]int{openai: test.chat, anthropic: test.messages}[dia]; got.status != want {
						t.Errorf("status %d, want %d", got.status, want)
					}
					e := errorIn(t, dia, got)
					if e.kind != test.kind[dia] || e.message != test.message || dia == openai && e.code != test.code {
						t.Errorf("%+v", e)
					}
					if after := got.header.Get("Retry-After"); test.retryAfter != "" && after != test.retryAfter {
						t.Errorf("Retry-After is %q, want %q", after, test.retryAfter)
					}
				})
			}
		}
	}
}
