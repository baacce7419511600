package module

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// Body is a request body that lies in memory and can write itself. Over connections
// without TLS it does: net/http would copy it through a buffer of 32 KiB that it makes for
// each request.
type Body interface {
	io.ReadCloser
	io.WriterTo
	// Size is the number of bytes that WriteTo writes.
	Size() int64
}

// writeBodies makes the connections of Caddy's HTTP transport let bodies write themselves.
func writeBodies(rt http.RoundTripper) {
	h, ok := rt.(*reverseproxy.HTTPTransport)
	if !ok || h.Transport == nil || h.Transport.DialContext == nil {
		return
	}
	dial := h.Transport.DialContext
	h.Transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return conn{c}, nil
	}
}

// conn is a connection that lets bodies write themselves.
type conn struct{ net.Conn }

// ReadFrom is called by net/http with a body of known size.
func (c conn) ReadFrom(r io.Reader) (int64, error) {
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		return io.Copy(c.Conn, r)
	}
	body, ok := limited.R.(Body)
	if !ok || body.Size() != limited.N {
		return io.Copy(c.Conn, r)
	}
	n, err := body.WriteTo(c.Conn)
	limited.N -= n
	return n, err
}
