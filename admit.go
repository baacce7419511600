package xjpgateway

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// admission is what an attempt holds of what all requests share: places at its route and
// its provider, and the leave of their breakers.
type admission struct {
	places     [2]*registry.Gate
	taken      int
	route      registry.Ticket
	credential registry.Ticket
	limit      registry.Ticket // of the credential's rate limit for the model
	proven     bool            // content has come
}

// admit takes what the next call needs, or tells what is missing.
func (a *attempt) admit() *failure {
	a.admission = admission{}
	if !a.takePlaces() {
		return a.unadmitted(translate.ErrOverloaded, "all places at the provider are taken", time.Second)
	}
	now := time.Now()
	var ok bool
	if a.admission.route, ok = a.state.Begin(now); !ok {
		a.leavePlaces()
		kind, message := a.c.resting(a.state.View(now).Cause)
		_, wait := a.state.Ready(now)
		return a.unadmitted(kind, message, wait)
	}
	if f := a.takeCredential(now); f != nil {
		a.state.End(now, a.admission.route, registry.Neutral)
		a.leavePlaces()
		return f
	}
	a.tellChanges(now)
	a.state.Latency.Begin()
	return nil
}

// tellChanges tells of rests that are over: the call that begins is the first to notice.
func (a *attempt) tellChanges(now time.Time) {
	a.changed(nil, a.state.Change(now))
	a.changed(a.credential, a.credential.state.Change(now))
	if limit := a.limitOf(a.credential); limit != a.state {
		a.changed(a.credential, limit.Change(now))
	}
}

// unadmitted is the failure of an attempt whose provider was not called.
func (a *attempt) unadmitted(kind translate.ErrorKind, message string, wait time.Duration) *failure {
	verdict := providers.Verdict{Action: providers.Next, Transient: kind != translate.ErrUpstreamAuth}
	return &failure{err: &translate.Error{Kind: kind, Message: message, RetryAfter: wait}, verdict: verdict}
}

// takePlaces takes a place at the route and at the provider. The last route of a plan is
// waited for in its queue; any other that is full leads to the next.
func (a *attempt) takePlaces() bool {
	for _, gate := range [...]*registry.Gate{&a.state.Gate, &a.route.upstream.state.Gate} {
		if !a.takePlace(gate) {
			a.leavePlaces()
			return false
		}
		a.admission.places[a.admission.taken] = gate
		a.admission.taken++
	}
	return true
}

func (a *attempt) takePlace(gate *registry.Gate) bool {
	if gate.TryEnter() {
		return true
	}
	return a.lastResort && gate.Enter(a.c.r.Context(), a.c.s.queue.wait) == nil
}

// leave ends what admit began, without a word on how it went.
func (a *attempt) leave() {
	a.state.Latency.End()
	a.leavePlaces()
	a.report(time.Now(), registry.Neutral)
}

func (a *attempt) leavePlaces() {
	for _, gate := range a.admission.places[:a.admission.taken] {
		gate.Leave()
	}
	a.admission.taken = 0
}

// credential is a provider's credential and what is known of it.
type credential struct {
	providers.Credential
	key   string
	state *registry.State
}

// takeCredential takes the provider's credentials in turn and passes over those that rest.
// An only one is not asked for its limits: they are the route's, which has given its leave
// already and, while it is probed, would give none again.
func (a *attempt) takeCredential(now time.Time) *failure {
	list, turn := a.route.upstream.credentials, 0
	if len(list) > 1 {
		turn = int(a.c.s.runtime.turns.Add(1) % uint64(len(list)))
	}
	for i := range list {
		cred := list[(turn+i)%len(list)]
		if len(list) > 1 {
			if ready, _ := a.limitOf(cred).Ready(now); !ready {
				continue
			}
		}
		if ticket, ok := cred.state.Begin(now); ok {
			a.credential, a.admission.credential, a.admission.limit = cred, ticket, a.limitOf(cred).Ticket(now)
			return nil
		}
	}
	kind, wait := a.credentialsRest(now)
	return a.unadmitted(kind, "all credentials of the provider rest", wait)
}

// limitOf is the state that a rate limit lets rest: the credential's for this model. Where
// there is one credential, that is the route itself.
func (a *attempt) limitOf(cred *credential) *registry.State {
	if len(a.route.upstream.credentials) == 1 {
		return a.state
	}
	return a.c.s.runtime.states.Get(cred.limitKey(a.target.route.Model))
}

// credentialsRest tells how long all credentials of the provider rest for this model, 0 if
// one does not, and why.
func (a *attempt) credentialsRest(now time.Time) (translate.ErrorKind, time.Duration) {
	kind, shortest := translate.ErrUpstreamAuth, time.Duration(0)
	for _, cred := range a.route.upstream.credentials {
		limited, wait := a.limitOf(cred).Ready(now)
		if ok, refused := cred.state.Ready(now); ok && limited {
			return kind, 0
		} else if refused > wait {
			wait = refused
		}
		if !limited {
			kind = translate.ErrUpstreamLimit
		}
		if shortest == 0 || wait < shortest {
			shortest = wait
		}
	}
	return kind, shortest
}
