// Package stores is the contract of the engines that keep tenants, keys, the ledger and
// captures. Each engine is a Caddy module in the namespace xjp.stores.
package stores

import (
	"context"
	"errors"
	"time"

	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

// Store keeps tenants, keys, the ledger and captures. Its methods are safe for concurrent use.
type Store interface {
	keys.Store
	ledger.Store
	capture.Store
	// Ping reports whether the store can be reached and written to.
	Ping(ctx context.Context) error
	// Close lets go of the store.
	Close() error
}

// ErrCursor is where a page should begin, but no page has ended.
var ErrCursor = errors.New("after: this is not where a page of the list ends; take the value that came with the page before")

// Module is a guest module in the namespace xjp.stores. Its Provision touches neither
// network nor disk, since `caddy validate` runs it.
type Module interface {
	// Identity tells stores apart by their settings, without any secret in clear: as long
	// as it is the same, an open store is kept over reloads.
	Identity() string
	// Open opens the store and brings its schema up to date. It returns an error that
	// names no secret when the store cannot be reached.
	Open(ctx context.Context, s Settings) (Store, error)
}

// Optional is a store that a configuration may leave out.
type Optional interface {
	Module
	// Missing is why the store is left out after it was provisioned, nil if it is complete.
	// The default store is used in its place.
	Missing() error
}

// Settings are what the gateway tells a store.
type Settings struct {
	// Location is the time zone of the days by which the ledger is summed up.
	Location *time.Location
}
