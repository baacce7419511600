package xjpgateway

import (
	"encoding/json"
	"net/http"

	"github.com/caddyserver/caddy/v2"
)

// health answers that the process lives, and which of its parts do not work.
func (c *call) health() error {
	body := []byte(`{"status":"ok"`)
	if down := c.s.accounts.down(); len(down) > 0 {
		body = append(body, `,"degraded":`...)
		list, _ := json.Marshal(down)
		body = append(body, list...)
	}
	c.writeJSON(http.StatusOK, append(body, '}'))
	return nil
}

// ready answers whether a load balancer should send requests here. Nothing of the
// providers is in it: an outage of one must not unload every node (decisions.md,
// readiness). A configuration that cannot be loaded never gets as far as a request.
func (c *call) ready() error {
	reasons := c.s.accounts.unready()
	if c.draining() {
		reasons = append(reasons, "shutting_down")
	}
	if len(reasons) > 0 {
		list, _ := json.Marshal(reasons)
		c.writeJSON(http.StatusServiceUnavailable, append(append([]byte(`{"status":"not_ready","reasons":`), list...), '}'))
		return nil
	}
	c.writeJSON(http.StatusOK, []byte(`{"status":"ready"}`))
	return nil
}

// down are the parts that do not work at the moment.
func (acc *accounts) down() (parts []string) {
	if acc.store == nil {
		return nil
	}
	lag, err := acc.ledger.lag()
	if acc.store.get() == nil || lag.Store != nil {
		parts = append(parts, "store")
	}
	if err != nil || lag.Journal != nil {
		parts = append(parts, "journal")
	}
	if !acc.engines.up.Load() {
		parts = append(parts, "state")
	}
	return parts
}

// unready are the parts without which no request should be sent here. A store that goes
// away is none: clients whose keys are known are served all the same, and if all nodes
// turned away the rest, nobody would be (decisions.md, "readiness", holds for a store that
// has not been there yet, and where its failure denies all).
func (acc *accounts) unready() (parts []string) {
	if acc.store == nil {
		return nil
	}
	lag, err := acc.ledger.lag()
	if acc.store.get() == nil || lag.Store != nil && acc.denies {
		parts = append(parts, "store")
	}
	if err != nil || lag.Journal != nil {
		parts = append(parts, "journal")
	}
	return parts
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
