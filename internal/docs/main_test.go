package docs

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "modernc.org/sqlite" // is what sqlite3 is made of here
)

// TestMain lets the binary of the tests be programs that pages tell people to run, by the
// name that it is called.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "caddy":
		caddycmd.Main()
	case "sqlite3":
		if err := sqlite3(os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// sqlite3 does with a database what SQLite's own program does with a statement.
func sqlite3(file, statement string) error {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		fmt.Println(text)
	}
	return rows.Err()
}

// programs makes a folder with the programs of TestMain, puts it in the PATH, and returns it.
func programs(t *testing.T) string {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"caddy", "sqlite3"} {
		if err := os.Symlink(own, filepath.Join(dir, name)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return dir
}

// shell runs commands in a folder, each of which must succeed, and returns what they print.
func shell(t *testing.T, dir, commands string) string {
	t.Helper()
	cmd := exec.Command("sh", "-euc", commands)
	cmd.Dir = dir
	var failed []byte
	printed, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		failed = exit.Stderr
	}
	if err != nil {
		t.Fatalf("%v in\n%s\n%s%s", err, commands, printed, failed)
	}
	return string(printed)
}
