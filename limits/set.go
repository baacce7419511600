// Package limits bounds what clients use: requests, tokens, calls at once and money. It
// knows what is limited and by how much; the engines under state keep the counts.
package limits

import (
	"fmt"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// Set is a set of limits. A field that is 0 is not set, so that another set may have a
// say; Unlimited is set and has no bound.
type Set struct {
	// RequestsPerMinute and RequestsPerDay count requests that reach a model.
	RequestsPerMinute int64 `json:"requests_per_minute,omitempty"`
	RequestsPerDay    int64 `json:"requests_per_day,omitempty"`
	// TokensPerMinute and TokensPerDay count all tokens, the others those of the prompt or
	// of the answer alone. Tokens read from a cache count as tokens of the prompt.
	TokensPerMinute       int64 `json:"tokens_per_minute,omitempty"`
	TokensPerDay          int64 `json:"tokens_per_day,omitempty"`
	InputTokensPerMinute  int64 `json:"input_tokens_per_minute,omitempty"`
	InputTokensPerDay     int64 `json:"input_tokens_per_day,omitempty"`
	OutputTokensPerMinute int64 `json:"output_tokens_per_minute,omitempty"`
	OutputTokensPerDay    int64 `json:"output_tokens_per_day,omitempty"`
	// Concurrent is the number of requests at once.
	Concurrent int64 `json:"concurrent,omitempty"`
	// BudgetPerDay, BudgetPerMonth and Budget bound the money, Budget for all time.
	BudgetPerDay   prices.Amount `json:"budget_per_day,omitempty"`
	BudgetPerMonth prices.Amount `json:"budget_per_month,omitempty"`
	Budget         prices.Amount `json:"budget,omitempty"`
}

// Unlimited is a limit that is set and bounds nothing.
const Unlimited = -1

// The largest limits: MaxRate of what is counted per minute or at once, MaxCount of what is
// counted per day, MaxBudget of money.
const (
	MaxRate   = 100_000_000_000
	MaxCount  = 1_000_000_000_000_000
	MaxBudget = 8_000_000 * prices.Dollar
)

// Over gives each limit of s that is set, and that of o elsewhere.
func (s Set) Over(o Set) Set {
	for i := range dimensions {
		if d := &dimensions[i]; *d.of(&s) == 0 {
			*d.of(&s) = *d.of(&o)
		}
	}
	return s
}

// Validate refuses limits that are negative, other than Unlimited, or too large. The error
// names the limit by its name in JSON.
func (s Set) Validate() error {
	for i := range dimensions {
		if err := dimensions[i].check(*dimensions[i].of(&s)); err != nil {
			return err
		}
	}
	return nil
}

func (d *dimension) check(limit int64) error {
	switch {
	case limit < 0 && limit != Unlimited:
		return fmt.Errorf("%s must not be negative: write \"unlimited\" for no limit", d.field)
	case limit > d.most():
		return fmt.Errorf("%s must be at most %s: write \"unlimited\" for no limit", d.field, d.text(d.most()))
	}
	return nil
}
