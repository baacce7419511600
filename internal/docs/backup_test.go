package docs

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
)

// commands lists the blocks of commands in a section of a page.
func (p *page) commands(section string) (list []string) {
	begin, end := 0, 0
	for _, l := range p.lines {
		switch {
		case l.block != "" || !strings.HasPrefix(l.text, "## "):
		case begin > 0 && end == 0:
			end = l.number
		case l.text == "## "+section:
			begin = l.number
		}
	}
	for _, b := range p.blocks("sh") {
		if begin > 0 && b.line > begin && (end == 0 || b.line < end) {
			list = append(list, b.text)
		}
	}
	return list
}

// backedUp is a Caddyfile for the drills of docs/backup.md.
const backedUp = `{
	admin localhost:2019
	persist_config off
	xjp {
		STORE
		provider demo
		model demo {
			route demo demo
		}
		log_filter ok
	}
}

:8080 {
	xjp_gateway
}
`

// TestBackupSQLite goes through what docs/backup.md says of SQLite, with its own commands.
func TestBackupSQLite(t *testing.T) {
	programs, data, work := programs(t), t.TempDir(), t.TempDir()
	t.Setenv("XDG_DATA_HOME", data)
	commands := read(t, "docs/backup.md").commands("SQLite")
	if len(commands) != 4 {
		t.Fatalf("the page has %d blocks of commands", len(commands))
	}
	caddyfile := strings.Replace(backedUp, "STORE", "store sqlite", 1)
	n := run(t, programs, data, caddyfile, "admin localhost:2019", ":8080 {")
	kept := n.xjp(t, "keys create --tenant acme --quiet")
	backUp(t, work, commands[0])
	for range 3 {
		if got := n.ask(t, kept); got != http.StatusOK {
			t.Fatalf("the key is told %d", got)
		}
	}
	backUp(t, work, commands[0])
	later := n.xjp(t, "keys create --tenant acme --quiet")
	n.ask(t, later)
	if got := shell(t, work, commands[1]); got != "ok\n" {
		t.Errorf("the backup is said to be %q", got)
	}
	n.Kill()
	goBack(t, work, commands[2])
	checkMode(t, filepath.Join(data, "caddy", "xjp"), 0o700)
	checkMode(t, filepath.Join(data, "caddy", "xjp", "xjp.db"), 0o600)

	n = run(t, programs, data, caddyfile, "admin localhost:2019", ":8080 {")
	eventually(t, "the requests before the backup", func() bool { return requestsOf(t, n, "acme") == 3 })
	looked := shell(t, work, regexp.MustCompile(`caddy xjp [\w ]*`).ReplaceAllString(commands[3], "${0} --address "+n.Admin+" "))
	if id := kept[4:16]; !strings.Contains(looked, id) || !regexp.MustCompile(`\n3 .*\n3\n$`).MatchString(looked) {
		t.Errorf("what is looked at has not the key %s, or not 3 requests twice:\n%s", id, looked)
	}
	n.checkKeys(t, kept, later)

	n.Kill() // on a machine that has no gateway yet
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	goBack(t, work, commands[2])
}

// backUp backs up once more, as a user whose files others may read.
func backUp(t *testing.T, work, commands string) {
	t.Helper()
	shell(t, work, "umask 022\n"+commands)
	found, _ := filepath.Glob(filepath.Join(work, "backup-*"))
	if len(found) == 0 {
		t.Error("there is no folder of a backup")
	}
	for _, folder := range found {
		checkMode(t, folder, 0o700)
	}
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // the next has another date
}

// goBack goes back to the latest backup, as a user whose files others may read.
func goBack(t *testing.T, work, commands string) {
	t.Helper()
	shell(t, work, "umask 022\n"+commands)
}

// checkMode checks who may read a file or enter a folder.
func checkMode(t *testing.T, name string, want os.FileMode) {
	t.Helper()
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
		t.Errorf("%s has not the mode %o: %v, %v", name, want, info, err)
	}
}

// checkKeys checks that a key is there and another one is not.
func (n *node) checkKeys(t *testing.T, kept, later string) {
	t.Helper()
	if got := n.ask(t, kept); got != http.StatusOK {
		t.Errorf("a key of the backup is told %d", got)
	}
	if got := n.ask(t, later); got != http.StatusUnauthorized {
		t.Errorf("a key that was made after the backup is told %d", got)
	}
}

// TestBackupPostgreSQL goes through what docs/backup.md says of PostgreSQL, with its own
// commands.
func TestBackupPostgreSQL(t *testing.T) {
	programs, data, work := programs(t), t.TempDir(), t.TempDir()
	t.Setenv("DATABASE_URL", servers.PostgreSQL(t))
	withDump(t)
	commands := read(t, "docs/backup.md").commands("PostgreSQL")
	if len(commands) != 2 {
		t.Fatalf("the page has %d blocks of commands", len(commands))
	}
	caddyfile := strings.Replace(backedUp, "STORE", "store postgres {env.DATABASE_URL}", 1)
	n := run(t, programs, data, caddyfile, "admin localhost:2019", ":8080 {")
	kept := n.xjp(t, "keys create --tenant acme --quiet")
	backUp(t, work, commands[0])
	n.ask(t, kept)
	eventually(t, "the request to be stored", func() bool { return requestsOf(t, n, "acme") == 1 })
	backUp(t, work, commands[0])
	later := n.xjp(t, "keys create --tenant acme --quiet")
	n.Kill()
	goBack(t, work, commands[1])

	n = run(t, programs, data, caddyfile, "admin localhost:2019", ":8080 {")
	if got := requestsOf(t, n, "acme"); got != 1 {
		t.Errorf("there are %d requests", got)
	}
	n.checkKeys(t, kept, later)
}

// withDump puts PostgreSQL's programs in the PATH, which Debian keeps off it.
func withDump(t *testing.T) {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	t.Setenv("PATH", strings.Join(append(found, os.Getenv("PATH")), string(os.PathListSeparator)))
	if _, err := exec.LookPath("pg_dump"); err != nil {
		t.Skip("pg_dump is not installed")
	}
}
