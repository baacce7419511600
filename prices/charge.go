package prices

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Charged is what a call cost: by the provider's own word where it gave one, by a price
// beside it.
type Charged struct {
	// Cost is what is charged. It is no full cost where Unknown is set.
	Cost Amount
	// Priced is the cost by our price, if HasPriced.
	Priced    Amount
	HasPriced bool
	// Unknown says that neither the provider nor a price tells the whole cost. A cost of
	// zero without it is one that is known to be zero.
	Unknown bool
	// Reported is the provider's own cost as it wrote it, "" if it gave none. Where a router
	// charges a fee and its own provider the rest, it is the sum.
	Reported string
	// Version is that of the price, "" without one.
	Version string
}

// Charge says what a call cost. The provider's own cost wins and the price stands beside it;
// p is nil where no price is known. A usage that is nil, or in which nothing was counted, is
// unknown rather than free (pain 36).
func Charge(p *Price, u *translate.Usage, at time.Time) Charged {
	if u == nil {
		return Charged{Unknown: true}
	}
	var c Charged
	if p != nil && (u.Reported || u.Estimated) {
		c.Priced, c.HasPriced, c.Version = p.CostTotal(u, at), true, p.Version()
	}
	if c.take(u) {
		return c
	}
	c.Cost, c.Unknown = c.Cost.plus(c.Priced), !c.HasPriced
	return c
}

// take takes over the provider's own cost and reports whether it is the whole one. Where
// the client's own key is charged elsewhere, the router's cost is only its fee
// (provider-openrouter.md 4).
func (c *Charged) take(u *translate.Usage) bool {
	own, ok := reported(u.Cost)
	if !ok {
		return false
	}
	if !u.BYOK {
		c.Cost, c.Reported = own, u.Cost
		return true
	}
	c.Cost = own
	rest, ok := reported(u.UpstreamCost)
	if !ok {
		return false
	}
	c.Cost = own.plus(rest)
	c.Reported = c.Cost.String()
	return true
}

// reported reads a cost of a provider, if it gave one that can be read.
func reported(cost string) (Amount, bool) {
	if cost == "" {
		return 0, false
	}
	a, err := ParseAmount(cost)
	return a, err == nil
}
