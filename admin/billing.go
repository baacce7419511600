package admin

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// currency is that of all amounts.
const currency = "USD"

// Transaction is the bill of one request, in the predecessor's terms (predecessor.md).
type Transaction struct {
	ID       string    `json:"id"`
	Created  time.Time `json:"created_at"`
	Tenant   string    `json:"tenant_id"`
	Key      string    `json:"api_key_id"`
	Model    string    `json:"logical_model"`
	Provider string    `json:"provider"`
	Upstream string    `json:"provider_model_id"`
	// Prompt is all tokens of the prompt and Cached the part that was read from a cache;
	// Completion is all tokens of the answer and Reasoning a part of it.
	Prompt     int64 `json:"prompt_tokens"`
	Cached     int64 `json:"cached_tokens"`
	Completion int64 `json:"completion_tokens"`
	Reasoning  int64 `json:"reasoning_tokens"`
	Total      int64 `json:"total_tokens"`
	// Cost is the sum over all calls to providers; Pricing names the version of the price
	// of the call that answered, "" if none is known.
	Cost      prices.Amount `json:"total_cost"`
	Currency  string        `json:"currency"`
	Pricing   string        `json:"pricing_version,omitempty"`
	Estimated bool          `json:"estimated,omitempty"`
	Unpriced  bool          `json:"unpriced,omitempty"`
	// ResponseTime is milliseconds, Status the HTTP status, End how the request ended.
	ResponseTime int64      `json:"response_time_ms"`
	Status       int        `json:"status"`
	End          ledger.End `json:"end"`
	Error        string     `json:"error,omitempty"`
}

// Transactions is a part of the list of bills.
type Transactions struct {
	Data   []Transaction `json:"data"`
	Limit  int           `json:"limit"`
	Offset int           `json:"offset"`
	More   bool          `json:"has_more"`
}

// maxOffset bounds how many records are skipped, since each of them is read.
const maxOffset = 10_000

// transactions lists bills, the latest first, paged by limit and offset as the predecessor
// did.
func (x *exchange) transactions() error {
	q, zone := x.query, x.backend.Location()
	f := ledger.Filter{
		Tenant: q.text("tenant_id"), Key: q.text("api_key_id"),
		Since: q.moment("start", x.now, zone), Until: q.moment("end", x.now, zone),
	}
	limit, offset := q.limit(), q.number("offset", 0, 0, maxOffset)
	if err := q.done(); err != nil {
		return err
	}
	records, more, err := x.span(f, offset, limit)
	if err != nil {
		return err
	}
	list := make([]Transaction, len(records))
	for i := range records {
		list[i] = transactionOf(&records[i])
	}
	return x.write(http.StatusOK, Transactions{list, limit, offset, more})
}

// span reads records from an offset on, and tells whether there are more behind them.
func (x *exchange) span(f ledger.Filter, offset, limit int) (list []ledger.Record, more bool, err error) {
	for len(list) <= offset+limit {
		f.Limit = min(maxLimit, offset+limit+1-len(list))
		page, next, err := x.records(f)
		if err != nil {
			return nil, false, err
		}
		list = append(list, page...)
		if next == "" {
			break
		}
		f.After = next
	}
	end := min(offset+limit, len(list))
	return list[min(offset, end):end], len(list) > end, nil
}

func transactionOf(r *ledger.Record) Transaction {
	return Transaction{
		ID: r.ID, Created: r.Time, Tenant: r.Tenant, Key: r.Key, Model: r.Model, Provider: r.Provider, Upstream: r.Upstream,
		Prompt: r.Tokens.Prompt(), Cached: r.Tokens.CacheRead, Completion: r.Tokens.Output, Reasoning: r.Tokens.Reasoning, Total: r.Tokens.Total(),
		Cost: r.Cost, Currency: currency, Pricing: priceOf(r), Estimated: r.Estimated, Unpriced: r.Unpriced,
		ResponseTime: r.Latency, Status: r.Status, End: r.End, Error: r.Error,
	}
}

// priceOf is the version of the price of the call that answered, else of the last.
func priceOf(r *ledger.Record) string {
	for _, a := range slices.Backward(r.Attempts) {
		if a.Route == r.Route && a.Upstream == r.Upstream {
			return a.Price
		}
	}
	return ""
}

