// Command ledger shows that the bill is right whatever happens, on the real binary:
//
//	go run ./drills/ledger              all trials, in about five minutes
//	go run ./drills/ledger -short       the same in about a minute and a half
//	go run ./drills/ledger -run kills   the trials whose names match
//
// It builds cmd/caddy, runs it as processes of their own on loopback, and stands itself on
// both sides of it: as the provider, which notes what it has served to whom, and as clients
// of Chat and Messages. Then it does to the gateway what happens to servers: it kills it at
// random moments and while it holds places in Redis, stops its database, fills the disk that
// its journal is on, flushes, freezes and stops the Redis that counts its limits, and runs
// several on one database and one Redis.
//
// After each trial the ledger is compared with what the provider and the clients know: each
// request that a client got a byte of an answer to has one record, each call that the
// provider saw has one attempt, those that were told complete have just the tokens that the
// provider told and the cost of them, and the sums by day are those of the records. The exit
// status is 1 if anything of it is not so, and the seed is printed, which -seed takes.
//
// PostgreSQL and Redis are started from the machine's own binaries. A trial that needs a
// server that is not here is skipped by its name, or fails if XJP_NEED_SERVERS is 1; one that
// needs a small disk is skipped where this user may not mount one.
package main
