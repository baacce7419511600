// Package process runs the built server as a process of its own, for what can only be seen
// from outside: drills and measurements.
package process

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/ports"
)

// Build compiles the server into a folder.
func Build(dir string) (binary string, err error) {
	binary = filepath.Join(dir, "caddy")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/rickyjim626/xjp-gateway/cmd/caddy")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return binary, cmd.Run()
}

// FreePorts finds addresses on loopback that nobody listens on.
func FreePorts(n int) ([]string, error) {
	var list []string
	for range n {
		l, err := ports.Hold()
		if err != nil {
			return nil, err
		}
		defer l.Close()
		list = append(list, l.Addr().String())
	}
	return list, nil
}

// Server is a running server.
type Server struct {
	// Admin is the address of its admin endpoint.
	Admin  string
	cmd    *exec.Cmd
	exited chan struct{}
}

// Settings say how a server is started.
type Settings struct {
	// Binary is its program, Dir a folder for its files.
	Binary, Dir string
	// Caddyfile is its configuration, Admin and Site are the addresses in it of the admin
	// endpoint and of a gateway.
	Caddyfile, Admin, Site string
	// Output and Errors take what it writes.
	Output, Errors io.Writer
}

// Start runs a server and waits until it answers. It must be stopped by Kill.
func Start(s Settings) (*Server, error) {
	config := filepath.Join(s.Dir, "Caddyfile")
	if err := os.WriteFile(config, []byte(s.Caddyfile), 0o600); err != nil {
		return nil, err
	}
	p := &Server{Admin: s.Admin, exited: make(chan struct{})}
	p.cmd = exec.Command(s.Binary, "run", "--config", config, "--adapter", "caddyfile")
	p.cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+s.Dir, "XDG_CONFIG_HOME="+s.Dir)
	p.cmd.Stdout, p.cmd.Stderr = s.Output, s.Errors
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait()
		close(p.exited)
	}()
	if err := p.answers(s.Site); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// answers waits until a site answers.
func (p *Server) answers(site string) error {
	for range 400 {
		if res, err := web.Get("http://" + site + "/healthz"); err == nil {
			res.Body.Close()
			return nil
		}
		select {
		case <-p.exited:
			return errors.New("the server exited")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("the server does not answer")
}

// PID is the number of the process.
func (p *Server) PID() int { return p.cmd.Process.Pid }

// Signal sends the process a signal.
func (p *Server) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Kill ends the process at once.
func (p *Server) Kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

// Exited waits for the process to exit, and tells its exit status.
func (p *Server) Exited(within time.Duration) (status int, err error) {
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(within):
		return 0, fmt.Errorf("the process has not exited within %v", within)
	}
}

// web asks each time on a new connection, so that nothing of it stays open.
var web = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
