package main

import "slices"

// wire is a dialect, as clients or upstreams speak it.
type wire string

// The dialects that are measured.
const (
	chat     wire = "Chat"
	messages wire = "Messages"
	gemini   wire = "Gemini"
)

// wires are all that an upstream may speak.
var wires = []wire{chat, messages, gemini}

// path is where clients of a dialect send their requests.
func (w wire) path() string {
	if w == messages {
		return "/v1/messages"
	}
	return "/v1/chat/completions"
}

// subject is one of those that are compared: a way through the Caddy process.
type subject struct {
	client, upstream wire
	// proxy is true for reverse_proxy, false for the gateway.
	proxy bool
	// accounts is true for a gateway that limits, prices and records its requests.
	accounts bool
}

// same reports whether nothing has to be translated.
func (s subject) same() bool { return s.client == s.upstream }

// String names the subject in tables.
func (s subject) String() string {
	if s.proxy {
		return "reverse_proxy " + string(s.client)
	}
	way := string(s.client) + " → " + string(s.upstream)
	if s.accounts {
		way += ", accounted for"
	}
	return way
}

// baseline is what a subject is compared with: the reverse_proxy that clients of the same
// dialect would use, or the gateway without accounts.
func (s subject) baseline() subject {
	if s.accounts {
		return subject{client: s.client, upstream: s.upstream}
	}
	return subject{client: s.client, upstream: s.client, proxy: true}
}

// judged reports whether a subject is compared with another, and not only the other way
// round. reverse_proxy is its own baseline.
func (s subject) judged(among []subject) bool {
	return s.baseline() != s && slices.Contains(among, s.baseline())
}

// model is the logical model that leads a request to the subject's upstream.
func (s subject) model() string {
	switch s.upstream {
	case chat:
		return "bench-chat"
	case messages:
		return "bench-messages"
	}
	return "bench-gemini"
}

// subjects are compared in this order, each reverse_proxy just before what it is the
// baseline of.
var subjects = []subject{
	{client: chat, upstream: chat, proxy: true}, {client: chat, upstream: chat}, {client: chat, upstream: messages}, {client: chat, upstream: gemini},
	{client: messages, upstream: messages, proxy: true}, {client: messages, upstream: messages}, {client: messages, upstream: chat}, {client: messages, upstream: gemini},
}

// accounted are compared with -accounts: what limits, prices and the ledger cost.
var accounted = []subject{
	{client: chat, upstream: chat}, {client: chat, upstream: chat, accounts: true},
	{client: chat, upstream: messages}, {client: chat, upstream: messages, accounts: true},
	{client: messages, upstream: messages}, {client: messages, upstream: messages, accounts: true},
}
