package native

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

const demoApp = "\txjp {\n\t\tprovider demo\n\t\tkey " + key + "\n\t\tlog_filter ok\n\t}\n"

// stream is a streamed answer under way.
type stream struct {
	res   *http.Response
	lines *bufio.Reader
	first string
}

// open begins a stream and waits for its first line.
func (s *server) open(path, text string) *stream {
	s.t.Helper()
	res, err := http.DefaultClient.Do(s.request(http.MethodPost, path, ask(path, "demo", text, true)))
	if err != nil {
		s.t.Fatal(err)
	}
	st := &stream{res: res, lines: bufio.NewReader(res.Body)}
	if st.first, err = st.lines.ReadString('\n'); err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%d %v %s", res.StatusCode, err, st.first)
	}
	return st
}

// rest reads a stream to its end.
func (st *stream) rest() (string, error) {
	defer st.res.Body.Close()
	rest, err := io.ReadAll(st.lines)
	return st.first + string(rest), err
}

// whole reports what a complete stream of the demo lacks, "" if nothing.
func whole(path, text string) string {
	end, usage := "data: [DONE]", `"completion_tokens":`
	if path == messages {
		end, usage = "event: message_stop", `"output_tokens":`
	}
	switch {
	case strings.Contains(text, `"error"`):
		return "an error is in it"
	case !strings.Contains(text, end):
		return "the end"
	case !strings.Contains(text, usage):
		return "the usage"
	}
	return ""
}

// TestReload reloads under streams.
func TestReload(t *testing.T) {
	site := "\tmetrics /metrics\n\txjp_gateway\n"
	s := start(t, demoApp, site)

	t.Run("check 11: streams go on through reloads", func(t *testing.T) {
		const n = 200
		before := counter(s, "caddy_xjp_requests_total")
		streams := make([]*stream, n)
		var opening sync.WaitGroup
		for i := range n {
			opening.Go(func() { streams[i] = s.open([]string{chat, messages}[i%2], "demo: long 100 pace 30ms") })
		}
		opening.Wait()
		s.load(demoApp, site+"\theader X-Reloaded 1\n")
		if got := counter(s, "caddy_xjp_streams_open"); got != n {
			t.Errorf("right after a reload %v streams are open, want %d", got, n)
		}
		s.load(demoApp, site)
		var group sync.WaitGroup
		for i, st := range streams {
			group.Go(func() {
				text, err := st.rest()
				if lacks := whole([]string{chat, messages}[i%2], text); err != nil || lacks != "" {
					t.Errorf("stream %d: %v, lacks %s: …%s", i, err, lacks, text[max(0, len(text)-300):])
				}
			})
		}
		group.Wait()
		eventually(t, "all streams are counted", func() bool { return counter(s, "caddy_xjp_requests_total") == before+n })
		if got := counter(s, "caddy_xjp_streams_open"); got != 0 {
			t.Errorf("%v streams are open after all have ended", got)
		}
	})

	t.Run("check 12: a broken configuration changes nothing", func(t *testing.T) {
		st := s.open(chat, "demo: long 40 pace 10ms")
		broken := gatewaytest.Adapt(t, s.caddyfile(strings.Replace(demoApp, "provider demo", "provider demo\n\t\tprovider other openai {env.XJP_NATIVE_UNSET}", 1), site))
		if err := caddy.Load(broken, true); err == nil || !strings.Contains(err.Error(), "{env.XJP_NATIVE_UNSET} is unset") {
			t.Errorf("loaded with %v", err)
		}
		if res, _ := s.post(chat, ask(chat, "demo", "hi", false)); res.StatusCode != http.StatusOK {
			t.Errorf("a request after it is answered with %d", res.StatusCode)
		}
		if text, err := st.rest(); err != nil || whole(chat, text) != "" {
			t.Errorf("%v, lacks %s", err, whole(chat, text))
		}
	})

	t.Run("a reload that removes the gateway lets streams end", func(t *testing.T) {
		st := s.open(messages, "demo: long 60 pace 10ms")
		s.load("", "\trespond /healthz ok\n")
		if res, _ := s.post(messages, "{}"); res.Header.Get("Request-Id") != "" {
			t.Error("the gateway is still there")
		}
		if text, err := st.rest(); err != nil || whole(messages, text) != "" {
			t.Errorf("%v, lacks %s", err, whole(messages, text))
		}
		s.load(demoApp, site)
	})

	t.Run("check 13: a hundred reloads leak nothing", func(t *testing.T) {
		settle := func() (goroutines, files int) {
			http.DefaultClient.CloseIdleConnections()
			time.Sleep(300 * time.Millisecond)
			open, _ := os.ReadDir("/proc/self/fd")
			return runtime.NumGoroutine(), len(open)
		}
		s.load(demoApp, site)
		goroutines, files := settle()
		for i := range 100 {
			s.load(demoApp, site+fmt.Sprintf("\theader X-Reloaded %d\n", i))
		}
		if g, f := settle(); g > goroutines+10 || f > files+10 {
			t.Errorf("goroutines from %d to %d, open files from %d to %d", goroutines, g, files, f)
		}
	})
}

