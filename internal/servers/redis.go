package servers

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	sharedRedis  = sync.OnceValues(newRedis)
	sharedValkey = sync.OnceValues(newValkey)
)

// Redis gives the address of a Redis or Valkey server that all tests of the binary share,
// so that each should keep to keys of its own.
func Redis(t testing.TB) (addr string) {
	t.Helper()
	return available(t, sharedRedis).Addr
}

// Valkey does the same with a server that is Valkey. Not each system has one to install, so
// that its absence skips a test even where servers are needed.
func Valkey(t testing.TB) (addr string) {
	t.Helper()
	if _, err := find("valkey-server"); err != nil {
		t.Skipf("no server here: %v", err)
	}
	return available(t, sharedValkey).Addr
}

// StartRedis starts a server for one test, which may stop, start and flush it. It keeps
// nothing over a stop.
func StartRedis(t testing.TB) *Server {
	t.Helper()
	s := available(t, newRedis)
	t.Cleanup(s.remove)
	return s
}

func newRedis() (*Server, error) {
	s, err := prepareRedis("redis-server", "valkey-server")
	if err != nil {
		return nil, err
	}
	return s.begun()
}

func newValkey() (*Server, error) {
	s, err := prepareRedis("valkey-server")
	if err != nil {
		return nil, err
	}
	return s.begun()
}

// prepareRedis makes a server of the first binary that is there. It is not started, so that
// options can be added.
func prepareRedis(binaries ...string) (*Server, error) {
	redis, err := find(binaries...)
	if err != nil {
		return nil, err
	}
	s, err := newServer("redis")
	if err != nil {
		return nil, err
	}
	s.command = asServant(redis, "--port", s.port(), "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no")
	s.stop, s.crash = "TERM", "KILL"
	s.ready = func() error { return ping(s.Addr) }
	return s, nil
}

// with adds options to the server's command.
func (s *Server) with(options ...string) { s.command = slices.Concat(s.command, options) }

// ping asks a Redis server whether it is there.
func ping(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	return pingBy(conn)
}

// pingBy does so by a connection, which it closes. A server that asks for a password is there.
func pingBy(conn net.Conn) error {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if line != "+PONG\r\n" && !strings.HasPrefix(line, "-NOAUTH") {
		return fmt.Errorf("a ping was answered with %q", line)
	}
	return nil
}