// Summary is what was used in a span of days, as a whole and in parts.
type Summary struct {
	Tenant string `json:"tenant_id,omitempty"`
	Key    string `json:"api_key_id,omitempty"`
	// Start is the first day, End the day behind the last, in the time zone Zone.
	Start    string `json:"start"`
	End      string `json:"end"`
	Zone     string `json:"time_zone"`
	Currency string `json:"currency"`
	Bill
	Days   []SummaryPart `json:"by_day"`
	Keys   []SummaryPart `json:"by_key"`
	Models []SummaryPart `json:"by_model"`
}

// SummaryPart is a part of a summary: a day, a key with its tenant, or a model.
type SummaryPart struct {
	part
	Bill
}

// part names a part of a summary.
type part struct {
	Day    string `json:"day,omitempty"`
	Tenant string `json:"tenant_id,omitempty"`
	Key    string `json:"api_key_id,omitempty"`
	Model  string `json:"logical_model,omitempty"`
}

// Name is what the part is of: the day, the key or the model.
func (p *part) Name() string { return cmp.Or(p.Day, p.Key, p.Model) }

// Bill is the sums of requests.
type Bill struct {
	Requests   int64         `json:"total_requests"`
	Failed     int64         `json:"failed_requests"`
	Prompt     int64         `json:"prompt_tokens"`
	Cached     int64         `json:"cached_tokens"`
	Completion int64         `json:"completion_tokens"`
	Reasoning  int64         `json:"reasoning_tokens"`
	Total      int64         `json:"total_tokens"`
	Cost       prices.Amount `json:"total_cost"`
	// Unpriced is the requests of which a part has no known price, which the cost leaves
	// out; Estimated those whose tokens are estimates in part.
	Unpriced  int64 `json:"unpriced_requests"`
	Estimated int64 `json:"estimated_requests"`
}

// summary sums up what a tenant, or all, used and cost.
func (x *exchange) summary() error {
	q := ledger.Query{
		Tenant: x.query.text("tenant_id"), Key: x.query.text("api_key_id"),
		By: []ledger.Group{ledger.ByDay, ledger.ByTenant, ledger.ByKey, ledger.ByModel},
	}
	q.Since, q.Until = x.days("start", "end")
	if err := x.query.done(); err != nil {
		return err
	}
	sums, err := x.sums(q)
	if err != nil {
		return err
	}
	zone := x.backend.Location()
	s := &Summary{
		Tenant: q.Tenant, Key: q.Key, Start: q.Since.In(zone).Format(time.DateOnly), End: q.Until.In(zone).Format(time.DateOnly),
		Zone: zone.String(), Currency: currency,
		Days:   parts(sums, func(s *ledger.Sum) part { return part{Day: s.Day} }),
		Keys:   parts(sums, func(s *ledger.Sum) part { return part{Tenant: s.Tenant, Key: s.Key} }),
		Models: parts(sums, func(s *ledger.Sum) part { return part{Model: s.Model} }),
	}
	for i := range sums {
		s.add(&sums[i])
	}
	return x.write(http.StatusOK, s)
}

// parts adds sums up by what names them, in the order in which the names come.
func parts(sums []ledger.Sum, name func(*ledger.Sum) part) []SummaryPart {
	list, places := []SummaryPart{}, map[part]int{}
	for i := range sums {
		p := name(&sums[i])
		place, known := places[p]
		if !known {
			place = len(list)
			places[p] = place
			list = append(list, SummaryPart{part: p})
		}
		list[place].add(&sums[i])
	}
	return list
}

func (b *Bill) add(s *ledger.Sum) {
	b.Requests += s.Requests
	b.Failed += s.Failed
	b.Prompt += s.Tokens.Prompt()
	b.Cached += s.Tokens.CacheRead
	b.Completion += s.Tokens.Output
	b.Reasoning += s.Tokens.Reasoning
	b.Total += s.Tokens.Total()
	b.Cost += s.Cost
	b.Unpriced += s.Unpriced
	b.Estimated += s.Estimated
}
