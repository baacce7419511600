package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// patience is how long a transaction waits for those of other processes.
	patience = 10 * time.Second
	// readers is how many statements can read at once.
	readers = 4
)

// open opens a database, which is made if it is not there, and brings its schema up to
// date. pragmas are settings beside the usual ones.
func open(ctx context.Context, path string, location *time.Location, pragmas ...string) (*relational.Store, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	// A commit is on the disk when it returns, since the ledger's journal lets go of what
	// is stored. There is one connection for writing: SQLite has one writer at a time, and
	// a queue in this process is fairer than waiting for a lock.
	write := connect(path, append([]string{"journal_mode(wal)", "synchronous(full)", "journal_size_limit(67108864)", "wal_autocheckpoint(4000)", "cache_size(-16384)"}, pragmas...), "immediate")
	write.SetMaxOpenConns(1)
	write.SetMaxIdleConns(1)
	e := engine{path}
	if err := migrate(ctx, write); err != nil {
		write.Close()
		return nil, fmt.Errorf("opening %s: %w", path, e.Explain(err))
	}
	read := connect(path, []string{"query_only(1)"}, "deferred")
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return relational.New(relational.Options{Engine: e, Requests: blocks{e}, Write: write, Read: read, Location: location}), nil
}

// create makes the folder and the file, if they are not there, for nobody else to read.
// SQLite gives its other files the rights of this one.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("sqlite: making the folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("sqlite: making the file: %w", err)
	}
	return f.Close()
}

// connect is a pool of connections with settings. It opens nothing yet.
func connect(path string, pragmas []string, begin string) *sql.DB {
	query := url.Values{"_txlock": {begin}}
	for _, p := range append([]string{fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()), "foreign_keys(1)", "temp_store(memory)"}, pragmas...) {
		query.Add("_pragma", p)
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive of Windows
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		panic(err) // the driver is there, and has nothing to do with the address yet
	}
	return db
}

// migrate brings the schema up to date. Several processes may do so at once: each step is a
// transaction, and whoever comes second sees that it has been done when he tries again.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err = relational.Migrate(ctx, db, goose.DialectSQLite3, files)
		if err == nil || try == 3 || ctx.Err() != nil {
			return err
		}
	}
}
