package docs

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// exampleConfig is Caddyfile.example for a free port, without logs and admin API. The
// environment variables that it reads are unset.
func exampleConfig(t *testing.T) string {
	t.Helper()
	config := source(t, "Caddyfile.example")
	for _, m := range envNames.FindAllStringSubmatch(config, -1) {
		t.Setenv(m[1], "")
	}
	t.Setenv("OPENROUTER_BASE_URL", "")
	gatewaytest.DataFolder(t)
	for _, change := range [][2]string{{"admin localhost:2019", "admin off\n\tpersist_config off\n\tlog {\n\t\tlevel PANIC\n\t}"}, {"{$PORT:8080}", "{port}"}, {"log {\n\t\tformat", "log {\n\t\toutput discard\n\t\tformat"}} {
		if !strings.Contains(config, change[0]) {
			t.Fatalf("Caddyfile.example has no %q", change[0])
		}
		config = strings.ReplaceAll(config, change[0], change[1])
	}
	return config
}

// words splits a command as a shell does, as far as the README needs it.
func words(t *testing.T, command string) []string {
	t.Helper()
	var list []string
	for command = strings.TrimSpace(command); command != ""; command = strings.TrimSpace(command) {
		if quoted, ok := strings.CutPrefix(command, "'"); ok {
			text, rest, ended := strings.Cut(quoted, "'")
			if !ended || rest != "" && rest[0] != ' ' {
				t.Fatalf("quotes that are not understood: %s", command)
			}
			list, command = append(list, text), rest
			continue
		}
		text, rest, _ := strings.Cut(command, " ")
		if strings.ContainsAny(text, `'"\$;|&`) {
			t.Fatalf("a word that is not understood: %s", text)
		}
		list, command = append(list, text), rest
	}
	return list
}

// request makes the request of a curl command.
func request(t *testing.T, command, address string) (*http.Request, string) {
	t.Helper()
	args := words(t, command)
	url, body := "", ""
	header := http.Header{}
	for i := 1; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "-N":
		case arg == "-H" && i+1 < len(args):
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			header.Add(name, value)
		case arg == "-d" && i+1 < len(args):
			i++
			body = args[i]
		case strings.HasPrefix(arg, "http://127.0.0.1:8080/") && url == "":
			url = address + strings.TrimPrefix(arg, "http://127.0.0.1:8080")
		default:
			t.Fatalf("an argument that is not understood: %s", arg)
		}
	}
	if body == "" {
		t.Fatal("no body")
	}
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	return r, body
}

// expected is what an answer must hold for what was asked: its kind, and the words that
// show that the demo has understood.
func expected(t *testing.T, path, body string) (kind string, hold []string) {
	t.Helper()
	var ask struct {
		Stream   bool
		Tools    []any
		Messages []struct{ Content any }
	}
	if err := json.Unmarshal([]byte(body), &ask); err != nil {
		t.Fatal(err)
	}
	_, media := ask.Messages[0].Content.([]any)
	chat := path == "/v1/chat/completions"
	switch {
	case ask.Stream && chat:
		return "stream", []string{`"delta":{"content":" Hello"}`, `"finish_reason":"stop"`, `"prompt_tokens":`, "data: [DONE]"}
	case ask.Stream:
		return "stream", []string{`"text_delta","text":" Hello"`, `"stop_reason":"end_turn"`, "event: message_stop"}
	case len(ask.Tools) > 0 && chat:
		return "tool call", []string{`"name":"get_weather"`, `"arguments":"{\"city\":`, `"finish_reason":"tool_calls"`}
	case len(ask.Tools) > 0:
		return "tool call", []string{`"name":"get_weather"`, `"input":{"city":`, `"stop_reason":"tool_use"`}
	case media:
		return "image", []string{"You said: What is this?", "I see an image of type image/png"}
	}
	return "plain", []string{"You said: Hello"}
}

// TestCalls makes the calls that the READMEs show to the gateway of Caddyfile.example.
func TestCalls(t *testing.T) {
	address := gatewaytest.Run(t, exampleConfig(t))
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		made := map[string]int{}
		for _, b := range read(t, name).blocks("sh") {
			for i, command := range strings.Split(b.text, "\n") {
				if !strings.HasPrefix(command, "curl ") {
					continue
				}
				t.Run(fmt.Sprintf("%s:%d", name, b.line+i), func(t *testing.T) {
					r, body := request(t, command, address)
					kind, hold := expected(t, r.URL.Path, body)
					made[r.URL.Path+" "+kind]++
					answer := call(t, r)
					for _, text := range hold {
						if !strings.Contains(answer, text) {
							t.Errorf("the answer does not hold %s:\n%s", text, answer)
						}
					}
				})
			}
		}
		for _, path := range []string{"/v1/chat/completions", "/v1/messages"} {
			for _, kind := range []string{"plain", "stream", "image", "tool call"} {
				if n := made[path+" "+kind]; n != 1 {
					t.Errorf("%s shows %d calls of %s: %s", name, n, path, kind)
				}
			}
		}
	}
}

// call makes a call that must succeed.
func call(t *testing.T, r *http.Request) string {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
	return string(answer)
}
