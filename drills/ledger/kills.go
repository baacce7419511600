package main

import (
	"fmt"
	"time"
)

// killed kills the gateway at random moments under load and starts it again on the same data
// folder. Nothing that was served may be missing in the ledger, nor be in it twice, and what
// counts of limits is what the ledger says.
func killed(b *bench) error {
	n, err := b.startNode("key XJP_drill_static_key {\nid static\n}\n")
	if err != nil {
		return err
	}
	ample, err := n.newClient("ample", map[string]any{"tokens_per_day": 1_000_000_000, "budget_per_day": "1000", "concurrent": 100})
	if err != nil {
		return err
	}
	tight, err := n.newClient("tight", map[string]any{"requests_per_minute": 30})
	if err != nil {
		return err
	}
	static := &client{name: "static", tenant: "default", id: "static", secret: "XJP_drill_static_key"}
	c := b.newCrowd([]*client{ample, ample, tight, static}, []string{"well-chat", "well-messages", "shaky", "broken", "absent"}, n)
	c.leave = 12
	c.judge = func(one *call) {
		if !expected(one) {
			b.complain("a call of %s for %s was answered with %s", one.client.name, one.model, one.said())
		}
	}
	c.begin(8)
	rounds := b.rounds(50, 8)
	for range rounds {
		time.Sleep(b.between(50*time.Millisecond, 1500*time.Millisecond))
		n.kill()
		if err = n.start(); err != nil {
			break
		}
	}
	time.Sleep(time.Second)
	c.end()
	if err != nil {
		return err
	}
	fmt.Printf("%d kills; answers by status, 0 for none: %v\n", rounds, c.tally())
	a, err := b.audit(n, c, nil)
	if err != nil {
		return err
	}
	if err := b.checkQuotas(n, ample, a); err != nil {
		return err
	}
	if err := n.healthy(); err != nil {
		return err
	}
	return b.verdict()
}

// expected reports whether an answer is one of those that there are without any fault but
// those of the provider.
func expected(c *call) bool {
	switch c.status {
	case 200:
		return true
	case 404:
		return c.model == "absent"
	case 429:
		return c.client.name == "tight"
	case 502, 503, 529:
		return c.model == "broken"
	}
	return false
}
