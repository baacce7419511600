package native

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// key is the client's key of most tests.
const key = "XJP_native_test_key"

// TestMain lets the test binary be the command itself.
func TestMain(m *testing.M) {
	if os.Getenv("XJP_TEST_COMMAND") != "" {
		caddycmd.Main()
		return
	}
	gatewaytest.VerifyTestMain(m)
}

// server is Caddy in this process with one site.
type server struct {
	t       *testing.T
	address string
	admin   string
	log     string // the file of the default log, at level DEBUG in JSON
	port    int
	config  string // the Caddyfile
}

// start runs Caddy with options of the global block and the lines of a site, each of which
// may name {port}, {admin} and {dir}. There is one Caddy in a process, so tests that use it
// must not run in parallel.
func start(t *testing.T, global, site string) *server {
	t.Helper()
	return startWith(t, global, site, func(*server) {})
}

// startWith does the same after some preparation.
func startWith(t *testing.T, global, site string, prepare func(*server)) *server {
	t.Helper()
	dir := t.TempDir()
	s := &server{t: t, log: filepath.Join(dir, "default.log"), port: gatewaytest.FreePort(t)}
	s.address = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	s.admin = fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
	prepare(s)
	s.load(global, site)
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

// load gives the server another configuration, as a reload does.
func (s *server) load(global, site string) {
	s.t.Helper()
	s.config = s.caddyfile(global, site)
	if err := caddy.Load(gatewaytest.Adapt(s.t, s.config), true); err != nil {
		s.t.Fatalf("%v in\n%s", err, s.config)
	}
	for range 100 {
		if res, err := http.Get(s.address + "/healthz"); err == nil {
			res.Body.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatal("the server does not answer")
}

func (s *server) caddyfile(global, site string) string {
	text := `{
	admin {admin}
	log {
		output file {dir}/default.log {
			roll_disabled
		}
		level DEBUG
	}
` + global + `
}
http://127.0.0.1:{port} {
	bind 127.0.0.1
` + site + `
}
`
	return strings.NewReplacer("{port}", fmt.Sprint(s.port), "{admin}", s.admin, "{dir}", filepath.Dir(s.log)).Replace(text)
}

// lines reads the entries of a log in JSON whose message or logger holds a text.
func (s *server) lines(file, holds string) []map[string]any {
	s.t.Helper()
	var list []map[string]any
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line map[string]any
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			s.t.Fatalf("%v in %s", err, scanner.Text())
		}
		if strings.Contains(fmt.Sprint(line["msg"]), holds) || strings.Contains(fmt.Sprint(line["logger"]), holds) {
			list = append(list, line)
		}
	}
	return list
}

// request makes a request with the key in both dialects' way, as the path tells.
func (s *server) request(method, path, body string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequest(method, s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, "/v1/messages") {
		r.Header.Set("X-Api-Key", key)
		r.Header.Set("Anthropic-Version", "2023-06-01")
	} else {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return r
}

// do sends a request and reads the whole answer.
func (s *server) do(r *http.Request) (*http.Response, string) {
	s.t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, string(body)
}

// get reads another address.
func (s *server) get(url string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(r)
}

// post asks for an answer.
func (s *server) post(path, body string) (*http.Response, string) {
	s.t.Helper()
	return s.do(s.request(http.MethodPost, path, body))
}

// The two endpoints, and a body for each that says a text to a model.
const (
	chat     = "/v1/chat/completions"
	messages = "/v1/messages"
)

func ask(path, model, text string, stream bool) string {
	quoted, _ := json.Marshal(text)
	body := fmt.Sprintf(`{"model":%q,"max_tokens":500,"stream":%t,"messages":[{"role":"user","content":%s}]`, model, stream, quoted)
	if stream && path == chat {
		body += `,"stream_options":{"include_usage":true}`
	}
	return body + "}"
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("still not: %s", what)
}

// cancelled sends a request and goes away while it is served.
func cancelled(t *testing.T, r *http.Request) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if res, err := http.DefaultClient.Do(r.WithContext(ctx)); err == nil {
		res.Body.Close()
		t.Error("it was answered")
	}
}
