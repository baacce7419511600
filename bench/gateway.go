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
	"regexp"
	"strconv"
	"strings"
	"time"
)

// benchKey is the client's key.
const benchKey = "XJP_bench_key"

// build compiles the binary that is measured.
func build(dir string) (binary string, err error) {
	binary = filepath.Join(dir, "caddy")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/rickyjim626/xjp-gateway/cmd/caddy")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return binary, cmd.Run()
}

// gateway is a running Caddy process with a site of the gateway and one of reverse_proxy.
type gateway struct {
	cmd                *exec.Cmd
	admin, site, proxy string // addresses
	log                bytes.Buffer
}

// caddyfile has both sites as they are by default, the gateway with a key.
const caddyfile = `{
	admin %[1]s
	persist_config off
	auto_https off
	log {
		level WARN
	}
	xjp {
		provider chat openai {
			base_url %[4]s
			api_key bench
		}
		provider messages anthropic {
			base_url %[4]s
			api_key bench
		}
		provider gemini {
			base_url %[4]s
			api_key bench
		}
		model bench-chat {
			route chat gpt-4.1
		}
		model bench-messages {
			route messages claude-sonnet-4-5
		}
		model bench-gemini {
			route gemini gemini-2.5-pro
		}
		key %[5]s
		log_filter ok
	}
}
http://%[2]s {
	bind 127.0.0.1
	xjp_gateway
}
http://%[3]s {
	bind 127.0.0.1
	reverse_proxy %[4]s
}
`

// startGateway runs the binary and waits until it answers.
func startGateway(binary, dir string, upstream int) (*gateway, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	g := &gateway{admin: ports[0], site: ports[1], proxy: ports[2]}
	config := filepath.Join(dir, "Caddyfile")
	text := fmt.Sprintf(caddyfile, g.admin, g.site, g.proxy, fmt.Sprintf("http://127.0.0.1:%d", upstream), benchKey)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	g.cmd = exec.Command(binary, "run", "--config", config, "--adapter", "caddyfile")
	g.cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	g.cmd.Stdout, g.cmd.Stderr = &g.log, &g.log
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	if err := g.wait(); err != nil {
		g.stop()
		return nil, fmt.Errorf("%w; it said:\n%s", err, g.log.String())
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

func (g *gateway) wait() error {
	for range 200 {
		if res, err := http.Get("http://" + g.site + "/healthz"); err == nil {
			res.Body.Close()
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("caddy does not answer")
}

// stop ends the process.
func (g *gateway) stop() {
	g.cmd.Process.Kill()
	g.cmd.Wait()
}

// address is where a subject's clients connect to.
func (g *gateway) address(s subject) string {
	if s.proxy {
		return g.proxy
	}
	return g.site
}

func (g *gateway) cpu() (time.Duration, error) { return processCPU(g.cmd.Process.Pid) }

// footprint is the memory of the process.
type footprint struct {
	// resident is what the system gives it, inUse what is left of its heap and stacks
	// after a collection of garbage.
	resident, inUse int64
}

func (f footprint) minus(g footprint) footprint {
	return footprint{f.resident - g.resident, f.inUse - g.inUse}
}

// memory measures the process: first what it holds as it is, then what it needs.
func (g *gateway) memory() (f footprint, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.cmd.Process.Pid))
	if err != nil {
		return f, err
	}
	if f.resident, err = number(status, `VmRSS:\s+(\d+) kB`); err != nil {
		return f, err
	}
	f.resident *= 1 << 10
	var stats bytes.Buffer
	if err := g.profile(&stats, "heap?gc=1&debug=1"); err != nil {
		return f, err
	}
	heap, err := number(stats.Bytes(), `# HeapAlloc = (\d+)`)
	if err != nil {
		return f, err
	}
	stack, err := number(stats.Bytes(), `# Stack = (\d+)`)
	f.inUse = heap + stack
	return f, err
}

// number finds the one number in a text.
func number(text []byte, pattern string) (int64, error) {
	found := regexp.MustCompile(pattern).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("there is no %s", pattern)
	}
	return strconv.ParseInt(string(found[1]), 10, 64)
}

// profile fetches a profile from Caddy's admin endpoint.
func (g *gateway) profile(to io.Writer, name string) error {
	res, err := http.Get("http://" + g.admin + "/debug/pprof/" + name)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("profile %s: %s", strings.SplitN(name, "?", 2)[0], res.Status)
	}
	_, err = io.Copy(to, res.Body)
	return err
}
