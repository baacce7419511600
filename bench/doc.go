// Command bench measures what the gateway costs, in one run and on one machine, against
// reverse_proxy of the very same Caddy binary:
//
//	go run ./bench          the whole table, some minutes
//	go run ./bench -quick   a short form, about a minute and a half
//
// It builds cmd/caddy, runs it on loopback with a site of the gateway and a site of
// reverse_proxy, and stands itself on both sides of it: as a cheap upstream that answers
// prebuilt bytes, and as cheap clients. What is measured is the CPU time of the Caddy
// process, per request or per streamed chunk, and its memory per open stream. The
// subjects take turns in many short rounds, and the medians are told, so that only
// ratios count and another load on the machine hits all alike. Every answer is checked
// to be complete.
package main
