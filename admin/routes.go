package admin

import (
	"net/http"
	"slices"
	"strings"
)

// route is an operation: a method on a path, in which {id} stands for one segment.
type route struct {
	method, path string
	answer       func(*exchange) error
}

// routes are all operations. Each is described in openapi.json.
func routes() []route {
	return []route{
		{"GET", "/xjp/tenants", (*exchange).listTenants},
		{"POST", "/xjp/tenants", (*exchange).createTenant},
		{"GET", "/xjp/tenants/{id}", (*exchange).getTenant},
		{"PATCH", "/xjp/tenants/{id}", (*exchange).updateTenant},
		{"DELETE", "/xjp/tenants/{id}", (*exchange).deleteTenant},

		{"GET", "/xjp/keys", (*exchange).listKeys},
		{"POST", "/xjp/keys", (*exchange).createKey},
		{"GET", "/xjp/keys/{id}", (*exchange).getKey},
		{"PATCH", "/xjp/keys/{id}", (*exchange).updateKey},
		{"DELETE", "/xjp/keys/{id}", (*exchange).revokeKey},
		{"POST", "/xjp/keys/{id}/rotate", (*exchange).rotateKey},

		{"GET", "/xjp/usage", (*exchange).usage},
		{"GET", "/xjp/requests", (*exchange).listRequests},
		{"GET", "/xjp/requests/{id}", (*exchange).getRequest},
		{"GET", "/xjp/captures", (*exchange).listCaptures},
		{"DELETE", "/xjp/captures", (*exchange).deleteCaptures},
		{"GET", "/xjp/captures/{id}", (*exchange).getCapture},

		{"POST", "/xjp/billing/quote", (*exchange).quote},
		{"GET", "/xjp/billing/transactions", (*exchange).transactions},
		{"GET", "/xjp/billing/summary", (*exchange).summary},
		// The predecessor's paths.
		{"POST", "/internal/billing/quote", (*exchange).quote},
		{"GET", "/internal/billing/transactions", (*exchange).transactions},
		{"GET", "/internal/billing/summary", (*exchange).summary},

		{"GET", "/xjp/models", (*exchange).models},
		{"GET", "/xjp/limits", (*exchange).limits},
		{"GET", "/xjp/routes", (*exchange).gatewayRoutes},
		{"POST", "/xjp/explain", (*exchange).explain},
		{"POST", "/xjp/wake", (*exchange).wake},
		{"GET", "/xjp/audit", (*exchange).audit},
		{"GET", "/xjp/openapi.json", (*exchange).openAPI},
	}
}

// Prefixes are what all paths begin with.
var Prefixes = []string{"/xjp/", "/internal/billing/"}

// table is routes, once.
var table []route

func init() { table = routes() }

// find finds the operation for a method and a path, and what the path names. HEAD is GET
// without the body, which the server leaves out.
func find(method, path string) (found route, id string, err error) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allowed []string
	for _, r := range table {
		name, ok := match(r.path, path)
		if !ok {
			continue
		}
		if r.method == method {
			return r, name, nil
		}
		allowed = append(allowed, r.method)
	}
	if allowed == nil {
		return found, "", refuse(http.StatusNotFound, "nothing is at %s; /xjp/openapi.json describes what there is", path)
	}
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	wrong := refuse(http.StatusMethodNotAllowed, "the method %s is not allowed here; use %s", method, strings.Join(allowed, " or "))
	wrong.allow = strings.Join(allowed, ", ")
	return found, "", wrong
}

// match compares a path with that of an operation and returns the segment that stands at
// {id}.
func match(pattern, path string) (id string, ok bool) {
	before, after, named := strings.Cut(pattern, "{id}")
	if !named {
		return "", pattern == path
	}
	id, ok = strings.CutPrefix(path, before)
	if !ok {
		return "", false
	}
	id, ok = strings.CutSuffix(id, after)
	return id, ok && id != "" && !strings.Contains(id, "/")
}
