package main

import (
	"strings"
	"time"
)

// outcome is what a client sees of a fault if no other route is there.
type outcome struct {
	point  point
	status int    // of the answer to Chat; Messages has 529 for 503
	code   string // Chat's code, Messages' type follows from the status
}

// point is when a fault comes to light.
type point int

const (
	never   point = iota // the fault does not exist for this form of answer
	before               // before content: another route takes over
	after                // after content: told in the stream
	endless              // never: the client leaves
)

// The outcomes that docs/errors.md knows.
var (
	upstream    = outcome{before, 502, "upstream_error"}
	interrupted = outcome{before, 502, "upstream_stream_interrupted"}
	empty       = outcome{before, 502, "empty_upstream_response"}
	overloaded  = outcome{before, 503, "overloaded"}
	timeout     = outcome{before, 504, "upstream_timeout"}
	limited     = outcome{before, 429, "upstream_rate_limited"}
	cut         = outcome{point: after}
	left        = outcome{point: endless}
)

// messagesType is the type that Messages gives to an error of a status of Chat.
var messagesType = map[int]string{429: "rate_limit_error", 502: "api_error", 503: "overloaded_error", 504: "timeout_error"}

// fault is a way in which a provider fails.
type fault struct {
	name          string
	whole, stream outcome
	act           act
	// place gives the address of a provider that does not even answer; nil for a double.
	place func(p *places) string
	// again says that Gemini's provider may be tried once more on the same route.
	again bool
	// limits are options of the route.
	limits string
}

// short are time limits that a stalling provider exceeds soon.
const short = "timeout {\nfirst_token 600ms\nidle 600ms\ntotal 600ms\n}"

// maxEvent is the largest event of a stream that the gateway takes here.
const maxEvent = 256 << 10

// text begins a good answer, with content if it is streamed.
func text(x *exchange) {
	x.begin()
	if x.stream {
		x.chunk(x.wire.lifecycle() + x.wire.content(faultyText))
	} else {
		x.chunk(x.wire.whole(faultyText)[:40])
	}
}

// started begins a good answer, without any content.
func started(x *exchange) {
	x.begin()
	if x.stream {
		x.chunk(x.wire.lifecycle())
	}
}

// status makes a storm of a status.
func status(status int, body string, headers ...string) act {
	return func(x *exchange) { x.status(status, body, headers...) }
}

// afterText does something after content, afterStart before it.
func afterText(do act) act  { return func(x *exchange) { text(x); do(x) } }
func afterStart(do act) act { return func(x *exchange) { started(x); do(x) } }

// insideCharacter cuts a frame in a character of several bytes.
func insideCharacter(x *exchange) string {
	f := x.wire.content("你好")
	return f[:strings.Index(f, "你")+2]
}

const theirWords = `{"error":{"message":"their words"}}`

