package xjpgateway

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/registry"
)

// CheckOptions choose what Check does.
type CheckOptions struct {
	// Only is the name of a provider or a model; "" checks all routes.
	Only string
	// Timeout bounds each call. Default: 30s.
	Timeout time.Duration
}

// CheckReport is the result of a check.
type CheckReport struct {
	// OK says that no route failed.
	OK bool `json:"ok"`
	// Routes are the routes in the order of the configuration, then the providers that
	// are left out.
	Routes []*RouteCheck `json:"routes"`
}

// RouteState is what became of a route in a check.
type RouteState string

// The states of routes.
const (
	// RouteOK is a route that answered.
	RouteOK RouteState = "ok"
	// RouteFailed is a route that did not.
	RouteFailed RouteState = "failed"
	// RouteLeftOut is an optional provider that is not configured.
	RouteLeftOut RouteState = "left_out"
)

// RouteCheck is one line of a report.
type RouteCheck struct {
	// Model is the logical model, "" for a provider that is left out.
	Model string `json:"model,omitempty"`
	// Provider and UpstreamModel are where the route leads.
	Provider      string     `json:"provider"`
	UpstreamModel string     `json:"upstream_model,omitempty"`
	State         RouteState `json:"state"`
	Milliseconds  int64      `json:"duration_ms"`
	finding
}

func (r *CheckReport) failed() int { return r.count(RouteFailed) }

// called is how many routes were tried.
func (r *CheckReport) called() int { return r.count(RouteFailed) + r.count(RouteOK) }

func (r *CheckReport) count(state RouteState) int {
	n := 0
	for _, c := range r.Routes {
		if c.State == state {
			n++
		}
	}
	return n
}

// Check makes one small call through each route of a configuration in JSON, as a client
// would, and says of each what is wrong. It starts no server.
func Check(ctx context.Context, config []byte, o CheckOptions) (*CheckReport, error) {
	app, done, err := provisionApp(config)
	if err != nil {
		return nil, err
	}
	defer done()
	app.keepNoAccounts()
	p := prober{app: app, snapshot: app.snapshot.Load(), timeout: orDefault(o.Timeout, defaultCheckTimeout)}
	probes, err := p.choose(o.Only)
	if err != nil {
		return nil, err
	}
	report := &CheckReport{Routes: p.run(ctx, probes)}
	for _, name := range slices.Sorted(maps.Keys(p.snapshot.missing)) {
		if o.Only == "" || o.Only == name || p.needs(o.Only, name) {
			report.Routes = append(report.Routes, &RouteCheck{Provider: name, State: RouteLeftOut, finding: finding{Message: p.snapshot.missing[name]}})
		}
	}
	report.OK = report.failed() == 0
	return report, nil
}

// provisionApp loads the gateway's part of a configuration as `caddy validate` does: its
// modules are provisioned, nothing is started. The handlers are loaded as well, since
// the smallest configurations stand in them. done lets go of all of it.
func provisionApp(config []byte) (app *App, done func(), err error) {
	var cfg *caddy.Config
	if err := caddy.StrictUnmarshalJSON(caddy.RemoveMetaFields(config), &cfg); err != nil {
		return nil, nil, fmt.Errorf("decoding config: %w", err)
	}
	// Only errors are for the terminal, and not for the server's log files.
	cfg.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "ERROR"}}}}
	apps := cfg.AppsRaw
	cfg.AppsRaw = nil
	root, err := caddy.ProvisionContext(cfg)
	if err != nil {
		return nil, nil, err
	}
	// A context of our own, since that of ProvisionContext cannot be ended.
	cfg.AppsRaw = apps
	ctx, cancel := caddy.NewContext(root)
	for _, name := range []string{"http", "xjp"} {
		if apps[name] == nil {
			continue
		}
		if _, err := ctx.App(name); err != nil {
			cancel()
			return nil, nil, err
		}
	}
	mod, err := ctx.AppIfConfigured("xjp")
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("the configuration holds no xjp_gateway")
	}
	return mod.(*App), cancel, nil
}