// counter adds up the samples of a metric.
func counter(s *server, name string) float64 {
	_, text := s.get(s.address + "/metrics")
	var sum float64
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == '{' || rest[0] == ' ') {
			sum += number(rest[strings.LastIndex(rest, " ")+1:])
		}
	}
	return sum
}

// number reads a sample's value, 0 if there is none.
func number(text string) float64 {
	var value float64
	fmt.Sscan(text, &value)
	return value
}

// process is Caddy in a process of its own.
type process struct {
	*server
	cmd  *exec.Cmd
	errs *strings.Builder
}

// spawn runs `caddy run`.
func spawn(t *testing.T, global, site string) *process {
	t.Helper()
	dir := t.TempDir()
	s := &server{t: t, log: filepath.Join(dir, "default.log"), port: gatewaytest.FreePort(t)}
	s.address = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	s.admin = fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(s.caddyfile(global, site)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{server: s, cmd: exec.Command(os.Args[0], "run", "--config", file, "--adapter", "caddyfile"), errs: &strings.Builder{}}
	p.cmd.Stderr = p.errs
	p.cmd.Env = append(os.Environ(), "XJP_TEST_COMMAND=1", "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait(); http.DefaultClient.CloseIdleConnections() })
	eventually(t, "the process answers", func() bool {
		res, err := http.Get(s.address + "/healthz")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
	return p
}

// TestShutdown ends a process under streams.
func TestShutdown(t *testing.T) {
	narrow := "\tprovider narrow demo {\n\t\t\tmax_concurrent 1\n\t\t}\n\t\tmodel narrow {\n\t\t\troute narrow demo\n\t\t}\n\t\tmodel demo {\n\t\t\troute demo demo\n\t\t}\n\t\tqueue 10 1m\n\t"
	p := spawn(t, "\tgrace_period 3s\n"+strings.Replace(demoApp, "\tprovider demo", narrow+"\tprovider demo", 1), "\txjp_gateway\n")
	short := p.open(chat, "demo: long 20 pace 20ms")
	long := map[string]*stream{chat: p.open(chat, "demo: long 1000 pace 20ms"), messages: p.open(messages, "demo: long 1000 pace 20ms")}
	unanswered := []string{"demo", "narrow", "narrow"} // of the last two one waits for the other
	silent := make(chan *http.Response, len(unanswered))
	for _, model := range unanswered {
		go func() {
			res, err := http.DefaultClient.Do(p.request(http.MethodPost, chat, ask(chat, model, "demo: stall", false)))
			if err != nil {
				t.Error(err)
			}
			silent <- res
		}()
	}
	time.Sleep(200 * time.Millisecond)
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, path, want string }{
		{"check 14: a Chat stream that outlasts the grace period ends with an error", chat, `{"error":{"message":"the gateway is shutting down; try again"`},
		{"a Messages stream likewise", messages, "event: error\ndata: " + `{"type":"error","error":{"type":"overloaded_error","message":"the gateway is shutting down; try again"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := long[test.path].rest()
			end := text[max(0, len(text)-400):]
			if err != nil || !strings.Contains(end, test.want) || strings.Contains(end, "message_stop") || strings.Contains(end, `"finish_reason":"stop"`) {
				t.Errorf("%v: …%s", err, end)
			}
		})
	}
	t.Run("a stream that ends in time is whole", func(t *testing.T) {
		if text, err := short.rest(); err != nil || whole(chat, text) != "" {
			t.Errorf("%v, lacks %s", err, whole(chat, text))
		}
	})
	t.Run("an answer that has not begun, for which one may wait in a queue, is a 503 that may be tried again", func(t *testing.T) {
		for range unanswered {
			res := <-silent
			if res == nil {
				continue // the error is told
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("X-Should-Retry") != "true" || !strings.Contains(string(body), "shutting down") {
				t.Errorf("%v %d %v %s", err, res.StatusCode, res.Header, body)
			}
		}
	})
	err := p.cmd.Wait()
	if took := time.Since(began); err != nil || took < 2*time.Second || took > 15*time.Second {
		t.Errorf("the process ended with %v after %v\n%s", err, took, p.errs)
	}
	if failed := p.lines(p.log, "attempt failed"); len(failed) != 0 {
		t.Errorf("the shutdown is logged as the provider's fault: %v", failed)
	}
}
