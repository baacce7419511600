package xjpgateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/registry"
)

// Explanation is the plan for a request, which was not carried out.
type Explanation struct {
	// Dialect is the client's dialect, Key the id of its key, Asked the model that it names.
	Dialect string `json:"dialect"`
	Key     string `json:"key,omitempty"`
	Asked   string `json:"asked,omitempty"`
	// Model is the logical model, with the settings that its routes are chosen by.
	Model    string `json:"model,omitempty"`
	Policy   string `json:"policy,omitempty"`
	Affinity string `json:"affinity,omitempty"`
	Stream   bool   `json:"stream"`
	// Needs are what the request demands of routes. They are not looked at where only
	// one route could serve it.
	Needs ExplainedNeeds `json:"needs,omitzero"`
	// Routes are the routes in the order in which they would be tried, then those that
	// would not be.
	Routes []*ExplainedRoute `json:"routes"`
	// NoneCapable says that no route is believed to take what the request needs. They are
	// tried all the same: what providers say of it is better than what is believed.
	NoneCapable bool `json:"none_capable,omitempty"`
	// HedgeAfter is how long the first route would be waited for before the second is asked
	// as well, in milliseconds; 0 if that would not be done.
	HedgeAfter float64 `json:"hedge_after_ms,omitempty"`
	// LeftOut says why routes have been left out of the configuration.
	LeftOut []string `json:"left_out,omitempty"`
	// Error is what the client would be told at once, nil if a route would be tried.
	Error *ExplainedError `json:"error,omitempty"`
}

// ExplainedNeeds are what a request demands of routes.
type ExplainedNeeds struct {
	Images bool `json:"images,omitempty"`
	PDF    bool `json:"pdf,omitempty"`
	Audio  bool `json:"audio,omitempty"`
	Video  bool `json:"video,omitempty"`
	Tools  bool `json:"tools,omitempty"`
	// Tokens is the estimated size of prompt and answer, 0 if it fits into every window.
	Tokens int64 `json:"tokens,omitempty"`
}

// ExplainedRoute is a route's place in a plan.
type ExplainedRoute struct {
	// Tried says that the route would be tried, when those before it have failed.
	Tried bool `json:"tried"`
	// Reason is what the route's place follows from: "order", "weight", "latency",
	// "price", "affinity" or "fallback"; for one that would not be tried "incapable", "resting" or
	// "unsupported".
	Reason string `json:"reason"`
	// Score is what the route was ranked by, less being better, if it was.
	Score float64 `json:"score,omitempty"`
	// ExpectedCost is what the request is expected to cost by the route, in USD; it is empty
	// where no price is known.
	ExpectedCost string `json:"expected_cost,omitempty"`
	// Lacks is what an incapable route lacks, by the name of the capability, or why it
	// cannot speak with the client.
	Lacks string `json:"lacks,omitempty"`
	// Wait is how long a resting route still rests, in milliseconds.
	Wait float64 `json:"wait_ms,omitempty"`
	// UpstreamDialect is the dialect that the provider would be spoken to in, Translated
	// whether that is not the client's.
	UpstreamDialect string `json:"upstream_dialect,omitempty"`
	Translated      bool   `json:"translated,omitempty"`
	*RouteStatus
}

