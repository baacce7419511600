package admin

import (
	"net/http"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// Model is a logical model as an administrator sees it.
type Model struct {
	// Model is the name that clients use; it holds a * where it is a pattern.
	Model       string   `json:"model"`
	Aliases     []string `json:"aliases,omitempty"`
	DisplayName string   `json:"display_name,omitempty"`
	// ContextWindow and MaxOutput are tokens, 0 if they are not known.
	ContextWindow int64  `json:"context_window,omitempty"`
	MaxOutput     int64  `json:"max_output,omitempty"`
	Policy        string `json:"policy"`
	// Routes are the routes in the order of the configuration; LeftOut says why others
	// are not there.
	Routes  []ModelRoute `json:"routes"`
	LeftOut []string     `json:"left_out,omitempty"`
}

// ModelRoute is a route of a model.
type ModelRoute struct {
	Route    string `json:"route"`
	Provider string `json:"provider"`
	// Upstream is the provider's name of the model, and Dialect what the provider is spoken
	// to in; both are open for routes of a pattern.
	Upstream string `json:"upstream_model"`
	Dialect  string `json:"upstream_dialect,omitempty"`
	Weight   int    `json:"weight,omitempty"`
	Fallback bool   `json:"fallback,omitempty"`
	// Capabilities are those of the model at this provider, by name.
	Capabilities map[string]any `json:"capabilities,omitempty"`
	// Price is what the model costs there, nil if it is not known; Version names it in the
	// ledger.
	Price   *prices.Price `json:"price,omitempty"`
	Version string        `json:"price_version,omitempty"`
}

// models lists the logical models.
func (x *exchange) models() error {
	if err := x.query.done(); err != nil {
		return err
	}
	return writePage(x, x.backend.Models(), "")
}

// gatewayRoutes tells the state of each route.
func (x *exchange) gatewayRoutes() error {
	if err := x.query.done(); err != nil {
		return err
	}
	return x.write(http.StatusOK, x.backend.Routes())
}

// explain tells the plan for the request in the body. Its parameters and headers are those
// of a client's request.
func (x *exchange) explain() error {
	plan, err := x.backend.Explain(x.Request)
	if err != nil {
		return storeError(err, "the key")
	}
	return x.write(http.StatusOK, plan)
}

// wake ends all rests and tells the state of each route then.
func (x *exchange) wake() error {
	if err := x.query.done(); err != nil {
		return err
	}
	x.backend.Wake()
	return x.write(http.StatusOK, x.backend.Routes())
}
