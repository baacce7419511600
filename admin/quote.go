package admin

import (
	"encoding/json"
	"net/http"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// QuoteRequest is what is to be priced: a usage of a model, or a request that is not sent.
// One of ProviderModel, Model and Request is set.
type QuoteRequest struct {
	// ProviderModel is a provider's name of a model, as the predecessor was asked by.
	ProviderModel string `json:"provider_model_id,omitempty"`
	// Model is a logical model, each of whose routes is priced.
	Model string `json:"model,omitempty"`
	// Usage is a usage as providers tell it in Chat, by itself or, as the predecessor took
	// it, in a member "usage".
	Usage json.RawMessage `json:"usage,omitempty"`
	// Sizes are what is expected, instead of a usage; images, which usages do not tell, may
	// stand beside one.
	Sizes
	// ServiceTier is the tier that is to have served the usage or what is expected; "" is none.
	ServiceTier string `json:"service_tier,omitempty"`
	// Request is the body of a request and Dialect the dialect that it is in.
	Request json.RawMessage `json:"request,omitempty"`
	Dialect string          `json:"dialect,omitempty"`
}

// Sizes are of a prompt and its answer: their tokens, and how many images they hold.
type Sizes struct {
	Input        int64 `json:"input_tokens,omitempty"`
	Output       int64 `json:"output_tokens,omitempty"`
	Images       int64 `json:"images,omitempty"`
	OutputImages int64 `json:"output_images,omitempty"`
}

// ModelQuote is the price of something by each route of a logical model.
type ModelQuote struct {
	Model string `json:"model"`
	// Sizes are what is expected, nothing if a usage is priced.
	Sizes
	Routes []RouteQuote `json:"routes"`
}

// RouteQuote is the price of something by a route.
type RouteQuote struct {
	Route    string `json:"route"`
	Provider string `json:"provider"`
	Upstream string `json:"upstream_model"`
	// Unpriced says that no price is known.
	Unpriced bool `json:"unpriced,omitempty"`
	prices.Quote
}

// quote prices something.
func (x *exchange) quote() error {
	if err := x.query.done(); err != nil {
		return err
	}
	text, err := x.body(maxRequest)
	if err != nil {
		return err
	}
	var q QuoteRequest
	if err := decode(text, &q); err != nil {
		return err
	}
	if err := q.validate(); err != nil {
		return err
	}
	answer, err := x.backend.Quote(x.Context(), &q)
	if err != nil {
		return err
	}
	return x.write(http.StatusOK, answer)
}

// validate refuses what could be meant in several ways.
func (q *QuoteRequest) validate() error {
	named := 0
	for _, set := range []bool{q.ProviderModel != "", q.Model != "", q.Request != nil} {
		if set {
			named++
		}
	}
	switch {
	case named != 1:
		return invalid("model: name what is to be priced by one of model, provider_model_id and request")
	case q.Usage != nil && (q.Input != 0 || q.Output != 0):
		return invalid("usage: give either a usage or expected tokens")
	case q.Request != nil && (q.Usage != nil || q.Sizes != (Sizes{}) || q.ServiceTier != ""):
		return invalid("request: the size of a request is its own, and so is its tier; leave usage, tokens, images and service_tier out")
	case q.ServiceTier != "" && q.Usage == nil && q.Sizes == (Sizes{}):
		return invalid("service_tier: is that of a usage or of expected tokens, which are not there")
	case q.Dialect != "" && q.Request == nil:
		return invalid("dialect: is that of a request, which is not there")
	}
	return q.Sizes.validate()
}

func (s *Sizes) validate() error {
	for _, err := range []error{
		CheckCount("input_tokens", s.Input), CheckCount("output_tokens", s.Output),
		CheckCount("images", s.Images), CheckCount("output_images", s.OutputImages),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// maxCount is more of anything than a request has. What costs more than an amount can say
// begins far above it, so that the parts of a quote add up.
const maxCount = 1_000_000_000

// CheckCount refuses a count of what is to be priced that no request can have.
func CheckCount(field string, n int64) error {
	switch {
	case n < 0:
		return invalid("%s: must not be negative", field)
	case n > maxCount:
		return invalid("%s: must be at most %d", field, maxCount)
	}
	return nil
}
