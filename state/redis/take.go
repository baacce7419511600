package redis

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

const (
	// patience is how long a tenant counts from 0 before the ledger is asked again.
	patience = time.Second
	// askTime is how long the ledger may take.
	askTime = 2 * time.Second
)

// take reserves a share on the server, with what the ledger says of quotas that the server
// does not know.
func (e *Engine) take(ctx context.Context, s *shard, taken *share, more int64, now time.Time) (*taking, error) {
	if owed := s.owed(taken, now); owed != nil && e.options.restore != nil {
		s.asking.Lock()
		defer s.asking.Unlock()
		return e.reserve(ctx, s, taken, more, e.ask(ctx, s, taken, s.owed(taken, now), now), now)
	}
	answer, err := e.reserve(ctx, s, taken, more, nil, now)
	if err != nil || answer.unknown == nil {
		return answer, err
	}
	s.asking.Lock() // and see whether another has asked meanwhile
	defer s.asking.Unlock()
	answer, err = e.reserve(ctx, s, taken, more, nil, now)
	if err != nil || answer.unknown == nil {
		return answer, err
	}
	return e.reserve(ctx, s, taken, more, e.ask(ctx, s, taken, answer.unknown, now), now)
}

// reserve makes one round trip.
func (e *Engine) reserve(ctx context.Context, s *shard, taken *share, more int64, says ledgerSays, now time.Time) (*taking, error) {
	answer, err := e.counts.reserve(ctx, taken, e.node, more, says, now)
	if err != nil {
		if !errors.Is(err, limits.ErrLease) {
			e.health.failed(err)
		}
		return nil, err
	}
	e.health.answered()
	if answer.unknown == nil {
		s.learn(taken, answer, now)
	}
	return answer, nil
}

// learn remembers what the server says of quotas.
func (s *shard) learn(taken *share, answer *taking, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range taken.meters {
		if m := &taken.meters[i]; m.Kind == limits.Quota {
			s.quotas[place{taken.tenant, m.Key, m.Window}] = quota{used: answer.used[i], owed: answer.owed[i], ends: m.Ends, told: now}
		}
	}
}

// owed gives the places of quotas that lack what the ledger knows, if it may be asked.
func (s *shard) owed(taken *share, now time.Time) (places []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.askAgain[taken.tenant]) {
		return nil
	}
	for i := range taken.meters {
		if m := &taken.meters[i]; s.quotas[place{taken.tenant, m.Key, m.Window}].owed {
			places = append(places, i)
		}
	}
	return places
}

// ask asks the ledger about quotas. What it does not answer counts from 0, and is owed.
func (e *Engine) ask(ctx context.Context, s *shard, taken *share, places []int, now time.Time) ledgerSays {
	says := ledgerSays{}
	quotas := make([]limits.Meter, len(places))
	for j, i := range places {
		quotas[j], says[i] = taken.meters[i], notSaid
	}
	used, err := e.askLedger(ctx, taken.tenant, quotas)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || len(used) != len(places) {
		s.askAgain[taken.tenant] = now.Add(patience)
		return says
	}
	delete(s.askAgain, taken.tenant)
	for j, i := range places {
		says[i] = strconv.FormatInt(used[j], 10)
	}
	return says
}

func (e *Engine) askLedger(ctx context.Context, tenant string, quotas []limits.Meter) ([]int64, error) {
	if e.options.restore == nil || len(quotas) == 0 {
		return make([]int64, len(quotas)), nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
	defer cancel()
	return e.options.restore(ctx, tenant, quotas)
}
