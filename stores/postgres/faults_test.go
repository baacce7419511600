package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func mustOpen(t *testing.T, s settings) stores.Store {
	t.Helper()
	store, err := open(t.Context(), s, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// connect is a connection beside the store.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	conn := connect(t, dsn)
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// checkError looks for words in an error, in which no password may stand.
func checkError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error is %v, without %q", err, word)
		}
	}
	if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), servers.Password) {
		t.Errorf("the error tells the password: %v", err)
	}
}

// TestUnreachable shows what is said of servers that cannot be used, without the password.
func TestUnreachable(t *testing.T) {
	dsn := servers.PostgreSQL(t)
	l, err := net.Listen("tcp", "127.0.0.1:0") // one that never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, c := range map[string]struct{ dsn, words string }{
		"wrong password": {strings.Replace(dsn, servers.Password, servers.Password+"x", 1), "check user and password"},
		"no user":        {strings.Replace(dsn, "xjp:", "nobody:", 1), "check user and password"},
		"no database":    {strings.Replace(dsn, "/test_", "/other_", 1), "create the database"},
		"nobody there":   {"postgres://xjp:" + servers.Password + "@127.0.0.1:1/xjp", "refused"},
		"no answer":      {"postgres://xjp:" + servers.Password + "@" + l.Addr().String() + "/xjp", "postgres: "},
		"no address":     {"postgres://xjp:" + servers.Password + "@[::1/xjp", "dsn: it is no address"},
		"no port":        {"host=a port=x password=" + servers.Password, "dsn: it is no address"},
		"no certificate": {"postgres://xjp:" + servers.Password + "@localhost/xjp?sslmode=verify-full&sslrootcert=/nowhere", "dsn: it is no address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := usual(c.dsn)
			if name == "no answer" {
				s.connectTimeout = 300 * time.Millisecond
			}
			_, err := open(t.Context(), s, time.UTC)
			checkError(t, err, c.words)
		})
	}
}

// TestPoolerRefuses shows what is said where a pooler does not take what is usual without
// one: this is how PgBouncer refuses a parameter.
func TestPoolerRefuses(t *testing.T) {
	err := engine{}.Explain(&pgconn.PgError{Severity: "FATAL", Code: "08P01", Message: "unsupported startup parameter: statement_timeout"})
	checkError(t, err, "exec_mode exec", "unsupported startup parameter")
}

// TestUnsuitable shows which databases are refused, and why.
func TestUnsuitable(t *testing.T) {
	dsn := servers.PostgreSQL(t)
	mustOpen(t, usual(dsn)).Close()
	execute(t, dsn, "INSERT INTO xjp_schema (version_id, is_applied) VALUES (9999, true)")
	_, err := open(t.Context(), usual(dsn), time.UTC)
	checkError(t, err, "9999", "later one")

	execute(t, dsn, "CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0")
	defer execute(t, dsn, "DROP DATABASE latin WITH (FORCE)")
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = open(t.Context(), usual(strings.Replace(dsn, "/"+config.Database, "/latin", 1)), time.UTC)
	checkError(t, err, "LATIN1", "UTF8")
}

// TestReadOnly shows that a database that takes no changes is no healthy store.
func TestReadOnly(t *testing.T) {
	dsn := servers.PostgreSQL(t)
	mustOpen(t, usual(dsn)).Close()
	s := mustOpen(t, usual(dsn+"&default_transaction_read_only=on"))
	checkError(t, s.Ping(t.Context()), "takes no changes")
	checkError(t, s.Insert(t.Context(), []ledger.Record{{ID: "a", Time: now}}), "read-only")
}

// TestNodesAtOnce shows that nodes can open a new database at the same time.
func TestNodesAtOnce(t *testing.T) {
	dsn := servers.PostgreSQL(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			s, err := open(t.Context(), usual(dsn), time.UTC)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if err := s.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	tenants, err := mustOpen(t, usual(dsn)).Tenants(t.Context(), "", 10)
	if err != nil || len(tenants) != 1 {
		t.Errorf("the tenants are %+v: %v", tenants, err)
	}
}

// TestStatementTimeout shows that a statement that waits for too long ends, and that the
// store goes on. Behind a pooler only this side minds the time.
func TestStatementTimeout(t *testing.T) {
	for _, mode := range []string{"", "exec"} {
		t.Run(mode, func(t *testing.T) {
			settings := usual(servers.PostgreSQL(t))
			settings.mode, settings.statementTimeout = mode, 300*time.Millisecond
			s := mustOpen(t, settings)
			conn := connect(t, settings.dsn)
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), "LOCK TABLE xjp_requests"); err != nil {
				t.Fatal(err)
			}
			record := []ledger.Record{{ID: "a", Time: now}}
			begin := time.Now()
			if err := s.Insert(t.Context(), record); err == nil {
				t.Error("a locked table was written to")
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error { return s.Insert(t.Context(), record) })
		})
	}
}

// eventually tries something until it succeeds: a machine may be too busy for a short
// timeout, and a server may be starting.
func eventually(t *testing.T, do func() error) {
	t.Helper()
	var err error
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if err = do(); err == nil {
			return
		}
		checkError(t, err)
	}
	t.Fatal(err)
}

// TestServerGoes shows that calls fail while the server is away, that none is lost that
// succeeded, and that the store recovers by itself, whether the server stopped in order or
// crashed.
func TestServerGoes(t *testing.T) {
	server := servers.StartPostgreSQL(t)
	s := mustOpen(t, usual(server.DSN("postgres")))
	stored := 0
	insert := func() error {
		err := s.Insert(t.Context(), []ledger.Record{{ID: fmt.Sprint("r", stored), Time: now}})
		if err == nil {
			stored++
		}
		return err
	}
	for _, end := range []func(testing.TB){server.Stop, server.Crash} {
		if err := insert(); err != nil {
			t.Fatal(err)
		}
		end(t)
		err := insert()
		if err == nil {
			t.Error("a record was stored while the server was away")
		}
		checkError(t, err)
		checkError(t, s.Ping(t.Context()), "refused")
		if _, err := s.Key(t.Context(), "", "a"); err == nil || errors.Is(err, keys.ErrNotFound) {
			t.Errorf("while the server is away a key is: %v", err)
		}
		server.Start(t)
		eventually(t, insert)
	}
	sums, err := s.Usage(t.Context(), ledger.Query{})
	if err != nil || len(sums) != 1 || sums[0].Requests != int64(stored) {
		t.Errorf("%d records were stored, the sums are %+v: %v", stored, sums, err)
	}
}

// TestForgottenChanges shows that a node that has not asked for long is told so.
func TestForgottenChanges(t *testing.T) {
	dsn := servers.PostgreSQL(t)
	s := mustOpen(t, usual(dsn))
	execute(t, dsn, "UPDATE xjp_last_change SET number = 20000", "INSERT INTO xjp_changes (number, tenant, key) VALUES (1, '', 'old'), (10002, '', 'known')")
	if err := s.CreateTenant(t.Context(), &keys.Tenant{ID: "acme"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Changes(t.Context(), 10_000); !errors.Is(err, keys.ErrGap) {
		t.Errorf("what is forgotten is told of: %v", err)
	}
	changes, end, err := s.Changes(t.Context(), 10_001)
	if err != nil || fmt.Sprint(changes) != "[{ known} {acme }]" || end != 20_001 {
		t.Errorf("the changes are %v up to %d: %v", changes, end, err)
	}
}
