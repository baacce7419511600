// Package native tests the gateway as a native Caddy module: what operators configure,
// reload, watch and keep secret. Its tests are numbered by the checks of what a Caddy user
// would expect.
package native
