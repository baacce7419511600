package redis

import (
	"context"
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

const (
	// beat is how often shares are looked after.
	beat = 250 * time.Millisecond
	// batch is how many amendments are sent together.
	batch = 128
)

// queue holds the shares of which the server is to be told something. It is bounded by the
// requests that are under way, and what they use is told when they end: while the server
// cannot be reached, no more are taken.
type queue struct {
	mu   sync.Mutex
	list []*share
	// busy is how many are being told.
	busy int
	wake chan struct{}
}

func (q *queue) put(s *share) {
	q.again(s)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// again queues a share until the next beat at least.
func (q *queue) again(s *share) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, s)
}

// next takes some off the queue; done tells that they have been dealt with.
func (q *queue) next() []*share {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(batch, len(q.list))
	list := q.list[:n:n]
	q.list = q.list[n:]
	q.busy += n
	return list
}

func (q *queue) done(n int) {
	q.mu.Lock()
	q.busy -= n
	q.mu.Unlock()
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)+q.busy == 0
}

// tell queues a share whose shard is locked, if something is due that should not wait. What
// open requests of a share have given back waits for a beat, since more of it will come.
func (e *Engine) tell(s *share) {
	if due := s.due(); due != "" && due != "amend" && !s.queued {
		s.queued = true
		e.queue.put(s)
	}
}

// run tells the server what is due, and looks after shares, until it is stopped.
func (e *Engine) run(ctx context.Context) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.queue.wake:
		case <-ticker.C:
			if e.health.down() && !e.returned(ctx) {
				continue
			}
			e.look(e.now())
			e.census(ctx)
		}
		e.send(ctx)
	}
}

// returned asks the server whether it is back.
func (e *Engine) returned(ctx context.Context) bool {
	if err := e.counts.probe(ctx); err != nil {
		return false
	}
	e.health.returned()
	return true
}

// look ends what has expired, and queues what has become due.
func (e *Engine) look(now time.Time) {
	for i := range e.shards {
		s := &e.shards[i]
		s.mu.Lock()
		e.lookAtPools(s, now)
		e.lookAtLeases(s, now)
		for tenant := range s.posts {
			s.sendPost(e, tenant)
		}
		for at, q := range s.quotas {
			if now.Sub(q.told) > limits.Afterlife || !q.ends.IsZero() && now.After(q.ends) {
				delete(s.quotas, at)
			}
		}
		for tenant, again := range s.askAgain {
			if now.Sub(again) > time.Minute {
				delete(s.askAgain, tenant)
			}
		}
		s.mu.Unlock()
	}
}

func (e *Engine) lookAtPools(s *shard, now time.Time) {
	for key, p := range s.pools {
		if p.live != nil && !now.Before(p.live.until) {
			e.close(p.live)
			e.amend(p.live)
			p.live = nil
		}
		if p.live == nil && !p.taking && now.Sub(p.since) > 10*life {
			delete(s.pools, key)
		}
	}
}

// lookAtLeases takes requests that nobody has renewed for dead, and forgets those that
// nobody has settled for long after.
func (e *Engine) lookAtLeases(s *shard, now time.Time) {
	for id, r := range s.leases {
		switch idle := now.Sub(r.renewed); {
		case r.dead && idle >= limits.Afterlife:
			delete(s.leases, id)
			if r.share != nil {
				r.settle(r.amounts)
				e.tell(r.share)
			}
			continue
		case !r.dead && idle >= limits.Expiry:
			r.vacate()
			r.renewed = now
		}
		if r.share != nil {
			if !r.dead {
				e.renew(r, now)
			}
			e.amend(r.share)
		}
	}
}

// amend queues a share whatever is due.
func (e *Engine) amend(s *share) {
	if s.due() != "" && !s.queued {
		s.queued = true
		e.queue.put(s)
	}
}

// send tells the server all that is queued. What it does not hear is told again at a beat.
func (e *Engine) send(ctx context.Context) {
	for ctx.Err() == nil && !e.health.down() {
		list := e.queue.next()
		if len(list) == 0 {
			return
		}
		if !e.sendSome(ctx, list) {
			return
		}
	}
}

func (e *Engine) sendSome(ctx context.Context, list []*share) bool {
	defer e.queue.done(len(list))
	amendments := make([]amendment, 0, len(list))
	for _, told := range list {
		s := e.shard(told.tenant)
		s.mu.Lock()
		if told.due() == "" {
			told.queued = false
		} else {
			amendments = append(amendments, told.amendment())
		}
		s.mu.Unlock()
	}
	errs, err := e.counts.amend(ctx, amendments, e.now())
	for i := range amendments {
		e.told(&amendments[i], errs[i])
	}
	if err != nil {
		e.health.failed(err)
		return false
	}
	e.health.answered()
	return true
}

// told notes what the server has counted, and queues the share again if it has not, or if
// more has become due meanwhile.
func (e *Engine) told(a *amendment, err error) {
	t := a.share
	s := e.shard(t.tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.queued = false
	if err != nil {
		t.queued = true
		e.queue.again(t)
		return
	}
	t.born = a.born
	switch a.what {
	case "void", "post", "settle":
		return // that was the last
	case "renew":
		t.renew = false
	}
	copy(t.counted, a.amounts)
	e.tell(t)
}

// Flush waits until the server has heard of all that is settled.
func (e *Engine) Flush(ctx context.Context) error {
	e.look(e.now())
	for !e.queue.empty() {
		if e.health.down() {
			return limits.ErrAway
		}
		select {
		case <-ctx.Done():
			return away(ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}
