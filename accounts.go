package xjpgateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// accounts are who may ask, how much they may use, what that costs and the ledger of it.
type accounts struct {
	store     *openStore // nil if nothing is stored
	engines   *openEngines
	desk      *openDesk      // nil if no Idempotency-Key is heeded
	ledger    *openLedger    // nil if nothing is stored
	late      *lateCosts     // nil if nobody is asked for them
	captures  *openCaptures  // nil if nothing is captured
	pruner    *pruner        // nil if nothing is stored
	directory *openDirectory // nil if nothing is stored
	book      *openBook
	location  *time.Location
	calendar  *limits.Calendar // of the location
	defaults  limits.Set
	// maxAnswers is the most bytes of answers that the engine keeps once this configuration is
	// the one that is served.
	maxAnswers int64
	// denies says that nobody is served while the store is away, but by keys of the
	// configuration.
	denies bool
}

// newAccounts finds or makes what the settings and the providers ask for. Nothing is opened
// yet.
func (a *App) newAccounts(parts []part, settings *Config, s *snapshot, h *holdings) (*accounts, error) {
	acc := &accounts{defaults: settings.Limits, denies: settings.OnStoreFailure == denyAll}
	var err error
	if acc.location, err = settings.location(); err != nil {
		return nil, err
	}
	acc.calendar = limits.NewCalendar(acc.location)
	if acc.book, err = a.holdBook(s, settings.Prices, h); err != nil {
		return nil, err
	}
	id := ""
	if !settings.StoreOff {
		if id, err = a.holdStore(acc, parts, h); err != nil {
			return nil, err
		}
	}
	if acc.engines, err = a.holdEngines(acc, id, parts, settings, h); err != nil {
		return nil, err
	}
	if acc.desk, err = a.holdDesk(acc.engines, settings.Idempotency, h); err != nil || settings.StoreOff {
		return acc, err
	}
	if acc.ledger, err = a.holdLedger(acc.store, id, settings.Ledger, h); err != nil {
		return nil, err
	}
	if acc.late, err = a.holdLateCosts(acc.store, id, s, settings.Ledger, h); err != nil {
		return nil, err
	}
	if acc.captures, err = a.holdCaptures(acc.store, id, settings.Ledger.Capture, h); err != nil {
		return nil, err
	}
	if acc.pruner, err = a.holdPruner(acc.store, id, settings.Ledger, h); err != nil {
		return nil, err
	}
	acc.directory, err = a.holdDirectory(acc.store, id, settings, h)
	return acc, err
}

// location is the time zone of days and months.
func (c *Config) location() (*time.Location, error) {
	if c.TimeZone == "" {
		return time.UTC, nil
	}
	location, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time_zone: %q is not known; use a name such as Europe/Berlin", c.TimeZone)
	}
	return location, nil
}

// holdStore holds the store, and gives the identity of what stands on it.
func (a *App) holdStore(acc *accounts, parts []part, h *holdings) (string, error) {
	module, err := a.storeModule(parts)
	if err != nil {
		return "", err
	}
	logger := a.logger.Named("store")
	id := module.Identity() + " " + acc.location.String()
	acc.store, err = hold(h, "store", id, func() (*openStore, error) {
		return newOpenStore(module, stores.Settings{Location: acc.location}, logger), nil
	})
	return id, err
}

// start opens what is not open yet.
func (acc *accounts) start() error {
	acc.book.start()
	if bound := acc.engines.BoundAnswers; bound != nil {
		bound(acc.maxAnswers)
	}
	if acc.store == nil {
		return nil
	}
	acc.store.start()
	acc.pruner.start()
	if _, err := acc.ledger.get(); err != nil {
		return fmt.Errorf("the journal of the ledger cannot be opened; give another folder with ledger { journal <folder> }, or keep no ledger with store off: %w", err)
	}
	return nil
}

// await waits until opening the store has been tried, so that no key is unknown and no limit
// is forgotten only because the process has just begun.
func (acc *accounts) await(ctx context.Context) {
	if acc.store != nil {
		acc.store.await(ctx)
	}
}

// withinTenant gives a key of the configuration with the limits of its tenant, and an error
// beside it if the tenant is disabled.
func (acc *accounts) withinTenant(ctx context.Context, key *keys.Principal) (*keys.Principal, error) {
	if acc.directory == nil {
		return key, nil
	}
	return acc.directory.get().Within(ctx, key)
}

// keepNoAccounts leaves store and ledger alone: what a command tries is no client's request,
// and they are the running gateway's.
func (a *App) keepNoAccounts() {
	s, acc := *a.snapshot.Load(), *a.accounts
	acc.store, acc.ledger, acc.late, acc.captures, acc.directory = nil, nil, nil, nil, nil
	s.accounts = &acc
	a.snapshot.Store(&s)
}

// errNothingStored is what is told of tenants, keys and usage where nothing is stored.
var errNothingStored = errors.New("nothing is stored: the configuration says store off")

// Store gives the store with all in it that has been recorded by now, captures of requests
// that have ended included. It returns an error if nothing is stored, if the store cannot be
// reached, or, beside the store, if not all could be stored before ctx ended.
func (a *App) Store(ctx context.Context) (stores.Store, error) {
	if a.accounts.store == nil {
		return nil, errNothingStored
	}
	store := a.accounts.store.await(ctx)
	if store == nil {
		return nil, errNoStore
	}
	return store, errors.Join(a.accounts.ledger.flush(ctx), a.accounts.captures.flush(ctx))
}

// Manager makes and changes keys and tenants in the store. This node knows of what it has
// changed at once.
func (a *App) Manager(ctx context.Context) (*keys.Manager, error) {
	store, err := a.Store(ctx)
	if err != nil {
		return nil, err
	}
	return a.manager(store), nil
}

func (a *App) manager(store keys.Store) *keys.Manager {
	directory := a.accounts.directory
	return &keys.Manager{
		Store: store, Peppers: directory.options.Peppers, Changed: directory.get().Invalidate,
		Dialects: dialectNames(), Endpoints: slices.Sorted(maps.Values(endpointNames)),
	}
}
