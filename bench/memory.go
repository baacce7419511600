package main

import (
	"sync"
	"time"
)

// spareFiles is how many file descriptors are left for all else.
const spareFiles = 200

// chunksBeforeGate is how many records a stream has sent when it is measured.
const chunksBeforeGate = 20

// memory measures what an open stream holds in the Caddy process, each subject in a
// process of its own.
func (b *bench) memory(streams int) (map[subject]footprint, error) {
	found := map[subject]footprint{}
	for _, sub := range subjects {
		g, err := startGateway(b.binary, b.dir, b.mock.port(), withoutAccounts)
		if err != nil {
			return nil, err
		}
		each, err := b.memoryOf(g, sub, streams)
		g.Kill()
		if err != nil {
			return nil, err
		}
		found[sub] = each
	}
	return found, nil
}

// memoryOf opens streams, measures when each has got its first chunks, and lets them end.
func (b *bench) memoryOf(g *gateway, sub subject, streams int) (footprint, error) {
	s := &scenario{body: small, stream: true, chunks: 100}
	body := requestBody(sub.client, sub.model(), s)
	b.mock.script.Store(newScript(s, len(body)))
	for range 20 { // what the first requests make for good is no stream's
		warm := newClient(g.address(sub), sub, s, body)
		if _, err := warm.ask(); err != nil {
			b.faults.add(sub, err)
		}
		warm.close()
	}
	before, err := g.memory()
	if err != nil {
		return before, err
	}
	gated := newScript(s, len(body))
	gated.gate, gated.gateAfter = make(chan struct{}), chunksBeforeGate
	b.mock.script.Store(gated)
	running := b.open(g, sub, s, body, streams)
	with, err := g.memory()
	close(gated.gate)
	running.Wait()
	each := with.minus(before)
	return footprint{each.resident / int64(streams), each.inUse / int64(streams)}, err
}

// open starts the streams, not all at once, and waits until each has got some text.
func (b *bench) open(g *gateway, sub subject, s *scenario, body []byte, streams int) *sync.WaitGroup {
	var running, begun sync.WaitGroup
	slots := make(chan struct{}, 32)
	begun.Add(streams)
	for range streams {
		slots <- struct{}{}
		running.Go(func() {
			c := newClient(g.address(sub), sub, s, body)
			defer c.close()
			once := sync.OnceFunc(func() { begun.Done(); <-slots })
			defer once()
			c.onChunk = func(seen int) {
				if seen > chunksBeforeGate/2 {
					once()
				}
			}
			if _, err := c.ask(); err != nil {
				b.faults.add(sub, err)
			}
		})
	}
	begun.Wait()
	time.Sleep(500 * time.Millisecond) // the last chunks are on their way
	return &running
}
