package memory

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// shards keep tenants out of each other's way.
const shards = 64

// Engine keeps the counts of limits in memory. It is bounded by what is in use: rates that
// are empty, windows that are over and leases that have ended are dropped.
type Engine struct {
	seed    maphash.Seed
	shards  [shards]shard
	restore limits.Restore
}

// NewEngine makes an engine. restore may be nil.
func NewEngine(restore limits.Restore) *Engine {
	e := &Engine{seed: maphash.MakeSeed(), restore: restore}
	for i := range e.shards {
		e.shards[i].init()
	}
	return e
}

func (e *Engine) shard(tenant string) *shard {
	return &e.shards[maphash.String(e.seed, tenant)%shards]
}

// Reserve implements limits.Engine. Its error is limits.ErrLease.
func (e *Engine) Reserve(ctx context.Context, l *limits.Lease, now time.Time) (limits.Verdict, error) {
	if len(l.Meters) == 0 {
		return l.Judge(-1, 0, nil), nil
	}
	s := e.shard(l.Tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	s.sweep(now)
	r := e.look(ctx, s, s.tenantOf(l.Tenant), l.Meters, now)
	return s.reserve(r, l, now)
}

// Settle implements limits.Engine.
func (e *Engine) Settle(l *limits.Lease, actual []int64, now time.Time) {
	s := e.shard(l.Tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	s.settle(l, actual, now)
}

// Correct implements limits.Engine. A quota that nothing is counted of is asked for from the
// ledger before it is used, which knows better.
func (e *Engine) Correct(tenant string, meters []limits.Meter, by []int64, now time.Time) {
	s := e.shard(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenants[tenant]
	if t == nil {
		return
	}
	for i := range meters {
		if c := t.counts[place{meters[i].Key, meters[i].Window}]; c != nil && c.kind == limits.Quota {
			c.used = max(0, c.used+by[i])
		}
	}
}

// Renew implements limits.Engine.
func (e *Engine) Renew(_ context.Context, tenant string, leases []string, now time.Time) error {
	s := e.shard(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	for _, id := range leases {
		s.renew(id, now)
	}
	return nil
}

// Used implements limits.Engine.
func (e *Engine) Used(ctx context.Context, tenant string, meters []limits.Meter, now time.Time) (used, reserved []int64, err error) {
	s := e.shard(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	r := e.look(ctx, s, s.tenantOf(tenant), meters, now)
	defer s.recycle(r)
	used, reserved = make([]int64, len(meters)), make([]int64, len(meters))
	for i := range meters {
		c := r.holds[i].count
		used[i], reserved[i] = c.usedOf(&meters[i], now), c.reserved
	}
	return used, reserved, nil
}

// Close implements limits.Engine. There is nothing to let go of.
func (e *Engine) Close() error { return nil }
