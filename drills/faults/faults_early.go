package main

import "time"

// silence is the keep_alive with which early faults are tried: they come to light when the
// stream has been begun by frames that say nothing.
const silence = 100 * time.Millisecond

// earlyFaults come to light after the headers of a stream, but before its content.
var earlyFaults = []fault{
	{name: "connection never accepted, after headers", whole: upstream, stream: upstream.begun(), place: func(p *places) string { return "http://" + p.full.address }},
	{name: "stall before the provider's headers", whole: timeout, stream: timeout.begun(), limits: short, act: (*exchange).hold},
	{name: "stall before content, after headers", stream: timeout.begun(), tells: true, limits: short, act: afterStart((*exchange).hold)},
	{name: "only keep-alives, after headers", stream: timeout.begun(), tells: true, limits: short, act: afterStart(func(x *exchange) {
		x.forever(silence/5, x.wire.silence())
	})},
	{name: "pause, then reset", whole: upstream, stream: upstream.begun(), act: afterPause((*exchange).reset)},
	{name: "pause, then 401", whole: unauthorized, stream: unauthorized.begun(), act: afterPause(status(401, theirWords))},
	{name: "pause, then 429", whole: limitedFor(7 * time.Second), stream: limitedFor(7 * time.Second).begun(), act: afterPause(status(429, theirWords, "Retry-After: 7"))},
	{name: "pause, then 500", whole: upstream, stream: upstream.begun(), again: 2, act: afterPause(status(500, theirWords))},
	{name: "pause, then 503", whole: overloaded, stream: overloaded.begun(), act: afterPause(status(503, theirWords))},
	{name: "pause, then error in a 200", whole: upstream, stream: upstream.begun(), act: afterPause(hidden)},
	{name: "reset after a start and a pause", stream: interrupted.begun(), tells: true, act: afterStart(afterPause((*exchange).reset))},
	{name: "end after a start and a pause", stream: empty.begun(), tells: true, act: afterStart(afterPause((*exchange).end))},
	{name: "pause, then reset after content", whole: interrupted, stream: cut, tells: true, act: afterPause(afterText((*exchange).reset))},
	{name: "pause, then a good answer", whole: passing(mark{}), stream: passing(mark{}), act: afterPause(healthy)},
	{name: "client leaves after headers", stream: left, stay: silences, act: (*exchange).hold},
}
