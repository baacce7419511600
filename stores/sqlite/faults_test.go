package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores"
	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func mustOpen(t *testing.T, path string, pragmas ...string) stores.Store {
	t.Helper()
	s, err := open(t.Context(), path, time.UTC, pragmas...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// execute runs statements on the file beside the store.
func execute(t *testing.T, path string, statements ...string) {
	t.Helper()
	db := connect(path, nil, "immediate")
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

func checkError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error is %v, without %q", err, word)
		}
	}
}

// TestRights shows that nobody else can read the folder or a file in it.
func TestRights(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("rights are not those of Unix here")
	}
	dir := filepath.Join(t.TempDir(), "a", "x?y#z %20 'ü'")
	s := mustOpen(t, filepath.Join(dir, "xjp.db"))
	if err := s.Insert(t.Context(), []ledger.Record{{ID: "a", Time: now}}); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the rights %s", path, info.Mode())
		}
		if !e.IsDir() {
			files++
		}
		return nil
	})
	if err != nil || files != 3 { // the file, its log and the log's index
		t.Errorf("%d files are there: %v", files, err)
	}
}

// TestFullDisk shows that a full disk is said, that nothing is written in part and that
// what there is can be read and goes on when there is room.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xjp.db")
	mustOpen(t, path).Close()
	s := mustOpen(t, path, "max_page_count(60)")
	var err error
	stored := 0
	for ; err == nil && stored < 100_000; stored += 10 {
		batch := make([]ledger.Record, 10)
		for i := range batch {
			batch[i] = ledger.Record{ID: fmt.Sprint("r", stored+i), Time: now, Losses: strings.Repeat("x", 500)}
		}
		err = s.Insert(t.Context(), batch)
	}
	stored -= 10
	checkError(t, err, path, "the disk is full")
	sums, err := s.Usage(t.Context(), ledger.Query{})
	if err != nil || len(sums) != 1 || sums[0].Requests != int64(stored) {
		t.Errorf("%d records were stored, the sums are %+v: %v", stored, sums, err)
	}
	s.Close()
	if err := mustOpen(t, path).Insert(t.Context(), []ledger.Record{{ID: "later", Time: now}}); err != nil {
		t.Error(err)
	}
}

// TestDamagedFiles shows what is said of files that are no database or are damaged.
func TestDamagedFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := open(t.Context(), text, time.UTC)
	checkError(t, err, text, "damaged or no database")

	damaged := filepath.Join(dir, "damaged.db")
	s := mustOpen(t, damaged)
	for i := range 100 {
		if err := s.Insert(t.Context(), []ledger.Record{{ID: fmt.Sprint("r", i), Time: now, Losses: strings.Repeat("x", 4000)}}); err != nil {
			t.Fatal(err)
		}
	}
	s.Close() // and all is in the file
	b, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(b); i++ {
		b[i] = byte(i * 7)
	}
	if err := os.WriteFile(damaged, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := open(t.Context(), damaged, time.UTC); err != nil {
		checkError(t, err, damaged, "damaged or no database")
	} else {
		defer s.Close()
		_, _, err = s.Records(t.Context(), ledger.Filter{})
		checkError(t, err, damaged, "damaged or no database")
	}

	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = open(t.Context(), folder, time.UTC)
	checkError(t, err, "sqlite: making the file")
	_, err = open(t.Context(), filepath.Join(text, "x.db"), time.UTC)
	checkError(t, err, "sqlite: making the folder")
}

// TestRowsOfBefore shows that a file goes on in which each request had a row of its own.
func TestRowsOfBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xjp.db")
	mustOpen(t, path).Close()
	execute(t, path, "DROP TABLE xjp_blocks", "DROP TABLE xjp_ids", "DROP TABLE xjp_owners", "DELETE FROM xjp_schema WHERE version_id >= 5",
		"CREATE TABLE xjp_requests (id TEXT NOT NULL PRIMARY KEY)", "INSERT INTO xjp_requests (id) VALUES ('before')")
	s := mustOpen(t, path)
	if err := s.Insert(t.Context(), []ledger.Record{{ID: "a", Time: now}}); err != nil {
		t.Fatal(err)
	}
	if page, _, err := s.Records(t.Context(), ledger.Filter{}); err != nil || len(page) != 1 {
		t.Errorf("there are %+v: %v", page, err)
	}
}

// TestNewerSchema shows that a schema of a later version is not touched.
func TestNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xjp.db")
	mustOpen(t, path).Close()
	execute(t, path, "INSERT INTO xjp_schema (version_id, is_applied) VALUES (9999, 1)")
	_, err := open(t.Context(), path, time.UTC)
	checkError(t, err, path, "9999", "later one")
}

