package xjpgateway

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// countTimeout bounds the provider's count: clients ask before every turn.
const countTimeout = 10 * time.Second

// countTokens answers how many tokens a prompt has: by the provider's own counter
// where it has one, by an estimate that says so otherwise. It never fails for want of
// a counter (pain 30, CC30).
func (c *call) countTokens() error {
	req, err := anthropic.DecodeCount(c.document(), &c.lost)
	if err != nil {
		return err
	}
	c.req = req
	c.x = c.newExchange()
	n, ok := c.countUpstream()
	if !ok {
		n = estimate.Request(req)
		c.w.Header().Set("X-Xjp-Token-Count", "estimated")
	}
	c.writeJSON(http.StatusOK, anthropic.AppendCount(nil, n))
	return nil
}

// countUpstream asks the first route's provider.
func (c *call) countUpstream() (int64, bool) {
	planned := c.match.Model.Routes[0]
	r := planned.Data.(*route)
	counter, ok := r.upstream.Provider.(providers.Counter)
	if !ok {
		return 0, false
	}
	a, f := c.newAttempt(r, c.match.Upstream(planned), false)
	if f != nil || !counter.CountsTokens(a.target.route) {
		return 0, false
	}
	defer a.close()
	a.state = c.stateOf(planned)
	if f := a.admit(); f != nil {
		return 0, false
	}
	defer a.leave()
	a.stream, a.call.Op = false, providers.CountTokens
	a.begin()
	body, ok := a.countBody()
	if !ok {
		return 0, false
	}
	return a.count(body)
}

// countBody makes the body that the provider's counter takes.
func (a *attempt) countBody() ([]byte, bool) {
	switch a.target.route.Wire {
	case "anthropic":
		model := a.c.document().Root().Get("model")
		name := append(scan.AppendText([]byte{'"'}, a.target.route.Model), '"')
		return scan.Splice(nil, a.c.body, []scan.Edit{{Start: model.Start(), End: model.End(), With: name}}), true
	case "gemini":
		body, err := gemini.EncodeCount(nil, a.c.req, &a.c.x)
		return body, err == nil
	}
	return nil, false
}

func (a *attempt) count(body []byte) (int64, bool) {
	ctx, cancel := context.WithTimeout(a.ctx, countTimeout)
	defer cancel()
	a.ctx, a.call.Body = ctx, body
	f := a.send(newSegments(body))
	defer func() { a.closeEntry(f) }()
	if f != nil || a.response.StatusCode != http.StatusOK {
		return 0, false
	}
	answer, err := io.ReadAll(io.LimitReader(a.response.Body, maxErrorBody))
	if err != nil {
		return 0, false
	}
	v, err := scan.Parse(answer)
	if err != nil {
		return 0, false
	}
	if n, ok := v.Get("input_tokens").Int(); ok {
		return n, true
	}
	return v.Get("totalTokens").Int()
}