var faults = []fault{
	{name: "connection refused", whole: upstream, stream: upstream, place: func(p *places) string { return "http://" + p.refused }},
	{name: "name does not resolve", whole: upstream, stream: upstream, place: func(*places) string { return "http://provider.invalid" }},
	{name: "connection never accepted", whole: upstream, stream: upstream, place: func(p *places) string { return "http://" + p.full.address }},
	{name: "no TLS", whole: upstream, stream: upstream, place: func(p *places) string { return "https://" + p.plain.address() }},
	{name: "unknown CA", whole: upstream, stream: upstream, place: func(p *places) string { return "https://" + p.secure.address() }},
	{name: "reset before headers", whole: upstream, stream: upstream, act: (*exchange).reset},
	{name: "closed before headers", whole: upstream, stream: upstream, act: func(x *exchange) {}},
	{name: "closed inside headers", whole: upstream, stream: upstream, act: func(x *exchange) { x.send("HTTP/1.1 200 OK\r\nContent-Ty") }},
	{name: "garbage in place of HTTP", whole: upstream, stream: upstream, act: func(x *exchange) { x.send("\x16\x03\x01 what?\r\n\r\n") }},
	{name: "reset after headers", whole: interrupted, stream: interrupted, act: afterStart((*exchange).reset)},
	{name: "reset after content", whole: interrupted, stream: cut, act: afterText((*exchange).reset)},
	{name: "ended after headers", stream: empty, whole: upstream, act: afterStart((*exchange).end)},
	{name: "ended after content", stream: cut, whole: upstream, act: afterText((*exchange).end)},
	{name: "stall before headers", whole: timeout, stream: timeout, limits: short, act: (*exchange).hold},
	{name: "stall before content", whole: timeout, stream: timeout, limits: short, act: afterStart((*exchange).hold)},
	{name: "stall after content", whole: timeout, stream: cut, limits: short, act: afterText((*exchange).hold)},
	{name: "stall inside a frame", stream: cut, limits: short, act: afterText(func(x *exchange) {
		x.chunk(x.wire.content("more")[:30])
		x.hold()
	})},
	{name: "only keep-alives", stream: timeout, limits: short, act: afterStart(func(x *exchange) {
		x.forever(20*time.Millisecond, x.wire.silence())
	})},
	{name: "429", whole: limited, stream: limited, act: status(429, theirWords)},
	{name: "429 with Retry-After", whole: limited, stream: limited, act: status(429, theirWords, "Retry-After: 7")},
	{name: "500", whole: upstream, stream: upstream, again: true, act: status(500, theirWords)},
	{name: "502", whole: upstream, stream: upstream, act: status(502, "<html>nginx</html>")},
	{name: "503", whole: overloaded, stream: overloaded, act: status(503, theirWords)},
	{name: "529", whole: overloaded, stream: overloaded, act: status(529, theirWords)},
	{name: "error in a 200", whole: upstream, stream: upstream, act: func(x *exchange) {
		x.begin()
		if x.stream {
			x.chunk(frame(x.wire.failure()))
		} else {
			x.chunk(x.wire.failure())
		}
		x.end()
	}},
	{name: "error after frames without content", stream: upstream, act: afterStart(func(x *exchange) {
		x.chunk(x.wire.silence() + x.wire.silence() + frame(x.wire.failure()))
		x.end()
	})},
	{name: "error after content", stream: cut, act: afterText(func(x *exchange) {
		x.chunk(frame(x.wire.failure()))
		x.end()
	})},
	{name: "garbage", whole: upstream, stream: empty, act: afterStart(func(x *exchange) {
		x.chunk("\x00\x01\xff\xfe{{{\n\n" + frame(`{"choices":[{"delta":`))
		x.end()
	})},
	{name: "garbage after content", stream: cut, act: afterText(func(x *exchange) {
		x.chunk(frame(`{"choices":[{"delta":`))
		x.end()
	})},
	{name: "half a frame", stream: empty, act: afterStart(func(x *exchange) {
		x.chunk(x.wire.content("more")[:30])
		x.end()
	})},
	{name: "half a frame after content", stream: cut, act: afterText(func(x *exchange) {
		x.chunk(x.wire.content("more")[:30])
		x.end()
	})},
	{name: "huge frame", stream: interrupted, act: afterStart(func(x *exchange) {
		x.chunk(x.wire.content(strings.Repeat("x", 2*maxEvent)))
		x.end()
	})},
	{name: "huge frame after content", stream: cut, act: afterText(func(x *exchange) {
		x.chunk(x.wire.content(strings.Repeat("x", 2*maxEvent)))
		x.end()
	})},
	{name: "cut inside a character", stream: interrupted, act: afterStart(func(x *exchange) { x.chunk(insideCharacter(x)) })},
	{name: "cut inside a character after content", stream: cut, act: afterText(func(x *exchange) { x.chunk(insideCharacter(x)) })},
	{name: "truncated document", whole: upstream, act: func(x *exchange) { x.status(200, x.wire.whole(faultyText)[:60]) }},
	{name: "document shorter than its length", whole: interrupted, act: func(x *exchange) {
		x.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" + x.wire.whole(faultyText))
	}},
	{name: "never-ending answer", whole: left, stream: left, act: afterText(func(x *exchange) {
		if x.stream {
			x.forever(5*time.Millisecond, x.wire.content("."))
		} else {
			x.forever(5*time.Millisecond, " ")
		}
	})},
	{name: "client leaves before headers", whole: left, stream: left, act: (*exchange).hold},
}
