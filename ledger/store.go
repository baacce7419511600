package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// ErrNoRecord is the error of Amend for a record that is not there.
var ErrNoRecord = errors.New("there is no record with this id")

// Store keeps records for good. Its methods are safe for concurrent use.
type Store interface {
	// Insert adds records in one transaction. One whose id is there already changes
	// nothing, unless the one there is Lost and this one is not: then it takes its place.
	// The sums by day are kept in the same transaction.
	Insert(ctx context.Context, records []Record) error
	// Amend puts an attempt, of which its provider has told late, in the place of the one of
	// its number in a record, if that one is untold, and gives the one that it replaced, nil
	// if there was none: to amend twice is to amend once. The record's sums and those by day
	// are corrected in the same transaction. The error is ErrNoRecord if the id is unknown.
	Amend(ctx context.Context, id string, told *Attempt) (replaced *Attempt, err error)
	// Record gives a record by its id; nil if there is none that the tenant owns. An empty
	// tenant is all of them.
	Record(ctx context.Context, tenant, id string) (*Record, error)
	// Records gives records, the latest first, and where the next page begins; that is
	// empty behind the last one.
	Records(ctx context.Context, f Filter) (page []Record, next string, err error)
	// Usage gives sums of a span of whole days in the store's time zone, ordered by their
	// group.
	Usage(ctx context.Context, q Query) ([]Sum, error)
	// Prune deletes records from before a time, at most some at once, and tells how many it
	// has deleted. The sums by day stay.
	Prune(ctx context.Context, before time.Time, most int) (int, error)
}

// Filter chooses records. A field that is not set chooses all.
type Filter struct {
	Tenant, Key, Model, Provider, Session string
	End                                   End
	// Since and Until bound the time: Since is in the span, Until is not.
	Since, Until time.Time
	// After is where the page begins, as a page before it said; Limit bounds its length,
	// 100 if it is not set and 1,000 at most.
	After string
	Limit int
}

// Query asks for sums.
type Query struct {
	Tenant, Key, Model string
	// Since and Until bound the days: Since's day is in the span, Until's is not.
	Since, Until time.Time
	// By is what the sums are grouped by.
	By []Group
}

// Group is what sums can be grouped by.
type Group string

// The groups.
const (
	ByDay      Group = "day"
	ByTenant   Group = "tenant"
	ByKey      Group = "key"
	ByModel    Group = "model"
	ByProvider Group = "provider"
)

// Sum is what the requests of a group used together. Fields that are not grouped by are
// empty.
type Sum struct {
	Day      string `json:"day,omitempty"` // such as 2026-11-26
	Tenant   string `json:"tenant,omitempty"`
	Key      string `json:"key,omitempty"`
	Model    string `json:"model,omitempty"`
	Provider string `json:"provider,omitempty"`
	// Requests is all requests, Failed those that did not end complete. Uncalled is those for
	// which no provider was called, which count for no limit.
	Requests int64         `json:"requests"`
	Uncalled int64         `json:"-"`
	Failed   int64         `json:"failed,omitempty"`
	Attempts int64         `json:"attempts"`
	Tokens   Tokens        `json:"tokens"`
	Cost     prices.Amount `json:"cost"`
	// Unpriced is the requests of which a part has no known price, Estimated those whose
	// tokens are estimates in part.
	Unpriced  int64 `json:"unpriced,omitempty"`
	Estimated int64 `json:"estimated,omitempty"`
}
