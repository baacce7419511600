package xjpgateway

import (
	"crypto/sha256"
	"math/rand/v2"
	"time"

	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// plan is the routes that can serve a request, and the order in which they are tried
// (architecture.md 4).
type plan struct {
	model *registry.Model
	ask   registry.Ask
	// candidates are the routes of the model: those that can be tried now come first.
	candidates []registry.Candidate
	usable     int
	room       [2]registry.Candidate // most models have no more
}

// newPlan considers the routes of the request's model.
func (c *call) newPlan() *plan {
	m := c.match.Model
	p := &plan{model: m, ask: registry.Ask{Random: rand.Float64}}
	p.candidates = p.room[:0]
	for _, r := range m.Routes {
		p.candidates = append(p.candidates, registry.Candidate{Route: r, State: c.stateOf(r)})
	}
	if len(m.Routes) > 1 {
		c.consider(p)
	}
	p.order()
	return p
}

// order sorts the candidates by what is known at this moment.
func (p *plan) order() {
	p.ask.Now = time.Now()
	p.usable = registry.Order(p.model, &p.ask, p.candidates)
}

// stateOf gives what is known of a route. A route of a pattern leads to many models of
// its provider, and each has a state of its own.
func (c *call) stateOf(r *registry.Route) *registry.State {
	route := r.Data.(*route)
	if route.state != nil {
		return route.state
	}
	return c.s.stateOf(route, c.match.Upstream(r))
}

// consider looks at what the request needs, for which there is no reason where only one
// route could serve it.
func (c *call) consider(p *plan) {
	needs := c.needs()
	window := int64(0)
	for i := range p.candidates {
		cand := &p.candidates[i]
		t, err := cand.Route.Data.(*route).target(c.dialect.Inbound.Name(), c.match.Upstream(cand.Route))
		if err != nil {
			continue // the attempt will tell
		}
		cand.Caps = &t.caps
		if w := t.caps.ContextWindow; w > 0 && (window == 0 || w < window) {
			window = w
		}
	}
	p.ask.Needs = registry.Needs{
		Images: needs.Images > 0, PDF: needs.PDF, Audio: needs.Audio, Video: needs.Video, Tools: needs.Tools,
		Tokens: c.size(needs, window),
	}
	p.ask.Affinity = c.affinity(p.model.Affinity)
	if p.model.Policy == registry.Cheapest {
		c.priceCandidates(p)
	}
}

// priceCandidates tells what the request is expected to cost by each route.
func (c *call) priceCandidates(p *plan) {
	output := c.s.runtime.learned.Expected(c.keyID(), c.modelName(), c.needs().Answer, false)
	for i := range p.candidates {
		cand := &p.candidates[i]
		upstream := c.match.Upstream(cand.Route)
		cand.Cost = -1
		if price := c.s.accounts.price(cand.Route.Data.(*route), upstream); price != nil {
			cand.Cost = int64(price.Expect(c.expectedPrompt(upstream), output, c.images(price), c.started))
		}
	}
}

// size estimates prompt and answer in tokens. A body that could not fill the smallest
// window, were each byte a token, is not counted.
func (c *call) size(needs *translate.Needs, window int64) int64 {
	if window == 0 || int64(len(c.body))+needs.Answer <= window {
		return 0
	}
	return estimate.Body(c.document()) + needs.Answer
}

// larger keeps the candidates whose window is larger than one that a request has
// overflowed; a window that is not known is none of them. It reports whether any is left.
func (p *plan) larger(from int, window int64) bool {
	kept := from
	for i := from; i < p.usable; i++ {
		if caps := p.candidates[i].Caps; caps != nil && caps.ContextWindow > window {
			p.candidates[kept], p.candidates[i] = p.candidates[i], p.candidates[kept]
			kept++
		}
	}
	p.usable = kept
	return kept > from
}

// drop leaves a candidate out of further rounds.
func (p *plan) drop(r *registry.Route) {
	for i := range p.candidates {
		if p.candidates[i].Route == r {
			p.candidates = append(p.candidates[:i], p.candidates[i+1:]...)
			return
		}
	}
}

// refused is the failure of a plan without a usable route: nothing is called, and the
// client is told when the first of them is back (decisions.md, "all routes of a model
// rest"). Where they rest for different causes, it is told of an overload.
func (c *call) refused(p *plan) *failure {
	cause := registry.CauseNone
	for i := range p.candidates {
		cand := &p.candidates[i]
		if cand.Reason != registry.Rests {
			continue // it could not serve the request at any time
		}
		switch own := cand.State.View(p.ask.Now).Cause; cause {
		case registry.CauseNone:
			cause = own
		case own:
		default:
			cause = registry.CauseFailures
		}
	}
	kind, message := c.resting(cause)
	return &failure{
		err:     &translate.Error{Kind: kind, Message: message, RetryAfter: max(p.wait(), time.Second)},
		verdict: providers.Verdict{Action: providers.Fail},
	}
}

// resting is what a client is told of routes that rest. That a provider does not know a
// model is the client's fault only if it named that model itself.
func (c *call) resting(cause registry.Cause) (translate.ErrorKind, string) {
	switch {
	case cause == registry.CauseRateLimit:
		return translate.ErrUpstreamLimit, "the provider's rate limit is reached"
	case cause == registry.CauseModel && c.match.Rest != "":
		return translate.ErrModel, "the provider does not know the model " + quoted(c.model)
	}
	return translate.ErrOverloaded, "no route of the model can be used at the moment"
}

// wait tells how long it takes until a candidate can be tried.
func (p *plan) wait() time.Duration {
	if p.usable > 0 {
		return 0
	}
	var shortest time.Duration
	for i := range p.candidates {
		if w := p.candidates[i].Wait; w > 0 && (shortest == 0 || w < shortest) {
			shortest = w
		}
	}
	return shortest
}

// sessionNames are the headers by which clients name a session, first the one that is
// meant for it (claude-code-gateway.md, headers; Codex sends session-id).
var sessionNames = [...]string{"X-Xjp-Session", "X-Session-Id", "X-Claude-Code-Session-Id", "Session-Id", "Session_id"}

// namedSession is the session that the client names in a header, "" if it names none.
func (c *call) namedSession() string {
	for _, name := range sessionNames {
		if values := c.r.Header[name]; len(values) > 0 && values[0] != "" {
			return values[0]
		}
	}
	return ""
}

// affinity names what the request should stay with: its session or its key.
func (c *call) affinity(by registry.Affinity) string {
	switch {
	case by == registry.AffinityKey && c.key != nil:
		return c.key.ID
	case by != registry.AffinitySession:
		return ""
	}
	if s := c.namedSession(); s != "" {
		return s
	}
	if s := c.dialect.session(c.document()); s != "" {
		return s
	}
	return c.beginning()
}

// beginning names a conversation by how it began, the same on every node.
func (c *call) beginning() string {
	h := sha256.New()
	c.dialect.beginning(c.document(), func(b []byte) { h.Write(b) })
	return string(h.Sum(nil))
}
