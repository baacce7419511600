package behaviour

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// secret is the doubles' key, which no client may ever see.
const secret = "secret-key-of-the-provider"

// gateway runs a gateway before a double with a model of each wire: chat, messages and
// gemini. further are more options of xjp_gateway.
func gateway(t testing.TB, d *double, further ...string) string {
	t.Helper()
	return gatewaytest.Start(t, providers(d)+strings.Join(further, "\n"))
}

// providers configures a double as three providers with a model each.
func providers(d *double) string {
	options := ""
	for _, wire := range [][2]string{{"chat", "openai"}, {"messages", "anthropic"}, {"gemini", "gemini"}} {
		options += provider(wire[0], wire[1], d) + "\t\tmodel " + wire[0] + " {\n\t\t\troute " + wire[0] + " up\n\t\t}\n"
	}
	return options
}

// provider configures a double as one provider.
func provider(name, kind string, d *double) string {
	return "\t\tprovider " + name + " " + kind + " {\n\t\t\tapi_key " + secret + "\n\t\t\tbase_url " + d.url + "\n\t\t}\n"
}

// dialect is what a client speaks.
type dialect struct {
	name, path string
}

var (
	openai    = dialect{"openai", "/v1/chat/completions"}
	anthropic = dialect{"anthropic", "/v1/messages"}
	dialects  = []dialect{openai, anthropic}
)

// hello is the smallest request that is good in both dialects.
func hello(model string, stream bool) string {
	if stream {
		return `{"model":"` + model + `","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Hi there"}]}`
	}
	return `{"model":"` + model + `","max_tokens":100,"messages":[{"role":"user","content":"Hi there"}]}`
}

// reply is what a client gets.
type reply struct {
	status int
	header http.Header
	body   string
}

// request makes a request with the client's key. headers are names and values in turn; an
// Authorization among them, also an empty one, stands in place of the usual.
func request(t testing.TB, method, url, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(headers, "Authorization") {
		r.Header.Set("Authorization", "Bearer "+gatewaytest.Key)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" { // none instead of the usual one
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// client never follows a redirect and waits no longer than a test should.
var client = &http.Client{
	Timeout:       20 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// do sends a request and reads the whole answer.
func do(t testing.TB, r *http.Request) reply {
	t.Helper()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%v after %q", err, body)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

// post sends a body.
func post(t testing.TB, url, body string, headers ...string) reply {
	t.Helper()
	return do(t, request(t, http.MethodPost, url, body, headers...))
}

// get asks for something.
func get(t testing.TB, url string, headers ...string) reply {
	t.Helper()
	return do(t, request(t, http.MethodGet, url, "", headers...))
}

// told is what an error tells a client.
type told struct {
	kind, code, param, message string
	details                    json.RawMessage
}

// errorIn reads an error's envelope and checks its form: all four keys in Chat's, the
// request's id in that of Messages, as in the headers (wire-openai-anthropic.md 6.1, 6.3).
func errorIn(t testing.TB, d dialect, r reply) told {
	t.Helper()
	if got := r.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
	id := r.header.Get("X-Request-Id")
	if !strings.HasPrefix(id, "req_") || r.header.Get("Request-Id") != id {
		t.Errorf("request ids are %q and %q", id, r.header.Get("Request-Id"))
	}
	if d == anthropic {
		var e struct {
			Type  string
			Error struct {
				Type, Message string
				Details       json.RawMessage
			}
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(r.body), &e); err != nil || e.Type != "error" || e.RequestID != id || e.Error.Message == "" {
			t.Fatalf("no error of Messages: %d %s", r.status, r.body)
		}
		return told{kind: e.Error.Type, message: e.Error.Message, details: e.Error.Details}
	}
	var e struct{ Error map[string]*string }
	if err := json.Unmarshal([]byte(r.body), &e); err != nil || len(e.Error) != 4 || e.Error["message"] == nil || e.Error["type"] == nil {
		t.Fatalf("no error of Chat: %d %s", r.status, r.body)
	}
	text := func(key string) string {
		if v := e.Error[key]; v != nil {
			return *v
		}
		return ""
	}
	return told{kind: text("type"), code: text("code"), param: text("param"), message: text("message")}
}

// name makes a test's name of parts.
func name(parts ...string) string { return strings.Join(parts, " ") }
