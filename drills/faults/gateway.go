package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// clientKey is the clients' key, upstreamKey the providers', which no client may see.
const (
	clientKey   = "XJP_faults_key"
	upstreamKey = "secret-key-of-the-provider"
)

// build compiles the binary that is tried.
func build(dir string) (binary string, err error) {
	binary = filepath.Join(dir, "caddy")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/rickyjim626/xjp-gateway/cmd/caddy")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return binary, cmd.Run()
}

// gateway is a running Caddy process.
type gateway struct {
	cmd         *exec.Cmd
	admin, site string // addresses
	access      accessLog
	exited      chan struct{}

	mu  sync.Mutex
	log bytes.Buffer // what it said beside the access log
}

// Write keeps what the process says on its standard error.
func (g *gateway) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log.Write(p)
}

func (g *gateway) said() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log.String()
}

// caddyfile is the configuration around the options of the app: the access log goes to
// standard output, all else to standard error.
func (g *gateway) caddyfile(options string) string {
	return fmt.Sprintf(`{
	admin %s
	persist_config off
	auto_https off
	grace_period 4s
	log {
		output stderr
		level WARN
	}
	xjp {
%s
		key %s
		log_filter ok
	}
}
http://%s {
	bind 127.0.0.1
	log {
		output stdout
	}
	xjp_gateway
}
`, g.admin, options, clientKey, g.site)
}

// startGateway runs the binary and waits until it answers.
func startGateway(binary, dir, options string) (*gateway, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	g := &gateway{admin: ports[0], site: ports[1], exited: make(chan struct{})}
	g.access.lines = map[string][]accessRecord{}
	config := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(config, []byte(g.caddyfile(options)), 0o600); err != nil {
		return nil, err
	}
	g.cmd = exec.Command(binary, "run", "--config", config, "--adapter", "caddyfile")
	g.cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	g.cmd.Stderr = g
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		g.access.follow(out)
		g.cmd.Wait()
		close(g.exited)
	}()
	if err := g.wait(); err != nil {
		g.stop()
		return nil, fmt.Errorf("%w; it said:\n%s", err, g.said())
	}
	return g, nil
}

// freePorts finds addresses on loopback that nobody listens on.
func freePorts(n int) ([]string, error) {
	var list []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		list = append(list, l.Addr().String())
	}
	return list, nil
}

// web asks the gateway for what is not counted: each time on a new connection, so that
// nothing stays open.
var web = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

func (g *gateway) wait() error {
	for range 400 {
		if res, err := web.Get("http://" + g.site + "/healthz"); err == nil {
			res.Body.Close()
			return nil
		}
		select {
		case <-g.exited:
			return errors.New("caddy exited")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("caddy does not answer")
}

// stop ends the process at once.
func (g *gateway) stop() {
	g.cmd.Process.Kill()
	<-g.exited
}

// waitFor reports whether something becomes true in time.
func waitFor(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// load gives the process another configuration, even an equal one.
func (g *gateway) load(caddyfile string) error {
	res, err := g.ask(http.MethodPost, "/load", caddyfile)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return fmt.Errorf("load: %s: %s", res.Status, body)
	}
	return nil
}

// ask calls the admin endpoint. A load changes the endpoint's own listener too, on which a
// new connection may be lost, so that a call without an answer is made again.
func (g *gateway) ask(method, path, body string) (res *http.Response, err error) {
	for range 3 {
		var r *http.Request
		if r, err = http.NewRequest(method, "http://"+g.admin+path, strings.NewReader(body)); err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "text/caddyfile")
		r.Header.Set("Cache-Control", "must-revalidate")
		if res, err = web.Do(r); err == nil {
			return res, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, err
}
