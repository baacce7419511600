package module

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// connectTimeout is the key of a provisioning context under which the app tells its
// providers how long connecting may take.
type connectTimeout struct{}

// WithConnectTimeout returns a context whose providers give their transports the limit
// for connecting, unless those set one themselves. Zero leaves it to the transports.
func WithConnectTimeout(ctx caddy.Context, limit caddy.Duration) caddy.Context {
	return ctx.WithValue(connectTimeout{}, limit)
}

func (b *Base) provisionTransport(ctx caddy.Context) error {
	if len(b.TransportRaw) == 0 {
		b.TransportRaw = json.RawMessage(`{"protocol":"http"}`)
	}
	if limit, _ := ctx.Value(connectTimeout{}).(caddy.Duration); limit > 0 {
		b.TransportRaw = withDialTimeout(b.TransportRaw, limit)
	}
	mod, err := ctx.LoadModule(b, "TransportRaw")
	if err != nil {
		return fmt.Errorf("transport: %w", err)
	}
	rt, ok := mod.(http.RoundTripper)
	if !ok {
		return fmt.Errorf("transport: %T cannot make requests", mod)
	}
	writeBodies(rt)
	b.transport = rt
	return nil
}

// withDialTimeout adds the limit to the configuration of an http transport that sets
// none; other transports know no such setting.
func withDialTimeout(raw json.RawMessage, limit caddy.Duration) json.RawMessage {
	var config map[string]json.RawMessage
	if json.Unmarshal(raw, &config) != nil || string(config["protocol"]) != `"http"` || config["dial_timeout"] != nil {
		return raw
	}
	config["dial_timeout"] = caddyconfig.JSON(limit, nil)
	return caddyconfig.JSON(config, nil)
}

func (b *Base) unmarshalTransport(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.ArgErr()
	}
	name := d.Val()
	unm, err := caddyfile.UnmarshalModule(d, "http.reverse_proxy.transport."+name)
	if err != nil {
		return err
	}
	if _, ok := unm.(http.RoundTripper); !ok {
		return d.Errf("module %s (%T) is not a transport", name, unm)
	}
	b.TransportRaw = caddyconfig.JSONModuleObject(unm, "protocol", name, nil)
	return nil
}
