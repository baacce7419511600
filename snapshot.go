package xjpgateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// snapshot is the configuration as requests use it. It never changes: a request keeps
// the one that it began with.
type snapshot struct {
	registry  *registry.Registry
	upstreams map[string]*upstream
	missing   map[string]string // why optional providers are left out, by name
	keys      *keys.Ring
	fetcher   *media.Fetcher
	runtime   *runtime
	accounts  *accounts
	alerts    alerts
	// pricedOnly refuses routes without a known price.
	pricedOnly bool

	maxBody     int64
	maxEvent    int
	keepAlive   time.Duration
	retry       retrySettings
	queue       queueSettings
	hedges      map[*registry.Model]HedgeConfig // of the models that hedge
	logFilterOK bool
}

// upstream is a configured provider.
type upstream struct {
	name string
	kind string
	module.Provider
	transport http.RoundTripper
	// identity is the name and a hash of the settings; state and credentials are what is
	// known by it, from earlier configurations too.
	identity    string
	state       *registry.State
	credentials []*credential
}

// buildSnapshot joins the parts of the configuration.
func buildSnapshot(a *App, parts []part, settings *Config) (*snapshot, error) {
	missing := map[string]string{}
	s := &snapshot{upstreams: map[string]*upstream{}, missing: missing, hedges: map[*registry.Model]HedgeConfig{}, runtime: a.runtime}
	var models []*ModelConfig
	var keyConfigs []*KeyConfig
	for _, p := range parts {
		if err := s.addProviders(p, missing, a.logger); err != nil {
			return nil, err
		}
		models = append(models, p.config.Models...)
		keyConfigs = append(keyConfigs, p.config.Keys...)
	}
	if len(models) == 0 {
		models = implicitModels(slices.Concat(slices.Sorted(maps.Keys(s.upstreams)), slices.Sorted(maps.Keys(missing))))
	}
	s.retry, s.queue = settings.Retry.settings(), settings.Queue.settings()
	for _, u := range s.upstreams {
		u.state.Budget.Configure(s.retry.budget)
		u.state.Gate.Configure(u.Concurrency(), s.queue.size)
	}
	var err error
	if s.registry, err = s.buildRegistry(models, missing, settings); err != nil {
		return nil, err
	}
	if s.keys, err = buildKeys(keyConfigs); err != nil {
		return nil, err
	}
	if s.alerts, err = settings.BudgetAlerts.resolve(); err != nil {
		return nil, err
	}
	s.pricedOnly = settings.Prices.Strict
	s.maxBody = orDefault(settings.MaxBody, defaultMaxBody)
	s.maxEvent = int(orDefault(settings.MaxEvent, defaultMaxEvent))
	s.keepAlive = orDefault(time.Duration(settings.KeepAlive), defaultKeepAlive)
	s.fetcher = settings.fetcher()
	s.logFilterOK = settings.LogFilterOK
	return s, nil
}

// inherit takes the settings of a part where they are set.
func (c *Config) inherit(from *Config) {
	c.MaxBody = orDefault(from.MaxBody, c.MaxBody)
	c.MaxBodies = orDefault(from.MaxBodies, c.MaxBodies)
	c.MaxEvent = orDefault(from.MaxEvent, c.MaxEvent)
	c.KeepAlive = orDefault(from.KeepAlive, c.KeepAlive)
	c.Timeouts = c.Timeouts.override(from.Timeouts)
	c.Retry = c.Retry.override(from.Retry)
	c.Breaker = c.Breaker.override(from.Breaker)
	c.Queue = c.Queue.override(from.Queue)
	if from.Fetch.isSet() {
		c.Fetch = from.Fetch
	}
	c.Recall = orDefault(from.Recall, c.Recall)
	c.LogFilterOK = c.LogFilterOK || from.LogFilterOK
	c.inheritAccounts(from)
}

// override returns t with the settings of o where those are set.
func (t Timeouts) override(o Timeouts) Timeouts {
	return Timeouts{
		Connect:     orDefault(o.Connect, t.Connect),
		FirstToken:  orDefault(o.FirstToken, t.FirstToken),
		Idle:        orDefault(o.Idle, t.Idle),
		Total:       orDefault(o.Total, t.Total),
		StreamTotal: orDefault(o.StreamTotal, t.StreamTotal),
	}
}

// isSet reports whether anything is configured.
func (f *FetchConfig) isSet() bool {
	return f.Off || len(f.Allow) > 0 || f.MaxSize != 0 || f.Timeout != 0
}

// networks parses the allowed private networks.
func (f *FetchConfig) networks() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range f.Allow {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("fetch allow: %q is no network in CIDR notation", text)
		}
		list = append(list, prefix)
	}
	return list, nil
}

