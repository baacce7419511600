package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

// oldest is the first version of the server that is known to do.
const oldest = 15

// lock is the key of the advisory lock under which schemas are upgraded: "xjpgatew" in ASCII.
const lock = 0x786a706761746577

// settings are how to reach a server.
type settings struct {
	dsn              string
	maxConns         int
	connectTimeout   time.Duration
	statementTimeout time.Duration
	mode             string // of executing statements; empty leaves it to the dsn
}

// modes are the ways to execute statements, by the names that a dsn has for them.
var modes = map[string]pgx.QueryExecMode{
	"cache_statement": pgx.QueryExecModeCacheStatement,
	"cache_describe":  pgx.QueryExecModeCacheDescribe,
	"describe_exec":   pgx.QueryExecModeDescribeExec,
	"exec":            pgx.QueryExecModeExec,
	"simple_protocol": pgx.QueryExecModeSimpleProtocol,
}

// config is what the driver is told. Its error does not repeat the dsn, which may hold a
// password.
func (s *settings) config() (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(s.dsn)
	if err != nil {
		return nil, errors.New("postgres: dsn: it is no address such as postgres://user:password@host:5432/database, or names files that are not there")
	}
	if s.maxConns > 0 {
		c.MaxConns = int32(s.maxConns)
	}
	if s.mode != "" {
		c.ConnConfig.DefaultQueryExecMode = modes[s.mode]
	}
	c.ConnConfig.ConnectTimeout = s.connectTimeout
	parameters := c.ConnConfig.RuntimeParams
	if parameters["application_name"] == "" {
		parameters["application_name"] = "xjp-gateway"
	}
	return c, nil
}

// open reaches the server, brings the schema up to date and opens the store.
func open(ctx context.Context, s settings, location *time.Location) (*relational.Store, error) {
	c, err := s.config()
	if err != nil {
		return nil, err
	}
	if err := upgrade(ctx, c.Copy()); err != nil {
		return nil, engine{}.Explain(err)
	}
	if c.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		// The other modes are for poolers, which refuse parameters that they do not know;
		// there only this side minds the time.
		c.ConnConfig.RuntimeParams["statement_timeout"] = strconv.FormatInt(s.statementTimeout.Milliseconds(), 10)
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, engine{}.Explain(err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return relational.New(relational.Options{
		Engine: engine{}, Requests: relational.RequestRows{Time: engine{}.Time, Add: add},
		Write: db, Read: db, Timeout: s.statementTimeout, Location: location, Close: pool.Close,
	}), nil
}

// upgrade brings the schema up to date, over connections of its own, on which statements
// may take long.
func upgrade(ctx context.Context, c *pgxpool.Config) error {
	c.MinConns, c.MinIdleConns, c.MaxConns = 0, 0, 2
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return err
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	if err := suits(ctx, db); err != nil {
		return err
	}
	return locked(ctx, db, func() error {
		files, err := fs.Sub(migrations, "migrations")
		if err != nil {
			return err
		}
		return relational.Migrate(ctx, db, goose.DialectPostgres, files)
	})
}

// locked does something while no other node does it. The lock is that of a transaction, as
// behind a pooler a session is not one's own. It ends with the connection at the latest.
func locked(ctx context.Context, db *sql.DB, do func() error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lock)); err == nil {
		err = do()
	}
	_ = tx.Rollback() // it has changed nothing
	return err
}

// suits says whether the server and the database will do.
func suits(ctx context.Context, db *sql.DB) error {
	var version int
	var encoding string
	err := db.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')").Scan(&version, &encoding)
	switch {
	case err != nil:
		return err
	case version < oldest*10_000:
		return fmt.Errorf("postgres: the server has the version %d; %d or later is needed", version/10_000, oldest)
	case encoding != "UTF8":
		return fmt.Errorf("postgres: the database has the encoding %s; create one with the encoding UTF8", encoding)
	}
	return nil
}
