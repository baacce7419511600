package main

import (
	"fmt"
	"sync"
	"time"
)

// counts is a gateway whose limits are counted by a Redis that is flushed, frozen and stopped.
type counts struct {
	*bench
	redis *redisServer
	node  *node
	crowd *crowd
	away  map[*client]int // what clients are told while Redis is away

	daily, spent, rate, money, busy, leaver, free *client
}

// The limits of the trial. A request reserves 0.0016 USD where money is limited.
const (
	fewPerDay = 30
	smallSum  = "0.004"
	places    = 4
)

// localCounts, denyCounts and allowCounts are the trial with each of the settings of what
// happens while Redis is away.
func localCounts(b *bench) error {
	return b.counts("local", func(c *counts) map[*client]int {
		return map[*client]int{c.free: 200, c.rate: 200, c.money: 503, c.daily: 429, c.spent: 503}
	})
}

func denyCounts(b *bench) error {
	return b.counts("deny", func(c *counts) map[*client]int {
		return map[*client]int{c.free: 200, c.rate: 503, c.money: 503, c.daily: 503, c.spent: 503}
	})
}

func allowCounts(b *bench) error {
	return b.counts("allow", func(c *counts) map[*client]int {
		return map[*client]int{c.free: 200, c.rate: 200, c.money: 200, c.daily: 200, c.spent: 200}
	})
}

// counts makes the trial: limits hold before and after whatever happens to Redis, and no
// reservation is left behind.
func (b *bench) counts(onFailure string, away func(*counts) map[*client]int) error {
	b.provider.pace = 0
	c, err := b.newCounts(onFailure)
	if err != nil {
		return err
	}
	c.away = away(c)
	c.useUp()
	for _, step := range []func() error{c.flushed, c.frozen, c.stopped} {
		if err := step(); err != nil {
			return err
		}
	}
	a, err := b.audit(c.node, c.crowd, nil)
	if err != nil {
		return err
	}
	for _, of := range []*client{c.daily, c.spent, c.money} {
		if err := b.checkQuotas(c.node, of, a); err != nil {
			return err
		}
	}
	if err := c.node.healthy(); err != nil {
		return err
	}
	return b.verdict()
}

// newCounts starts the gateway. It waits for Redis longer than by default, so that none of its
// answers comes too late only because others work on this machine.
func (b *bench) newCounts(onFailure string) (*counts, error) {
	c := &counts{bench: b}
	var err error
	if c.redis, err = b.redis(); err != nil {
		return nil, err
	}
	if c.node, err = b.startNode(c.redis.option("on_failure " + onFailure + "\ntimeout 500ms\n")); err != nil {
		return nil, err
	}
	for _, k := range []struct {
		name   string
		into   **client
		limits map[string]any
	}{
		{"daily", &c.daily, map[string]any{"requests_per_day": fewPerDay}},
		{"spent", &c.spent, map[string]any{"budget_per_day": smallSum}},
		{"rate", &c.rate, map[string]any{"requests_per_minute": 1_000_000}},
		{"money", &c.money, map[string]any{"budget_per_day": "1000"}},
		{"busy", &c.busy, map[string]any{"concurrent": places}},
		{"leaver", &c.leaver, map[string]any{"concurrent": places}},
		{"free", &c.free, nil},
	} {
		if *k.into, err = c.node.newClient(k.name, k.limits); err != nil {
			return nil, err
		}
	}
	c.crowd = b.newCrowd(nil, wellKnown, c.node)
	return c, nil
}

// ask makes one call of a client.
func (c *counts) ask(as *client) *call {
	one := c.crowd.draft(as)
	c.crowd.ask(one)
	return one
}

// useUp uses up a limit of requests and one of money.
func (c *counts) useUp() {
	admitted := map[int]int{}
	for range fewPerDay + 15 {
		admitted[c.ask(c.daily).status]++
	}
	if admitted[200] != fewPerDay || admitted[429] != 15 {
		c.complain("of %d requests a day were answered: %v", fewPerDay, admitted)
	}
	// What a request has not used of its reservation is free again a moment later.
	spent := 0
	for refused := 0; refused < 5 && spent < 100; {
		if c.ask(c.spent).status == 200 {
			spent++
			refused = 0
			continue
		}
		refused++
		time.Sleep(200 * time.Millisecond)
	}
	fmt.Printf("%d requests of %d a day were admitted, and %d for %s USD\n", admitted[200], fewPerDay, spent, smallSum)
}

