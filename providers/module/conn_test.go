package module

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// body counts how it is written.
type body struct {
	*strings.Reader
	size      int64
	wroteSelf int
}

func (b *body) Close() error { return nil }
func (b *body) Size() int64  { return b.size }
func (b *body) WriteTo(w io.Writer) (int64, error) {
	n, err := b.Reader.WriteTo(w)
	if n > 0 {
		b.wroteSelf++
	}
	return n, err
}

// A body of the size that the request tells writes itself, another is copied; both arrive.
func TestBodiesWriteThemselves(t *testing.T) {
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- string(b)
	}))
	defer server.Close()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	h := new(reverseproxy.HTTPTransport)
	if err := h.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	writeBodies(h)
	defer h.Transport.CloseIdleConnections()
	text := strings.Repeat("0123456789abcdef", 20_000)
	for _, c := range []struct {
		name  string
		size  int64
		wrote int
	}{{"its own size", int64(len(text)), 1}, {"another size", int64(len(text)) - 1, 0}} {
		b := &body{Reader: strings.NewReader(text), size: c.size}
		req, _ := http.NewRequest(http.MethodPost, server.URL, b)
		req.ContentLength = int64(len(text))
		resp, err := h.Transport.RoundTrip(req)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		resp.Body.Close()
		if <-got != text || b.wroteSelf != c.wrote {
			t.Errorf("%s: the body wrote itself %d times, want %d", c.name, b.wroteSelf, c.wrote)
		}
	}
	plain, _ := http.NewRequest(http.MethodPost, server.URL, io.NopCloser(io.MultiReader(bytes.NewReader([]byte(text)))))
	plain.ContentLength = int64(len(text))
	resp, err := h.Transport.RoundTrip(plain)
	if err != nil || <-got != text {
		t.Fatalf("any other body: %v", err)
	}
	resp.Body.Close()
}
