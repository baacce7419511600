package providers

import (
	"context"
	"net/http"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Provider is one configured upstream. Its methods are called by many requests at
// once. It never retries by itself and never reads an answer: that is the gateway's.
type Provider interface {
	// Resolve tells how a route to one of the provider's models is served. It makes no
	// network call; an error means that the route can never work, and is reported when
	// the configuration is loaded. It is called once per route and client dialect.
	Resolve(model string, o Options) (*Route, error)
	// Credentials lists the credentials that can be used, at least one. A provider
	// without credentials gives one that adds nothing.
	Credentials() []Credential
	// NewRequest makes the HTTP request of an attempt with URL, method and headers, but
	// without credential and body, which the gateway adds. The context is the attempt's.
	NewRequest(ctx context.Context, c *Call) (*http.Request, error)
	// Classify says what an error answer, or an error inside a 200, means at this
	// provider. It may change e: its kind, its message for clients, its RetryAfter.
	Classify(a *Answer, e *translate.Error) Verdict
}

// Options are a route's settings that a provider understands.
type Options struct {
	// Dialect is the client's dialect, which a provider that speaks several can serve
	// without translation.
	Dialect string
	// Wire is the dialect to speak to the provider, as the configuration names it
	// ("chat", "messages", …); "" leaves it to the provider.
	Wire string
	// Publisher, Region and Project override the provider's own (Vertex).
	Publisher, Region, Project string
	// Backend chooses among the provider's endpoints (Clewdr: "code" or "web").
	Backend string
}

// Route is how a provider serves one model to clients of one dialect.
type Route struct {
	// Wire is the dialect that the provider speaks on this route: "openai", "anthropic"
	// or "gemini".
	Wire string
	// Model is the provider's name of the model, as bodies and URLs carry it.
	Model string
	// Family, Origin and Quirks go into the translate.Target of each attempt.
	Family string
	Origin string
	Quirks translate.Quirks
	// Adjust changes the capability defaults that follow from the model's name to what
	// the provider really takes; nil changes nothing. Settings of the route come after it.
	Adjust func(*translate.Capabilities)
	// Rewrite asks for a translation even where the client speaks the route's dialect,
	// because the provider's form of it needs mending.
	Rewrite bool
	// Data is the provider's own, handed back in Call.Route.
	Data any
}

// Op is what a call asks of the provider.
type Op uint8

// The operations.
const (
	// Generate asks for an answer.
	Generate Op = iota
	// CountTokens asks for the size of a prompt.
	CountTokens
	// ListModels asks for the provider's models.
	ListModels
	// Bill asks what an answer used and cost, once it is over.
	Bill
)

// Call is one attempt, as a provider must know it.
type Call struct {
	Op Op
	// Route is nil for ListModels and Bill.
	Route  *Route
	Stream bool
	// Body is the request body in the route's wire form. A provider may replace it with
	// an edited one before NewRequest returns.
	Body []byte
	// Client are the client's request headers, of which a provider may forward what
	// belongs to its dialect (anthropic-version, anthropic-beta); credentials are
	// removed from them. PassThrough says that the client's dialect is the route's.
	Client      http.Header
	PassThrough bool
	// AnswerID is the provider's id of the answer that a Bill call is about.
	AnswerID string
	// NoBetas asks to leave out all beta headers, after the provider refused one.
	NoBetas bool
}

// Credential proves to a provider who calls.
type Credential interface {
	// Name identifies the credential in logs without telling any of it: "api_key 1".
	Name() string
	// Authorize adds the credential to a request. It may wait for a token, within the
	// request's context.
	Authorize(r *http.Request) error
}

// Counter is a Provider that can count the tokens of a prompt.
type Counter interface {
	// CountsTokens reports whether the route's endpoint has a counter. The body of a
	// CountTokens call is then in the form that CountBody makes.
	CountsTokens(r *Route) bool
}

// Lister is a Provider whose models can be listed, for wildcards and checks.
type Lister interface {
	// ParseModels reads the answer of a ListModels call.
	ParseModels(body []byte) ([]Model, error)
}

// Biller is a Provider that tells afterwards what an answer used and cost.
type Biller interface {
	// ParseBill reads the answer of a Bill call. An error means that the cost is not known,
	// or not yet.
	ParseBill(body []byte) (*translate.Usage, error)
}

// Model is a model that a provider offers.
type Model struct {
	ID            string
	DisplayName   string
	Created       int64
	ContextWindow int64
	MaxOutput     int64
}

// Transporter is a Provider that does not go through the network.
type Transporter interface {
	Transport() http.RoundTripper
}

// Retokener is a Credential that can be made anew after the provider refused it.
type Retokener interface {
	// Retoken forgets the token in use.
	Retoken()
}

// Streamer is a Provider that wants some calls streamed although the client does not;
// the gateway then gathers the stream into a whole answer.
type Streamer interface {
	// ForceStream looks at a Generate call with its body in wire form.
	ForceStream(c *Call) bool
}

// Rewriter is a Provider that edits bodies in NewRequest. For its routes Call.Body is
// the whole body as it would be sent; for others it may be the client's unpatched body,
// to be looked at only.
type Rewriter interface {
	// RewritesBody reports whether calls on the route are edited.
	RewritesBody(r *Route) bool
}

// Guard is a Provider that keeps clients from setting fields that spend the operator's
// money or move data elsewhere. They are removed from bodies, with a loss.
type Guard interface {
	// DeniedFields lists the top-level fields that clients may not set on the route.
	DeniedFields(r *Route) []string
}
