package xjpgateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(AdminHandler{})
	httpcaddyfile.RegisterHandlerDirective("xjp_admin", parseAdminHandler)
	httpcaddyfile.RegisterDirectiveOrder("xjp_admin", httpcaddyfile.Before, "reverse_proxy")
}

// AdminHandler is the admin API as an HTTP handler, for a site that asks who its visitors
// are. It answers paths under /xjp/ and /internal/billing/ and hands all others to the next
// handler. Whoever passes the site's authentication may change all tenants and keys and see
// all usage; nobody else is ever answered.
type AdminHandler struct {
	// Actor says who asks, as the audit is told: a placeholder that the site's
	// authentication fills. Where it is empty, the request is refused. One that a client
	// can set, such as a header that no proxy in front takes away, protects nothing.
	// Default: {http.auth.user.id}, which Caddy's authentication handlers fill.
	Actor string `json:"actor,omitempty"`

	app    *App
	logger *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (AdminHandler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.xjp_admin",
		New: func() caddy.Module { return new(AdminHandler) },
	}
}

// Provision finds the app.
func (h *AdminHandler) Provision(ctx caddy.Context) error {
	h.logger = ctx.Logger()
	mod, err := ctx.App("xjp")
	if err != nil {
		return err
	}
	h.app = mod.(*App)
	return nil
}

// Validate refuses an actor that is always the same: everybody would be that one.
func (h *AdminHandler) Validate() error {
	if h.Actor != "" && !strings.Contains(h.Actor, "{") {
		return fmt.Errorf("actor must be a placeholder that the site's authentication fills, such as {http.auth.user.id}, not '%s'", h.Actor)
	}
	return nil
}

// ServeHTTP answers a request, or hands it on if its path is not that of the admin API.
func (h *AdminHandler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if !slices.ContainsFunc(admin.Prefixes, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
		return next.ServeHTTP(w, r)
	}
	err := h.serve(w, r)
	if err == nil {
		return nil
	}
	told := admin.ErrorOf(err)
	if told.Status >= http.StatusInternalServerError {
		h.logger.Error("administration failed", zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(told))
	}
	told.Answer(w)
	return nil
}

// sameOrigin refuses what a page of another site lets a browser send with the credentials
// that it keeps.
var sameOrigin = http.NewCrossOriginProtection()

func (h *AdminHandler) serve(w http.ResponseWriter, r *http.Request) error {
	actor := h.actor(r)
	if actor == "" {
		return &admin.Error{Status: http.StatusForbidden,
			Message: "nobody is known to ask; put an authentication such as basic_auth in front of xjp_admin"}
	}
	if caddyhttp.GetVar(r.Context(), anyTenantVar) != nil {
		return &admin.Error{Status: http.StatusForbidden,
			Message: "any client's key opens this site; name the tenants whose keys may administrate in xjp_auth, or use another authentication"}
	}
	if err := sameOrigin.Check(r); err != nil {
		return &admin.Error{Status: http.StatusForbidden, Message: "a page of another site may change nothing here", Cause: err}
	}
	return h.app.administrate(w, r, actor)
}

// actor is who asks, "" if nobody has made sure of that.
func (h *AdminHandler) actor(r *http.Request) string {
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return ""
	}
	return strings.TrimSpace(repl.ReplaceAll(orDefault(h.Actor, "{http.auth.user.id}"), ""))
}

var optionsOfAdmin = module.Block{Name: "xjp_admin", Once: []string{"actor"}}

// parseAdminHandler reads the directive:
//
//	xjp_admin [<matcher>] {
//		actor <placeholder>
//	}
func parseAdminHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	d := h.Dispenser
	d.Next()
	if d.NextArg() {
		return nil, d.ArgErr()
	}
	var handler AdminHandler
	return &handler, optionsOfAdmin.Read(d, func(string) error {
		if !d.AllArgs(&handler.Actor) {
			return d.ArgErr()
		}
		if err := handler.Validate(); err != nil {
			return d.WrapErr(err)
		}
		return nil
	})
}

// Interface guards
var (
	_ caddy.Provisioner           = (*AdminHandler)(nil)
	_ caddy.Validator             = (*AdminHandler)(nil)
	_ caddyhttp.MiddlewareHandler = (*AdminHandler)(nil)
)
