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
	// Body is the beginning of an error answer's body, or the record of a stream that
	// told the error.
	Body []byte
}

// Action is what to do after a failed attempt.
type Action uint8

// The actions.
const (
	// Fail tells the client: another attempt would fail alike.
	Fail Action = iota
	// Again tries the same route once more, at once: what failed was this one answer,
	// and the next is likely to be well.
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

// Verdict is what a failed attempt means. Its zero value tells the client.
type Verdict struct {
	Action Action
	Scope  Scope
	// For is how long the scope rests; 0 leaves it to the gateway's defaults.
	For time.Duration
	// Transient says that the failure may have passed within seconds, so that another
	// round over the same routes is worth its while. It is false for what an operator
	// must mend, for what the request itself brings about, and for a provider that let
	// its time run out, which has been given enough.
	Transient bool
	// Alarm says that an operator must act: a bad credential, no balance.
	Alarm bool
	// NoBetas asks that the same route be tried again without beta headers.
	NoBetas bool
	// NoSignatures asks that the same route be tried again without the signatures that
	// the request replays (A22). It says nothing about the route's health.
	NoSignatures bool
}

// Repeat asks for another try of the same route at once, unless the provider has asked to
// be left alone for a while.
func (v *Verdict) Repeat() {
	if v.Scope == RestNothing {
		v.Action = Again
	}
}

// restFault is how long a route or a credential rests after a fault that an operator must
// mend: long enough to spare calls in vain, short enough to notice that it is mended.
const restFault = time.Minute

// Judge is the verdict that follows from the kind of an error alone. Providers start
// from it and correct it by what they know (architecture.md 4).
func Judge(e *translate.Error) Verdict {
	switch e.Kind {
	case translate.ErrUpstreamAuth:
		return Verdict{Action: Next, Scope: RestCredential, For: restFault, Alarm: true}
	case translate.ErrUpstreamLimit:
		return Verdict{Action: Next, Scope: RestCredential, For: e.RetryAfter, Transient: true}
	case translate.ErrModel:
		return Verdict{Action: Next, Scope: RestRoute, For: restFault}
	case translate.ErrOverloaded, translate.ErrUpstream, translate.ErrInterrupted:
		return Verdict{Action: Next, Scope: scopeOf(e), For: e.RetryAfter, Transient: true}
	case translate.ErrTimeout:
		return Verdict{Action: Next, Scope: scopeOf(e), For: e.RetryAfter}
	}
	return Verdict{Action: Fail}
}

// scopeOf rests a route whose provider says how long it wants to be left alone.
func scopeOf(e *translate.Error) Scope {
	if e.RetryAfter > 0 {
		return RestRoute
	}
	return RestNothing
}
