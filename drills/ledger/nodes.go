package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// The limits that several nodes share.
const (
	dailyLimit      = 200
	concurrentLimit = 10
	tokenLimit      = 6000
)

// fleet are several gateways on one PostgreSQL and one Redis.
type fleet struct {
	*bench
	nodes                             []*node
	daily, slots, tokens, ample, gone *client
}

// several shows that nodes that share a database and a Redis admit no more than the limits
// together, forget no key and no revocation, and write one ledger.
func several(b *bench) error {
	f, err := b.newFleet(3)
	if err != nil {
		return err
	}
	c := b.newCrowd(nil, wellKnown, f.nodes...)
	f.checkDaily(c)
	f.checkSlots(c)
	f.checkTokens(c)
	if err := f.checkRevoked(c); err != nil {
		return err
	}
	if err := f.checkTermination(c); err != nil {
		return err
	}
	// A revoked key does not pass authentication.
	a, err := b.audit(f.nodes[0], c, func(one *call) bool { return one.client == f.gone && one.status == 401 })
	if err != nil {
		return err
	}
	f.checkEnds(a)
	for _, of := range []*client{f.daily, f.tokens, f.ample} {
		if err := b.checkQuotas(f.nodes[0], of, a); err != nil {
			return err
		}
	}
	for _, n := range f.nodes {
		if err := n.healthy(); err != nil {
			return err
		}
	}
	return b.verdict()
}

