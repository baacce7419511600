package main

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
}

// same reports whether nothing has to be translated.
func (s subject) same() bool { return s.client == s.upstream }

// String names the subject in tables.
func (s subject) String() string {
	if s.proxy {
		return "reverse_proxy " + string(s.client)
	}
	return string(s.client) + " → " + string(s.upstream)
}

// baseline is the reverse_proxy that a subject is compared with: the one that clients of
// the same dialect would use.
func (s subject) baseline() subject { return subject{s.client, s.client, true} }

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
	{chat, chat, true}, {chat, chat, false}, {chat, messages, false}, {chat, gemini, false},
	{messages, messages, true}, {messages, messages, false}, {messages, chat, false}, {messages, gemini, false},
}
