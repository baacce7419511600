// Package admin is the administration of the gateway over HTTP: tenants and keys, what was
// used and what it cost, models, routes and limits. It is plain net/http over the contracts
// of keys and ledger; who may ask, and where it is mounted, others decide.
package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// Backend is what is administered.
type Backend interface {
	Keeper
	Gateway
}

// Keeper gives what keeps tenants, keys and the ledger.
type Keeper interface {
	// Store gives the store. The error says why there is none: none is configured, or it
	// cannot be reached.
	Store() (stores.Store, error)
	// Manager makes and changes what is in the store; its error is that of Store.
	Manager() (*keys.Manager, error)
	// CaptureOff says that no bodies of requests are kept, whatever keys say.
	CaptureOff() bool
	// Location is the time zone of the days by which the ledger is summed up.
	Location() *time.Location
}

// Gateway tells of the gateway that runs. What its methods return is written as JSON.
type Gateway interface {
	// Models lists the logical models with their routes.
	Models() []Model
	// Meters tells how much of their limits a tenant and a key have used; "" is none of
	// them. The tenant is that of the key where it is left out.
	Meters(ctx context.Context, tenant, key string) ([]Meter, error)
	// Quote prices a usage, or a request that is not sent.
	Quote(ctx context.Context, q *QuoteRequest) (any, error)
	// Routes tells the state of each route, Explain the plan for the request in the body of
	// r, with an error of the type Error; Wake ends all rests.
	Routes() any
	Explain(r *http.Request) (any, error)
	Wake()
}

// Handler answers the requests of administrators.
type Handler struct {
	backend Backend
}

// New makes a handler.
func New(b Backend) *Handler { return &Handler{backend: b} }

// ServeHTTP answers a request, and its error.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.Serve(w, r); err != nil {
		ErrorOf(err).Answer(w)
	}
}

// Serve answers a request, unless it returns an error: then nothing has been written but
// headers, and the caller is to answer with what ErrorOf says. An answer that breaks off
// under way panics with http.ErrAbortHandler, so that the client sees it.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	route, id, err := find(r.Method, r.URL.Path)
	if err != nil {
		if allow := ErrorOf(err).allow; allow != "" {
			w.Header().Set("Allow", allow)
		}
		return err
	}
	return route.answer(&exchange{Request: r, w: w, backend: h.backend, id: id, query: newQuery(r.URL.RawQuery), now: time.Now().UTC()})
}

// exchange is one request and its answer.
type exchange struct {
	*http.Request
	w       http.ResponseWriter
	backend Backend
	// id is what the path names, "" if it names nothing.
	id    string
	query *query
	now   time.Time
}

// store gives the store, or the error for the client.
func (x *exchange) store() (stores.Store, error) {
	s, err := x.backend.Store()
	if err != nil {
		return nil, &Error{Status: http.StatusServiceUnavailable, Message: err.Error(), Cause: err}
	}
	return s, nil
}

// manager makes changes in the store.
func (x *exchange) manager() (*keys.Manager, error) {
	m, err := x.backend.Manager()
	if err != nil {
		return nil, &Error{Status: http.StatusServiceUnavailable, Message: err.Error(), Cause: err}
	}
	return m, nil
}

// actorKey is the key of a request's context under which the actor is found.
type actorKey struct{}

// WithActor says who makes a request, for the audit.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// actor is who makes the request; "admin" is whoever may reach the admin endpoint.
func (x *exchange) actor() string {
	if actor, ok := x.Context().Value(actorKey{}).(string); ok && actor != "" {
		return actor
	}
	return "admin"
}
