package xjpgateway

import (
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// proven reports to the breakers, as soon as content has come, that route and credential
// work: a probe need not wait for the end of a long stream.
func (a *attempt) proven() {
	now := time.Now()
	a.state.Latency.Observe(now, now.Sub(a.started))
	a.report(now, registry.Succeeded)
	a.admission.route, a.admission.credential = a.state.Ticket(now), a.credential.state.Ticket(now)
	a.admission.proven = true
}

// answered reports to the breakers that a whole answer is there, before the client is sent
// it: how fast the client takes it, or whether it does, says nothing of the provider.
func (a *attempt) answered() {
	if !a.admission.proven {
		a.proven()
	}
	if !a.stream {
		a.state.Latency.ObserveWhole(time.Since(a.started))
	}
}

// learn ends what admit began, and lets what is known of route, credential and provider
// follow from what became of the call. f is nil if it has served.
func (a *attempt) learn(f *failure) {
	if f == nil {
		f = a.broke
	}
	now := time.Now()
	a.state.Latency.End()
	a.leavePlaces()
	switch {
	case a.endedByShutdown(), a.c.outcome.gone:
		a.report(now, registry.Neutral)
	case f == nil:
		if !a.admission.proven { // a stream that has ended well without a word
			a.proven()
		}
	default:
		a.c.note(a, f)
		a.report(now, f.outcome())
		a.rest(now, f)
	}
}

// outcome is what a failure says of the route's health: an answer about the request is
// one of a provider that works, and a limit or a credential has a rest of its own.
func (f *failure) outcome() registry.Outcome {
	switch f.err.Kind {
	case translate.ErrUpstream, translate.ErrTimeout, translate.ErrInterrupted, translate.ErrOverloaded:
		return registry.Failed
	case translate.ErrUpstreamLimit, translate.ErrUpstreamAuth, translate.ErrModel, translate.ErrNotFound:
		return registry.Neutral
	}
	if f.err.Status == 0 {
		return registry.Neutral
	}
	return registry.Succeeded
}

// report ends the leave of the breakers.
func (a *attempt) report(now time.Time, o registry.Outcome) {
	a.changed(nil, a.state.End(now, a.admission.route, o))
	if o == registry.Failed {
		o = registry.Neutral // a provider's failure is no fault of the credential
	}
	a.changed(a.credential, a.credential.state.End(now, a.admission.credential, o))
}

// rest takes out of use what the verdict says. When no credential of the provider is left
// for the model, the route rests, so that plans pass it over.
func (a *attempt) rest(now time.Time, f *failure) {
	v := f.verdict
	switch v.Scope {
	case providers.RestRoute:
		a.changed(nil, a.state.Rest(now, a.admission.route, v.For, causeOf(f)))
		return
	case providers.RestCredential:
	default:
		return
	}
	if cause := causeOf(f); cause == registry.CauseAuth {
		a.changed(a.credential, a.credential.state.Rest(now, a.admission.credential, v.For, cause))
	} else {
		a.changed(a.credential, a.limitOf(a.credential).Rest(now, a.admission.limit, v.For, cause))
	}
	if kind, wait := a.credentialsRest(now); wait > 0 {
		cause := registry.CauseAuth
		if kind == translate.ErrUpstreamLimit {
			cause = registry.CauseRateLimit
		}
		a.changed(nil, a.state.Rest(now, a.admission.route, wait, cause))
	}
}

func causeOf(f *failure) registry.Cause {
	switch f.err.Kind {
	case translate.ErrUpstreamAuth:
		return registry.CauseAuth
	case translate.ErrUpstreamLimit:
		return registry.CauseRateLimit
	case translate.ErrModel, translate.ErrNotFound:
		return registry.CauseModel
	}
	return registry.CauseFailures
}

// changed tells the log, the metrics and Caddy's events that a breaker has changed its
// state: the credential's, or the route's if cred is nil.
func (a *attempt) changed(cred *credential, t registry.Transition) {
	if !t.Changed() {
		return
	}
	u, app, of := a.route.upstream, a.c.h.app, "route"
	fields := []zap.Field{zap.String("provider", u.name), zap.String("upstream_model", a.target.route.Model), zap.String("route", a.route.id),
		zap.Stringer("from", t.From), zap.Stringer("to", t.To), zap.Stringer("cause", t.Cause)}
	data := map[string]any{"provider": u.name, "upstream_model": a.target.route.Model, "route": a.route.id,
		"from": t.From.String(), "to": t.To.String(), "cause": t.Cause.String()}
	if cred != nil {
		of = "credential"
		fields, data[of] = append(fields, zap.String(of, cred.Name())), cred.Name()
	}
	if t.To == registry.Open || t.To == registry.Resting {
		fields, data["until"] = append(fields, zap.Time("until", t.Until)), t.Until
	}
	app.logger.Info("breaker changed", fields...)
	app.metrics.breakerChanged(a, of, t.To)
	app.emit("breaker_changed", data)
}
