package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// Policy is what happens while the server cannot be reached.
type Policy string

// The policies.
const (
	// Local holds requests against this node's part of their limits, and refuses those that
	// have a budget of money.
	Local Policy = "local"
	// Deny refuses requests that are limited.
	Deny Policy = "deny"
	// Allow lets all requests pass; what they use is counted afterwards.
	Allow Policy = "allow"
)

// away tells what failed.
func away(err error) error { return fmt.Errorf("%w: %w", limits.ErrAway, err) }

// without answers a request that the server does not.
func (e *Engine) without(ctx context.Context, s *shard, l *limits.Lease, now time.Time) (limits.Verdict, error) {
	switch {
	case e.options.onFailure == Allow:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leases[l.ID] = newLease(l.Meters, nil, nil, now)
		return l.Judge(-1, 0, func(int) int64 { return 0 }), nil
	case e.options.onFailure == Deny || hasBudget(l.Meters):
		return limits.Verdict{}, limits.ErrAway
	}
	return e.local(ctx, s, l, now)
}

func hasBudget(meters []limits.Meter) bool {
	for i := range meters {
		if meters[i].IsBudget() {
			return true
		}
	}
	return false
}

// local counts on this node alone.
func (e *Engine) local(ctx context.Context, s *shard, l *limits.Lease, now time.Time) (limits.Verdict, error) {
	mine := limits.Lease{ID: l.ID, Tenant: l.Tenant, Meters: append([]limits.Meter(nil), l.Meters...)}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := func(i int) int64 { return s.quotas[place{l.Tenant, l.Meters[i].Key, l.Meters[i].Window}].used }
	for i := range mine.Meters {
		m := &mine.Meters[i]
		left := m.Limit - known(i)
		if left <= 0 {
			v := l.Judge(i, max(0, m.Ends.Sub(now)), known)
			v.Settled = known(i)
			return v, nil
		}
		m.Limit = max(1, left/e.nodes.Load())
		m.Amount = min(m.Amount, m.Limit)
	}
	outage := e.outage.Load()
	v, err := outage.Reserve(ctx, &mine, now)
	if err == nil && v.Refused < 0 {
		s.leases[l.ID] = newLease(mine.Meters, nil, outage, now)
	}
	if i := v.Refused; i >= 0 && mine.Meters[i].Kind == limits.Quota { // what is not this node's part counts as used
		v.Settled += l.Meters[i].Limit - mine.Meters[i].Limit
	}
	l.Remaining = append(l.Remaining[:0], v.Remaining...)
	v.Remaining = l.Remaining
	return v, err
}

// settleOutage ends a request that was not counted on the server, which is to hear of it.
func (e *Engine) settleOutage(s *shard, r *lease, l *limits.Lease, actual []int64, now time.Time) {
	if r.outage != nil {
		r.outage.Settle(l, actual, now)
	}
	e.postQuotas(s, l.Tenant, r.meters, actual)
}

// Correct implements limits.Engine. The server hears of it at the next beat.
func (e *Engine) Correct(tenant string, meters []limits.Meter, by []int64, now time.Time) {
	e.see(now)
	s := e.shard(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	e.postQuotas(s, tenant, meters, by)
}

// postQuotas gathers what is to be counted of those meters that are quotas.
func (e *Engine) postQuotas(s *shard, tenant string, meters []limits.Meter, used []int64) {
	for i := range meters {
		if meters[i].Kind == limits.Quota && used[i] != 0 {
			e.post(s, tenant, &meters[i], used[i])
		}
	}
}

// maxPosted is how many quotas one post is about at most.
const maxPosted = 100

// post gathers what is to be counted of a quota. A beat sends it.
func (e *Engine) post(s *shard, tenant string, m *limits.Meter, used int64) {
	p := s.posts[tenant]
	if p == nil {
		p = e.newShare(tenant, nil)
		p.posted = true
		s.posts[tenant] = p
	}
	for i := range p.meters {
		if p.meters[i].Key == m.Key && p.meters[i].Window == m.Window {
			p.held[i] += used
			p.settled[i] += used
			return
		}
	}
	p.meters = append(p.meters, *m)
	p.held, p.counted, p.settled = append(p.held, used), append(p.counted, 0), append(p.settled, used)
	if len(p.meters) == maxPosted {
		s.sendPost(e, tenant)
	}
}

// sendPost has what was gathered sent.
func (s *shard) sendPost(e *Engine, tenant string) {
	p := s.posts[tenant]
	delete(s.posts, tenant)
	e.tell(p)
}
