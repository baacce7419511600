package xjpgateway

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

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
	if c.key = c.s.keys.Find(secret); c.key != nil {
		c.setUser(c.key.ID)
		return nil
	}
	return c.refuseKey(secret)
}

// presentedKey finds the key in Authorization or x-api-key. An empty header is as
// good as none; two different keys are refused.
func presentedKey(h http.Header) (string, error) {
	found := ""
	for _, value := range append(h.Values("Authorization"), h.Values("X-Api-Key")...) {
		key := strings.TrimSpace(value)
		if scheme, rest, ok := strings.Cut(key, " "); ok && strings.EqualFold(scheme, "Bearer") {
			key = strings.TrimSpace(rest)
		} else if strings.EqualFold(key, "Bearer") {
			key = ""
		}
		if key == "" {
			continue
		}
		if found != "" && found != key {
			return "", &translate.Error{Kind: translate.ErrInvalid, Message: "the request carries two different keys; send one, in Authorization or in x-api-key"}
		}
		found = key
	}
	return found, nil
}

// refuseKey answers a wrong or missing key. An address that tries many waits.
func (c *call) refuseKey(secret string) error {
	c.h.app.metrics.authFails.Inc()
	if secret == "" {
		return &translate.Error{Kind: translate.ErrAuth, Retry: translate.No,
			Message: "no key was sent; send it as Authorization: Bearer <key> or as x-api-key"}
	}
	addr, now := clientAddr(c.r), time.Now()
	if wait := c.s.runtime.brake.Wait(addr, now); wait > 0 {
		return &translate.Error{Kind: translate.ErrRateLimit, RetryAfter: wait, Message: "too many wrong keys from this address"}
	}
	c.s.runtime.brake.Fail(addr, now)
	return &translate.Error{Kind: translate.ErrAuth, Retry: translate.No, Message: "the key is not valid"}
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
