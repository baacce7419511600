package servers

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"
)

var sharedRedis = sync.OnceValues(newRedis)

// Redis gives the address of a Redis or Valkey server that all tests of the binary share,
// so that each should keep to keys of its own.
func Redis(t testing.TB) (addr string) {
	t.Helper()
	s, err := sharedRedis()
	if err != nil {
		unavailable(t, errors.Is(err, exec.ErrNotFound), err)
	}
	return s.Addr
}

// StartRedis starts a server for one test, which may stop, start and flush it. It keeps
// nothing over a stop.
func StartRedis(t testing.TB) *Server {
	t.Helper()
	s, err := newRedis()
	if err != nil {
		unavailable(t, errors.Is(err, exec.ErrNotFound), err)
	}
	t.Cleanup(s.remove)
	return s
}

func newRedis() (*Server, error) {
	redis, err := find("redis-server", "valkey-server")
	if err != nil {
		return nil, err
	}
	s, err := newServer("redis")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(s.Addr)
	s.command = asServant(redis, "--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no")
	s.stop, s.crash = "TERM", "KILL"
	s.ready = func() error { return ping(s.Addr) }
	if err := s.start(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// ping asks a Redis server whether it is there.
func ping(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if line != "+PONG\r\n" {
		return fmt.Errorf("a ping was answered with %q", line)
	}
	return nil
}
