package redis

import (
	"context"
	"time"
)

const (
	// censusEvery is how often a node tells that it lives.
	censusEvery = 2 * time.Second
	// censusLapse is after how long one that has not is gone.
	censusLapse = 10 * time.Second
)

// census lets the server count the nodes, so that each knows its part of the limits when the
// server goes away. It also finds out that the server does not answer while nobody asks
// anything of it.
func (e *Engine) census(ctx context.Context) {
	if time.Now().Before(e.counted) {
		return
	}
	nodes, err := e.counts.census(ctx, e.node, e.now())
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		e.health.failed(err) // and it is counted again at the next beat
		return
	}
	e.health.answered()
	e.nodes.Store(max(1, nodes))
	e.counted = time.Now().Add(censusEvery)
}

// census tells how many nodes live, this one among them.
func (c *counts) census(ctx context.Context, node string, now time.Time) (int64, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	var given int64
	if c.virtual {
		given = now.UnixMilli()
	}
	return censusScript.Run(ctx, c.client, []string{c.prefix + ":nodes"}, given, node, censusLapse.Milliseconds()).Int64()
}
