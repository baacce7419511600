package main

import (
	"strings"
	"time"
)

// fault is a way in which a provider fails.
type fault struct {
	name          string
	whole, stream outcome
	act           act
	// place gives the address of a provider that does not even answer; nil for a double.
	place func(p *places) string
	// stay is how much of a stream a client waits for before it leaves.
	stay stay
	// limits are options of the route.
	limits string
	// tells says that a stream fails only after its provider has told the usage so far, in
	// dialects that begin with it.
	tells bool
	// calls is how often the provider is called if no other route is there, 0 is once.
	// again is how often Gemini's is, whose route is tried again at once; 0 is as the others.
	calls, again int
}

// outcome is what becomes of a request that meets a fault if no other route is there.
type outcome struct {
	point  point
	status int    // of the answer to Chat; Messages has 529 for 503
	code   string // Chat's code, Messages' type follows from the status
	route  mark
}

// stay is how much of a stream a client waits for.
type stay int

const (
	nothing  stay = iota // it leaves as soon as the provider is called
	silences             // a frame that says nothing
	words                // content
)

// seen is what the client has then been sent.
func (f *fault) seen(client wire) string {
	return map[stay]string{silences: client.keepAlive(), words: faultyText}[f.stay]
}

// point is when a fault comes to light.
type point int

const (
	never   point = iota // the fault does not exist for this form of answer
	before               // before content: another route takes over
	early                // before content, but after the headers: another route takes over on the same stream
	after                // after content: told in the stream
	endless              // never: the client leaves
	passes               // the provider serves when it is called again
)

// mark is what a fault leaves behind on its route. The zero mark is a route that is as if
// nothing had been.
type mark struct {
	fails bool // each call is a failure in a row
	// breaker is its state if that is not closed, and cause why, for the time that it rests.
	breaker, cause string
	rest           time.Duration
	// grows says that the rest is twice as long after each further call.
	grows bool
	// refused says that the credential rests like the route.
	refused bool
}

// The marks that docs/routing.md knows.
var (
	failing = mark{fails: true}
	refused = mark{breaker: "open", cause: "auth", rest: time.Minute, refused: true}
	resting = mark{breaker: "resting", cause: "rate_limit", rest: time.Second, grows: true}
)

// restingFor is the mark of a rate limit whose provider tells how long it lasts.
func restingFor(d time.Duration) mark { return mark{breaker: "resting", cause: "rate_limit", rest: d} }

// The outcomes that docs/errors.md knows.
var (
	upstream     = outcome{before, 502, "upstream_error", failing}
	interrupted  = outcome{before, 502, "upstream_stream_interrupted", failing}
	empty        = outcome{before, 502, "empty_upstream_response", failing}
	overloaded   = outcome{before, 503, "overloaded", failing}
	timeout      = outcome{before, 504, "upstream_timeout", failing}
	unauthorized = outcome{before, 502, "upstream_auth_failed", refused}
	limited      = outcome{before, 429, "upstream_rate_limited", resting}
	cut          = outcome{point: after, route: failing}
	left         = outcome{point: endless}
)

// limitedFor is the outcome of a rate limit whose provider tells how long it lasts.
func limitedFor(d time.Duration) outcome {
	return outcome{before, 429, "upstream_rate_limited", restingFor(d)}
}

// passing is the outcome of a fault that passes by itself, and leaves a mark until then.
func passing(m mark) outcome { return outcome{point: passes, route: m} }

// begun is an outcome that comes to light when keep-alives have begun the stream.
func (o outcome) begun() outcome {
	o.point = early
	return o
}

// messagesType is the type that Messages gives to an error of a status of Chat.
var messagesType = map[int]string{429: "rate_limit_error", 502: "api_error", 503: "overloaded_error", 504: "timeout_error"}

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

// afterText does something after content, afterStart before it, and afterPause when
// keep-alives have begun the stream.
func afterText(do act) act  { return func(x *exchange) { text(x); do(x) } }
func afterStart(do act) act { return func(x *exchange) { started(x); do(x) } }
func afterPause(do act) act { return func(x *exchange) { time.Sleep(4 * silence); do(x) } }

// afterwards does something in a request's first calls and answers the next one well.
func afterwards(calls int, do act) act {
	return func(x *exchange) {
		if x.call > calls {
			healthy(x)
		} else {
			do(x)
		}
	}
}

// hidden is an error inside an answer of status 200.
func hidden(x *exchange) {
	x.begin()
	if x.stream {
		x.chunk(frame(x.wire.failure()))
	} else {
		x.chunk(x.wire.failure())
	}
	x.end()
}

// insideCharacter cuts a frame in a character of several bytes.
func insideCharacter(x *exchange) string {
	f := x.wire.content("你好")
	return f[:strings.Index(f, "你")+2]
}

const theirWords = `{"error":{"message":"their words"}}`
