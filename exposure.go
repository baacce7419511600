package xjpgateway

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
	"go.uber.org/zap"
)

// warnOfExposure tells the operator, once for each load of a configuration, which servers
// write clients' keys into logs and which serve anybody without a key. Only when the app
// starts all servers are known with their routes.
func (a *App) warnOfExposure() {
	mod, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return
	}
	var logged, open []string
	servers := mod.(*caddyhttp.App).Servers
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		server := servers[name]
		f := a.findGateways(server)
		if !f.keyed {
			continue
		}
		if server.Logs != nil || f.returns {
			logged = append(logged, server.Listen...)
		}
		if f.open {
			open = append(open, server.Listen...)
		}
	}
	if len(logged) > 0 && !a.snapshot.Load().logFilterOK {
		a.logger.Warn("access logs are on, or errors are returned to Caddy, which writes clients' keys in X-Api-Key into its logs; delete that header with a log filter, then acknowledge it with log_filter ok",
			zap.Strings("listen", logged))
	}
	if len(open) > 0 {
		a.logger.Warn("auth off serves everybody who can reach the site; bind it to the loopback address, match it to private addresses, or let it ask for keys",
			zap.Strings("listen", open))
	}
}

// gatewayFinder collects what matters of the gateways in a server's routes, and of other
// sites that keys are sent to.
type gatewayFinder struct {
	app     *App
	keyed   bool // there is one
	returns bool // one hands its errors to Caddy
	open    bool // one serves without a key, and nothing guards it
}

// findGateways looks for this app's handlers in all routes of a server.
func (a *App) findGateways(server *caddyhttp.Server) *gatewayFinder {
	f := &gatewayFinder{app: a}
	guarded := onlyLoopback(server.Listen)
	f.routes(server.Routes, guarded)
	for _, route := range server.NamedRoutes {
		f.routes(caddyhttp.RouteList{*route}, guarded)
	}
	return f
}

// routes walks a list of routes. An authentication by Caddy guards what comes after it.
func (f *gatewayFinder) routes(list caddyhttp.RouteList, guarded bool) {
	for i := range list {
		inside := guarded || onlyPrivate(list[i].MatcherSets)
		for _, handler := range list[i].Handlers {
			if g, ok := handler.(*KeyGuard); ok {
				handler = &g.auth
			}
			switch h := handler.(type) {
			case *caddyhttp.Subroute:
				f.routes(h.Routes, inside)
			case *caddyauth.Authentication:
				inside = true
				guarded = guarded || len(list[i].MatcherSets) == 0
				if k, ok := h.Providers["xjp_key"].(*KeyAuth); ok && k.app == f.app {
					f.keyed = true
				}
			case *Handler:
				f.gateway(h, inside)
			}
		}
	}
}

func (f *gatewayFinder) gateway(h *Handler, guarded bool) {
	if h.app != f.app {
		return
	}
	f.keyed = true
	f.returns = f.returns || h.Errors == "return"
	f.open = f.open || h.Auth == "off" && !guarded
}

// onlyLoopback reports whether a server can be reached from this machine alone. A site's
// name does not tell: a server for http://127.0.0.1 listens on all interfaces.
func onlyLoopback(listen []string) bool {
	for _, text := range listen {
		address, err := caddy.ParseNetworkAddress(text)
		if err != nil {
			return false
		}
		ip, err := netip.ParseAddr(address.Host)
		if !address.IsUnixNetwork() && address.Host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return false
		}
	}
	return len(listen) > 0
}

// onlyPrivate reports whether matchers let pass private addresses alone: each of the sets,
// one of which must match, asks for them.
func onlyPrivate(sets caddyhttp.MatcherSets) bool {
	for _, set := range sets {
		if !slices.ContainsFunc(set, isPrivateMatcher) {
			return false
		}
	}
	return len(sets) > 0
}

func isPrivateMatcher(matcher any) bool {
	var ranges []string
	switch m := matcher.(type) {
	case *caddyhttp.MatchRemoteIP:
		ranges = m.Ranges
	case *caddyhttp.MatchClientIP:
		ranges = m.Ranges
	}
	return len(ranges) > 0 && !slices.ContainsFunc(ranges, func(text string) bool { return !isPrivateRange(text) })
}

// privateNetworks are the networks that the Internet does not reach: those of private use,
// loopback, link-local, and shared addresses as overlay networks use them (RFC 6598).
var privateNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("::1/128"),
}

// isPrivateRange reports whether an address or a range in CIDR notation lies in a private
// network.
func isPrivateRange(text string) bool {
	text, _, _ = strings.Cut(text, "%")
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return false
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	return slices.ContainsFunc(privateNetworks, func(n netip.Prefix) bool {
		return n.Bits() <= prefix.Bits() && n.Contains(prefix.Addr())
	})
}
