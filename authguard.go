package xjpgateway

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(KeyGuard{})
	httpcaddyfile.RegisterHandlerDirective("xjp_auth", parseKeyGuard)
	httpcaddyfile.RegisterDirectiveOrder("xjp_auth", httpcaddyfile.After, "basic_auth")
}

// KeyGuard is Caddy's authentication handler with the provider xjp_key alone. While a key
// cannot be looked up, it answers 503 with Retry-After, as the gateway does: the
// authentication handler knows no other status than 401, at which clients give a key up.
type KeyGuard struct {
	// Tenants are those whose keys are let in. Default: all, so that each key that was ever
	// given to a client opens the site.
	Tenants []string `json:"tenants,omitempty"`

	auth caddyauth.Authentication
}

// CaddyModule returns the Caddy module information.
func (KeyGuard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.xjp_auth",
		New: func() caddy.Module { return new(KeyGuard) },
	}
}

// Provision sets up the authentication handler.
func (g *KeyGuard) Provision(ctx caddy.Context) error {
	g.auth.ProvidersRaw = caddy.ModuleMap{"xjp_key": caddyconfig.JSON(KeyAuth{Tenants: g.Tenants}, nil)}
	return g.auth.Provision(ctx)
}

// ServeHTTP lets requests with a good key pass.
func (g *KeyGuard) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	caddyhttp.SetVar(r.Context(), unavailableVar, false)
	err := g.auth.ServeHTTP(w, r, next)
	if unavailable, _ := caddyhttp.GetVar(r.Context(), unavailableVar).(bool); unavailable {
		w.Header().Set("Retry-After", "1")
		return caddyhttp.Error(http.StatusServiceUnavailable, keys.ErrUnavailable)
	}
	return err
}

// unavailableVar is set for requests whose key could not be looked up.
const unavailableVar = "xjp_auth.unavailable"

// parseKeyGuard reads the directive:
//
//	xjp_auth [<matcher>] {
//		tenants <id…>
//	}
func parseKeyGuard(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	d := h.Dispenser
	d.Next()
	if d.NextArg() {
		return nil, d.ArgErr()
	}
	g := new(KeyGuard)
	block := module.Block{Name: "xjp_auth", Once: []string{"tenants"}}
	return g, block.Read(d, func(string) error {
		if g.Tenants = d.RemainingArgs(); len(g.Tenants) == 0 {
			return d.ArgErr()
		}
		return nil
	})
}

var (
	_ caddy.Provisioner           = (*KeyGuard)(nil)
	_ caddyhttp.MiddlewareHandler = (*KeyGuard)(nil)
)
