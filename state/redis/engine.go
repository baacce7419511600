package redis

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"hash/maphash"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/state"
	"github.com/rickyjim626/xjp-gateway/state/memory"
)

// shards keep tenants out of each other's way.
const shards = 64

// Engine keeps the counts of limits on a Redis or Valkey server. It is a limits.Engine.
type Engine struct {
	counts  counts
	options options
	node    string
	last    atomic.Uint64 // of the ids of its leases
	seed    maphash.Seed
	shards  [shards]shard
	health  health
	// outage counts while the server is away; nodes is how many there were when it last told,
	// and counted when that is to be asked again.
	outage  atomic.Pointer[memory.Engine]
	nodes   atomic.Int64
	counted time.Time
	renewal time.Duration // 0 in the time of tests, which jumps
	// seen is the latest time that the engine was given, which is that of tests.
	seen atomic.Int64

	queue queue
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// options are the settings of an Engine.
type options struct {
	onFailure Policy
	sharing   bool
	restore   limits.Restore
	notify    func(state.Failure)
}

// shard keeps what the node knows of some tenants.
type shard struct {
	mu     sync.Mutex
	leases map[string]*lease
	pools  map[string]*pool
	// quotas are what the server last said of quotas.
	quotas map[place]quota
	// posts gather what was used while the server was away, by tenant.
	posts map[string]*share
	// asking lets one request at a time ask the ledger, and askAgain is when it may be
	// asked for a tenant after it has failed.
	asking   sync.Mutex
	askAgain map[string]time.Time
}

// place is where a quota is counted.
type place struct{ tenant, key, window string }

type quota struct {
	used int64
	owed bool
	ends time.Time // of the window
	told time.Time
}

// lease is a request that is not settled. Its share is nil, and outage is what counts for
// it instead, if the server was away; both are nil if nothing does.
type lease struct {
	meters  []limits.Meter
	amounts []int64
	share   *share
	outage  *memory.Engine
	// renewed is when somebody last said that it lives, or when it was taken for dead.
	renewed time.Time
	dead    bool
}

// newEngine makes an engine and begins its beat.
func newEngine(c counts, o options) *Engine {
	e := &Engine{counts: c, options: o, node: newNode(), seed: maphash.MakeSeed()}
	for i := range e.shards {
		e.shards[i] = shard{leases: map[string]*lease{}, pools: map[string]*pool{}, quotas: map[place]quota{}, posts: map[string]*share{}, askAgain: map[string]time.Time{}}
	}
	if !c.virtual {
		e.renewal = renewal
	}
	e.nodes.Store(1)
	e.outage.Store(memory.NewEngine(nil))
	e.health.changed = e.healthChanged
	e.queue.wake = make(chan struct{}, 1)
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.done.Go(func() { e.run(ctx) })
	return e
}

func newNode() string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // which never fails
	return hex.EncodeToString(random[:])
}

func (e *Engine) shard(tenant string) *shard {
	return &e.shards[maphash.String(e.seed, tenant)%shards]
}

func (e *Engine) healthChanged(f state.Failure) {
	if !f.Down {
		e.outage.Store(memory.NewEngine(nil)) // the next outage begins anew
	}
	if e.options.notify != nil {
		e.options.notify(f)
	}
}

// newShare makes a share that nothing is taken for yet.
func (e *Engine) newShare(tenant string, meters []limits.Meter) *share {
	return &share{
		id: e.node + "-" + strconv.FormatUint(e.last.Add(1), 36), tenant: tenant, meters: append([]limits.Meter(nil), meters...),
		counted: make([]int64, len(meters)), held: make([]int64, len(meters)), settled: make([]int64, len(meters)), closed: true,
	}
}

// Reserve implements limits.Engine. A request that finds room in a share of its node costs
// no round trip, others one, those that come first in a quota's window two more.
func (e *Engine) Reserve(ctx context.Context, l *limits.Lease, now time.Time) (limits.Verdict, error) {
	if len(l.Meters) == 0 {
		return l.Judge(-1, 0, nil), nil
	}
	e.see(now)
	s := e.shard(l.Tenant)
	p, more, v, err := e.shared(s, l, now)
	if err != nil || v.Remaining != nil {
		return v, err
	}
	if p != nil {
		defer s.release(p, more)
	}
	if e.health.down() {
		return e.without(ctx, s, l, now)
	}
	taken := e.newShare(l.Tenant, l.Meters)
	answer, err := e.take(ctx, s, taken, more, now)
	if err != nil {
		e.abandon(s, taken)
		return e.without(ctx, s, l, now)
	}
	if answer.refused >= 0 {
		v := l.Judge(answer.refused, answer.wait, func(i int) int64 { return answer.used[i] })
		v.Settled = answer.settled
		return v, nil
	}
	return e.begin(s, p, taken, answer, l, now), nil
}

