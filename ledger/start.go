package ledger

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// Start tells that a call to a provider is about to be made for a request. If the process
// dies before the request's End, it is what the request's Record is made of.
type Start struct {
	// ID, Time and what follows are those of the request's Record.
	ID       string
	Time     time.Time
	Tenant   string
	Key      string
	Endpoint string
	Dialect  string
	Model    string
	Session  string
	Stream   bool
	// Attempt is the call: its number, route, provider, upstream model and dialect, and
	// whether it has a part without a known price.
	Attempt Attempt
	// Expected is the tokens that the call is expected to use, ExpectedCost what they cost
	// by the price of the version Price.
	Expected     Tokens
	ExpectedCost prices.Amount
	Price        string
	// Ended are the attempts for the request that have ended by now: a lost record keeps
	// them as they were, where it would have to estimate them otherwise.
	Ended []Attempt
}

// lost is the record of a request whose process died: the starts are those of its calls.
func lost(starts []*Start) Record {
	first := starts[0]
	r := Record{
		ID: first.ID, Time: first.Time, Tenant: first.Tenant, Key: first.Key, Endpoint: first.Endpoint,
		Dialect: first.Dialect, Model: first.Model, Session: first.Session, Stream: first.Stream, End: Lost,
	}
	ended := map[int]Attempt{}
	for _, s := range starts {
		for _, a := range s.Ended {
			ended[a.Number] = a
		}
	}
	for _, s := range starts {
		a, known := ended[s.Attempt.Number]
		if !known {
			a = s.estimate()
		}
		r.Attempts = append(r.Attempts, a)
		r.Route, r.Provider, r.Upstream = a.Route, a.Provider, a.Upstream
	}
	r.Sum()
	return r
}

// estimate is what is known of a call that was begun and not ended.
func (s *Start) estimate() Attempt {
	a := s.Attempt
	a.End, a.Tokens, a.Estimated = Lost, s.Expected, true
	a.Cost, a.Priced, a.Price = s.ExpectedCost, s.ExpectedCost, s.Price
	a.Unpriced = a.Unpriced || s.Price == "" && s.Expected.Total() > 0
	return a
}
