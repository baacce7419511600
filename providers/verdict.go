package providers

import (
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Answer is what came back from a provider, for Classify.
type Answer struct {
	Call *Call
	// Status is the HTTP status; an error inside a 200 has 200.
	Status int
	Header http.Header
	// Body is the beginning of an error answer's body.
	Body []byte
}

// Action is what to do after a failed attempt.
type Action uint8

// The actions.
const (
	// Fail tells the client: another attempt would fail alike.
	Fail Action = iota
	// Again tries the same route once more.
	Again
	// Next tries the next route.
	Next
)

// Scope is what takes a rest after a failed attempt.
type Scope uint8

// The scopes.
const (
	// RestNothing lets everything go on.
	RestNothing Scope = iota
	// RestCredential takes the credential out of use for a while.
	RestCredential
	// RestRoute takes the route out of use for a while.
	RestRoute
)

// Verdict is what a failed attempt means.
type Verdict struct {
	Action Action
	Scope  Scope
	// For is how long the scope rests; 0 leaves it to the gateway's defaults.
	For time.Duration
	// Alarm says that an operator must act: a bad credential, no balance.
	Alarm bool
	// NoBetas asks that the same route be tried again without beta headers.
	NoBetas bool
	// NoSignatures asks that the same route be tried again without the signatures that
	// the request replays (A22).
	NoSignatures bool
}

// Judge is the verdict that follows from the kind of an error alone. Providers start
// from it and correct it by what they know (architecture.md 4).
func Judge(e *translate.Error) Verdict {
	switch e.Kind {
	case translate.ErrUpstreamAuth:
		return Verdict{Action: Next, Scope: RestCredential, For: time.Minute, Alarm: true}
	case translate.ErrUpstreamLimit:
		return Verdict{Action: Next, Scope: RestCredential, For: e.RetryAfter}
	case translate.ErrOverloaded:
		return Verdict{Action: Next, For: e.RetryAfter}
	case translate.ErrUpstream, translate.ErrTimeout, translate.ErrInterrupted, translate.ErrModel:
		return Verdict{Action: Next}
	}
	return Verdict{Action: Fail}
}