// newFleet starts the servers and so many nodes, and makes keys by the first.
func (b *bench) newFleet(n int) (*fleet, error) {
	f := &fleet{bench: b}
	_, store, err := b.postgreSQL()
	if err != nil {
		return nil, err
	}
	redis, err := b.redis()
	if err != nil {
		return nil, err
	}
	for range n {
		one, err := b.startNode(store + redis.option(""))
		if err != nil {
			return nil, err
		}
		f.nodes = append(f.nodes, one)
	}
	for _, k := range []struct {
		name   string
		into   **client
		limits map[string]any
	}{
		{"daily", &f.daily, map[string]any{"requests_per_day": dailyLimit}},
		{"slots", &f.slots, map[string]any{"concurrent": concurrentLimit}},
		{"tokens", &f.tokens, map[string]any{"tokens_per_day": tokenLimit}},
		{"ample", &f.ample, map[string]any{"requests_per_minute": 1_000_000, "tokens_per_day": 1_000_000_000}},
		{"gone", &f.gone, nil},
	} {
		if *k.into, err = f.nodes[0].newClient(k.name, k.limits); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// crush lets many ask at once as one client, until done says so, and counts the answers.
func (f *fleet) crush(c *crowd, as *client, width int, done func(served, refused int64) bool) (served, refused int64) {
	var ok, limited atomic.Int64
	var all sync.WaitGroup
	for range width {
		all.Go(func() {
			for !done(ok.Load(), limited.Load()) {
				one := c.draft(as)
				one.stream = f.draw(2) == 0
				c.ask(one)
				switch one.status {
				case 200:
					ok.Add(1)
				case 429:
					limited.Add(1)
				default:
					f.complain("a call of %s was answered with %s", as.name, one.said())
				}
			}
		})
	}
	all.Wait()
	return ok.Load(), limited.Load()
}

// checkDaily checks that all nodes together admit just as many requests as there may be in a
// day. What a node holds a share of may be refused by others for a moment, so it takes many
// refusals in a row to believe them.
func (f *fleet) checkDaily(c *crowd) {
	began := day()
	served, refused := f.crush(c, f.daily, 12, func(served, refused int64) bool {
		return served > dailyLimit || served == dailyLimit && refused >= 60 || refused > 20*dailyLimit
	})
	fmt.Printf("of %d requests a day, %d were admitted and %d refused\n", dailyLimit, served, refused)
	if served != dailyLimit && day() == began {
		f.complain("of %d requests a day %d were admitted", dailyLimit, served)
	}
}

// checkSlots checks that no more requests are served at once than may be.
func (f *fleet) checkSlots(c *crowd) {
	served, refused := f.crush(c, f.slots, 3*concurrentLimit, func(served, refused int64) bool { return served >= 100 && refused >= 10 })
	most := f.provider.atOnce(f.slots.name)
	fmt.Printf("of %d requests at once, %d were served at once at most; %d were served and %d refused\n", concurrentLimit, most, served, refused)
	if most > concurrentLimit {
		f.complain("%d requests were served at once, and no more than %d may be", most, concurrentLimit)
	}
}

// mostTokens is what one call uses at most.
const mostTokens = 20 + varying + cachedTokens + answerTokens

// checkTokens checks that what is admitted passes a limit of tokens at most by what the last
// requests at once used beyond their reservations.
func (f *fleet) checkTokens(c *crowd) {
	const width = 6
	began := day()
	served, refused := f.crush(c, f.tokens, width, func(served, refused int64) bool { return refused >= 30 })
	var used int64
	for _, one := range c.of(f.tokens) {
		for _, s := range f.provider.served(one.id) {
			t := s.tokens()
			used += t.Total()
		}
	}
	fmt.Printf("of %d tokens a day, %d were used by %d requests; %d were refused\n", tokenLimit, used, served, refused)
	if used > tokenLimit+width*mostTokens && day() == began {
		f.complain("of %d tokens a day %d were used", tokenLimit, used)
	}
	if used < tokenLimit/2 {
		f.complain("of %d tokens a day only %d could be used", tokenLimit, used)
	}
}

// day is the day of limits.
func day() string { return time.Now().UTC().Format(time.DateOnly) }

// of gives the calls of a client.
func (c *crowd) of(client *client) (list []*call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.calls {
		if one.client == client {
			list = append(list, one)
		}
	}
	return list
}

// revocation is how soon all nodes must have heard that a key is revoked.
const revocation = 2 * time.Second

// checkRevoked revokes a key by one node, which all others know, and checks that they refuse
// it soon.
func (f *fleet) checkRevoked(c *crowd) error {
	for _, n := range f.nodes {
		if one := f.askAt(c, n, f.gone); one.status != 200 {
			f.complain("a key that was just made was answered with %s", one.said())
		}
	}
	if err := f.nodes[0].ask("DELETE", "/xjp/keys/"+f.gone.id, nil, &struct{}{}); err != nil {
		return err
	}
	began := time.Now()
	for _, n := range f.nodes {
		if !waitFor(patience, func() bool { return f.askAt(c, n, f.gone).status == 401 }) {
			return errors.New("a revoked key goes on")
		}
	}
	took := time.Since(began)
	fmt.Printf("a revoked key was refused by all nodes after %.1f s\n", took.Seconds())
	if took > revocation {
		f.complain("a revoked key was refused by all nodes only after %.1f s", took.Seconds())
	}
	return nil
}

// askAt makes a call at one node.
func (f *fleet) askAt(c *crowd, n *node, as *client) *call {
	one := c.draft(as)
	if one.ask(n.site) != nil && one.status == 0 {
		f.complain("a call of %s was not answered", as.name)
	}
	return one
}

// checkTermination ends a node under load, in order. Clients of it may be told that it goes
// away, or not be let in any more.
func (f *fleet) checkTermination(c *crowd) error {
	last := f.nodes[len(f.nodes)-1]
	c.clients = []*client{f.ample}
	c.judge = func(one *call) {
		if one.status != 200 && !one.overloaded() {
			f.complain("a call of %s was answered with %s", one.client.name, one.said())
		}
	}
	c.begin(9)
	time.Sleep(time.Duration(f.rounds(10, 1)) * time.Second)
	err := last.Signal(syscall.SIGTERM)
	if err == nil {
		var status int
		if status, err = last.Exited(patience); status != 0 {
			f.complain("the process exits with %d", status)
		}
	}
	last.Server = nil
	time.Sleep(500 * time.Millisecond)
	c.end()
	return err
}

// checkEnds checks that nothing of it was lost with a process, as none was killed.
func (f *fleet) checkEnds(a *audit) {
	for i := range a.records {
		if a.records[i].End == ledger.Lost {
			f.complain("a request was lost, though no process was killed")
		}
	}
}
