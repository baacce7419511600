package xjpgateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// administration is an app as the admin API sees it.
type administration struct{ app *App }

// Store gives the store.
func (administration) Store() (stores.Store, error) {
	return nil, errNoStore
}

// errNoStore is what is told of tenants, keys and usage where nothing is stored.
var errNoStore = errors.New("the gateway stores nothing")

// Manager makes and changes what is in the store.
func (administration) Manager() (*keys.Manager, error) { return nil, errNoStore }

// Meters tells how much of their limits a tenant and a key have used.
func (administration) Meters(context.Context, string, string) ([]admin.Meter, error) {
	return nil, &admin.Error{Status: http.StatusServiceUnavailable, Message: errNoStore.Error()}
}

// Location is the time zone of days.
func (administration) Location() *time.Location { return time.UTC }

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
