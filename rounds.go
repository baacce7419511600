package xjpgateway

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// follow serves the request by the first route of the plan that can, and goes round once
// more while that may help. It returns the attempts that failed, none if one has served.
func (c *call) follow(p *plan) failures {
	if p.usable == 0 {
		p.letProvidersJudge()
	}
	if p.usable == 0 {
		return failures{c.refused(p)}
	}
	var failed failures
	for round := 0; ; round++ {
		for i := 0; i < p.usable; {
			now := c.serveBy(p, i, failed)
			if now == nil {
				return nil
			}
			failed = append(failed, now...)
			for _, f := range now {
				if !c.fallsBack(p, i, f) {
					return failed
				}
				i++
			}
		}
		if !c.goesRound(p, round, failed) {
			return failed
		}
	}
}

// serveBy serves the request by a candidate of the plan, and the first by the next as well
// if the model hedges. It returns the attempts that failed, none if one has served.
func (c *call) serveBy(p *plan, i int, failed failures) failures {
	if delay, hedges := c.hedgeDelay(p); hedges && i == 0 && len(failed) == 0 {
		return c.hedge(p, delay)
	}
	if f := c.try(p, i, failed); f != nil {
		return failures{f}
	}
	return nil
}

// letProvidersJudge takes routes that are believed not to be able to serve the request
// where there are no others: what they say of it is better than what is believed. While
// one that can serve it rests, the client is told of that instead.
func (p *plan) letProvidersJudge() {
	for i := range p.candidates {
		if p.candidates[i].Reason == registry.Rests {
			return
		}
	}
	p.ask.Needs = registry.Needs{}
	p.order()
}

// fallsBack reports whether a failure leads to the next route of the plan.
func (c *call) fallsBack(p *plan, i int, f *failure) bool {
	switch {
	case c.r.Context().Err() != nil:
		return false
	case !p.model.FallbackOn.Has(f.class()):
		return false
	case f.err.Kind == translate.ErrContext:
		return p.larger(i+1, f.window)
	case f.err.Kind == translate.ErrContent:
		return true
	}
	return f.verdict.Action != providers.Fail
}

// class is the failure's class, by which a model's configuration lets it fall back.
func (f *failure) class() registry.Class {
	if f.err.Kind == translate.ErrInvalid && f.verdict.Action == providers.Next {
		return registry.ClassUnsupported
	}
	return registry.ClassOf(f.err.Kind)
}

// goesRound waits for another round over the routes whose failure may have passed by
// then, and reports whether there is one.
func (c *call) goesRound(p *plan, round int, failed failures) bool {
	retry := &c.s.retry
	if round >= retry.rounds {
		return false
	}
	for _, f := range failed {
		if !f.verdict.Transient {
			p.drop(f.route)
		}
	}
	if p.order(); len(p.candidates) == 0 || p.wait() > retry.maxWait {
		return false
	}
	if !c.pause(max(p.wait(), retry.backoffFor(round))) {
		return false
	}
	p.order()
	return p.usable > 0
}

// backoffFor is the wait before a repeat, half of it by chance so that clients that
// failed together do not come back together.
func (r *retrySettings) backoffFor(round int) time.Duration {
	full := min(r.backoff<<min(round, 10), r.maxWait)
	return full/2 + time.Duration(rand.Int64N(int64(full/2)+1))
}

// pause waits, and reports whether there is still somebody to serve after it.
func (c *call) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.r.Context().Done():
		return false
	case <-calls.ended:
		return true // the next attempt tells of the exit
	}
}

// repeats reports whether a route has been tried before, so that another attempt is a
// repeat, for which the provider's budget must stand.
func (list failures) repeats(r *registry.Route) bool {
	return slices.ContainsFunc(list, func(f *failure) bool { return f.route == r && f.called })
}

// try serves the request by one route of the plan, again if the provider's verdict asks for it.
func (c *call) try(p *plan, i int, failed failures) *failure {
	cand := &p.candidates[i]
	a, f := c.newAttempt(cand.Route.Data.(*route), c.match.Upstream(cand.Route), cand.Route.Strict || c.match.Model.Strict)
	if f != nil {
		f.route = cand.Route
		return f
	}
	a.state, a.lastResort = cand.State, i == p.usable-1
	if !failed.repeats(cand.Route) {
		a.route.upstream.state.Budget.Deposit(time.Now())
	} else if !a.affords() {
		return failed[len(failed)-1]
	}
	f = a.run()
	if f != nil {
		f.route, f.window = cand.Route, max(f.err.Limit, a.target.caps.ContextWindow)
	}
	return f
}

// run calls the provider until it serves, or until another call of this route is in vain.
func (a *attempt) run() *failure {
	again, passedOver := false, 0
	for {
		if f := a.admit(); f != nil {
			return f
		}
		a.c.outcome.attempts++
		f := a.admitted()
		if f == nil {
			return nil
		}
		f.called = true
		if a.c.r.Context().Err() != nil {
			return f // the client has gone, which is no fault of the provider's
		}
		switch {
		case f.verdict.NoBetas && !a.call.NoBetas:
			a.call.NoBetas = true
		case f.verdict.NoSignatures && !a.unsigned:
			a.unsigned = true
		case a.retoken(f):
			again = true
		case f.verdict.Action == providers.Again && !again && a.affords():
			again = true
			if !a.c.pause(a.c.s.retry.backoffFor(0)) {
				return f
			}
		case f.verdict.Scope == providers.RestCredential && a.anotherCredential(&passedOver):
		default:
			return f
		}
	}
}

// admitted makes the call, and gives back what admit took for it, come what may: a place
// that a panic kept would be lost for good.
func (a *attempt) admitted() *failure {
	ended := false
	defer func() {
		if !ended {
			a.closeEntry(&failure{err: &translate.Error{Kind: translate.ErrInternal}})
			a.close()
			a.leave()
		}
	}()
	f := a.once()
	a.closeEntry(f)
	a.close()
	a.learn(f)
	ended = true
	return f
}

// anotherCredential reports whether the provider has a credential that does not rest and
// that this attempt has not tried. The one that just failed rests already.
func (a *attempt) anotherCredential(passedOver *int) bool {
	if *passedOver++; *passedOver >= len(a.route.upstream.credentials) {
		return false
	}
	_, wait := a.credentialsRest(time.Now())
	return wait == 0
}

// affords takes a repeat out of the provider's budget.
func (a *attempt) affords() bool {
	if a.route.upstream.state.Budget.Withdraw(time.Now()) {
		return true
	}
	a.c.h.app.metrics.unspent.WithLabelValues(a.route.upstream.name).Inc()
	return false
}

// retoken makes a refused credential anew, once an attempt.
func (a *attempt) retoken(f *failure) bool {
	cred, ok := a.credential.Credential.(providers.Retokener)
	if !ok || a.retokened || f.err.Kind != translate.ErrUpstreamAuth {
		return false
	}
	a.retokened = true
	cred.Retoken()
	return true
}
