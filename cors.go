package xjpgateway

import (
	"net/http"
	"slices"
)

// exposed are the headers that pages may read: what SDKs look for, and our own.
const exposed = "Request-Id, X-Request-Id, Retry-After, Retry-After-Ms, X-Should-Retry, X-Xjp-Lossy, X-Xjp-Provider, X-Xjp-Upstream-Model, X-Xjp-Token-Count"

// cors answers a preflight request and lets pages of the configured origins read
// answers. It reports whether the request is answered.
func (h *Handler) cors(c *call) bool {
	origin := c.r.Header.Get("Origin")
	header := c.w.Header()
	if origin != "" && h.allowsOrigin(origin) {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Add("Vary", "Origin")
		header.Set("Access-Control-Expose-Headers", exposed)
	}
	if c.r.Method != http.MethodOptions {
		return false
	}
	header.Set("Allow", allowed(c.op))
	if header.Get("Access-Control-Allow-Origin") != "" {
		header.Set("Access-Control-Allow-Methods", allowed(c.op))
		header.Set("Access-Control-Allow-Headers", orDefault(c.r.Header.Get("Access-Control-Request-Headers"), "*"))
		header.Set("Access-Control-Max-Age", "86400")
	}
	c.w.WriteHeader(http.StatusNoContent)
	c.outcome.status = http.StatusNoContent
	return true
}

func (h *Handler) allowsOrigin(origin string) bool {
	return slices.Contains(h.CORS, "*") || slices.Contains(h.CORS, origin)
}
