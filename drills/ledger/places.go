package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// leftPlaces kills a gateway whose requests hold all places that there are at once, and counts
// them in Redis: they are free again when a process that does not renew them is taken for dead.
func leftPlaces(b *bench) error {
	if b.short {
		fmt.Println("left out of the short form: it takes", limits.Expiry)
		return nil
	}
	redis, err := b.redis()
	if err != nil {
		return err
	}
	n, err := b.startNode(redis.option(""))
	if err != nil {
		return err
	}
	busy, err := n.newClient("busy", map[string]any{"concurrent": places})
	if err != nil {
		return err
	}
	c := b.newCrowd([]*client{busy}, wellKnown, n)
	var holders sync.WaitGroup
	for range places {
		holders.Go(func() { c.holdPlace(busy) })
	}
	time.Sleep(2 * slowPace)
	n.kill()
	killed := time.Now()
	holders.Wait()
	if err := n.start(); err != nil {
		return err
	}
	if free := c.freePlaces(busy); free != 0 {
		b.complain("%d places are free, though nobody knows yet that their process is dead", free)
	}
	for c.freePlaces(busy) < places && time.Since(killed) < limits.Expiry+patience {
		time.Sleep(5 * time.Second)
	}
	took := time.Since(killed)
	fmt.Printf("the places of a killed process were free again after %.0f s\n", took.Seconds())
	if took > limits.Expiry+patience/2 {
		b.complain("the places of a killed process were free again only after %.0f s", took.Seconds())
	}
	if _, err := b.audit(n, c, nil); err != nil {
		return err
	}
	return b.verdict()
}

// holdPlace makes a call that takes its time.
func (c *crowd) holdPlace(as *client) *call {
	one := c.draft(as)
	one.model, one.stream = "slow", true
	c.ask(one)
	return one
}

// freePlaces asks for all places at once, and tells how many were had.
func (c *crowd) freePlaces(as *client) int {
	var free atomic.Int64
	var all sync.WaitGroup
	for range places {
		all.Go(func() {
			switch one := c.holdPlace(as); one.status {
			case 200:
				free.Add(1)
			case 429:
			default:
				c.complain("a call of %s was answered with %s", as.name, one.said())
			}
		})
	}
	all.Wait()
	return int(free.Load())
}
