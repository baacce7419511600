package xjpgateway

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/admin"
)

func init() {
	caddy.RegisterModule(adminAPI{})
}

// adminAPI is the gateway's part of Caddy's admin endpoint: the admin API under /xjp/, and
// the predecessor's paths under /internal/billing/. It is described at /xjp/openapi.json.
type adminAPI struct{}

// CaddyModule returns the Caddy module information.
func (adminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.xjp", New: func() caddy.Module { return new(adminAPI) }}
}

// Routes gives the routes for Caddy's admin endpoint.
func (adminAPI) Routes() []caddy.AdminRoute {
	var list []caddy.AdminRoute
	for _, prefix := range admin.Prefixes {
		list = append(list, caddy.AdminRoute{Pattern: prefix, Handler: caddy.AdminHandlerFunc(serveAdmin)})
	}
	return list
}

// serveAdmin answers a request to the admin endpoint.
func serveAdmin(w http.ResponseWriter, r *http.Request) error {
	app, err := activeApp()
	if err != nil {
		return err
	}
	if err = app.administrate(w, r, certified(r)); err == nil {
		return nil
	}
	told := admin.ErrorOf(err)
	return caddy.APIError{HTTPStatus: told.Status, Err: told, Message: told.Message}
}

// certified is who asks by a certificate, as Caddy's remote admin endpoint demands one; ""
// by none.
func certified(r *http.Request) string {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return ""
	}
	return r.TLS.PeerCertificates[0].Subject.String()
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