func (s *snapshot) addProviders(p part, missing map[string]string, logger *zap.Logger) error {
	for _, name := range slices.Sorted(maps.Keys(p.providers)) {
		mod := p.providers[name]
		if s.upstreams[name] != nil || missing[name] != "" {
			return fmt.Errorf("provider %q is defined twice; the second time in %s", name, p.source)
		}
		if err := mod.Missing(); err != nil {
			missing[name] = err.Error()
			logger.Warn("optional provider is left out", zap.String("provider", name), zap.String("reason", err.Error()))
			continue
		}
		u := &upstream{name: name, kind: kindOf(mod), Provider: mod, transport: transportOf(mod), identity: p.identities[name]}
		u.state = s.runtime.states.Get(u.identity)
		u.newCredentials(&s.runtime.states)
		s.upstreams[name] = u
	}
	return nil
}

// kindOf is the kind of a provider, as the configuration names it.
func kindOf(p module.Provider) string {
	if mod, ok := p.(caddy.Module); ok {
		return mod.CaddyModule().ID.Name()
	}
	return ""
}

// implicitModels serves each provider's models under <provider>/<model>, and under
// their own names if there is only one provider.
func implicitModels(providers []string) []*ModelConfig {
	var list []*ModelConfig
	for _, name := range providers {
		route := []*RouteConfig{{Provider: name, Model: "{model.rest}"}}
		list = append(list, &ModelConfig{Name: name + "/*", Routes: route})
		if len(providers) == 1 {
			list = append(list, &ModelConfig{Name: "*", Routes: route})
		}
	}
	return list
}

func (s *snapshot) buildRegistry(configs []*ModelConfig, missing map[string]string, common *Config) (*registry.Registry, error) {
	var models []*registry.Model
	for _, c := range configs {
		if len(c.Routes) == 0 {
			return nil, fmt.Errorf("model %q has no route", c.Name)
		}
		if err := c.validate(); err != nil {
			return nil, fmt.Errorf("model %q: %w", c.Name, err)
		}
		m := &registry.Model{
			Name: c.Name, Aliases: c.Aliases, Strict: c.Strict, DisplayName: orDefault(c.DisplayName, c.Name),
			ContextWindow: c.ContextWindow, MaxOutput: c.MaxOutput, Policy: c.policy(),
		}
		m.Affinity, _ = registry.ParseAffinity(c.Affinity) // validated, as what follows
		m.FallbackOn, _ = registry.ParseClasses(c.FallbackOn)
		if c.Hedge != (HedgeConfig{}) {
			s.hedges[m] = c.Hedge
		}
		for i, rc := range c.Routes {
			if why, ok := missing[rc.Provider]; ok {
				m.Missing = append(m.Missing, fmt.Sprintf("provider %s: %s", rc.Provider, why))
				continue
			}
			r, err := s.newRoute(c, rc, i, common)
			if err != nil {
				return nil, fmt.Errorf("model %q: route %d: %w", c.Name, i+1, err)
			}
			m.Routes = append(m.Routes, &registry.Route{
				ID: r.id, Provider: rc.Provider, Upstream: rc.Model, Strict: rc.Strict, Weight: rc.Weight, Fallback: rc.Fallback, Data: r,
			})
		}
		tellSizes(m)
		models = append(models, m)
	}
	return registry.New(models)
}

// tellSizes fills in what clients are told of a model's sizes from its first route.
func tellSizes(m *registry.Model) {
	if len(m.Routes) == 0 {
		return
	}
	t := m.Routes[0].Data.(*route).resolved["anthropic"]
	if t == nil {
		return
	}
	m.ContextWindow = orDefault(m.ContextWindow, t.caps.ContextWindow)
	m.MaxOutput = orDefault(m.MaxOutput, t.caps.MaxOutput)
}

// buildKeys hashes the configured keys.
func buildKeys(configs []*KeyConfig) (*keys.Ring, error) {
	var list []keys.StaticKey
	for i, c := range configs {
		hash, err := c.hash()
		var unset *module.UnsetError
		if c.Optional && errors.As(err, &unset) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if c.Models != nil && len(c.Models) == 0 {
			return nil, fmt.Errorf("key %d: models is empty; leave it out to allow all models", i+1)
		}
		for _, name := range c.Models {
			if err := checkPattern(name); err != nil {
				return nil, fmt.Errorf("key %d: %w", i+1, err)
			}
		}
		if err := c.Limits.Validate(); err != nil {
			return nil, fmt.Errorf("key %d: limits: %w", i+1, err)
		}
		id, tenant := orDefault(c.ID, fmt.Sprintf("key%d", i+1)), orDefault(c.Tenant, keys.DefaultTenant)
		if err := cmp.Or(keys.CheckID("id", id), keys.CheckID("tenant", tenant)); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		list = append(list, keys.StaticKey{Hash: hash, Principal: &keys.Principal{
			ID: id, Tenant: tenant,
			Scope: keys.Scope{Models: c.Models}, Limits: c.Limits, Static: true,
		}})
	}
	return keys.NewRing(list)
}

// minKeyLength refuses keys that can be guessed.
const minKeyLength = 8