// prober makes the calls of a check.
type prober struct {
	app      *App
	snapshot *snapshot
	timeout  time.Duration
}

// probe is a route to be called.
type probe struct {
	model    string // the logical model
	upstream string // the provider's name of it; "" is chosen from the provider's list
	route    *registry.Route
}

// choose lists the routes to call: those of a provider, those of a model, or all.
func (p *prober) choose(only string) ([]probe, error) {
	if only != "" && p.snapshot.upstreams[only] == nil && p.snapshot.missing[only] == "" {
		return p.ofModel(only)
	}
	var list []probe
	seen := map[string]bool{}
	for _, m := range p.snapshot.registry.Models() {
		for _, r := range m.Routes {
			if only != "" && only != r.Provider {
				continue
			}
			next := probe{model: m.Name, upstream: r.Upstream, route: r}
			if m.IsPattern() && strings.Contains(r.Upstream, "{model.rest}") {
				next.upstream = ""
				// <provider>/* and * of the smallest configuration are the same route.
				key := r.Provider + "\x00" + r.Upstream
				if seen[key] {
					continue
				}
				seen[key] = true
			}
			list = append(list, next)
		}
	}
	return list, nil
}

func (p *prober) ofModel(name string) ([]probe, error) {
	match, ok := p.snapshot.registry.Find(name)
	if !ok {
		return nil, fmt.Errorf("no provider and no model is called %q; there are the providers %s and the models %s",
			name, strings.Join(p.providerNames(), ", "), strings.Join(p.modelNames(), ", "))
	}
	var list []probe
	for _, r := range match.Model.Routes {
		list = append(list, probe{model: name, upstream: match.Upstream(r), route: r})
	}
	return list, nil
}

// needs reports whether a model has a route to a provider that is left out.
func (p *prober) needs(model, provider string) bool {
	match, ok := p.snapshot.registry.Find(model)
	return ok && slices.ContainsFunc(match.Model.Missing, func(why string) bool {
		return strings.HasPrefix(why, "provider "+provider+":")
	})
}

func (p *prober) providerNames() []string {
	names := slices.Collect(maps.Keys(p.snapshot.upstreams))
	return slices.Sorted(slices.Values(append(names, slices.Collect(maps.Keys(p.snapshot.missing))...)))
}

func (p *prober) modelNames() []string {
	var names []string
	for _, m := range p.snapshot.registry.Models() {
		names = append(names, m.Name)
	}
	return names
}

// maxProbes is how many routes are called at once.
const maxProbes = 4

// run calls the routes and returns the results in their order.
func (p *prober) run(ctx context.Context, probes []probe) []*RouteCheck {
	results := make([]*RouteCheck, len(probes))
	var wait sync.WaitGroup
	turn := make(chan struct{}, maxProbes)
	for i := range probes {
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			ctx, cancel := context.WithTimeout(ctx, p.timeout)
			defer cancel()
			results[i] = p.call(ctx, probes[i])
		})
	}
	wait.Wait()
	return results
}

// call makes the call of a probe.
func (p *prober) call(ctx context.Context, next probe) *RouteCheck {
	started := time.Now()
	result := &RouteCheck{Model: next.model, Provider: next.route.Provider, State: RouteOK}
	err := p.fill(ctx, &next)
	result.Model, result.UpstreamModel = next.model, next.upstream
	if err == nil {
		err = p.generate(ctx, next)
	}
	if err != nil {
		if found := diagnose(err, ctx.Err()); found != nil {
			result.State, result.finding = RouteFailed, *found
		}
	}
	result.Milliseconds = time.Since(started).Milliseconds()
	return result
}

