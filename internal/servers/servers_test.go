package servers

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// A child of this very binary shows what is left of servers when tests end.
	if mode := os.Getenv("SERVERS_CHILD"); mode != "" {
		child(mode)
		return
	}
	goleak.VerifyTestMain(m)
}

// child starts both servers, tells their folders and ends without a word to them.
func child(mode string) {
	p, err := newPostgreSQL()
	if err != nil {
		panic(err)
	}
	r, err := newRedis()
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(p.dir + " " + p.Addr + " " + r.dir + " " + r.Addr + "\n")
	if mode == "killed" {
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		time.Sleep(time.Minute)
	}
}

// TestEndWithBinary shows that servers and their folders go when a test binary ends, also
// by a kill.
func TestEndWithBinary(t *testing.T) {
	Redis(t)
	PostgreSQL(t)
	for _, mode := range []string{"returns", "killed"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "SERVERS_CHILD="+mode)
			out, err := cmd.Output()
			words := strings.Fields(string(out))
			if len(words) != 4 {
				t.Fatalf("the child said %q: %v", out, err)
			}
			for _, dir := range []string{words[0], words[2]} {
				gone := func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) }
				for begin := time.Now(); !gone(); time.Sleep(20 * time.Millisecond) {
					if time.Since(begin) > patience {
						t.Fatalf("%s is still there", dir)
					}
				}
			}
			if ping(words[3]) == nil {
				t.Error("Redis still answers")
			}
			if conn, err := pgx.Connect(t.Context(), "postgres://xjp:"+Password+"@"+words[1]+"/postgres"); err == nil {
				conn.Close(t.Context())
				t.Error("PostgreSQL still answers")
			}
		})
	}
}

// TestFreshDatabases shows that each test has a database of its own.
func TestFreshDatabases(t *testing.T) {
	for range 2 {
		conn, err := pgx.Connect(t.Context(), PostgreSQL(t))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(t.Context(), "CREATE TABLE mine (id int)"); err != nil {
			t.Error(err)
		}
	}
}

// TestStopAndStart shows that a server of one's own can be stopped, crashed and started,
// and keeps its data where it is one that keeps data.
func TestStopAndStart(t *testing.T) {
	t.Run("postgresql", func(t *testing.T) {
		s := StartPostgreSQL(t)
		ask := func(statement string) error {
			conn, err := pgx.Connect(t.Context(), s.DSN("postgres"))
			if err != nil {
				return err
			}
			defer conn.Close(t.Context())
			_, err = conn.Exec(t.Context(), statement)
			return err
		}
		if err := ask("CREATE TABLE kept (id int)"); err != nil {
			t.Fatal(err)
		}
		for _, end := range []func(testing.TB){s.Stop, s.Crash} {
			end(t)
			if ask("SELECT 1") == nil {
				t.Error("a stopped server answers")
			}
			s.Start(t)
			if err := ask("SELECT * FROM kept"); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("redis", func(t *testing.T) {
		s := StartRedis(t)
		for _, end := range []func(testing.TB){s.Stop, s.Crash} {
			end(t)
			if ping(s.Addr) == nil {
				t.Error("a stopped server answers")
			}
			s.Start(t)
		}
	})
}
