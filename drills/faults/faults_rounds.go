package main

import "time"

// roundFaults are tried with the default rounds of retries: two after the first, over the
// routes whose failures may have passed.
var roundFaults = []fault{
	{name: "connection refused, each time", whole: upstream, stream: upstream, calls: 3, place: func(p *places) string { return "http://" + p.refused }},
	{name: "reset before headers, each time", whole: upstream, stream: upstream, calls: 3, act: (*exchange).reset},
	{name: "reset after headers, each time", whole: interrupted, stream: interrupted, tells: true, calls: 3, act: afterStart((*exchange).reset)},
	{name: "reset after content, once for all", stream: cut, tells: true, act: afterText((*exchange).reset)},
	{name: "500 each time", whole: upstream, stream: upstream, calls: 3, again: 4, act: status(500, theirWords)},
	{name: "502 each time", whole: upstream, stream: upstream, calls: 3, act: status(502, theirWords)},
	{name: "503 each time", whole: overloaded, stream: overloaded, calls: 3, act: status(503, theirWords)},
	{name: "error in a 200 each time", whole: upstream, stream: upstream, calls: 3, act: hidden},
	{name: "429 each time", whole: limited, stream: limited, calls: 3, act: status(429, theirWords)},
	{name: "429 with a short Retry-After each time", whole: limitedFor(time.Second), stream: limitedFor(time.Second), calls: 3, act: status(429, theirWords, "Retry-After: 1")},
	{name: "429 with a Retry-After beyond max_wait", whole: limitedFor(7 * time.Second), stream: limitedFor(7 * time.Second), act: status(429, theirWords, "Retry-After: 7")},
	{name: "401, which does not pass", whole: unauthorized, stream: unauthorized, act: status(401, theirWords)},
	{name: "stall, which has been given enough", whole: timeout, stream: timeout, limits: short, act: (*exchange).hold},
	{name: "reset twice, then a good answer", whole: passing(failing), stream: passing(failing), calls: 3, act: afterwards(2, (*exchange).reset)},
	{name: "500 twice, then a good answer", whole: passing(failing), stream: passing(failing), calls: 3, again: 3, act: afterwards(2, status(500, theirWords))},
	{name: "503 once, then a good answer", whole: passing(failing), stream: passing(failing), calls: 2, act: afterwards(1, status(503, theirWords))},
	{name: "429 twice, then a good answer", whole: passing(resting), stream: passing(resting), calls: 3, act: afterwards(2, status(429, theirWords))},
	{name: "end after headers twice, then a good answer", stream: passing(failing), calls: 3, act: afterwards(2, afterStart((*exchange).end))},
}
