// Package sqlite keeps tenants, keys and the ledger in a file. It needs no server and no
// setting, and is written in Go alone.
package sqlite

import (
	"context"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/stores"
)

func init() {
	caddy.RegisterModule(Store{})
}

// Store keeps tenants, keys and the ledger in an SQLite file on a local disk. Several
// processes of one machine may use it at once, so that `caddy xjp` works on it while the
// server runs. For several machines there is the store postgres.
type Store struct {
	// Path is the file, which is made if it is not there. Placeholders are allowed.
	// Default: xjp/xjp.db in Caddy's data folder.
	Path string `json:"path,omitempty"`

	path string
}

// CaddyModule returns the Caddy module information.
func (Store) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.stores.sqlite", New: func() caddy.Module { return new(Store) }}
}

// Provision resolves the path. It touches no file.
func (s *Store) Provision(caddy.Context) error {
	path := filepath.Join(caddy.AppDataDir(), "xjp", "xjp.db")
	if s.Path != "" {
		var err error
		if path, err = module.Resolve("path", s.Path); err != nil {
			return err
		}
	}
	var err error
	s.path, err = filepath.Abs(path)
	return err
}

// Identity implements stores.Module: one file is one store.
func (s *Store) Identity() string { return "sqlite:" + s.path }

// Open implements stores.Module.
func (s *Store) Open(ctx context.Context, settings stores.Settings) (stores.Store, error) {
	return open(ctx, s.path, settings.Location)
}

// UnmarshalCaddyfile sets up the store from Caddyfile tokens:
//
//	store sqlite [<path>] {
//		path <path>
//	}
func (s *Store) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the store's name
	once := []string{"path"}
	if d.NextArg() {
		s.Path = d.Val()
		once = nil
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	return module.Block{Name: "store", Once: once}.Read(d, func(string) error {
		if !d.AllArgs(&s.Path) {
			return d.ArgErr()
		}
		return nil
	})
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Store)(nil)
	_ caddyfile.Unmarshaler = (*Store)(nil)
	_ stores.Module         = (*Store)(nil)
)