// checkUsedUp checks that both are refused.
func (c *counts) checkUsedUp(when string) {
	for _, as := range []*client{c.daily, c.spent} {
		for range 3 {
			if one := c.ask(as); one.status != 429 {
				c.complain("%s, a call of %s, whose limit is used up, was answered with %s", when, as.name, one.said())
			}
		}
	}
}

// flushed lets Redis forget all while clients ask: the ledger remembers.
func (c *counts) flushed() error {
	c.checkUsedUp("before")
	if err := c.node.flush(); err != nil {
		return err
	}
	c.crowd.clients = []*client{c.rate, c.money, c.free}
	c.crowd.judge = func(one *call) {
		if one.status != 200 {
			c.complain("a call of %s was answered with %s around a flush", one.client.name, one.said())
		}
	}
	c.crowd.begin(3)
	time.Sleep(300 * time.Millisecond)
	err := c.redis.flush()
	time.Sleep(300 * time.Millisecond)
	c.crowd.end()
	c.crowd.judge = nil
	c.checkUsedUp("after a flush")
	return err
}

// frozen lets Redis answer nobody for a while, as a network does that is cut.
func (c *counts) frozen() error {
	if err := c.redis.freeze(); err != nil {
		return err
	}
	c.checkAway("hangs")
	if err := c.redis.thaw(); err != nil {
		return err
	}
	return c.back("has hung")
}

// checkAway checks what clients are told while Redis is away, once it is known that it is and
// what nodes hold in shares is used up.
func (c *counts) checkAway(what string) {
	known := time.Now().Add(1500 * time.Millisecond)
	for range 4 {
		c.ask(c.rate)
	}
	time.Sleep(time.Until(known))
	for range 3 {
		for as, want := range c.away {
			if one := c.ask(as); one.status != want {
				c.complain("while Redis %s, a call of %s was answered with %s, not %d", what, as.name, one.said(), want)
			}
		}
	}
}

// back checks that limits hold again soon after Redis has come back.
func (c *counts) back(what string) error {
	time.Sleep(500 * time.Millisecond) // until it is looked for again
	if !waitFor(patience, func() bool { return c.ask(c.money).status == 200 && c.ask(c.daily).status == 429 }) {
		c.complain("after Redis %s, limits do not work as before", what)
	}
	c.checkUsedUp("after Redis " + what)
	return nil
}

// stopped stops Redis, which forgets all by that, while requests hold all places that there
// are at once: when they have ended and it is back the places are free.
func (c *counts) stopped() error {
	var holders sync.WaitGroup
	for range places {
		holders.Go(func() { c.crowd.holdPlace(c.busy) })
	}
	time.Sleep(slowPace)
	if one := c.ask(c.busy); one.status != 429 {
		c.complain("a call beyond %d at once was answered with %s", places, one.said())
	}
	if err := c.redis.Halt(); err != nil {
		return err
	}
	c.checkAway("is stopped")
	if err := c.redis.Resume(); err != nil {
		return err
	}
	holders.Wait()
	if err := c.back("was stopped"); err != nil {
		return err
	}
	for range places {
		one := c.crowd.draft(c.leaver)
		one.model, one.stream, one.leaves = "slow", true, true
		c.crowd.ask(one)
	}
	c.checkFree()
	return nil
}

// checkFree checks that all places are free: as many requests as there are places are
// admitted at once.
func (c *counts) checkFree() {
	time.Sleep(time.Second) // until what was settled has been told
	for _, as := range []*client{c.busy, c.leaver} {
		if free := c.crowd.freePlaces(as); free != places {
			c.complain("of %d places of %s only %d are free again", places, as.name, free)
		}
	}
	if most := c.provider.atOnce(c.busy.name); most > places {
		c.complain("%d were served at once, and no more than %d may be", most, places)
	}
}