// ExplainedError is an error that a client would be told.
type ExplainedError struct {
	Status  int    `json:"status"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
	// RetryAfter is when the client is asked to come back, in milliseconds.
	RetryAfter float64 `json:"retry_after_ms,omitempty"`
}

// explain makes the plan for the request in the body of r, as if a client had sent it with
// r's headers, which may name a session. The query says the client's dialect and the id of
// its key; without a key the request may use all models. Sites narrow nothing here.
func (a *App) explain(r *http.Request) (*Explanation, error) {
	query := r.URL.Query()
	d, err := explainedDialect(query.Get("dialect"))
	if err != nil {
		return nil, err
	}
	key, refusal, err := a.explainedKey(r.Context(), query.Get("key"))
	if err != nil {
		return nil, err
	}
	c := a.rehearsal(d, r, key)
	defer c.release()
	x := &Explanation{Dialect: d.Inbound.Name(), Key: query.Get("key"), Routes: []*ExplainedRoute{}}
	if err := c.explainTo(x, refusal); err != nil {
		x.Error = c.explainError(err)
	}
	return x, nil
}

// rehearsal is a call for a request in the body of r that is not carried out. The caller
// releases it.
func (a *App) rehearsal(d *dialect, r *http.Request, key *keys.Principal) *call {
	return &call{
		endpoint: endpoint{op: opGenerate, dialect: d}, s: a.snapshot.Load(), w: &unread{header: http.Header{}}, r: r, id: newID(), started: time.Now(), key: key,
		h: &Handler{Auth: "off", app: a, logger: zap.NewNop()},
	}
}

// explainTo goes as far with the request as can be gone without calling anybody. A key that
// would be refused goes nowhere.
func (c *call) explainTo(x *Explanation, refusal error) error {
	if refusal != nil {
		return refusedKey(refusal)
	}
	if err := c.checkScope(); err != nil {
		return err
	}
	if err := c.readBody(); err != nil {
		return err
	}
	err := c.findModel()
	x.Asked, x.Stream = c.ask.model, c.ask.stream
	if m := c.match.Model; m != nil {
		x.Model, x.Policy, x.Affinity, x.LeftOut = m.Name, m.Policy.String(), m.Affinity.String(), m.Missing
	}
	if err != nil {
		return err
	}
	if c.dialect.complete != nil {
		if err := c.dialect.complete(c.document()); err != nil {
			return err
		}
	}
	if err := c.explainPlan(x); err != nil {
		return err
	}
	return c.rehearseLimits(time.Now())
}

// rehearseLimits tells which limit the request would reach. It reserves nothing.
func (c *call) rehearseLimits(now time.Time) error {
	if c.key == nil {
		return nil
	}
	meters := c.meters(now)
	used, reserved, err := c.s.accounts.engines.Limits.Used(c.r.Context(), c.key.Tenant, meters, now)
	if err != nil {
		return limitsAway()
	}
	for i := range meters {
		if wait, full := meters[i].Full(used[i], now); full {
			return overLimit(&meters[i], wait, used[i]-reserved[i])
		}
	}
	return nil
}

func (c *call) explainPlan(x *Explanation) error {
	p := c.newPlan()
	n := p.ask.Needs
	x.Needs = ExplainedNeeds{n.Images, n.PDF, n.Audio, n.Video, n.Tools, n.Tokens}
	if p.usable == 0 {
		p.letProvidersJudge()
		x.NoneCapable = p.usable > 0
	}
	if delay, hedges := c.hedgeDelay(p); hedges {
		x.HedgeAfter = milliseconds(delay)
	}
	c.priceCandidates(p)
	for i := range p.candidates {
		x.Routes = append(x.Routes, c.explainRoute(&p.candidates[i], i < p.usable, p.ask.Now))
	}
	if p.usable == 0 {
		return c.refused(p)
	}
	return nil
}

func (c *call) explainRoute(cand *registry.Candidate, tried bool, now time.Time) *ExplainedRoute {
	upstream := c.match.Upstream(cand.Route)
	x := &ExplainedRoute{
		Tried: tried, Reason: cand.Reason.String(), Score: score(cand), Lacks: cand.Lacks, Wait: milliseconds(cand.Wait),
		RouteStatus: c.s.status(cand.Route, cand.State, upstream, now),
	}
	if cand.Cost >= 0 {
		x.ExpectedCost = prices.Amount(cand.Cost).String()
	}
	t, err := cand.Route.Data.(*route).target(c.dialect.Inbound.Name(), upstream)
	if err != nil {
		x.Tried, x.Reason, x.Lacks = false, "unsupported", err.Error()
		return x
	}
	x.UpstreamDialect = t.route.Wire
	x.Translated = t.route.Wire != c.dialect.Inbound.Name() || t.route.Rewrite
	return x
}

// score is what a candidate was ranked by, 0 where that is not known.
func score(cand *registry.Candidate) float64 {
	if math.IsInf(cand.Score, 0) {
		return 0
	}
	return math.Round(cand.Score*1e9) / 1e9
}

// explainError tells what the client would be told.
func (c *call) explainError(err error) *ExplainedError {
	e, _ := describe(err)
	return &ExplainedError{Status: c.dialect.Status(e), Kind: errorKind(e), Message: e.Message, RetryAfter: milliseconds(e.RetryAfter)}
}

// explainedDialect finds a client's dialect by its name; Chat is the default.
func explainedDialect(name string) (*dialect, error) {
	switch name {
	case "", openaiDialect.Inbound.Name():
		return openaiDialect, nil
	case anthropicDialect.Inbound.Name():
		return anthropicDialect, nil
	}
	return nil, &admin.Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("dialect: '%s' is not known; there are %s", name, strings.Join(dialectNames(), " and "))}
}

// explainedKey finds a key by its id; none is needed. The refusal is why it may not be used.
func (a *App) explainedKey(ctx context.Context, id string) (key *keys.Principal, refusal, err error) {
	if id == "" {
		return nil, nil, nil
	}
	if static := a.snapshot.Load().keys.ByID(id); static != nil {
		a.accounts.await(ctx)
		key, refusal = a.accounts.withinTenant(ctx, static)
		return key, refusal, nil
	}
	record, owner, err := (administration{a}).stored(ctx, "", id)
	switch {
	case errors.Is(err, keys.ErrNotFound) || errors.Is(err, errNothingStored):
		return nil, nil, &admin.Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("key: no key has the id '%s'", id)}
	case err != nil:
		return nil, nil, err
	}
	return keys.NewPrincipal(record, owner), keys.Refusal(record, owner, time.Now()), nil
}
