package xjpgateway

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
)

// health answers that the process lives.
func (c *call) health() error {
	c.writeJSON(http.StatusOK, []byte(`{"status":"ok"}`))
	return nil
}

// ready answers whether a load balancer should send requests here. Nothing of the
// providers is in it: an outage of one must not unload every node (decisions.md,
// readiness). A configuration that cannot be loaded never gets as far as a request.
func (c *call) ready() error {
	if c.draining() {
		c.writeJSON(http.StatusServiceUnavailable, []byte(`{"status":"not_ready","reasons":["shutting_down"]}`))
		return nil
	}
	c.writeJSON(http.StatusOK, []byte(`{"status":"ready"}`))
	return nil
}

// draining reports whether requests will soon not be taken any more: the process exits, or
// the listener that this one came by is closed after Caddy's shutdown_delay, which a
// reload can do as well.
func (c *call) draining() bool {
	if caddy.Exiting() {
		return true
	}
	repl, ok := c.r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return false
	}
	closing, _ := repl.Get("http.shutting_down")
	return closing == true
}
