package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
)

// engines are what keeps the ledger and what counts limits, as in a Caddyfile.
type engines struct{ store, state string }

// engines are SQLite in a folder and memory, or servers that are started. remove ends them.
func (o *options) engines(dir string) (e engines, remove func(), err error) {
	if !o.servers {
		return engines{"sqlite " + filepath.Join(dir, "accounts.db"), "memory"}, func() {}, nil
	}
	redis, err := servers.RunRedis()
	if err != nil {
		return e, nil, err
	}
	postgres, err := servers.RunPostgreSQL()
	if err != nil {
		redis.Remove()
		return e, nil, err
	}
	remove = func() { redis.Remove(); postgres.Remove() }
	dsn := filepath.Join(dir, "dsn")
	if err := os.WriteFile(dsn, []byte(postgres.DSN("postgres")), 0o600); err != nil {
		remove()
		return e, nil, err
	}
	// All CPUs are busy here, and a request that is refused is no measure.
	return engines{"postgres {file." + dsn + "}", "redis " + redis.Addr + " {\n\t\t\ttimeout 5s\n\t\t}"}, remove, nil
}

// startAccounted starts a second gateway, which accounts for what it does.
func (b *bench) startAccounted(e engines) (err error) {
	dir := filepath.Join(b.dir, "accounted")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	b.subjects = accounted
	b.accounted, err = startGateway(b.binary, dir, b.mock.port(), fmt.Sprintf(withAccounts, e.store, e.state, filepath.Join(dir, "journal")))
	return err
}
