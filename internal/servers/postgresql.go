package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Password is that of the superuser xjp of each PostgreSQL server of this package. It is
// unlike anything else, so that tests can look for it where no secret may be.
const Password = "canary-dsn-password-7Hq2"

var (
	sharedPostgreSQL = sync.OnceValues(newPostgreSQL)
	databases        atomic.Int64
)

// PostgreSQL gives the address of a new, empty database on a server that all tests of the
// binary share. The database is dropped when the test ends.
func PostgreSQL(t testing.TB) (dsn string) {
	t.Helper()
	s := available(t, sharedPostgreSQL)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	administer(t, s, "CREATE DATABASE "+name)
	t.Cleanup(func() { administer(t, s, "DROP DATABASE "+name+" WITH (FORCE)") })
	return s.DSN(name)
}

// StartPostgreSQL starts a server for one test, which may stop and start it. It has the
// empty database "postgres".
func StartPostgreSQL(t testing.TB) *Server {
	t.Helper()
	s := available(t, newPostgreSQL)
	t.Cleanup(s.remove)
	return s
}

// DSN is the address of a database of a PostgreSQL server.
func (s *Server) DSN(database string) string {
	return "postgres://xjp:" + Password + "@" + s.Addr + "/" + database + "?sslmode=disable"
}

func newPostgreSQL() (*Server, error) {
	postgres, err := find("postgres")
	if err != nil {
		return nil, err
	}
	initdb, err := find("initdb")
	if err != nil {
		return nil, err
	}
	s, err := newServer("postgresql")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(s.dir, "data")
	if err := initialise(initdb, s.dir, data); err != nil {
		s.remove()
		return nil, err
	}
	s.command = asServant(postgres, "-D", data, "-p", s.port(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB", "-c", "max_connections=100")
	// Connections are not waited for; a killed server would leave its children behind.
	s.stop, s.crash = "INT", "QUIT"
	s.ready = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, s.DSN("postgres"))
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	}
	return s.begun()
}

// initialise makes the data folder of a server.
func initialise(initdb, dir, data string) error {
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(Password), 0o644); err != nil {
		return err
	}
	command := asServant(initdb, "-D", data, "--no-sync", "--no-locale", "-E", "UTF8", "-U", "xjp", "-A", "scram-sha-256", "--pwfile", password)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// administer runs one statement as the superuser.
func administer(t testing.TB, s *Server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}
