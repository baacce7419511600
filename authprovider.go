package xjpgateway

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"

	"github.com/rickyjim626/xjp-gateway/keys"
)

func init() {
	caddy.RegisterModule(KeyAuth{})
}

// KeyAuth lets the gateway's keys guard any other site: whoever sends a good one, as
// `Authorization: Bearer <key>` or as `X-Api-Key`, is let in. A key whose scope names
// endpoints of the gateway is for those alone and opens no other site.
//
// It makes these placeholders available, beside those of the authentication handler:
//
// Placeholder | Description
// ------------|------------
// `{http.auth.user.id}` | The key, by its id
// `{http.auth.user.tenant}` | The key's tenant
// `{http.auth.candidate.id}` | A key that is right, but not let in
//
// When a key cannot be looked up, `{http.auth.xjp_key.error}` says so, and who sent it is not
// let in. The handler xjp_auth, which has this provider alone, answers 503 then.
type KeyAuth struct {
	// Tenants are those whose keys are let in. Default: all, so that each key that was ever
	// given to a client opens the site.
	Tenants []string `json:"tenants,omitempty"`

	app *App
}

// CaddyModule returns the Caddy module information.
func (KeyAuth) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.authentication.providers.xjp_key",
		New: func() caddy.Module { return new(KeyAuth) },
	}
}

// Provision finds the app.
func (k *KeyAuth) Provision(ctx caddy.Context) error {
	mod, err := ctx.App("xjp")
	if err != nil {
		return err
	}
	k.app = mod.(*App)
	return nil
}

// Authenticate tells whose key a request carries. An address that tries many wrong keys
// waits, as it does at the gateway.
func (k *KeyAuth) Authenticate(w http.ResponseWriter, r *http.Request) (caddyauth.User, bool, error) {
	secret, err := presentedKey(r.Header)
	if err != nil || secret == "" {
		challenge(w, "")
		return caddyauth.User{}, false, nil
	}
	s := k.app.snapshot.Load()
	p, err := s.principal(r, secret)
	switch {
	case err == nil:
		if len(k.Tenants) == 0 {
			caddyhttp.SetVar(r.Context(), anyTenantVar, true)
		}
		admitted := k.admits(p)
		if !admitted {
			challenge(w, invalidToken)
		}
		return caddyauth.User{ID: p.ID, Metadata: map[string]string{"tenant": p.Tenant}}, admitted, nil
	case errors.Is(err, keys.ErrUnavailable):
		caddyhttp.SetVar(r.Context(), unavailableVar, true)
		return caddyauth.User{}, false, keys.ErrUnavailable
	case errors.Is(err, keys.ErrUnknown):
		k.slowDown(w, r, secret, s.runtime.brake)
	}
	challenge(w, invalidToken)
	return caddyauth.User{}, false, nil
}

// anyTenantVar is set for requests that any client's key lets in: what is for operators
// alone must not be open to them.
const anyTenantVar = "xjp_auth.any_tenant"

// admits reports whether a good key opens this site.
func (k *KeyAuth) admits(p *keys.Principal) bool {
	return len(p.Scope.Endpoints) == 0 && (len(k.Tenants) == 0 || slices.Contains(k.Tenants, p.Tenant))
}

// slowDown counts a wrong key against its address, and tells it to wait when they are many.
func (k *KeyAuth) slowDown(w http.ResponseWriter, r *http.Request, secret string, brake *keys.Brake) {
	k.app.metrics.authFails.Inc()
	addr, now := clientAddr(r), time.Now()
	if wait := brake.Wait(addr, now); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		return
	}
	brake.Fail(addr, secret, now)
}

// invalidToken is told of all keys that do not open the site, so that nobody learns which of
// them open others.
const invalidToken = ` error="invalid_token"`

// challenge says how to send a key (RFC 6750, section 3).
func challenge(w http.ResponseWriter, detail string) {
	w.Header().Set("WWW-Authenticate", "Bearer"+detail)
}

var (
	_ caddy.Provisioner       = (*KeyAuth)(nil)
	_ caddyauth.Authenticator = (*KeyAuth)(nil)
)
