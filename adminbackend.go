package xjpgateway

import (
	"context"
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// administration is an app as the admin API sees it.
type administration struct{ app *App }

// administrate answers a request of an administrator, who is known to the audit as actor.
func (a *App) administrate(w http.ResponseWriter, r *http.Request, actor string) error {
	if !a.enter() {
		return &admin.Error{Status: http.StatusServiceUnavailable, Message: "the configuration has just been replaced; try again"}
	}
	defer a.leave()
	return admin.New(administration{a}).Serve(w, r.WithContext(admin.WithActor(r.Context(), actor)))
}

// maxAdminFlush is how long an administrator's request waits for what has just been recorded.
const maxAdminFlush = time.Second

// Store gives the store, with all in it that can be stored in a moment.
func (b administration) Store() (stores.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), maxAdminFlush)
	defer cancel()
	store, err := b.app.Store(ctx)
	if store != nil {
		return store, nil // older records are better than none
	}
	return nil, err
}

// Manager makes and changes what is in the store.
func (b administration) Manager() (*keys.Manager, error) {
	store, err := b.Store()
	if err != nil {
		return nil, err
	}
	return b.app.manager(store), nil
}

// CaptureOff says that the configuration keeps no bodies of requests.
func (b administration) CaptureOff() bool { return b.app.accounts.captures == nil }

// Location is the time zone of days.
func (b administration) Location() *time.Location { return b.app.accounts.location }

// Routes tells the state of each route.
func (b administration) Routes() any { return b.app.report(time.Now()) }

// Explain tells the plan for the request in the body of r.
func (b administration) Explain(r *http.Request) (any, error) { return b.app.explain(r) }

// Wake ends all rests.
func (b administration) Wake() { b.app.Wake() }

// Models lists the models in the order of the configuration.
func (b administration) Models() []admin.Model {
	var list []admin.Model
	for _, m := range b.app.snapshot.Load().registry.Models() {
		list = append(list, b.model(m))
	}
	return list
}

func (b administration) model(m *registry.Model) admin.Model {
	told := admin.Model{
		Model: m.Name, Aliases: m.Aliases, DisplayName: m.DisplayName, ContextWindow: m.ContextWindow, MaxOutput: m.MaxOutput,
		Policy: m.Policy.String(), Routes: []admin.ModelRoute{}, LeftOut: m.Missing,
	}
	for _, planned := range m.Routes {
		told.Routes = append(told.Routes, b.route(planned))
	}
	return told
}

func (b administration) route(planned *registry.Route) admin.ModelRoute {
	r := planned.Data.(*route)
	told := admin.ModelRoute{Route: r.id, Provider: planned.Provider, Upstream: planned.Upstream, Weight: planned.Weight, Fallback: planned.Fallback}
	t := r.resolved[openaiDialect.Inbound.Name()]
	if t == nil { // a pattern leads to as many models as the provider has
		return told
	}
	told.Dialect, told.Capabilities = t.route.Wire, registry.ListCapabilities(t.caps)
	if p := b.app.price(r, planned.Upstream); p != nil {
		told.Price, told.Version = p, p.Version()
	}
	return told
}

// Interface guard
var _ admin.Backend = administration{}
