package clewdr

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func call(t *testing.T, method, url, body string, header ...string) (int, string) {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(answer)
}

// TestDouble checks the double's own manners, which are why the gateway does what it does.
func TestDouble(t *testing.T) {
	d := Start(t)
	bearer := []string{"Authorization", "Bearer " + Password}
	one := `{"model":"m","messages":[{"role":"user","content":"one"}]}`
	for _, test := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		has, lacks               string
	}{
		{"E13: a wrong x-api-key beside the right bearer", "POST", "/code/v1/messages", one, append(bearer, "X-Api-Key", "wrong"), 200, "Hello there.", ""},
		{"E14: the list with x-api-key only", "GET", "/v1/models", "", []string{"X-Api-Key", Password}, 401, "invalid_auth", ""},
		{"E15: a role that it does not know", "POST", "/code/v1/messages", `{"model":"m","messages":[{"role":"tool","content":"x"}]}`, bearer, 422, "json_rejection", ""},
		{"E16: an OpenAI-like stream never tells its end", "POST", "/v1/chat/completions", one, bearer, 200, "Hello", "[DONE]"},
		{"E19: an unknown path is a page", "GET", "/v2/anything", "", nil, 200, "<!doctype html>", ""},
		{"the magic prompt", "POST", "/v1/messages", `{"model":"m","messages":[{"role":"user","content":"Hi"}]}`, bearer, 200, "Reverse Proxy is working", `"usage"`},
		{"the magic prompt as a block", "POST", "/v1/messages", `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}`, bearer, 200, "Reverse Proxy is working", `"usage"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, answer := call(t, test.method, d.URL+test.path, test.body, test.header...)
			if status != test.status || !strings.Contains(answer, test.has) || test.lacks != "" && strings.Contains(answer, test.lacks) {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
}
