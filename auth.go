package xjpgateway

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// authenticate checks the client's key, in either header of either dialect.
func (c *call) authenticate() error {
	if c.h.Auth == "off" {
		return nil
	}
	secret, err := presentedKey(c.r.Header)
	if err != nil {
		return err
	}
	if c.key, err = c.findKey(secret); err != nil {
		return err
	}
	c.setUser(c.key.ID)
	return nil
}

// findKey finds the key among those of the configuration, then among those of the store.
func (c *call) findKey(secret string) (*keys.Principal, error) {
	p, err := c.s.principal(c.r, secret)
	switch {
	case err == nil:
		return p, nil
	case errors.Is(err, keys.ErrUnavailable):
		return nil, &translate.Error{Kind: translate.ErrOverloaded, RetryAfter: time.Second, Message: "keys cannot be checked at the moment; try again"}
	case errors.Is(err, keys.ErrUnknown):
		return nil, c.refuseKey(secret, err)
	}
	c.h.app.metrics.authFails.Inc()
	return nil, refusedKey(err)
}

// principal finds the key with a secret among those of the configuration, then among those
// of the store. Its errors are those of keys.Directory. For an address that has presented
// many wrong keys the store is not asked: keys that are remembered are found all the same.
func (s *snapshot) principal(r *http.Request, secret string) (*keys.Principal, error) {
	s.accounts.await(r.Context())
	if p := s.keys.Find(secret); p != nil {
		return s.accounts.withinTenant(r.Context(), p)
	}
	directory := s.accounts.directory
	switch {
	case directory == nil || secret == "":
		return nil, keys.ErrUnknown
	case s.runtime.brake.Wait(clientAddr(r), time.Now()) > 0:
		return directory.get().FindRemembered(r.Context(), secret)
	}
	return directory.get().Find(r.Context(), secret)
}

// checkScope refuses what the key is not for.
func (c *call) checkScope() error {
	what := ""
	switch {
	case c.key == nil || c.op == opUnknown:
	case !c.key.MayDialect(c.dialect.Inbound.Name()):
		what = "the dialect " + c.dialect.Inbound.Name()
	case !c.key.MayUse(c.endpointName()):
		what = "the endpoint " + c.endpointName()
	}
	if what == "" {
		return nil
	}
	return &translate.Error{Kind: translate.ErrPermission, Retry: translate.No, Message: "this key may not use " + what}
}

// presentedKey finds the key in Authorization or x-api-key. An empty header is as
// good as none; two different keys are refused.
func presentedKey(h http.Header) (string, error) {
	found := ""
	for _, name := range [...]string{"Authorization", "X-Api-Key"} {
		for _, value := range h[name] {
			key := withoutScheme(value)
			if key == "" {
				continue
			}
			if found != "" && found != key {
				return "", &translate.Error{Kind: translate.ErrInvalid, Message: "the request carries two different keys; send one, in Authorization or in x-api-key"}
			}
			found = key
		}
	}
	return found, nil
}

// withoutScheme is the key in a header's value, "" if there is none.
func withoutScheme(value string) string {
	key := strings.TrimSpace(value)
	if scheme, rest, ok := strings.Cut(key, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	if strings.EqualFold(key, "Bearer") {
		return ""
	}
	return key
}

// refuseKey answers a wrong or missing key. An address that tries many waits.
func (c *call) refuseKey(secret string, why error) error {
	c.h.app.metrics.authFails.Inc()
	if secret == "" {
		return &translate.Error{Kind: translate.ErrAuth, Retry: translate.No,
			Message: "no key was sent; send it as Authorization: Bearer <key> or as x-api-key"}
	}
	addr, now := clientAddr(c.r), time.Now()
	if wait := c.s.runtime.brake.Wait(addr, now); wait > 0 {
		return &translate.Error{Kind: translate.ErrRateLimit, RetryAfter: wait, Message: "too many wrong keys from this address"}
	}
	c.s.runtime.brake.Fail(addr, secret, now)
	return refusedKey(why)
}

// refusedKey is what the client of a key is told that may not be used. Whether one that is
// none was ever one is not told, but that it is mistyped: for that nobody needs to know more
// than the key itself.
func refusedKey(why error) error {
	switch {
	case !errors.Is(why, keys.ErrUnknown):
		return &translate.Error{Kind: translate.ErrPermission, Retry: translate.No, Message: why.Error()}
	case !errors.Is(why, keys.ErrMistyped):
		why = keys.ErrUnknown
	}
	return &translate.Error{Kind: translate.ErrAuth, Retry: translate.No, Message: why.Error()}
}

// clientAddr is the client's address as Caddy's trusted_proxies see it.
func clientAddr(r *http.Request) netip.Addr {
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	if text == "" {
		text = r.RemoteAddr
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr
	}
	ap, _ := netip.ParseAddrPort(text)
	return ap.Addr()
}

// setUser tells Caddy who the client is: the access log's user_id.
func (c *call) setUser(id string) {
	if repl, ok := c.r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Set("http.auth.user.id", id)
	}
}
