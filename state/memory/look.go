package memory

import (
	"context"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

const (
	// patience is how long a tenant counts from 0 before the ledger is asked again.
	patience = time.Second
	// askTime is how long the ledger may take. It is asked for all requests of a tenant,
	// whatever becomes of the one that comes first.
	askTime = 2 * time.Second
)

// look finds the counts of meters, in the form of a lease that has taken nothing yet. What
// the ledger knows of quotas is counted in them, if it can be had.
func (e *Engine) look(ctx context.Context, s *shard, t *tenant, meters []limits.Meter, now time.Time) *lease {
	r := s.countsOf(t, meters, now)
	for e.restore != nil && r.owed() && !now.Before(t.askAgain) && ctx.Err() == nil {
		s.recycle(r)
		if t.asking != nil {
			s.await(ctx, t.asking)
		} else {
			e.ask(ctx, s, t, meters, now)
		}
		r = s.countsOf(t, meters, now)
	}
	return r
}

func (s *shard) countsOf(t *tenant, meters []limits.Meter, now time.Time) *lease {
	r := s.newLease()
	for i := range meters {
		r.holds = append(r.holds, hold{count: s.countOf(t, &meters[i], now)})
	}
	return r
}

// owed reports whether a count lacks what the ledger knows.
func (r *lease) owed() bool {
	for i := range r.holds {
		if r.holds[i].count.owed {
			return true
		}
	}
	return false
}

// ask asks the ledger about the quotas of which it has not told. The shard is unlocked
// meanwhile; other requests that need an answer for the tenant wait.
func (e *Engine) ask(ctx context.Context, s *shard, t *tenant, meters []limits.Meter, now time.Time) {
	asking := make(chan struct{})
	t.asking = asking
	defer func() {
		t.asking = nil
		close(asking)
	}()
	var quotas []limits.Meter
	for i := range meters {
		if s.countOf(t, &meters[i], now).owed {
			quotas = append(quotas, meters[i])
		}
	}
	used, err := e.askUnlocked(ctx, s, t.name, quotas)
	if err != nil || len(used) != len(quotas) {
		t.askAgain = now.Add(patience)
		return
	}
	for i := range quotas {
		s.countOf(t, &quotas[i], now).raise(used[i])
	}
}

func (e *Engine) askUnlocked(ctx context.Context, s *shard, tenant string, quotas []limits.Meter) ([]int64, error) {
	s.mu.Unlock()
	defer s.mu.Lock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
	defer cancel()
	return e.restore(ctx, tenant, quotas)
}

// await unlocks the shard until something is done.
func (s *shard) await(ctx context.Context, done <-chan struct{}) {
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
