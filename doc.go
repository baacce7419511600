// Package xjpgateway is the XiaojinPro Gateway: a Caddy HTTP handler that
// speaks several LLM dialects to its clients and to its providers.
package xjpgateway