func (c *KeyConfig) hash() ([32]byte, error) {
	if c.Hash != "" {
		return keys.ParseHash(c.Hash)
	}
	secret, err := module.Resolve("key", c.Key)
	if err != nil {
		return [32]byte{}, err
	}
	if len(secret) < minKeyLength {
		return [32]byte{}, fmt.Errorf("a key must have at least %d characters", minKeyLength)
	}
	return keys.HashOf(secret), nil
}

// route is a configured route with what follows from it.
type route struct {
	id       string
	config   *RouteConfig
	upstream *upstream
	headers  map[string]string // placeholders are resolved
	caps     []capability
	timeouts Timeouts
	// thresholds are those of the route's breaker; state is what is known of the route, nil
	// for routes of patterns, which have one for each model of the provider.
	thresholds registry.Thresholds
	state      *registry.State
	price      *prices.Price // nil if none is configured
	extra      []extraField
	// resolved are the provider's answers by client dialect, for models without pattern.
	resolved map[string]*target
}

// capability is a capability that the configuration sets.
type capability struct{ flag, value string }

// extraField is a field added to each body.
type extraField struct {
	name string
	raw  []byte
}

// target is a route for one client dialect and one upstream model, ready for use.
type target struct {
	route *providers.Route
	caps  translate.Capabilities
}

func (s *snapshot) newRoute(m *ModelConfig, c *RouteConfig, index int, common *Config) (*route, error) {
	up := s.upstreams[c.Provider]
	if up == nil {
		names := slices.Sorted(maps.Keys(s.upstreams))
		return nil, fmt.Errorf("unknown provider '%s'%s; configured are: %s", c.Provider, didYouMean(c.Provider, names), strings.Join(names, ", "))
	}
	if c.Model == "" {
		return nil, fmt.Errorf("no model of provider %q is named", c.Provider)
	}
	if strings.Contains(c.Model, "{model.rest}") && !strings.Contains(m.Name, "*") {
		return nil, fmt.Errorf("{model.rest} needs a model name with a *")
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	headers, err := module.ResolveHeaders(c.Headers)
	if err != nil {
		return nil, err
	}
	r := &route{
		id: fmt.Sprintf("%s#%d", m.Name, index+1), config: c, upstream: up, headers: headers,
		timeouts:   defaultTimeouts.override(common.Timeouts).override(c.Timeouts),
		thresholds: common.Breaker.override(c.Breaker).thresholds(),
	}
	if err := r.readCapabilities(); err != nil {
		return nil, err
	}
	if r.price, err = sealPrice(m, c); err != nil {
		return nil, fmt.Errorf("price: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Body)) {
		if !json.Valid(c.Body[name]) {
			return nil, fmt.Errorf("body field %q is not JSON", name)
		}
		r.extra = append(r.extra, extraField{name, c.Body[name]})
	}
	if strings.Contains(c.Model, "{model.rest}") {
		return r, nil
	}
	r.state = s.stateOf(r, c.Model)
	r.resolved = map[string]*target{}
	for _, dialect := range dialectNames() {
		t, err := r.resolve(dialect, c.Model)
		if err != nil {
			return nil, err
		}
		r.resolved[dialect] = t
	}
	return r, nil
}

var defaultTimeouts = Timeouts{
	FirstToken: caddyDuration(defaultFirstToken),
	Idle:       caddyDuration(defaultIdle),
	Total:      caddyDuration(defaultTotal),
}

func (r *route) readCapabilities() error {
	for _, flag := range slices.Sorted(maps.Keys(r.config.Capabilities)) {
		value := strings.Trim(string(r.config.Capabilities[flag]), `"`)
		var probe translate.Capabilities
		if err := registry.SetCapability(&probe, flag, value); err != nil {
			return err
		}
		r.caps = append(r.caps, capability{flag, value})
	}
	return nil
}

// target returns the route for a client dialect and the provider's model.
func (r *route) target(dialect, model string) (*target, error) {
	if t := r.resolved[dialect]; t != nil {
		return t, nil
	}
	return r.resolve(dialect, model)
}

func (r *route) resolve(dialect, model string) (*target, error) {
	c := r.config
	resolved, err := r.upstream.Resolve(model, providers.Options{
		Dialect: dialect, Wire: wireName(c.Wire), Publisher: c.Publisher, Region: c.Region, Project: c.Project, Backend: c.Backend,
	})
	if err != nil {
		return nil, err
	}
	if outbound(resolved.Wire) == nil {
		return nil, fmt.Errorf("provider %q speaks %q, which is no dialect", r.upstream.name, resolved.Wire)
	}
	t := &target{route: resolved, caps: registry.Defaults(resolved.Model)}
	if resolved.Adjust != nil {
		resolved.Adjust(&t.caps)
	}
	for _, set := range r.caps {
		if err := registry.SetCapability(&t.caps, set.flag, set.value); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// wireName gives the dialect for a wire as the configuration names it.
func wireName(wire string) string {
	switch wire {
	case "chat":
		return "openai"
	case "messages":
		return "anthropic"
	}
	return wire
}
