package relational

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrate brings the schema of a database up to date by the migrations of an engine. Within
// a major version migrations only add, so that nodes of an earlier version can go on. It
// refuses a schema that a later version has made.
func Migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, migrations fs.FS) error {
	p, err := goose.NewProvider(dialect, db, migrations,
		goose.WithTableName("xjp_schema"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("its schema has the version %d, and this gateway knows it up to %d: run the version of the gateway that has upgraded it, or a later one", have, want)
	}
	if have == want {
		return nil
	}
	_, err = p.Up(ctx)
	return err
}
