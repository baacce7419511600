// Package idempotency answers a request that is sent again with the answer that it was
// given, instead of having a model think it up once more.
package idempotency

import (
	"context"
	"time"
)

// ID names a request that is not to be done twice: the key and endpoint that it came by,
// and the Idempotency-Key that the client sent, hashed.
type ID [32]byte

// Answer is an answer as the client was given it.
type Answer struct {
	Status int
	// Header holds the headers that belong to the answer, in HTTP/1.1's wire form.
	Header []byte
	Body   []byte
	// Stream says that the body is a stream of events.
	Stream bool
	// Request is the id of the request that was answered first.
	Request string
}

// State is what is known of a request.
type State uint8

// The states of requests.
const (
	// Fresh has not been seen: the caller owns it now, and must Finish or Abandon it.
	Fresh State = iota
	// Running is owned by another caller that has not finished.
	Running
	// Answered has an answer.
	Answered
	// Different was seen with another body.
	Different
	// Unstorable was answered, but the answer could not be kept.
	Unstorable
)

// Store keeps answers. Its methods are safe for concurrent use.
type Store interface {
	// Begin claims a request whose body has a fingerprint, or tells what is known of it.
	// The claim is the owner's, which is the request's id, and is over after Claim unless
	// it is begun again by the same owner.
	Begin(ctx context.Context, id ID, fingerprint [32]byte, owner string, now time.Time) (State, *Answer, error)
	// Finish keeps an answer for a time. A nil answer is one that cannot be kept. Where
	// the owner has no claim, it changes nothing.
	Finish(ctx context.Context, id ID, owner string, a *Answer, ttl time.Duration, now time.Time) error
	// Abandon gives up a claim, so that the request may be sent again. Where the owner has
	// no claim, or has finished, it changes nothing.
	Abandon(ctx context.Context, id ID, owner string) error
	// Close ends the store.
	Close() error
}

// Claim is how long a claim lives without being renewed.
const Claim = 2 * time.Minute
