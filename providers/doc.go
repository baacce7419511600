// Package providers is the contract between the gateway and the upstreams it calls.
//
// A kind of provider lives in a package of its own below this one: plain Go that
// knows the provider's URLs, credentials, quirks and errors, and a thin Caddy module
// xjp.providers.<kind> around it. A third party adds a kind by registering such a
// module; CONTRIBUTING.md has an example that is compiled by a test.
package providers
