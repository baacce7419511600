// Package behaviour holds the specification of what clients experience over HTTP, as tests
// against the running handler: Caddy in process, and small doubles of providers behind it.
package behaviour