// TestForgottenChanges shows that a node that has not asked for long is told so.
func TestForgottenChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xjp.db")
	s := mustOpen(t, path)
	execute(t, path, "UPDATE xjp_last_change SET number = 20000", "INSERT INTO xjp_changes (number, tenant, key) VALUES (1, '', 'old'), (10002, '', 'known')")
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
	db := connect(path, nil, "deferred")
	defer db.Close()
	var first int
	if err := db.QueryRow("SELECT MIN(number) FROM xjp_changes").Scan(&first); err != nil || first != 10_002 {
		t.Errorf("the first change kept is %d: %v", first, err)
	}
}

// TestPlans shows that blocks are read by an index, in its order.
func TestPlans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xjp.db")
	mustOpen(t, path)
	db := connect(path, nil, "deferred")
	defer db.Close()
	place := relational.Place{Time: now, ID: "x"}
	for _, c := range []struct {
		selection relational.Selection
		index     string
	}{
		{relational.Selection{}, "SCAN b USING INDEX xjp_blocks_last"},
		{relational.Selection{Before: place}, "SEARCH b USING INDEX xjp_blocks_last (last<?)"},
		{relational.Selection{Filter: ledger.Filter{Since: now, Until: now}, Before: place}, "SEARCH b USING INDEX xjp_blocks_last (last>? AND last<?)"},
		{relational.Selection{Filter: ledger.Filter{Tenant: "a"}}, "SEARCH o USING PRIMARY KEY (owner=?); SEARCH b USING INTEGER PRIMARY KEY (rowid=?)"},
		{relational.Selection{Filter: ledger.Filter{Tenant: "a", Key: "k", Since: now, Until: now}}, "SEARCH o USING PRIMARY KEY (owner=? AND last>? AND last<?); SEARCH b USING INTEGER PRIMARY KEY (rowid=?)"},
	} {
		statement, args := blocksOf(&c.selection)
		if plan := explain(t, db, statement, args...); plan != c.index {
			t.Errorf("%s: %s", statement, plan)
		}
	}
	for statement, index := range map[string]string{
		selectBlock + ofID:        "SEARCH b USING INTEGER PRIMARY KEY (rowid=?); SCALAR SUBQUERY 1; SEARCH xjp_ids USING PRIMARY KEY (id=?)",
		selectBlock + firstBefore: "SEARCH b USING INDEX xjp_blocks_first (first<?)",
	} {
		if plan := explain(t, db, statement, 1); plan != index {
			t.Errorf("%s: %s", statement, plan)
		}
	}
}

func explain(t *testing.T, db *sql.DB, statement string, args ...any) string {
	t.Helper()
	rows, err := db.Query("EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	return strings.Join(plan, "; ")
}

// TestProcesses shows that other processes can open a new file at the same time, and make
// keys while this one writes the ledger.
func TestProcesses(t *testing.T) {
	if path := os.Getenv("SQLITE_CHILD"); path != "" {
		if err := makeKeys(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		return
	}
	const processes = 3
	path := filepath.Join(t.TempDir(), "xjp.db")
	type end struct {
		out []byte
		err error
	}
	ends := make(chan end, processes)
	for range processes {
		go func() {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestProcesses$")
			cmd.Env = append(os.Environ(), "SQLITE_CHILD="+path)
			out, err := cmd.CombinedOutput()
			ends <- end{out, err}
		}()
	}
	s := mustOpen(t, path)
	inserted := 0
	for ended := 0; ended < processes; {
		if err := s.Insert(t.Context(), []ledger.Record{{ID: fmt.Sprint("r", inserted), Time: now}}); err != nil {
			t.Fatal(err)
		}
		inserted++
		time.Sleep(time.Millisecond) // SQLite lets nobody in whom the writer does not leave a moment
		select {
		case e := <-ends:
			ended++
			if e.err != nil {
				t.Errorf("a process failed: %v\n%s", e.err, e.out)
			}
		default:
		}
	}
	all, err := s.Keys(t.Context(), "", "", 1000)
	if err != nil || len(all) != processes*20 {
		t.Errorf("%d keys are there: %v", len(all), err)
	}
	sums, err := s.Usage(t.Context(), ledger.Query{})
	if err != nil || len(sums) != 1 || sums[0].Requests != int64(inserted) {
		t.Errorf("%d records were inserted, the sums are %+v: %v", inserted, sums, err)
	}
}

func makeKeys(ctx context.Context, path string) error {
	s, err := open(ctx, path, time.UTC)
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range 20 {
		r := &keys.Record{ID: fmt.Sprintf("k%d-%d", os.Getpid(), i), Tenant: keys.DefaultTenant, Created: now, Updated: now}
		copy(r.Hash[:], r.ID)
		if err := s.CreateKey(ctx, r, &keys.Audit{ID: r.ID, Time: now, Action: "key.create", Subject: r.ID}); err != nil {
			return err
		}
	}
	return nil
}
