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
		b.TransportRaw = withDefault(b.TransportRaw, "dial_timeout", limit)
	}
	b.TransportRaw = withDefault(b.TransportRaw, "read_buffer_size", readBuffer)
	mod, err := ctx.LoadModule(b, "TransportRaw")
	if err != nil {
		return fmt.Errorf("transport: %w", err)
	}
	rt, ok := mod.(http.RoundTripper)
	if !ok {
		return fmt.Errorf("transport: %T cannot make requests", mod)
	}
	b.transport = rt
	return nil
}

// readBuffer is how many bytes are read from a provider at a time, where its transport
// does not say: a burst of events goes on in fewer writes than with Go's 4 KiB.
const readBuffer = 16 << 10

// withDefault adds a setting to the configuration of an http transport that does not set
// it; other transports know no such setting.
func withDefault(raw json.RawMessage, name string, value any) json.RawMessage {
	var config map[string]json.RawMessage
	if json.Unmarshal(raw, &config) != nil || string(config["protocol"]) != `"http"` || config[name] != nil {
		return raw
	}
	config[name] = caddyconfig.JSON(value, nil)
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
