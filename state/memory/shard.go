package memory

import (
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// shard keeps the counts and the leases of some tenants.
type shard struct {
	mu      sync.Mutex
	tenants map[string]*tenant
	leases  map[string]*lease
	// open are the leases in the order in which they expire, dead those that have, in the
	// order in which they are forgotten.
	open, dead queue
	// free are leases that have ended, for use again.
	free *lease
	// counts are all counts of the shard, and hand is where the next look for one to drop
	// begins; made is how many were made since the last look.
	counts     []*count
	hand, made int
}

// tenant keeps the counts of a tenant. Tenants are not forgotten: operators make them.
type tenant struct {
	name   string
	counts map[place]*count
	// asking is closed when the ledger has answered, nil if it is not being asked. After it
	// has failed, it is asked again from askAgain on.
	asking   chan struct{}
	askAgain time.Time
}

// place is where a count is kept. Windows are counted apart, so that a clock that is put
// back finds what was counted.
type place struct{ key, window string }

func (s *shard) init() {
	s.tenants, s.leases = map[string]*tenant{}, map[string]*lease{}
	s.open.init()
	s.dead.init()
}

func (s *shard) tenantOf(name string) *tenant {
	t := s.tenants[name]
	if t == nil {
		t = &tenant{name: name, counts: map[place]*count{}}
		s.tenants[name] = t
	}
	return t
}

// reserve takes all amounts or none, by a lease that has found the counts.
func (s *shard) reserve(r *lease, l *limits.Lease, now time.Time) (limits.Verdict, error) {
	if s.leases[l.ID] != nil {
		s.recycle(r)
		return limits.Verdict{}, limits.ErrLease
	}
	used := func(i int) int64 { return r.holds[i].count.usedOf(&l.Meters[i], now) }
	for i := range l.Meters {
		if wait, full := r.holds[i].count.full(&l.Meters[i], now); full {
			v := l.Judge(i, wait, used)
			v.Settled = r.holds[i].count.settled()
			s.recycle(r)
			return v, nil
		}
	}
	for i := range l.Meters {
		r.holds[i].take(&l.Meters[i], now)
	}
	s.begin(r, l.ID, now)
	return l.Judge(-1, 0, used), nil
}

func (s *shard) countOf(t *tenant, m *limits.Meter, now time.Time) *count {
	at := place{m.Key, m.Window}
	c := t.counts[at]
	if c == nil {
		c = &count{tenant: t, place: at, owed: m.Kind == limits.Quota}
		t.counts[at] = c
		s.counts = append(s.counts, c)
		s.made++
	}
	c.rule(m, now)
	return c
}

// settle ends a lease. One that has ended before is not known any more.
func (s *shard) settle(l *limits.Lease, actual []int64, now time.Time) {
	r := s.leases[l.ID]
	if r == nil || len(r.holds) != len(actual) {
		return
	}
	for i := range r.holds {
		r.holds[i].settle(actual[i], now)
	}
	s.end(r)
}

// looks is how many counts are looked at, whether they can be dropped, for each that was
// made. Most have to be kept for a while, so that it takes more than one.
const looks = 4

// sweep drops counts that are of no more use.
func (s *shard) sweep(now time.Time) {
	todo := min(1+looks*s.made, len(s.counts))
	s.made = 0
	for range todo {
		if s.hand >= len(s.counts) {
			s.hand = 0
		}
		c := s.counts[s.hand]
		if !c.idle(now) {
			s.hand++
			continue
		}
		delete(c.tenant.counts, c.place)
		last := len(s.counts) - 1
		s.counts[s.hand], s.counts[last] = s.counts[last], nil
		s.counts = s.counts[:last]
	}
}
