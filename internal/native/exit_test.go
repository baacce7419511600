package native

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reload gives the process another configuration in a format that Caddy's admin endpoint
// takes: json or caddyfile.
func (p *process) reload(format, config string) {
	p.t.Helper()
	res, err := http.Post("http://"+p.admin+"/load", "text/"+format, strings.NewReader(config))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		p.t.Fatalf("%d %s in\n%s", res.StatusCode, body, config)
	}
}

// TestExitAfterReload ends a process under streams that have outlived their configuration,
// of which Caddy tells nobody.
func TestExitAfterReload(t *testing.T) {
	const site = "\txjp_gateway\n"
	none := func(p *process) { p.reload("json", `{"admin":{"listen":"`+p.admin+`"}}`) }
	for _, test := range []struct {
		name   string
		global string
		reload func(*process)
		// stay is how long the streams outlive their configuration before the exit, least
		// how long they may go on after its beginning.
		stay, least time.Duration
	}{
		{"the site is another's", "\tgrace_period 2s\n",
			func(p *process) { p.reload("caddyfile", p.caddyfile("\tgrace_period 2s\n", "\trespond ok\n")) }, 0, time.Second},
		{"the gateway is configured otherwise", "\tgrace_period 2s\n",
			func(p *process) {
				p.reload("caddyfile", p.caddyfile("\tgrace_period 2s\n"+demoApp, site+"\theader X-Reloaded 1\n"))
			}, 0, time.Second},
		{"their own grace period is over", "\tgrace_period 300ms\n",
			func(p *process) { p.reload("caddyfile", p.caddyfile("\tgrace_period 2s\n", "\trespond ok\n")) }, 600 * time.Millisecond, time.Second},
		{"and there is a delay", "\tgrace_period 300ms\n",
			func(p *process) {
				p.reload("caddyfile", p.caddyfile("\tshutdown_delay 1s\n\tgrace_period 1s\n", "\trespond ok\n"))
			}, 600 * time.Millisecond, 1500 * time.Millisecond},
		{"HTTP is gone", "\tgrace_period 2s\n", none, 0, time.Second},
		{"HTTP is gone, and there was no grace period", "", none, 0, 0},
		{"their grace period is over, and there is none any more", "\tgrace_period 300ms\n",
			func(p *process) { p.reload("caddyfile", p.caddyfile("", "\trespond ok\n")) }, 600 * time.Millisecond, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := spawn(t, test.global+demoApp, site)
			streams := map[string]*stream{chat: p.open(chat, "demo: long 1000 pace 20ms"), messages: p.open(messages, "demo: long 1000 pace 20ms")}
			test.reload(p)
			time.Sleep(test.stay)
			began := time.Now()
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]string{
				chat:     `{"error":{"message":"the gateway is shutting down; try again"`,
				messages: "event: error\ndata: " + `{"type":"error","error":{"type":"overloaded_error","message":"the gateway is shutting down; try again"`,
			} {
				text, err := streams[path].rest()
				end := text[max(0, len(text)-400):]
				if err != nil || !strings.Contains(end, want) || strings.Contains(end, "message_stop") {
					t.Errorf("%s: %v: …%s", path, err, end)
				}
				if took := time.Since(began); took < test.least {
					t.Errorf("%s has ended after %v", path, took)
				}
			}
			if err := p.cmd.Wait(); err != nil {
				t.Errorf("the process ended with %v\n%s", err, p.errs)
			}
			if took := time.Since(began); took > 12*time.Second {
				t.Errorf("the process took %v to end", took)
			}
		})
	}
	t.Run("without a grace period Caddy waits for them", func(t *testing.T) {
		t.Parallel()
		p := spawn(t, demoApp, site)
		streams := map[string]*stream{chat: p.open(chat, "demo: long 100 pace 20ms"), messages: p.open(messages, "demo: long 100 pace 20ms")}
		p.reload("caddyfile", p.caddyfile("", "\trespond ok\n"))
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for path, st := range streams {
			if text, err := st.rest(); err != nil || whole(path, text) != "" {
				t.Errorf("%s: %v, lacks %s", path, err, whole(path, text))
			}
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("the process ended with %v\n%s", err, p.errs)
		}
	})
}
