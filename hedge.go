package xjpgateway

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// errHedged is why the slower of two calls for the same answer ends.
var errHedged = errors.New("another route has answered first")

// hedgeDelay is how long the first route of a plan is waited for before the next is asked
// as well; ok is false where that is not wanted. Streams are never hedged (decisions.md,
// "hedging").
func (c *call) hedgeDelay(p *plan) (d time.Duration, ok bool) {
	h, hedges := c.s.hedges[p.model]
	if !hedges || c.ask.stream || p.usable < 2 {
		return 0, false
	}
	if h.Quantile == 0 {
		return time.Duration(h.Delay), true
	}
	d = p.candidates[0].State.Latency.Quantile(h.Quantile)
	return d, d > 0
}

// hedge serves the request by the first route of a plan and, if that takes longer than the
// delay, by the second as well: the first answer is the client's, and the other call is
// cancelled. It returns the attempts that failed, none if one has served.
func (c *call) hedge(p *plan, delay time.Duration) failures {
	c.letGoOfDocument()
	ended := make(chan *branch, 2)
	branches := []*branch{c.branch(p, 0, ended)}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	var failed failures
	for running := 1; running > 0; {
		select {
		case <-timer.C:
			branches = append(branches, c.branch(p, 1, ended))
			running++
		case b := <-ended:
			running--
			c.outcome.attempts += b.call.outcome.attempts
			c.takeEntries(b.call, false)
			if b.failure == nil {
				c.win(b, branches, ended, running)
				return nil
			}
			c.outcome.route, c.outcome.model = b.call.outcome.route, b.call.outcome.model
			failed = append(failed, b.failure)
		}
	}
	return failed
}

// branch is one of two calls for the same answer. It is a call of its own, with a writer
// that keeps the answer, so that nothing of it meets the other but the request.
type branch struct {
	number  int
	call    *call
	cancel  context.CancelCauseFunc
	kept    *kept
	failure *failure
}

// branch starts to serve the request by a candidate of the plan.
func (c *call) branch(p *plan, i int, ended chan<- *branch) *branch {
	ctx, cancel := context.WithCancelCause(c.r.Context())
	b := &branch{number: i, cancel: cancel, kept: &kept{header: http.Header{}}}
	b.call = &call{
		endpoint: c.endpoint, h: c.h, s: c.s, w: b.kept, r: c.r.WithContext(ctx), id: c.id, started: c.started,
		key: c.key, body: c.body, ask: c.ask, model: c.model, match: c.match, needed: c.needed, looked: c.looked,
		account: account{before: i, demand: c.account.demand, rough: c.account.rough},
		x:       translate.Exchange{ID: c.x.ID, Created: c.x.Created, Model: c.x.Model},
	}
	go func() {
		defer func() { ended <- b }()
		defer b.call.letGoOfDocument()
		defer b.rescue()
		b.failure = b.call.try(p, i, nil)
	}()
	return b
}

// rescue turns a panic into a failure: here nothing else would stop it from ending the
// process.
func (b *branch) rescue() {
	if p := recover(); p != nil {
		b.call.h.logger.Error("panic", zap.Any("panic", p), zap.String("request_id", b.call.id), zap.Stack("stack"))
		b.failure = &failure{err: &translate.Error{Kind: translate.ErrInternal, Message: "the gateway failed"}, verdict: providers.Verdict{Action: providers.Fail}}
	}
}

// win gives the client the answer of a branch, once the other has ended.
func (c *call) win(b *branch, branches []*branch, ended <-chan *branch, running int) {
	for _, other := range branches {
		other.cancel(errHedged)
	}
	for range running {
		c.lose(<-ended)
	}
	if len(branches) > 1 {
		c.h.app.metrics.hedges.WithLabelValues(c.modelLabel(), [...]string{"first", "second"}[b.number]).Inc()
	}
	attempts, streamed := c.outcome.attempts, c.outcome.streamed
	c.outcome, c.x, c.req, c.lost = b.call.outcome, b.call.x, b.call.req, b.call.lost
	c.outcome.attempts, c.outcome.streamed = attempts, streamed
	maps.Copy(c.w.Header(), b.kept.header)
	c.publish()
	c.sendWhole(b.kept.status, b.kept.body.Bytes())
}

// lose records what the call cost whose answer came too late: the provider may charge for
// it, although what it told by then is all that is known.
func (c *call) lose(b *branch) {
	o := &b.call.outcome
	c.outcome.attempts += o.attempts
	c.takeEntries(b.call, true)
	if o.route == nil {
		return
	}
	c.h.app.metrics.countTokens(c.modelLabel(), o.provider(), &o.usage)
	c.h.logger.Info("hedged call cancelled", zap.String("request_id", c.id), zap.String("route", o.route.id),
		zap.String("provider", o.provider()), zap.Int64("input_tokens", o.usage.Input), zap.Int64("output_tokens", o.usage.Output),
		zap.String("upstream_cost", o.usage.Cost), zap.Bool("answered", b.failure == nil))
}

// kept is a whole answer that waits to be the client's.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header gives the answer's headers.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader keeps the status.
func (k *kept) WriteHeader(status int) { k.status = status }

// Write keeps a piece of the body.
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }
