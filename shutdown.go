package xjpgateway

import (
	"context"
	"sync"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// errShutdown is why attempts end when the process exits.
var errShutdown = &translate.Error{Kind: translate.ErrOverloaded, Code: "gateway_shutting_down", Retry: translate.Yes,
	Message: "the gateway is shutting down; try again"}

// calls are the attempts under way in the process, those of earlier configurations
// included: they go on through a reload, and only the exit of the process ends them.
var calls = &underway{attempts: map[*attempt]struct{}{}, ended: make(chan struct{})}

// underway are the attempts that must be told of the exit.
type underway struct {
	mu       sync.Mutex
	ending   bool
	ended    chan struct{} // closed with it
	attempts map[*attempt]struct{}
}

// enter adds an attempt.
func (u *underway) enter(a *attempt) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.attempts[a] = struct{}{}
	if u.ending {
		a.cancel(errShutdown)
	}
}

// leave removes an attempt.
func (u *underway) leave(a *attempt) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.attempts, a)
}

// end ends all attempts, and those that are still to come.
func (u *underway) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.ending {
		u.ending = true
		close(u.ended)
	}
	for a := range u.attempts {
		a.cancel(errShutdown)
	}
}

// hasEnded reports whether nothing may go on.
func (u *underway) hasEnded() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ending
}

// shutdown is the failure of an attempt that the exit has ended.
func (a *attempt) shutdown() *failure {
	e := *errShutdown
	a.failed = &e
	return &failure{err: &e, verdict: providers.Verdict{Action: providers.Fail}}
}

// endedByShutdown reports whether the exit has ended the attempt, which is no fault of
// the provider then.
func (a *attempt) endedByShutdown() bool { return context.Cause(a.ctx) == error(errShutdown) }