// shared serves a request by the live share, if there is room. Else it tells for how many
// more requests a new one is to be taken, and for which pool.
func (e *Engine) shared(s *shard, l *limits.Lease, now time.Time) (p *pool, more int64, v limits.Verdict, err error) {
	most := int64(0)
	if e.options.sharing {
		most = mostMore(l.Meters)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[l.ID] != nil {
		return nil, 0, v, limits.ErrLease
	}
	if most == 0 {
		return nil, 0, v, nil
	}
	key := poolKey(l)
	if p = s.pools[key]; p == nil {
		p = &pool{since: now}
		s.pools[key] = p
	}
	more = p.wants(most, now)
	if p.live.serves(l.Meters, now) {
		s.admit(l, p.live, now)
		return p, 0, l.Judge(-1, 0, p.live.used), nil
	}
	p.taking = p.taking || more > 0
	return p, more, v, nil
}

// release lets the next request take a share.
func (s *shard) release(p *pool, more int64) {
	if more > 0 {
		s.mu.Lock()
		p.taking = false
		s.mu.Unlock()
	}
}

func (s *shard) admit(l *limits.Lease, by *share, now time.Time) {
	by.admit(l.Meters)
	s.leases[l.ID] = newLease(l.Meters, by, nil, now)
}

func newLease(meters []limits.Meter, by *share, outage *memory.Engine, now time.Time) *lease {
	r := &lease{meters: meters, amounts: make([]int64, len(meters)), share: by, outage: outage, renewed: now}
	for i := range meters {
		r.amounts[i] = meters[i].Amount
	}
	return r
}

// begin admits the request that a share was taken for, and makes it the live one if it was
// taken for more.
func (e *Engine) begin(s *shard, p *pool, taken *share, answer *taking, l *limits.Lease, now time.Time) limits.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken.born, taken.renewed, taken.left = answer.born, now, make([]int64, len(l.Meters))
	for i := range l.Meters {
		taken.counted[i] = l.Meters[i].Amount * (1 + answer.more)
		taken.left[i] = l.Meters[i].Limit - answer.used[i]
	}
	if p != nil && answer.more > 0 {
		before := p.live
		p.live, taken.closed, taken.until = taken, false, now.Add(life)
		e.close(before)
	}
	s.admit(l, taken, now)
	return l.Judge(-1, 0, taken.used)
}

// close lets a share serve no more requests.
func (e *Engine) close(s *share) {
	if s != nil {
		s.closed = true
		e.tell(s)
	}
}

// abandon has a share given back of which it is not known whether it was taken.
func (e *Engine) abandon(s *shard, taken *share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken.unsure = true
	e.tell(taken)
}

// Settle implements limits.Engine. The server hears of it soon after.
func (e *Engine) Settle(l *limits.Lease, actual []int64, now time.Time) {
	e.see(now)
	s := e.shard(l.Tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.leases[l.ID]
	if r == nil || len(actual) != len(r.meters) {
		return
	}
	delete(s.leases, l.ID)
	if r.share == nil {
		e.settleOutage(s, r, l, actual, now)
		return
	}
	r.settle(actual)
	e.tell(r.share)
}

// settle holds what was used in place of what was reserved. A place is free again, unless it
// has been since the request was taken for dead.
func (r *lease) settle(actual []int64) {
	r.share.open--
	for i := range r.meters {
		if r.meters[i].Kind != limits.Slots {
			r.share.held[i] += actual[i] - r.amounts[i]
			r.share.settled[i] += actual[i]
		}
	}
	r.vacate()
}

// vacate gives places back, once.
func (r *lease) vacate() {
	for i := range r.meters {
		if r.share != nil && r.meters[i].Kind == limits.Slots && !r.dead {
			r.share.held[i] -= r.amounts[i]
		}
	}
	r.dead = true
}

// Renew implements limits.Engine.
func (e *Engine) Renew(ctx context.Context, tenant string, leases []string, now time.Time) error {
	e.see(now)
	s := e.shard(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range leases {
		r := s.leases[id]
		switch {
		case r == nil || r.dead:
		case r.share == nil:
			r.renewed = now
			if r.outage != nil {
				_ = r.outage.Renew(ctx, tenant, []string{id}, now) // which never fails
			}
		case now.Sub(r.renewed) < limits.Expiry && now.After(r.renewed):
			r.renewed = now
			e.renew(r, now)
		}
	}
	return nil
}

// renew has a request's share renewed, but not each time that somebody renews one of its
// requests; a beat sees to it that it is before it would expire.
func (e *Engine) renew(r *lease, now time.Time) {
	if t := r.share; r.renewed.After(t.renewed) && now.Sub(t.renewed) >= e.renewal {
		t.renewed, t.renew = now, true
		e.tell(t)
	}
}

// renewal is how old what the server knows of a share's life may become, while its requests
// are renewed.
const renewal = limits.Expiry / 4

// Used implements limits.Engine.
func (e *Engine) Used(ctx context.Context, tenant string, meters []limits.Meter, now time.Time) (used, reserved []int64, err error) {
	e.see(now)
	if len(meters) == 0 {
		return nil, nil, nil
	}
	used, reserved, owed, err := e.counts.used(ctx, tenant, meters, now)
	if err != nil {
		return nil, nil, away(err)
	}
	for i := range meters {
		if !owed[i] || e.options.restore == nil {
			continue
		}
		if known, err := e.options.restore(ctx, tenant, meters[i:i+1]); err == nil && len(known) == 1 {
			used[i] = max(used[i], known[0])
		}
	}
	return used, reserved, nil
}

// Close implements limits.Engine. It waits for a while until the server has heard of what is
// settled, and closes the connections.
func (e *Engine) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	e.closeShares()
	err := e.Flush(ctx)
	e.stop()
	e.done.Wait()
	_ = e.counts.client.Close() // what cannot be closed is gone
	return err
}

// closeShares has what was taken ahead given back.
func (e *Engine) closeShares() {
	for i := range e.shards {
		s := &e.shards[i]
		s.mu.Lock()
		for _, p := range s.pools {
			e.close(p.live)
			p.live = nil
		}
		s.mu.Unlock()
	}
}

// closing is how long Close waits.
const closing = 3 * time.Second

// see keeps the time of tests.
func (e *Engine) see(now time.Time) {
	if e.counts.virtual {
		e.seen.Store(now.UnixNano())
	}
}

// now is the time of what happens by itself.
func (e *Engine) now() time.Time {
	if e.counts.virtual {
		return time.Unix(0, e.seen.Load()).UTC()
	}
	return time.Now()
}
