package admin

import (
	"strconv"
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// Meter is how much of a limit is used.
type Meter struct {
	// Scope is "key", "tenant" or "model", and Name says which: an id, or the pattern of
	// models.
	Scope string `json:"scope"`
	Name  string `json:"name"`
	// Limit is the limit's name, such as "requests_per_minute".
	Limit string `json:"limit"`
	// Most is the limit itself; Used is counted so far and more than Most where requests
	// needed more than was expected of them. Remaining is never negative.
	Most      Quantity `json:"most"`
	Used      Quantity `json:"used"`
	Remaining Quantity `json:"remaining"`
	// Resets is when all of it is there again, if nothing more is used; nil if never.
	Resets *time.Time `json:"resets,omitempty"`
}

// Quantity is a count, written as a number, or money, written as a decimal of USD.
type Quantity struct {
	count int64
	money bool
}

// Count is a quantity of requests or tokens.
func Count(n int64) Quantity { return Quantity{count: n} }

// Money is a quantity of money.
func Money(a prices.Amount) Quantity { return Quantity{int64(a), true} }

// String writes the quantity for people.
func (q Quantity) String() string {
	if q.money {
		return prices.Amount(q.count).String() + " USD"
	}
	return strconv.FormatInt(q.count, 10)
}

// MarshalJSON writes a number or a decimal of USD.
func (q Quantity) MarshalJSON() ([]byte, error) {
	if q.money {
		return prices.Amount(q.count).MarshalJSON()
	}
	return strconv.AppendInt(nil, q.count, 10), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (q *Quantity) UnmarshalJSON(text []byte) error {
	if q.money = len(text) > 0 && text[0] == '"'; q.money {
		var a prices.Amount
		err := a.UnmarshalJSON(text)
		q.count = int64(a)
		return err
	}
	var err error
	q.count, err = strconv.ParseInt(string(text), 10, 64)
	return err
}

// limits tells how much of their limits a tenant and a key have used.
func (x *exchange) limits() error {
	tenant, key := x.query.text("tenant"), x.query.text("key")
	if err := x.query.done(); err != nil {
		return err
	}
	if tenant == "" && key == "" {
		return invalid("tenant: name a tenant, or a key")
	}
	meters, err := x.backend.Meters(x.Context(), tenant, key)
	if err != nil {
		return storeError(err, "the tenant or the key")
	}
	return writePage(x, meters, "")
}
