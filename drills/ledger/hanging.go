package main

import (
	"fmt"
	"slices"
	"time"
)

// hanging lets Redis answer nobody, with the time that requests wait for it by default: each
// waits for a moment at most, and soon none waits any more.
func hanging(b *bench) error {
	b.provider.pace = 0
	redis, err := b.redis()
	if err != nil {
		return err
	}
	n, err := b.startNode(redis.option(""))
	if err != nil {
		return err
	}
	rate, err := n.newClient("rate", map[string]any{"requests_per_minute": 1_000_000})
	if err != nil {
		return err
	}
	c := b.newCrowd([]*client{rate}, wellKnown, n)
	before := c.times()
	if err := redis.freeze(); err != nil {
		return err
	}
	during := c.times()
	if err := redis.thaw(); err != nil {
		return err
	}
	const most, nine = calls - 1, calls * 9 / 10
	fmt.Printf("nine of ten requests took %v at most with Redis and %v while it hung, the longest %v and %v\n", before[nine], during[nine], before[most], during[most])
	if during[nine] > before[nine]+timeout+busyMachine {
		b.complain("nine of ten requests took %v at most with Redis and %v while it hung", before[nine], during[nine])
	}
	if _, err := b.audit(n, c, nil); err != nil {
		return err
	}
	return b.verdict()
}

const (
	// calls are measured at a time.
	calls = 50
	// timeout is how long a request waits for Redis at most, busyMachine what it may take
	// longer by itself when others work here as well.
	timeout     = 50 * time.Millisecond
	busyMachine = 200 * time.Millisecond
)

// times tells how long calls take, in order. All are served.
func (c *crowd) times() []time.Duration {
	var took []time.Duration
	for range calls {
		one := c.draft(c.clients[0])
		c.ask(one)
		if one.status != 200 {
			c.complain("a call was answered with %s", one.said())
		}
		took = append(took, one.took.Round(time.Millisecond))
	}
	slices.Sort(took)
	return took
}
