// Command faults shows what the gateway makes of providers that fail, on the real binary:
//
//	go run ./drills/faults              the fault suite
//	go run ./drills/faults -run reset   the faults whose names match
//	go run ./drills/faults -soak        2,000 open streams, faults, fifty reloads, an exit
//	go run ./drills/faults -soak -short the same with 200 streams, in about a minute
//
// It builds cmd/caddy, runs it as a process of its own on loopback, and stands itself on
// both sides of it: as providers that fail, each on a listener of its own, and as clients
// of Chat and Messages that read as strictly as the strictest of them. Each fault is tried
// with a provider of Chat, of Messages and of Gemini, streamed and whole, alone and with a
// healthy route behind it; before the client is sent anything, after keep-alives have begun
// its stream, and with the retries that are the default. What the client saw, how often
// which provider was called, what is known of the routes afterwards, that the access log
// has one record with the tokens that the provider has told, and that no call, connection,
// goroutine or file is left is checked; the exit status is 1 if anything of it is not as
// docs/errors.md and docs/routing.md say.
//
// The soak checks besides that so many streams are open at once, that memory is back at its
// start level when they have ended, and that those at a site that a load has taken away for
// good are told of the exit.
package main
