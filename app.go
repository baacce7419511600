package xjpgateway

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/state"
	"github.com/rickyjim626/xjp-gateway/stores"
)

func init() {
	caddy.RegisterModule(new(App))
}

// App is the gateway's shared part: providers, models and keys that all sites use.
// In the Caddyfile it is the global option `xjp`.
//
// The configuration becomes an immutable snapshot; what must survive a reload lives
// apart from it and is found again by the next configuration.
type App struct {
	Config

	ctx     caddy.Context
	logger  *zap.Logger
	metrics *metrics
	events  *caddyevents.App
	runtime *runtime
	rtKey   runtimeKey

	mu       sync.Mutex
	parts    []part
	snapshot atomic.Pointer[snapshot]

	holdings holdings
	accounts *accounts
	users    atomic.Int64 // the configuration itself and its requests, which hold the holdings

	requests atomic.Int64 // under way
	outlived atomic.Bool  // by some of them, for which the exit is looked for

	// alone says that the app was loaded for a command, beside the process that serves.
	alone bool
}

// part is a piece of configuration: the app's own, or one that a handler contributes.
type part struct {
	config    *Config
	providers map[string]module.Provider
	// identities are the names under which what is known of the providers is kept.
	identities map[string]string
	// store and state are the engines that the piece names, nil if it names none.
	store  stores.Module
	state  state.Module
	source string
	// text is the piece in JSON, defines whether it holds providers or models. Both are
	// noted before loading the providers, which takes them out of the configuration.
	text    string
	defines bool
}

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "xjp",
		New: func() caddy.Module { return new(App) },
	}
}

// Provision loads the providers and builds the first snapshot. It makes no network call.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx = ctx
	a.users.Store(1)
	a.logger = ctx.Logger()
	a.metrics = registerMetrics(ctx, stateCollector{a}, accountCollector{a})
	events, err := ctx.App("events")
	if err != nil {
		return err
	}
	a.events = events.(*caddyevents.App)
	return a.contribute(ctx, &a.Config, "the xjp app")
}

// contribute adds a piece of configuration and builds the snapshot anew. A piece that is
// equal to one that is there already adds nothing: a site with two listeners is two
// handlers with the same configuration.
func (a *App) contribute(ctx caddy.Context, c *Config, source string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := part{config: c, source: source, text: string(caddyconfig.JSON(c, nil)), defines: c.defines(), identities: c.identities()}
	if slices.ContainsFunc(a.parts, func(other part) bool { return other.text == p.text }) {
		return nil
	}
	if len(a.parts) > 0 && a.parts[0].defines && p.defines {
		return errors.New("providers and models are defined in " + a.parts[0].source + " and in " + source + "; keep them in one place")
	}
	if err := c.validate(); err != nil {
		return err
	}
	parts := append(a.parts, p)
	settings := joined(parts)
	var err error
	ctx = module.WithConnectTimeout(ctx, settings.Timeouts.Connect)
	if parts[len(a.parts)].providers, err = loadProviders(ctx, c); err != nil {
		return err
	}
	if err := parts[len(a.parts)].loadEngines(ctx, a.parts); err != nil {
		return err
	}
	if err := a.useRuntime(settings.runtimeKey()); err != nil {
		return err
	}
	s, err := buildSnapshot(a, parts, settings)
	if err != nil {
		return err
	}
	if err := a.useAccounts(parts, settings, s); err != nil {
		return err
	}
	a.parts = parts
	a.snapshot.Store(s)
	return nil
}

// joined gives the settings that all parts make together.
func joined(parts []part) *Config {
	var settings Config
	for _, p := range parts {
		settings.inherit(p.config)
	}
	return &settings
}

// useRuntime holds the runtime for the settings, and lets go of the one held before.
func (a *App) useRuntime(key runtimeKey) error {
	if a.runtime != nil && a.rtKey == key {
		return nil
	}
	rt, err := acquireRuntime(key)
	if err != nil {
		return err
	}
	err = a.letGoOfRuntime()
	a.runtime, a.rtKey = rt, key
	return err
}

// useAccounts holds what the settings ask for, and lets go of what was held before: no
// request has used it yet.
func (a *App) useAccounts(parts []part, settings *Config, s *snapshot) error {
	var held holdings
	acc, err := a.newAccounts(parts, settings, s, &held)
	if err != nil {
		held.letGo()
		return err
	}
	a.holdings.letGo()
	a.accounts, a.holdings, s.accounts = acc, held, acc
	return nil
}

// loadProviders loads the provider modules of a piece of configuration.
func loadProviders(ctx caddy.Context, c *Config) (map[string]module.Provider, error) {
	if len(c.Providers) == 0 {
		return nil, nil
	}
	mods, err := ctx.LoadModule(c, "Providers")
	if err != nil {
		return nil, err
	}
	loaded := map[string]module.Provider{}
	for name, mod := range mods.(map[string]any) {
		p, ok := mod.(module.Provider)
		if !ok {
			return nil, fmt.Errorf("provider %q: module %T is no provider", name, mod)
		}
		loaded[name] = p
	}
	return loaded, nil
}

// Validate checks that what the parts define fits together. A part can be contributed
// by a handler later, so an empty app is no error here.
func (a *App) Validate() error { return nil }

// Start warns of what the sites expose. The app is usable after Provision already.
func (a *App) Start() error {
	a.warnOfExposure()
	if err := a.accounts.start(); err != nil {
		return err
	}
	if late := a.accounts.late; late != nil {
		late.start(a)
	}
	return nil
}

// Wake ends the rests of all routes and credentials and closes their breakers, for an
// operator who knows that what failed works again.
func (a *App) Wake() { a.runtime.states.Wake(time.Now()) }

// emit tells Caddy's events.
func (a *App) emit(event string, data map[string]any) { a.events.Emit(a.ctx, event, data) }

// Stop closes nothing, since requests in flight keep what they use (caddy.md, finding 1).
// At a reload they outlive the configuration, also at one that the exit interrupts.
func (a *App) Stop() error {
	if !caddy.Exiting() || a.requests.Load() > 0 {
		farewell.outlive(a)
	}
	return nil
}

// Cleanup lets go of the runtime. It is also called after a failed Provision.
func (a *App) Cleanup() error {
	if a.users.Load() > 0 {
		a.leave()
	}
	return a.letGoOfRuntime()
}

func (a *App) letGoOfRuntime() error {
	if a.runtime == nil {
		return nil
	}
	a.runtime = nil
	_, err := runtimes.Delete(a.rtKey)
	return err
}

// The defaults of the configuration.
const (
	defaultMaxBody    = 32 << 20
	defaultMaxBodies  = 1 << 30
	defaultMaxEvent   = 16 << 20
	defaultKeepAlive  = 15 * time.Second
	defaultFirstToken = 5 * time.Minute
	defaultIdle       = 2 * time.Minute
	defaultTotal      = 10 * time.Minute
	defaultRecallSize = 64 << 20
	defaultRecallTTL  = time.Hour
	defaultMaxAnswers = 256 << 20
)

// orDefault returns value, or fallback if value is zero.
func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// fetcher makes the downloader of media, nil if downloads are off.
func (c *Config) fetcher() *media.Fetcher {
	if c.Fetch.Off {
		return nil
	}
	allow, _ := c.Fetch.networks()
	return media.NewFetcher(media.Options{
		MaxBytes:     c.Fetch.MaxSize,
		Timeout:      time.Duration(c.Fetch.Timeout),
		AllowPrivate: allow,
	})
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
