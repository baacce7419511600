package xjpgateway

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Quote prices a usage of a model, or a request that is not sent.
func (b administration) Quote(ctx context.Context, q *admin.QuoteRequest) (any, error) {
	usage, err := quotedUsage(q)
	if err != nil {
		return nil, err
	}
	switch {
	case q.ProviderModel != "":
		return b.quoteUpstream(q.ProviderModel, usage)
	case q.Request != nil:
		return b.quoteRequest(ctx, q)
	}
	match, found := b.app.snapshot.Load().registry.Find(q.Model)
	if !found {
		return nil, &admin.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("model '%s' does not exist", q.Model)}
	}
	return b.quoteModel(match, q.Model, usage), nil
}

// quotedUsage is the usage that is to be priced, nil for the rates alone.
func quotedUsage(q *admin.QuoteRequest) (*translate.Usage, error) {
	if q.Usage == nil {
		if q.Sizes == (admin.Sizes{}) {
			return nil, nil
		}
		return &translate.Usage{Input: q.Input, Output: q.Output, Images: q.Images, OutputImages: q.OutputImages, Estimated: true, ServiceTier: q.ServiceTier}, nil
	}
	v, err := scan.Parse(q.Usage)
	if err != nil {
		return nil, &admin.Error{Status: http.StatusBadRequest, Message: "usage: " + err.Error()}
	}
	if inner := v.Get("usage"); inner.Exists() { // as the predecessor took it
		v = inner
	}
	if err := checkCounts(v); err != nil {
		return nil, err
	}
	u := openai.ParseUsage(v)
	if u == nil {
		return nil, &admin.Error{Status: http.StatusBadRequest, Message: "usage: holds no counts; it is to be as Chat has it, such as {\"prompt_tokens\":1000,\"completion_tokens\":500}"}
	}
	u.Images, u.OutputImages, u.ServiceTier = q.Images, q.OutputImages, q.ServiceTier
	return u, nil
}

// checkCounts refuses a usage of which a count cannot be meant. What providers tell is read
// with more patience, as there is no other word on it.
func checkCounts(usage scan.Value) error {
	for key, v := range usage.Members() {
		name := string(key)
		if v.Kind() == scan.Object {
			if err := checkCounts(v); err != nil {
				return err
			}
		}
		if v.IsNull() || !strings.HasSuffix(name, "_tokens") && name != "web_search_requests" {
			continue
		}
		n, whole := v.Int()
		if !whole {
			return &admin.Error{Status: http.StatusBadRequest, Message: "usage: " + name + ": must be a whole number"}
		}
		if err := admin.CheckCount("usage: "+name, n); err != nil {
			return err
		}
	}
	return nil
}

// quoteUpstream prices a provider's model: as a route to it is priced, else as OpenRouter
// has it.
func (b administration) quoteUpstream(name string, usage *translate.Usage) (any, error) {
	price := b.priceOf(name)
	if price == nil {
		return nil, &admin.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("no price is known for '%s'", name)}
	}
	return prices.NewQuote(price, expectedBy(price, usage), time.Now()), nil
}

// priceOf finds the price of a provider's model: that of the first route to it, else
// OpenRouter's, else a built-in one.
func (b administration) priceOf(name string) *prices.Price {
	for _, m := range b.app.snapshot.Load().registry.Models() {
		for _, planned := range m.Routes {
			if planned.Upstream != name {
				continue
			}
			if p := b.app.price(planned.Data.(*route), name); p != nil {
				return p
			}
		}
	}
	return b.app.accounts.book.book.Load().Find(nil, openRouterKind, name)
}

// price is what a provider's model costs by a route, nil if that is not known.
func (a *App) price(r *route, upstream string) *prices.Price { return a.accounts.price(r, upstream) }

// quoteModel prices a usage by each route of a logical model.
func (b administration) quoteModel(match registry.Match, name string, usage *translate.Usage) *admin.ModelQuote {
	q := &admin.ModelQuote{Model: name, Routes: []admin.RouteQuote{}}
	if usage != nil && usage.Estimated {
		q.Sizes = admin.Sizes{Input: usage.Input, Output: usage.Output, Images: usage.Images, OutputImages: usage.OutputImages}
	}
	for _, planned := range match.Model.Routes {
		upstream := match.Upstream(planned)
		r := admin.RouteQuote{Route: planned.ID, Provider: planned.Provider, Upstream: upstream, Unpriced: true}
		if p := b.app.price(planned.Data.(*route), upstream); p != nil {
			r.Unpriced, r.Quote = false, prices.NewQuote(p, expectedBy(p, usage), time.Now())
		}
		q.Routes = append(q.Routes, r)
	}
	return q
}

// expectedBy is the usage that a price is asked for: of one that is only expected, images of
// the answer are expected too.
func expectedBy(p *prices.Price, usage *translate.Usage) *translate.Usage {
	if usage == nil || !usage.Estimated || usage.OutputImages > 0 {
		return usage
	}
	expected := p.Expected(usage.Input, usage.Output, usage.Images)
	expected.ServiceTier = usage.ServiceTier
	return &expected
}

// quoteRequest prices a request by what is expected of it: the estimated size of its
// prompt, and an answer as long as those of its model usually are.
func (b administration) quoteRequest(ctx context.Context, q *admin.QuoteRequest) (any, error) {
	d, err := explainedDialect(q.Dialect)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(q.Request))
	if err != nil {
		return nil, err
	}
	c := b.app.rehearsal(d, r, nil)
	defer c.release()
	if err := c.readBody(); err != nil {
		return nil, notPriced(err)
	}
	if err := c.findModel(); err != nil {
		return nil, notPriced(err)
	}
	needs := d.needs(c.document())
	usage := &translate.Usage{Input: estimate.Body(c.document()), Output: needs.Answer, Images: int64(needs.Images), Estimated: true, ServiceTier: askedTier(d, c.document().Root())}
	if usage.Output <= 0 {
		usage.Output = limits.Unlearned
	}
	return b.quoteModel(c.match, c.ask.model, usage), nil
}

// askedTier is the tier that a request asks for, in the words of usages; "" is the standard
// one. Whether a route hands it on, and its provider serves it, is known afterwards only.
func askedTier(d *dialect, request scan.Value) string {
	if d == anthropicDialect {
		if request.Get("speed").Text().Equal("fast") {
			return "fast"
		}
		return "" // service_tier has no word that names a price
	}
	if tier := request.Get("service_tier").Str(); tier != "auto" && tier != "default" {
		return tier
	}
	return ""
}

// notPriced tells what is wrong with a request, as its client would be told.
func notPriced(err error) error {
	e, _ := describe(err)
	status := http.StatusBadRequest
	if e.Kind == translate.ErrModel {
		status = http.StatusNotFound
	}
	return &admin.Error{Status: status, Message: "request: " + e.Message}
}
