package main

import (
	"fmt"
	"sync"
	"time"
)

// crowd are clients that ask one after another, many at once.
type crowd struct {
	*bench
	clients []*client
	models  []string
	sites   []string
	// leave is one of how many calls that a client leaves before its end; 0 is none.
	leave int
	// judge looks at each call with an answer, if it is set.
	judge func(*call)

	mu      sync.Mutex
	calls   map[string]*call
	stopped chan struct{}
	done    sync.WaitGroup
}

func (b *bench) newCrowd(clients []*client, models []string, nodes ...*node) *crowd {
	c := &crowd{bench: b, clients: clients, models: models, calls: map[string]*call{}}
	for _, n := range nodes {
		c.sites = append(c.sites, n.site)
	}
	return c
}

// begin lets so many ask at once, until end.
func (c *crowd) begin(width int) {
	c.stopped = make(chan struct{})
	for range width {
		c.done.Go(func() {
			for c.goesOn() {
				c.next()
			}
		})
	}
}

func (c *crowd) goesOn() bool {
	select {
	case <-c.stopped:
		return false
	default:
		return true
	}
}

// end waits until the last answers have come.
func (c *crowd) end() {
	close(c.stopped)
	c.done.Wait()
}

// next makes one call of any kind.
func (c *crowd) next() {
	one := c.draft(c.clients[c.draw(len(c.clients))])
	one.model, one.wire = c.models[c.draw(len(c.models))], wires[c.draw(len(wires))]
	one.stream = c.draw(3) > 0
	one.leaves = one.stream && c.leave > 0 && c.draw(c.leave) == 0
	c.ask(one)
}

// draft is a call of a client that is not made yet.
func (c *crowd) draft(of *client) *call {
	one := &call{id: fmt.Sprintf("drill-%s-%d", of.name, c.asked.Add(1)), client: of, wire: chat, model: c.models[0]}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[one.id] = one
	return one
}

// ask makes a call. A gateway that is not there, or says that it can do nothing, is left alone
// for a moment.
func (c *crowd) ask(one *call) {
	if err := one.ask(c.sites[c.draw(len(c.sites))]); err != nil && one.status == 0 || one.overloaded() {
		time.Sleep(20 * time.Millisecond)
	}
	if c.judge != nil && one.status != 0 {
		c.judge(one)
	}
}

// wellKnown are the models that are always served well.
var wellKnown = []string{"well-chat", "well-messages"}

// tally counts the answers by their status.
func (c *crowd) tally() map[int]int {
	n := map[int]int{}
	for _, one := range c.calls {
		n[one.status]++
	}
	return n
}
