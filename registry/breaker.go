package registry

import "time"

// Thresholds say when a breaker opens. A zero field takes its default.
type Thresholds struct {
	// Off lets the breaker never open; rate limits and refused credentials still rest.
	Off bool
	// Failures in a row open it. Default: 5.
	Failures int
	// Ratio of failures, from 0 to 1, opens it once a window holds MinCalls calls.
	// Defaults: 0.5, 20.
	Ratio    float64
	MinCalls int
	// Window is the time over which the ratio is taken. Default: 30 s.
	Window time.Duration
	// Cooldown is the time until a probe, where the provider has not told one. Default: 20 s.
	Cooldown time.Duration
}

func (t Thresholds) withDefaults() Thresholds {
	if t.Failures == 0 {
		t.Failures = 5
	}
	if t.Ratio == 0 {
		t.Ratio = 0.5
	}
	if t.MinCalls == 0 {
		t.MinCalls = 20
	}
	if t.Window == 0 {
		t.Window = 30 * time.Second
	}
	if t.Cooldown == 0 {
		t.Cooldown = 20 * time.Second
	}
	return t
}

// Outcome is what a call says of the health of what served it.
type Outcome uint8

// The outcomes.
const (
	// Neutral says nothing: the client has gone, the request was wrong.
	Neutral Outcome = iota
	// Succeeded is an answer.
	Succeeded
	// Failed is a failure of the provider.
	Failed
)

// Breaker is the state of a breaker.
type Breaker uint8

// The states of a breaker.
const (
	// Closed lets calls through.
	Closed Breaker = iota
	// Open lets none through.
	Open
	// HalfOpen lets one through, to see.
	HalfOpen
	// Resting lets none through for a time that was told, and all after it.
	Resting
)

// String gives the name of the state in logs and metrics.
func (b Breaker) String() string {
	return [...]string{Closed: "closed", Open: "open", HalfOpen: "half_open", Resting: "resting"}[b]
}

// Cause is why something rests.
type Cause uint8

// The causes of rests.
const (
	// CauseNone is none.
	CauseNone Cause = iota
	// CauseFailures are too many failures.
	CauseFailures
	// CauseRateLimit is a rate limit.
	CauseRateLimit
	// CauseAuth is a refused credential.
	CauseAuth
	// CauseModel is a model that the provider does not know.
	CauseModel
)

// String gives the name of the cause in logs.
func (c Cause) String() string {
	return [...]string{CauseNone: "", CauseFailures: "failures", CauseRateLimit: "rate_limit", CauseAuth: "auth", CauseModel: "model_not_found"}[c]
}

// Transition is a change of state, for logs, metrics and events. From and To are equal if
// nothing has changed.
type Transition struct {
	From, To Breaker
	Cause    Cause
	Until    time.Time
}

// Changed reports whether the state has changed.
func (t Transition) Changed() bool { return t.From != t.To }
