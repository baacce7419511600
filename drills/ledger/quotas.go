package main

import (
	"fmt"
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// quotas are the limits that are counted by the day, with what a record counts of them.
var quotas = []string{"requests_per_day", "tokens_per_day", "budget_per_day"}

// inLedger is what the ledger has of a client's quotas today.
func (a *audit) inLedger(of *client) map[string]int64 {
	today, n := day(), map[string]int64{}
	for i := range a.records {
		r := &a.records[i]
		if r.Key != of.id || r.Time.UTC().Format(time.DateOnly) != today {
			continue
		}
		if len(r.Attempts) > 0 {
			n["requests_per_day"]++
		}
		n["tokens_per_day"] += r.Tokens.Total()
		n["budget_per_day"] += int64(r.Cost)
	}
	return n
}

// checkQuotas checks that what counts of a client's limits is soon what the ledger says.
func (b *bench) checkQuotas(n *node, of *client, a *audit) error {
	want := a.inLedger(of)
	var used map[string]int64
	var err error
	for _, limit := range quotas {
		same := waitFor(5*time.Second, func() bool {
			used, err = n.used(of)
			known, is := used[limit]
			return err == nil && (!is || known == want[limit])
		})
		if err != nil {
			return err
		}
		if !same {
			b.complain("%d of %s of %s count as used, and the ledger says %d", used[limit], limit, of.name, want[limit])
		}
	}
	return nil
}

// used tells how much counts as used of a client's own limits, by their names. Money is in
// nano-USD.
func (n *node) used(of *client) (map[string]int64, error) {
	var p page[struct {
		Scope, Limit string
		Used         any // a number, or a decimal of USD
	}]
	if err := n.get("/xjp/limits?key="+of.id, &p); err != nil {
		return nil, err
	}
	used := map[string]int64{}
	for _, m := range p.Data {
		if m.Scope != "key" {
			continue
		}
		switch amount := m.Used.(type) {
		case float64:
			used[m.Limit] = int64(amount)
		case string:
			money, err := prices.ParseAmount(amount)
			if err != nil {
				return nil, err
			}
			used[m.Limit] = int64(money)
		default:
			return nil, fmt.Errorf("%v is used of %s", m.Used, m.Limit)
		}
	}
	return used, nil
}
