// Package servers starts private PostgreSQL and Redis servers for tests, from the
// machine's own binaries, in a folder of their own and on a free loopback port. A server
// ends with the test binary, however that ends. Where a binary is absent the test is
// skipped, or fails if XJP_NEED_SERVERS is set to 1, as it is in the gate.
package servers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/ports"
)

// patience is how long a server may take to start; the machine may be busy.
const patience = 60 * time.Second

// supervisor runs a server until its standard input says by which signal to stop it, or
// ends because the test binary has ended: then the server's folder goes as well.
const supervisor = `trap '' INT TERM HUP
dir=$1; crash=$2; shift 2
"$@" >>"$dir/log" 2>&1 &
if read -r signal; then kill "-$signal" $!; wait $!; else kill "-$crash" $!; wait $!; rm -rf "$dir"; fi`

// Server is a private server. Its methods fail the test that they are given.
type Server struct {
	// Addr is the host and port it listens on, the same after each Start.
	Addr string

	dir     string
	bus     string // the port of a Cluster's nodes among themselves
	command []string
	stop    string // the signal for an orderly end
	crash   string // the signal for an end at once
	ready   func() error

	supervisor *exec.Cmd
	lifeline   *os.File
}

// port is that of Addr.
func (s *Server) port() string {
	_, port, _ := net.SplitHostPort(s.Addr)
	return port
}

// begun starts a new server, or removes it.
func (s *Server) begun() (*Server, error) {
	if err := s.start(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// write makes a file of the servant's own in the server's folder.
func (s *Server) write(name string, content []byte) error {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	return own(path)
}

// Start starts the server and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the server in order, and waits until it is gone. Its data stay.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.end(t, s.stop)
}

// Crash ends the server at once, as if it had failed. Its data stay as they are.
func (s *Server) Crash(t testing.TB) {
	t.Helper()
	s.end(t, s.crash)
}

func (s *Server) start() error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	s.supervisor = exec.Command("sh", slices.Concat([]string{"-c", supervisor, "supervisor", s.dir, s.crash}, s.command)...)
	s.supervisor.Dir, s.supervisor.Stdin = s.dir, read
	if err := s.supervisor.Start(); err != nil {
		write.Close()
		return err
	}
	s.lifeline = write
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := s.ready()
		if err == nil {
			return nil
		}
		if time.Since(begin) > patience {
			return fmt.Errorf("%s does not answer: %w\n%s", s.command, err, s.log())
		}
	}
}

func (s *Server) end(t testing.TB, signal string) {
	t.Helper()
	if err := s.halt(signal); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) halt(signal string) error {
	if s.lifeline == nil {
		return nil
	}
	if _, err := s.lifeline.WriteString(signal + "\n"); err != nil {
		return fmt.Errorf("stopping a server: %w\n%s", err, s.log())
	}
	s.lifeline.Close()
	s.lifeline = nil
	s.supervisor.Wait() // its status is that of a process ended by a signal
	return nil
}

// remove ends the server and deletes its folder.
func (s *Server) remove() {
	if s.lifeline != nil {
		s.lifeline.Close()
		s.lifeline = nil
		s.supervisor.Wait()
	}
	os.RemoveAll(s.dir)
}

func (s *Server) log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text[max(0, len(text)-4096):])
}

// newServer makes the folder and finds the port of a server of some kind.
func newServer(kind string) (*Server, error) {
	dir, err := os.MkdirTemp("", "xjp-"+kind)
	if err != nil {
		return nil, err
	}
	if err := own(dir); err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return &Server{Addr: addr, dir: dir}, nil
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr() (string, error) {
	l, err := ports.Hold()
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// own gives a file or a folder to the servant.
func own(path string) error {
	account := servant()
	if account == nil {
		return nil
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	return os.Chown(path, uid, gid)
}

// servant is the account that servers run as: PostgreSQL refuses to run as root. It is
// nil where the tests themselves run as somebody else.
func servant() *user.User {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if account, err := user.Lookup(name); err == nil {
			return account
		}
	}
	return nil
}

// asServant is a command to be run by the servant.
func asServant(command ...string) []string {
	account := servant()
	if account == nil {
		return command
	}
	return slices.Concat([]string{"setpriv", "--reuid=" + account.Uid, "--regid=" + account.Gid, "--clear-groups", "--"}, command)
}

// find gives the path of the first of some binaries that is there.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		// Debian keeps each version's binaries in a folder of its own.
		if paths, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(paths) > 0 {
			return paths[len(paths)-1], nil
		}
	}
	return "", fmt.Errorf("%w: %s", exec.ErrNotFound, strings.Join(names, " or "))
}

// available makes a server of any kind. It skips a test whose server has no binary here, and
// fails it where servers are needed or the server could not be started.
func available[S any](t testing.TB, start func() (S, error)) S {
	t.Helper()
	s, err := start()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("XJP_NEED_SERVERS") != "1" {
		t.Skipf("no server here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
