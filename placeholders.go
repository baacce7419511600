package xjpgateway

import (
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// facts are what other handlers may know of a call, as of some moment. They are never
// changed, since a keep-alive sends headers, and with them others' placeholders, from
// another goroutine.
type facts struct {
	key, model, route, provider, upstreamModel string

	streamed              bool
	attempts              int
	input, cached, output int64
	first                 time.Duration
	err                   string
}

// offerPlaceholders lets handlers around the gateway ask for what it knows.
func (c *call) offerPlaceholders() {
	if repl, ok := c.r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(c.placeholder)
	}
}

// publish makes known what the call has found out, if it is more than before.
func (c *call) publish() {
	now := c.found()
	if before := c.facts.Load(); before == nil || *before != now {
		c.facts.Store(&now)
	}
}

// found is what the call has found out so far.
func (c *call) found() facts {
	o := &c.outcome
	f := facts{
		model: c.model, upstreamModel: o.model, streamed: o.streamed, attempts: o.attempts, first: o.first, err: errorKind(o.err),
		input: o.usage.Input, cached: o.usage.CacheRead, output: o.usage.Output,
	}
	if c.key != nil {
		f.key = c.key.ID
	}
	if o.route != nil {
		f.route, f.provider = o.route.id, o.route.upstream.name
	}
	return f
}

// placeholder gives the value of {http.xjp.…}.
func (c *call) placeholder(name string) (any, bool) {
	field, ours := strings.CutPrefix(name, "http.xjp.")
	if !ours {
		return nil, false
	}
	f := c.facts.Load()
	if f == nil {
		f = &facts{}
	}
	switch field {
	case "request_id":
		return c.id, true
	case "dialect":
		return c.dialect.Inbound.Name(), true
	case "model":
		return f.model, true
	case "route":
		return f.route, true
	case "provider":
		return f.provider, true
	case "upstream_model":
		return f.upstreamModel, true
	case "key.id":
		return f.key, true
	case "stream":
		return strconv.FormatBool(f.streamed), true
	case "attempts":
		return f.attempts, true
	case "usage.input":
		return f.input, true
	case "usage.cached":
		return f.cached, true
	case "usage.output":
		return f.output, true
	case "ttft_ms":
		return f.first.Milliseconds(), true
	case "error":
		return f.err, true
	}
	return nil, false
}
