package xjpgateway

import (
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// account is what the ledger and the limits are told of a call. It is closed once.
type account struct {
	open     bool // the call has passed authentication, and nobody else accounts for it
	recorded bool
	attempts []ledger.Attempt
	current  *attempt // the one whose entry is the last of attempts, nil if that is closed
	before   int      // attempts of the same request that others account for

	lease  limits.Lease
	held   bool // the lease is to be settled
	demand limits.Demand
	rough  int64 // estimate.Rough of the prompt, 0 if nobody has needed it

	tokens ledger.Tokens // of all attempts, once recorded
	cost   prices.Amount
}

// openAccount begins the account of a call: from here on there will be a record of it.
func (c *call) openAccount() { c.account.open = true }

// endpointNames are the operations as the ledger and scopes of keys know them.
var endpointNames = map[operation]string{opGenerate: "generate", opCount: "count_tokens", opModels: "models"}

func (c *call) endpointName() string {
	if name := endpointNames[c.op]; name != "" {
		return name
	}
	return "unknown"
}

// openEntry notes in the journal that the provider is about to be called. What a request costs
// is then known even if this process does not live to see its end (decisions.md, "crash
// semantics of the ledger").
func (a *attempt) openEntry() *failure {
	c := a.c
	a.closeEntry(nil) // of the call that this one continues
	c.account.attempts = append(c.account.attempts, ledger.Attempt{
		Number: c.account.before + len(c.account.attempts) + 1, Route: a.route.id, Provider: a.route.upstream.name,
		Upstream: a.target.route.Model, Dialect: a.target.route.Wire, Start: a.started.Sub(c.started).Milliseconds(),
	})
	c.account.current, a.usageRaw, a.firstUsage, a.heard, a.answerID = a, a.usageRaw[:0], 0, heard{}, ""
	book := c.s.accounts.ledger
	if book == nil {
		return nil
	}
	start := ledger.Start{
		ID: c.id, Time: c.started, Tenant: c.tenant(), Key: c.keyID(), Endpoint: c.endpointName(), Dialect: c.dialect.Inbound.Name(),
		Model: c.modelName(), Session: c.session(), Stream: c.ask.stream, Attempt: c.account.attempts[len(c.account.attempts)-1],
		Expected: c.expected(),
		Ended:    c.account.attempts[:len(c.account.attempts)-1],
	}
	if a.price != nil {
		expected := a.price.Expected(start.Expected.Input, start.Expected.Output, a.images)
		start.Price, start.ExpectedCost = a.price.Version(), a.price.CostTotal(&expected, c.started)
		start.Attempt.Images, start.Attempt.OutputImages = expected.Images, expected.OutputImages
	}
	if err := book.start(&start); err != nil {
		c.account.attempts, c.account.current = c.account.attempts[:len(c.account.attempts)-1], nil
		return &failure{
			err:     &translate.Error{Kind: translate.ErrOverloaded, Message: "the gateway cannot record requests at the moment", RetryAfter: time.Second},
			verdict: providers.Verdict{Action: providers.Fail},
		}
	}
	return nil
}

// expected is what the request is believed to use, for the case that nobody lives to see its
// end. Where nothing was reserved, that costs next to nothing to tell.
func (c *call) expected() ledger.Tokens {
	switch d := &c.account.demand; {
	case c.op != opGenerate:
		return ledger.Tokens{}
	case d.Input > 0:
		return ledger.Tokens{Input: d.Input, Output: d.Output}
	}
	return ledger.Tokens{Input: int64(len(c.body)) / 4, Output: c.s.runtime.learned.Expected(c.keyID(), c.modelName(), 0, false)}
}

// closeEntry completes the account of a call to a provider. f is why it failed, nil if it
// served.
func (a *attempt) closeEntry(f *failure) {
	c := a.c
	if c.account.current != a {
		return
	}
	c.account.current = nil
	e := &c.account.attempts[len(c.account.attempts)-1]
	e.Latency = time.Since(a.started).Milliseconds()
	e.UpstreamID = a.answerID
	if a.response != nil {
		e.Status = a.response.StatusCode
	}
	failed := c.outcome.err
	if f != nil {
		failed = f.err
	}
	e.Error, e.End = errorKind(failed), endOf(failed, c.outcome.gone || c.r.Context().Err() != nil, len(c.account.attempts))
	u := c.outcome.usage
	if a.estimates(f) {
		u.Input, u.Output, u.Estimated = c.estimatedPrompt(), a.heard.tokens(), true
	}
	if a.accounted.Reported {
		u = u.Less(&a.accounted)
	}
	a.accounted = c.outcome.usage
	if u.Reported || u.Estimated {
		u.Images, u.OutputImages = a.images, a.heard.images
	}
	e.Raw = string(a.usageRaw)
	bill(e, &u, a.price, c.started)
}

// bill notes what an attempt used, and what that cost by its provider's word or by a price.
func bill(e *ledger.Attempt, u *translate.Usage, p *prices.Price, at time.Time) {
	e.Tokens, e.Estimated, e.Images, e.OutputImages = tokensOf(u), u.Estimated, u.Images, u.OutputImages
	charged := prices.Charge(p, u, at)
	e.Cost, e.Priced, e.Price, e.Reported = charged.Cost, charged.Priced, charged.Version, charged.Reported
	e.Unpriced = charged.Unknown && e.Tokens.Total() > 0
}

// estimates reports whether the usage of a call is to be estimated, as its provider has not
// told it: an answer that was delivered without a word on it, one that broke off before, and
// one that nobody waited for, though the provider has the prompt (pain 36).
func (a *attempt) estimates(f *failure) bool {
	u := &a.c.outcome.usage
	return a.c.op == opGenerate && !u.Reported && !u.Estimated && (f == nil || a.heard.records > 0 || a.unanswered(f))
}

// unanswered reports whether the provider was sent the whole request and has neither answered
// nor refused it: what it charges for that, it has not come to tell.
func (a *attempt) unanswered(f *failure) bool {
	return f.err.Status == 0 && a.mediaType() != webPage && a.body != nil && a.body.sent()
}

// noteUsage keeps the provider's usage object. A stream of Messages tells the prompt's part
// in the first and the answer's in the last, so both are kept, on a line each.
func (a *attempt) noteUsage(raw []byte) {
	if a.firstUsage > 0 && a.target.route.Wire == "anthropic" {
		a.usageRaw = append(append(a.usageRaw[:a.firstUsage], '\n'), raw...)
		return
	}
	a.usageRaw = append(a.usageRaw[:0], raw...)
	a.firstUsage = len(raw)
}

// tokensOf is usage as the ledger counts it.
func tokensOf(u *translate.Usage) ledger.Tokens {
	return ledger.Tokens{
		Input: u.Input, CacheRead: u.CacheRead, CacheWrite5m: u.CacheWrite - u.CacheWrite1h, CacheWrite1h: u.CacheWrite1h,
		Output: u.Output, Reasoning: u.Reasoning, AudioInput: u.AudioInput, ImageInput: u.ImageInput, AudioOutput: u.AudioOutput, ImageOutput: u.ImageOutput,
	}
}

// images is how many images the prompt holds, for a price that is by them. It is 0 for all
// others, which need not be looked for.
func (c *call) images(p *prices.Price) int64 {
	if p == nil || !p.CountsImages() || c.op != opGenerate {
		return 0
	}
	return int64(c.needs().Images)
}

// estimatedPrompt is the size of the prompt in tokens, for answers whose provider did not
// come to tell it.
func (c *call) estimatedPrompt() int64 {
	if len(c.body) == 0 {
		return 0
	}
	return estimate.Body(c.document())
}

// heard counts what an answer has said. For a stream that ends before it has told its usage,
// the shortest record is about what all of them consist of beside their text.
type heard struct {
	records, bytes, shortest int64
	images                   int64
}

// add counts a record of content.
func (h *heard) add(record []byte) {
	n := int64(len(record))
	h.records++
	h.bytes += n
	if h.shortest == 0 || n < h.shortest {
		h.shortest = n
	}
}

// tokens is about how many tokens that was: one for each record, and one for each four
// bytes that make it longer than the shortest.
func (h *heard) tokens() int64 { return h.records + (h.bytes-h.records*h.shortest)/4 }

// endOf names the end that an error means for the ledger.
func endOf(e *translate.Error, gone bool, attempts int) ledger.End {
	switch {
	case gone:
		return ledger.ClientGone
	case e == nil:
		return ledger.Complete
	}
	switch e.Kind {
	case translate.ErrUpstream, translate.ErrTimeout, translate.ErrInterrupted, translate.ErrUpstreamAuth, translate.ErrInternal:
		return ledger.UpstreamBroken
	case translate.ErrOverloaded, translate.ErrUpstreamLimit, translate.ErrContent:
		return ledger.Refused
	}
	if attempts > 0 {
		return ledger.Refused
	}
	return ledger.Rejected
}

// record writes a call's account into the ledger, before the client sees the end of its
// answer. It does so once.
func (c *call) record() {
	if !c.account.open || c.account.recorded {
		return
	}
	c.account.recorded = true
	if a := c.account.current; a != nil {
		a.closeEntry(nil)
	}
	o := &c.outcome
	if o.status == 0 && c.down != nil {
		o.status = http.StatusOK // which is about to be written
	}
	r := ledger.Record{
		ID: c.id, Time: c.started.UTC().Truncate(time.Microsecond), Tenant: c.tenant(), Key: c.keyID(), Endpoint: c.endpointName(),
		Dialect: c.dialect.Inbound.Name(), Model: c.modelName(), Session: c.session(), Stream: o.streamed,
		Status: o.status, End: endOf(o.err, o.gone, len(c.account.attempts)), Error: errorKind(o.err), Upstream: o.model,
		Latency: time.Since(c.started).Milliseconds(), FirstToken: o.first.Milliseconds(), Attempts: c.account.attempts,
	}
	if o.route != nil {
		r.Route, r.Provider, r.Losses = o.route.id, o.route.upstream.name, c.lossText()
	}
	if o.replayed {
		r.Replayed, r.End = true, endOfReplay(r.End, o.status)
	}
	r.Sum()
	c.account.tokens, c.account.cost = r.Tokens, r.Cost
	if book := c.s.accounts.ledger; book != nil {
		if err := book.end(&r); err != nil {
			c.unrecorded(err)
		} else if late := c.s.accounts.late; late != nil {
			late.take(&r, c.s)
		}
	}
	if r.Unpriced {
		c.h.app.metrics.unpriced.WithLabelValues(c.modelLabel(), o.provider()).Inc()
	}
}

// takeEntries takes over what another call accounts for the same request.
func (c *call) takeEntries(from *call, hedged bool) {
	for _, e := range from.account.attempts {
		e.Number, e.Hedged = len(c.account.attempts)+1, hedged
		c.account.attempts = append(c.account.attempts, e)
	}
}

// tenant and keyID are who asks; nobody is known on a site without authentication.
func (c *call) tenant() string {
	if c.key == nil {
		return ""
	}
	return c.key.Tenant
}

func (c *call) keyID() string {
	if c.key == nil {
		return ""
	}
	return c.key.ID
}

// modelName is the model that the request is for: its own name where it was asked for by an
// alias, the name that was asked for where that is one of a wildcard's.
func (c *call) modelName() string {
	if m := c.match.Model; m != nil && !m.IsPattern() {
		return m.Name
	}
	return quotedField(c.model)
}

// session is the session that the client names in a header, as far as it is kept.
func (c *call) session() string { return quotedField(c.namedSession()) }

// unrecorded tells of a request that the ledger could not take.
func (c *call) unrecorded(err error) {
	c.h.app.metrics.lost.Inc()
	c.h.logger.Error("request is not recorded", zap.String("request_id", c.id), zap.Error(err))
}
