package native

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestErrorsReturned compares what clients are told by the gateway itself with what they
// are told through handle_errors and xjp_error.
func TestErrorsReturned(t *testing.T) {
	t.Setenv("XJP_NATIVE_UNSET", "")
	app := strings.Replace(tellingApp(telling(t)), "model by-chat", "provider out openai {env.XJP_NATIVE_UNSET} {\n\t\t\toptional\n\t\t}\n\t\tmodel out {\n\t\t\troute out x\n\t\t}\n\t\tmax_body 100KB\n\t\tmodel by-chat", 1)
	s := start(t, app, "\txjp_gateway\n")
	type answer struct {
		status int
		header http.Header
		body   string
	}
	requests := []struct {
		name, path, body, key string
		status                int
	}{
		{"an unknown model", chat, ask(chat, "nobody", "hi", false), key, 404},
		{"an unknown model in Messages", messages, ask(messages, "nobody", "hi", true), key, 404},
		{"a wrong key", chat, ask(chat, "by-chat", "hi", false), "XJP_wrong_key", 401},
		{"no JSON", messages, `{"model":`, key, 400},
		{"a body that is too large", chat, ask(chat, "by-chat", strings.Repeat("x", 200_000), false), key, 413},
		{"a provider that fails", chat, ask(chat, "none", "hi", false), key, 502},
		{"a provider that fails before the stream", messages, ask(messages, "none", "hi", true), key, 502},
		{"a model without a provider", chat, ask(chat, "out", "hi", false), key, 503},
		{"a model without a provider in Messages", messages, ask(messages, "out", "hi", true), key, 529},
		{"a path at which nothing is", "/v1/completions", "{}", key, 404},
	}
	get := func(i int) answer {
		r := s.request(http.MethodPost, requests[i].path, requests[i].body)
		if r.Header.Get("X-Api-Key") != "" {
			r.Header.Set("X-Api-Key", requests[i].key)
		} else {
			r.Header.Set("Authorization", "Bearer "+requests[i].key)
		}
		res, body := s.do(r)
		id := res.Header.Get("X-Request-Id")
		for _, name := range []string{"X-Request-Id", "Request-Id", "Date"} {
			res.Header.Del(name)
		}
		return answer{res.StatusCode, res.Header, strings.ReplaceAll(body, id, "ID")}
	}
	var own []answer
	for i := range requests {
		own = append(own, get(i))
	}
	s.load(app, "\txjp_gateway {\n\t\terrors return\n\t}\n\thandle_errors {\n\t\theader X-Err-Status {err.status_code}\n\t\theader X-Err-Message \"{err.message}\"\n\t\theader X-Err-Id {err.id}\n\t\theader X-Err-Model {http.xjp.model}\n\t\txjp_error\n\t}\n")
	for i, r := range requests {
		t.Run(r.name, func(t *testing.T) {
			got := get(i)
			told := got.header.Get("X-Err-Status") + " " + got.header.Get("X-Err-Message")
			if got.status != r.status && got.status != 500 || got.status != own[i].status || got.body != own[i].body || !strings.Contains(got.body, `"error"`) {
				t.Errorf("returned %d %s\nwritten  %d %s", got.status, got.body, own[i].status, own[i].body)
			}
			if !strings.HasPrefix(told, fmt.Sprint(got.status)+" ") || len(told) < 8 || got.header.Get("X-Err-Id") == "" {
				t.Errorf("handle_errors was told %q", told)
			}
			for _, name := range []string{"Content-Type", "Retry-After", "X-Should-Retry"} {
				if got.header.Get(name) != own[i].header.Get(name) {
					t.Errorf("%s is %q, written %q", name, got.header.Get(name), own[i].header.Get(name))
				}
			}
		})
	}
	t.Run("check 19: handle_errors knows status, message and id", func(t *testing.T) {
		s.load(app, "\txjp_gateway {\n\t\terrors return\n\t}\n\thandle_errors {\n\t\trespond \"{err.status_code} {err.message} {err.id} {http.xjp.error}\" {err.status_code}\n\t}\n")
		got := get(0)
		fields := strings.Fields(got.body)
		if got.status != 404 || fields[0] != "404" || !strings.Contains(got.body, "model `nobody` does not exist") || fields[len(fields)-1] != "model_not_found" || len(fields[len(fields)-2]) < 6 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("check 20: an error after the answer has begun stays in the stream", func(t *testing.T) {
		s.load(app, "\txjp_gateway {\n\t\terrors return\n\t}\n\thandle_errors {\n\t\trespond GLUED 500\n\t}\n")
		res, body := s.post(chat, ask(chat, "breaks", "hi", true))
		if res.StatusCode != 200 || strings.Contains(body, "GLUED") || !strings.Contains(body, `data: {"error":`) {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	})
}

// TestErrorsOfOthers checks how xjp_error renders what other handlers refuse.
func TestErrorsOfOthers(t *testing.T) {
	s := start(t, demoApp, "\terror /v1/messages/forbidden \"not for you\" 403\n\terror /elsewhere \"gone\" 410\n\troute /v1/chat/* {\n\t\trequest_body {\n\t\t\tmax_size 100\n\t\t}\n\t\txjp_gateway {\n\t\t\terrors return\n\t\t}\n\t}\n\txjp_gateway\n\thandle_errors {\n\t\txjp_error\n\t}\n")
	for _, test := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"in the dialect of the path", "/v1/messages/forbidden", "{}", 403, `{"type":"error","error":{"type":"permission_error"`},
		{"elsewhere as Chat does", "/elsewhere", "{}", 410, `{"error":{"message":"Gone"`},
		{"request_body's limit", chat, ask(chat, "demo", strings.Repeat("x", 500), false), 413, `{"error":{"message":"Request Entity Too Large"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, body := s.post(test.path, test.body)
			if res.StatusCode != test.status || !strings.HasPrefix(body, test.want) || res.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %s %s", res.StatusCode, res.Header.Get("Content-Type"), body)
			}
		})
	}
	t.Run("without an error the next handler answers", func(t *testing.T) {
		s.load(demoApp, "\troute /x {\n\t\txjp_error\n\t\trespond next\n\t}\n\txjp_gateway\n")
		res, err := http.Get(s.address + "/x")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); string(body) != "next" {
			t.Errorf("%s", body)
		}
	})
}
