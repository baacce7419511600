package main

import (
	"strings"
	"time"
)

// faults come to light before anything is sent to the client, or after content.
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
	{name: "reset after headers", whole: interrupted, stream: interrupted, tells: true, act: afterStart((*exchange).reset)},
	{name: "reset after content", whole: interrupted, stream: cut, tells: true, act: afterText((*exchange).reset)},
	{name: "ended after headers", stream: empty, whole: upstream, tells: true, act: afterStart((*exchange).end)},
	{name: "ended after content", stream: cut, whole: upstream, tells: true, act: afterText((*exchange).end)},
	{name: "stall before headers", whole: timeout, stream: timeout, limits: short, act: (*exchange).hold},
	{name: "stall before content", whole: timeout, stream: timeout, tells: true, limits: short, act: afterStart((*exchange).hold)},
	{name: "stall after content", whole: timeout, stream: cut, tells: true, limits: short, act: afterText((*exchange).hold)},
	{name: "stall inside a frame", stream: cut, tells: true, limits: short, act: afterText(func(x *exchange) {
		x.chunk(x.wire.content("more")[:30])
		x.hold()
	})},
	{name: "only keep-alives", stream: timeout, tells: true, limits: short, act: afterStart(func(x *exchange) {
		x.forever(20*time.Millisecond, x.wire.silence())
	})},
	{name: "429", whole: limited, stream: limited, act: status(429, theirWords)},
	{name: "429 with Retry-After", whole: limitedFor(7 * time.Second), stream: limitedFor(7 * time.Second), act: status(429, theirWords, "Retry-After: 7")},
	{name: "401", whole: unauthorized, stream: unauthorized, act: status(401, theirWords)},
	{name: "500", whole: upstream, stream: upstream, again: 2, act: status(500, theirWords)},
	{name: "502", whole: upstream, stream: upstream, act: status(502, "<html>nginx</html>")},
	{name: "503", whole: overloaded, stream: overloaded, act: status(503, theirWords)},
	{name: "529", whole: overloaded, stream: overloaded, act: status(529, theirWords)},
	{name: "error in a 200", whole: upstream, stream: upstream, act: hidden},
	{name: "error after frames without content", stream: upstream, tells: true, act: afterStart(func(x *exchange) {
		x.chunk(x.wire.silence() + x.wire.silence() + frame(x.wire.failure()))
		x.end()
	})},
	{name: "error after content", stream: cut, tells: true, act: afterText(func(x *exchange) {
		x.chunk(frame(x.wire.failure()))
		x.end()
	})},
	{name: "garbage", whole: upstream, stream: empty, tells: true, act: afterStart(func(x *exchange) {
		x.chunk("\x00\x01\xff\xfe{{{\n\n" + frame(`{"choices":[{"delta":`))
		x.end()
	})},
	{name: "garbage after content", stream: cut, tells: true, act: afterText(func(x *exchange) {
		x.chunk(frame(`{"choices":[{"delta":`))
		x.end()
	})},
	{name: "half a frame", stream: empty, tells: true, act: afterStart(func(x *exchange) {
		x.chunk(x.wire.content("more")[:30])
		x.end()
	})},
	{name: "half a frame after content", stream: cut, tells: true, act: afterText(func(x *exchange) {
		x.chunk(x.wire.content("more")[:30])
		x.end()
	})},
	{name: "huge frame", stream: interrupted, tells: true, act: afterStart(func(x *exchange) {
		x.chunk(x.wire.content(strings.Repeat("x", 2*maxEvent)))
		x.end()
	})},
	{name: "huge frame after content", stream: cut, tells: true, act: afterText(func(x *exchange) {
		x.chunk(x.wire.content(strings.Repeat("x", 2*maxEvent)))
		x.end()
	})},
	{name: "cut inside a character", stream: interrupted, tells: true, act: afterStart(func(x *exchange) { x.chunk(insideCharacter(x)) })},
	{name: "cut inside a character after content", stream: cut, tells: true, act: afterText(func(x *exchange) { x.chunk(insideCharacter(x)) })},
	{name: "truncated document", whole: upstream, act: func(x *exchange) { x.status(200, x.wire.whole(faultyText)[:60]) }},
	{name: "document shorter than its length", whole: interrupted, act: func(x *exchange) {
		x.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" + x.wire.whole(faultyText))
	}},
	{name: "never-ending answer", whole: left, stream: left, stay: words, tells: true, act: afterText(func(x *exchange) {
		if x.stream {
			x.forever(5*time.Millisecond, x.wire.content("."))
		} else {
			x.forever(5*time.Millisecond, " ")
		}
	})},
	{name: "document longer than total", whole: timeout, limits: short, act: afterText(func(x *exchange) {
		x.forever(5*time.Millisecond, " ")
	})},
	{name: "stream longer than stream_total", stream: cut, tells: true, limits: "timeout {\nstream_total 600ms\n}", act: afterText(func(x *exchange) {
		x.forever(5*time.Millisecond, x.wire.content("."))
	})},
	{name: "client leaves before headers", whole: left, stream: left, act: (*exchange).hold},
}
