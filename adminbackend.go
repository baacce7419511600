package xjpgateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// administration is an app as the admin API sees it.
type administration struct{ app *App }

// Store gives the store.
func (administration) Store() (stores.Store, error) {
	return nil, errors.New("the gateway stores nothing")
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
		list = append(list, administered(m))
	}
	return list
}

func administered(m *registry.Model) admin.Model {
	told := admin.Model{
		Model: m.Name, Aliases: m.Aliases, DisplayName: m.DisplayName, ContextWindow: m.ContextWindow, MaxOutput: m.MaxOutput,
		Policy: m.Policy.String(), Routes: []admin.ModelRoute{}, LeftOut: m.Missing,
	}
	for _, planned := range m.Routes {
		told.Routes = append(told.Routes, administeredRoute(planned))
	}
	return told
}

func administeredRoute(planned *registry.Route) admin.ModelRoute {
	r := planned.Data.(*route)
	told := admin.ModelRoute{Route: r.id, Provider: planned.Provider, Upstream: planned.Upstream, Weight: planned.Weight, Fallback: planned.Fallback}
	t := r.resolved[openaiDialect.Inbound.Name()]
	if t == nil { // a pattern leads to as many models as the provider has
		return told
	}
	told.Dialect = t.route.Wire
	told.Capabilities = registry.ListCapabilities(t.caps)
	return told
}

// Interface guard
var _ admin.Backend = administration{}
