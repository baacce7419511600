// Package postgres keeps tenants, keys and the ledger in PostgreSQL, which several nodes
// can share.
package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/stores"
)

func init() {
	caddy.RegisterModule(Store{})
}

// Store keeps tenants, keys and the ledger in a PostgreSQL database, version 15 or later,
// which all nodes share. The tables are made and upgraded when the store is opened, by one
// node at a time.
type Store struct {
	// DSN is the database's address, such as postgres://user:password@host:5432/database,
	// normally as a placeholder such as {env.DATABASE_URL} or {file./run/secrets/dsn}. A
	// password may stand in it as a placeholder only.
	DSN string `json:"dsn,omitempty"`

	// MaxConns is the most connections of this node, from 1 to 1,000. Default: the number
	// of processors, 4 at least.
	MaxConns int `json:"max_conns,omitempty"`

	// ConnectTimeout bounds how long a connection may take to be made. Default: 5s.
	ConnectTimeout caddy.Duration `json:"connect_timeout,omitempty"`

	// StatementTimeout bounds how long a statement or a transaction may take. Default: 30s.
	StatementTimeout caddy.Duration `json:"statement_timeout,omitempty"`

	// ExecMode is how statements are executed: cache_statement, cache_describe,
	// describe_exec, exec or simple_protocol. Behind a pooler that gives each transaction
	// another connection, as PgBouncer does in its transaction mode, the mode must be
	// another than cache_statement: exec does. Default: cache_statement.
	ExecMode string `json:"exec_mode,omitempty"`

	// Optional leaves this store out, with a warning, when a placeholder of its address is
	// unset: then the default store is used.
	Optional bool `json:"optional,omitempty"`

	settings settings
	missing  error
}

// CaddyModule returns the Caddy module information.
func (Store) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.stores.postgres", New: func() caddy.Module { return new(Store) }}
}

// Provision resolves and checks the settings. It makes no connection.
func (s *Store) Provision(caddy.Context) error {
	if inClear(s.DSN) {
		return errors.New("dsn: a password stands in it in clear; write the whole address or the password as a placeholder such as {env.DATABASE_URL}, which is not the same as {$DATABASE_URL}")
	}
	dsn, err := module.Resolve("dsn", s.DSN)
	if unset := (*module.UnsetError)(nil); s.Optional && errors.As(err, &unset) {
		s.missing = err
		return nil
	}
	if err != nil {
		return err
	}
	if !strings.Contains(dsn, "://") && !strings.Contains(dsn, "=") {
		return errors.New("dsn: it is no address such as postgres://user:password@host:5432/database")
	}
	switch _, known := modes[s.ExecMode]; {
	case s.ExecMode != "" && !known:
		return unknownMode(s.ExecMode)
	case s.MaxConns < 0 || s.MaxConns > maxConns:
		return fmt.Errorf("max_conns must be from 1 to %d", maxConns)
	case s.ConnectTimeout < 0:
		return errors.New("connect_timeout must not be negative")
	case s.StatementTimeout < 0:
		return errors.New("statement_timeout must not be negative")
	}
	s.settings = settings{
		dsn: dsn, maxConns: s.MaxConns, mode: s.ExecMode,
		connectTimeout:   cmp.Or(time.Duration(s.ConnectTimeout), 5*time.Second),
		statementTimeout: cmp.Or(time.Duration(s.StatementTimeout), 30*time.Second),
	}
	return nil
}

// maxConns is the largest max_conns.
const maxConns = 1000

func unknownMode(name string) error {
	return fmt.Errorf("exec_mode: unknown mode '%s'; known are: %s", name, strings.Join(slices.Sorted(maps.Keys(modes)), ", "))
}

// passwordInClear finds a password in an address or among settings, unless it is a
// placeholder.
var passwordInClear = regexp.MustCompile(`(?i)://[^/?#]*:[^/?#{@][^/?#]*@|\bpassword\s*=\s*'?[^{'\s]`)

func inClear(dsn string) bool { return passwordInClear.MatchString(dsn) }

// Missing implements stores.Optional.
func (s *Store) Missing() error { return s.missing }

// Identity implements stores.Module. The settings hold a password, so their hash stands for
// them.
func (s *Store) Identity() string {
	hash := sha256.Sum256(fmt.Appendf(nil, "%q", []any{s.settings.dsn, s.settings.maxConns, s.settings.connectTimeout, s.settings.statementTimeout, s.settings.mode}))
	return fmt.Sprintf("postgres:%x", hash[:16])
}

// Open implements stores.Module.
func (s *Store) Open(ctx context.Context, settings stores.Settings) (stores.Store, error) {
	return open(ctx, s.settings, settings.Location)
}

// UnmarshalCaddyfile sets up the store from Caddyfile tokens:
//
//	store postgres [<dsn placeholder>] {
//		dsn <placeholder>
//		max_conns <n>
//		connect_timeout <duration>
//		statement_timeout <duration>
//		exec_mode cache_statement|cache_describe|describe_exec|exec|simple_protocol
//		optional
//	}
func (s *Store) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the store's name
	once := []string{"max_conns", "connect_timeout", "statement_timeout", "exec_mode", "optional"}
	if d.NextArg() {
		s.DSN = d.Val()
	} else {
		once = append(once, "dsn")
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	if err := (module.Block{Name: "store", Once: once}).Read(d, func(name string) error { return s.unmarshalOption(d, name) }); err != nil {
		return err
	}
	if inClear(s.DSN) {
		return d.Err("dsn: a password stands in it in clear; write a placeholder such as {env.DATABASE_URL}")
	}
	return nil
}

func (s *Store) unmarshalOption(d *caddyfile.Dispenser, name string) error {
	switch name {
	case "max_conns":
		return module.ParseCount(d, &s.MaxConns, 1, maxConns)
	case "connect_timeout":
		return unmarshalDuration(d, &s.ConnectTimeout)
	case "statement_timeout":
		return unmarshalDuration(d, &s.StatementTimeout)
	case "exec_mode":
		if !d.AllArgs(&s.ExecMode) {
			return d.ArgErr()
		}
		if _, known := modes[s.ExecMode]; !known {
			return d.WrapErr(unknownMode(s.ExecMode))
		}
		return nil
	case "optional":
		s.Optional = true
		return nil
	}
	if !d.AllArgs(&s.DSN) {
		return d.ArgErr()
	}
	return nil
}

func unmarshalDuration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	option, text := d.Val(), ""
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	value, err := caddy.ParseDuration(text)
	if err != nil || value <= 0 {
		return d.Errf("%s: '%s' is no duration such as 5s", option, text)
	}
	*into = caddy.Duration(value)
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Store)(nil)
	_ caddyfile.Unmarshaler = (*Store)(nil)
	_ stores.Module         = (*Store)(nil)
	_ stores.Optional       = (*Store)(nil)
)
