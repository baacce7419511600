package xjpgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
)

func init() {
	caddy.RegisterModule(adminAPI{})
}

// adminAPI is the gateway's part of Caddy's admin endpoint. It calls no provider and tells
// no secret:
//
//	GET  /xjp/routes    the state of each route
//	POST /xjp/explain   the plan for a request in the body
//	POST /xjp/wake      ends all rests, and tells the state of each route then
type adminAPI struct{}

// CaddyModule returns the Caddy module information.
func (adminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.xjp", New: func() caddy.Module { return new(adminAPI) }}
}

// The paths of the admin endpoint that are the gateway's.
const (
	adminRoutes  = "/xjp/routes"
	adminExplain = "/xjp/explain"
	adminWake    = "/xjp/wake"
)

// Routes gives the routes for Caddy's admin endpoint.
func (adminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: adminRoutes, Handler: adminHandler(http.MethodGet, func(a *App, _ *http.Request) (any, error) {
			return a.report(time.Now()), nil
		})},
		{Pattern: adminExplain, Handler: adminHandler(http.MethodPost, func(a *App, r *http.Request) (any, error) {
			return a.explain(r)
		})},
		{Pattern: adminWake, Handler: adminHandler(http.MethodPost, func(a *App, _ *http.Request) (any, error) {
			a.Wake()
			return a.report(time.Now()), nil
		})},
	}
}

// adminHandler answers one method with what find gives, as JSON.
func adminHandler(method string, find func(*App, *http.Request) (any, error)) caddy.AdminHandler {
	return caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != method {
			w.Header().Set("Allow", method)
			return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: fmt.Errorf("the method %s is not allowed here; use %s", r.Method, method)}
		}
		app, err := activeApp()
		if err != nil {
			return err
		}
		answer, err := find(app, r)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		return writeIndented(w, answer)
	})
}

// activeApp finds the app that runs now. It is not there yet when Caddy makes the admin
// endpoint: the smallest configurations stand in handlers, which are loaded later.
func activeApp() (*App, error) {
	mod, err := caddy.ActiveContext().AppIfConfigured("xjp")
	if err != nil {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: errors.New("the configuration holds no xjp_gateway")}
	}
	return mod.(*App), nil
}

// writeIndented prints JSON for machines that people can read too.
func writeIndented(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	return encoder.Encode(value)
}

// Interface guards
var (
	_ caddy.Module      = (*adminAPI)(nil)
	_ caddy.AdminRouter = (*adminAPI)(nil)
)
