package xjpgateway

import (
	"fmt"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// reserve takes what the request is expected to use out of all limits that it is under, or
// tells the client which of them is reached. What it really uses is settled at its end.
func (c *call) reserve() error {
	if c.key == nil {
		return nil
	}
	now := time.Now()
	meters := c.meters(now)
	if len(meters) == 0 {
		return nil
	}
	c.account.lease = limits.Lease{ID: c.id, Tenant: c.key.Tenant, Meters: meters}
	verdict, err := c.s.accounts.engines.Limits.Reserve(c.r.Context(), &c.account.lease, now)
	if err != nil {
		c.h.logger.Error("limits cannot be checked", zap.String("request_id", c.id), zap.Error(err))
		return limitsAway()
	}
	c.tellLimits(meters, &verdict, now)
	if verdict.Refused >= 0 {
		c.h.app.metrics.limited.WithLabelValues(c.modelLabel(), meters[verdict.Refused].What()).Inc()
		return overLimit(&meters[verdict.Refused], verdict.Wait, verdict.Settled)
	}
	c.account.held = true
	c.s.accounts.engines.renewals.begin(&c.account.lease)
	return nil
}

// limitsAway is the error of limits that cannot be checked.
func limitsAway() error {
	return &translate.Error{Kind: translate.ErrOverloaded, RetryAfter: time.Second, Message: "the limits of this key cannot be checked at the moment"}
}

// meters are the limits of the request's key, with what it is expected to use of them.
func (c *call) meters(now time.Time) []limits.Meter {
	bounds := c.key.Bounds(c.modelName(), &c.s.accounts.defaults)
	c.account.demand = c.demand(bounds)
	return bounds.Meters(&c.account.demand, now, c.s.accounts.calendar)
}

// demand is what the request is expected to use. It is estimated only where something
// bounds tokens or money.
func (c *call) demand(b *limits.Bounds) limits.Demand {
	if !b.CountsTokens() {
		return limits.Demand{}
	}
	price, upstream := c.firstPrice()
	input := c.expectedPrompt(upstream)
	output := c.s.runtime.learned.Expected(c.key.ID, c.modelName(), c.needs().Answer, b.HasBudget())
	d := limits.Demand{Input: input, Output: output}
	if price != nil {
		d.Cost = price.Expect(input, output, c.images(price), c.started)
	}
	return d
}

// expectedPrompt is about how many tokens of a provider's model the prompt is.
func (c *call) expectedPrompt(upstream string) int64 {
	if c.account.rough == 0 {
		c.account.rough = estimate.Rough(c.body)
	}
	return c.s.runtime.calibration.Apply(upstream, c.account.rough)
}

// firstPrice is the price of the model's first route, by which money is reserved; it is nil
// if that is not known. Which route will serve is not known yet.
func (c *call) firstPrice() (*prices.Price, string) {
	planned := c.match.Model.Routes[0]
	upstream := c.match.Upstream(planned)
	return c.s.accounts.price(planned.Data.(*route), upstream), upstream
}

// heldWait is how long a client waits that is refused for want of what open requests have
// reserved. When they end is not known, but few take less.
const heldWait = 5 * time.Second

// overLimit is the error of a limit that is reached, by what of it is settled if it is a
// quota.
func overLimit(m *limits.Meter, wait time.Duration, settled int64) error {
	e := &translate.Error{Kind: translate.ErrRateLimit, RetryAfter: max(wait, time.Second), Message: "the limit of " + m.Says() + " is reached"}
	if m.Kind != limits.Quota {
		return e
	}
	if m.Held(settled) {
		e.RetryAfter, e.Message = heldWait, "requests that are under way hold what is left of "+m.Says()+": try again when they have ended"
		return e
	}
	e.Kind, e.Retry = translate.ErrQuota, translate.No
	if m.IsBudget() {
		e.Kind, e.Message = translate.ErrBilling, "the budget of "+m.Says()+" is used up"
	}
	if left := m.Limit - settled; left > 0 && m.Measure != limits.Requests {
		e.Message = fmt.Sprintf("this request may take %s, and of %s only %s is left", m.Text(m.Amount), m.Says(), m.Text(left))
	}
	if m.Ends.IsZero() {
		e.RetryAfter = 0
	} else {
		e.Message += "; it is renewed at " + m.Ends.UTC().Format(time.RFC3339)
	}
	return e
}

// settleLimits counts what the request has used in place of what was reserved.
func (c *call) settleLimits() {
	if !c.account.held {
		return
	}
	c.account.held = false
	c.s.accounts.engines.renewals.end(&c.account.lease)
	l, t := &c.account.lease, &c.account.tokens
	var actual []int64
	if len(c.account.attempts) == 0 {
		actual = limits.Released(make([]int64, 0, len(l.Meters)), l.Meters)
	} else {
		actual = limits.Actual(make([]int64, 0, len(l.Meters)), l.Meters, t.Prompt(), t.Output, c.account.cost)
	}
	c.s.accounts.engines.Limits.Settle(l, actual, time.Now())
	c.s.watchBudgets(c.h.app, c.key, l.Meters)
}

// learn makes what is expected of the next request better than it was of this one.
func (c *call) learn() {
	o := &c.outcome
	if c.op != opGenerate || !o.usage.Reported || o.err != nil || o.gone || o.replayed {
		return
	}
	c.s.runtime.learned.Observe(c.keyID(), c.modelName(), o.usage.Output)
	if c.account.rough > 0 {
		c.s.runtime.calibration.Observe(o.model, c.account.rough, o.usage.Prompt())
	}
}

// limitHeaders are the headers that tell of one measure.
type limitHeaders struct{ limit, remaining, reset string }

// The headers of each dialect by what they tell of (wire-openai-anthropic.md 6.3). Chat has
// none for the parts of the tokens.
var (
	chatLimitHeaders = [limits.Told]limitHeaders{
		limits.Requests: {"X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests"},
		limits.Tokens:   {"X-Ratelimit-Limit-Tokens", "X-Ratelimit-Remaining-Tokens", "X-Ratelimit-Reset-Tokens"},
	}
	messagesLimitHeaders = [limits.Told]limitHeaders{
		limits.Requests:     {"Anthropic-Ratelimit-Requests-Limit", "Anthropic-Ratelimit-Requests-Remaining", "Anthropic-Ratelimit-Requests-Reset"},
		limits.Tokens:       {"Anthropic-Ratelimit-Tokens-Limit", "Anthropic-Ratelimit-Tokens-Remaining", "Anthropic-Ratelimit-Tokens-Reset"},
		limits.InputTokens:  {"Anthropic-Ratelimit-Input-Tokens-Limit", "Anthropic-Ratelimit-Input-Tokens-Remaining", "Anthropic-Ratelimit-Input-Tokens-Reset"},
		limits.OutputTokens: {"Anthropic-Ratelimit-Output-Tokens-Limit", "Anthropic-Ratelimit-Output-Tokens-Remaining", "Anthropic-Ratelimit-Output-Tokens-Reset"},
	}
)

// tellLimits tells the client how it stands with its limits, in the headers that its
// dialect has for that. All values are in one string and one slice, as each request has them.
func (c *call) tellLimits(meters []limits.Meter, v *limits.Verdict, now time.Time) {
	var room [limits.Told]limits.Standing
	standings := limits.Standings(room[:0], meters, v, now)
	names := &chatLimitHeaders
	if c.dialect == anthropicDialect {
		names = &messagesLimitHeaders
	}
	text, ends := make([]byte, 0, 128), make([]int, 0, 3*limits.Told)
	for _, s := range standings {
		text = strconv.AppendInt(text, s.Limit, 10)
		ends = append(ends, len(text))
		text = strconv.AppendInt(text, s.Remaining, 10)
		ends = append(ends, len(text))
		text = c.appendReset(text, s.Reset, now)
		ends = append(ends, len(text))
	}
	all, values, begin := string(text), make([]string, len(ends)), 0
	for i, end := range ends {
		values[i], begin = all[begin:end], end
	}
	h := c.w.Header()
	for i, s := range standings {
		if name := names[s.Measure]; name.limit != "" {
			h[name.limit], h[name.remaining], h[name.reset] = values[3*i:3*i+1:3*i+1], values[3*i+1:3*i+2:3*i+2], values[3*i+2:3*i+3:3*i+3]
		}
	}
}

// appendReset writes when a limit is whole again: a time in Messages, a duration in Chat.
func (c *call) appendReset(dst []byte, reset time.Duration, now time.Time) []byte {
	if c.dialect == anthropicDialect {
		return now.Add(reset).UTC().AppendFormat(dst, time.RFC3339)
	}
	return append(dst, reset.Round(time.Millisecond).String()...)
}