// fill chooses a model for a wildcard route.
func (p *prober) fill(ctx context.Context, next *probe) error {
	if next.upstream != "" {
		return nil
	}
	up := next.route.Data.(*route).upstream
	lister, ok := up.Provider.(providers.Lister)
	if !ok {
		return &finding{Problem: problemModel, Message: "the provider does not list its models",
			Help: "name one: caddy xjp check " + strings.Replace(next.model, "*", "<model>", 1)}
	}
	body, err := up.fetchModels(ctx)
	if err != nil {
		return err
	}
	models, err := lister.ParseModels(body)
	rest, found := smallModel(models)
	if err != nil || !found {
		return &finding{Problem: problemAnswer, Message: "the provider's list of models cannot be read or is empty",
			Help: "check base_url, or name a model: caddy xjp check " + strings.Replace(next.model, "*", "<model>", 1)}
	}
	next.upstream = strings.ReplaceAll(next.route.Upstream, "{model.rest}", rest)
	next.model = strings.Replace(next.model, "*", rest, 1)
	return nil
}

// Words in the names of models that are small, and of models that do not chat.
var (
	smallWords = []string{"nano", "lite", "mini", "haiku", "flash", "small", "8b"}
	otherWords = []string{"embed", "image", "tts", "audio", "whisper", "moderation", "realtime", "transcribe", "dall-e", "video", "rerank", "guard", "imagen", "veo", "live", "aqa", "babbage", "davinci", "instruct", "sora", "codex"}
)

// smallModel chooses a model that is cheap to ask, the first if none looks like it.
func smallModel(models []providers.Model) (string, bool) {
	names := make([]string, 0, len(models))
	for _, m := range models {
		if !slices.ContainsFunc(otherWords, func(w string) bool { return strings.Contains(strings.ToLower(m.ID), w) }) {
			names = append(names, m.ID)
		}
	}
	for _, word := range smallWords {
		for _, name := range names {
			if strings.Contains(strings.ToLower(name), word) {
				return name, true
			}
		}
	}
	if len(names) == 0 {
		return "", false
	}
	return names[0], true
}

// generate asks for a few words by the one route: the request goes through a handler
// whose only model has that route, so that what is tried is what clients get.
func (p *prober) generate(ctx context.Context, next probe) error {
	name := next.model
	if strings.Contains(name, "*") {
		name = next.upstream
	}
	only := &registry.Model{Name: name, Routes: []*registry.Route{{Provider: next.route.Provider, Upstream: next.upstream, Data: next.route.Data}}}
	reg, err := registry.New([]*registry.Model{only})
	if err != nil {
		return err
	}
	narrowed := *p.snapshot
	narrowed.registry = reg
	narrowed.retry = retrySettings{} // what fails is to be told
	app := &App{ctx: p.app.ctx, logger: p.app.logger, metrics: p.app.metrics, events: p.app.events}
	app.snapshot.Store(&narrowed)
	h := &Handler{Auth: "off", app: app, logger: zap.NewNop()}

	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+probePath(next), strings.NewReader(probeBody(name)))
	if err != nil {
		return err
	}
	r.RemoteAddr = "127.0.0.1:0"
	e, _ := locate(r)
	c := h.newCall(&unread{header: http.Header{}}, r, e)
	defer c.settle()
	return c.serve()
}

// probePath speaks the provider's own dialect where clients can, so that nothing that a
// translation adds is tried with it.
func probePath(next probe) string {
	if t, err := next.route.Data.(*route).target("openai", next.upstream); err == nil && t.route.Wire == "anthropic" {
		return "/v1/messages"
	}
	return "/v1/chat/completions"
}

// probeTokens is how many tokens a probe asks for.
const probeTokens = 16

// probeBody is valid in both dialects.
func probeBody(model string) string {
	body, _ := json.Marshal(map[string]any{
		"model": model, "max_tokens": probeTokens,
		"messages": []map[string]string{{"role": "user", "content": "Reply with OK."}},
	})
	return string(body)
}

// unread is a response that nobody reads.
type unread struct{ header http.Header }

// Header gives the headers.
func (u *unread) Header() http.Header { return u.header }

// WriteHeader does nothing.
func (u *unread) WriteHeader(int) {}

// Write forgets what is written.
func (u *unread) Write(p []byte) (int, error) { return len(p), nil }
