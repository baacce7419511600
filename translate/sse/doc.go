// Package sse reads and writes Server-Sent Events, the framing of every streamed
// answer.
//
// The Reader is made for relaying: it hands out slices of its own buffer, keeps
// the bytes of each record as they came, tells when the next record is already at
// hand so that a caller can flush once per upstream read, and takes what real
// upstreams send besides the standard: JSON without any framing, a last record
// without its blank line, records of many MiB. The Append functions write frames
// into a caller's buffer.
//
// The format is that of the HTML Living Standard, section "Server-sent events".
package sse
