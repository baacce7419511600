package memory

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// lease is a reservation that is not settled.
type lease struct {
	id         string
	holds      []hold
	until      time.Time // it expires, or it is forgotten
	dead       bool
	prev, next *lease // in a queue; a free one has only a next
}

// newLease takes a lease that has ended, or makes one.
func (s *shard) newLease() *lease {
	r := s.free
	if r == nil {
		return &lease{}
	}
	s.free, r.next = r.next, nil
	return r
}

// recycle keeps a lease for use again.
func (s *shard) recycle(r *lease) {
	clear(r.holds)
	*r = lease{holds: r.holds[:0], next: s.free}
	s.free = r
}

func (s *shard) begin(r *lease, id string, now time.Time) {
	r.id, r.until = id, now.Add(limits.Expiry)
	s.leases[id] = r
	s.open.insert(r)
}

func (s *shard) renew(id string, now time.Time) {
	r, until := s.leases[id], now.Add(limits.Expiry)
	if r != nil && !r.dead && until.After(r.until) {
		r.until = until
		r.leave()
		s.open.insert(r)
	}
}

// end forgets a lease.
func (s *shard) end(r *lease) {
	for i := range r.holds {
		r.holds[i].count.leases--
	}
	delete(s.leases, r.id)
	r.leave()
	s.recycle(r)
}

// expire frees the places of leases that nobody has renewed, and forgets those that nobody
// has settled for long after.
func (s *shard) expire(now time.Time) {
	for r := s.open.first(); r != nil && !now.Before(r.until); r = s.open.first() {
		for i := range r.holds {
			r.holds[i].free()
		}
		r.dead, r.until = true, now.Add(limits.Afterlife)
		r.leave()
		s.dead.insert(r)
	}
	for r := s.dead.first(); r != nil && !now.Before(r.until); r = s.dead.first() {
		s.end(r)
	}
}

// queue is a list of leases in the order of their time.
type queue struct{ ring lease }

func (q *queue) init() { q.ring.prev, q.ring.next = &q.ring, &q.ring }

func (q *queue) first() *lease {
	if q.ring.next == &q.ring {
		return nil
	}
	return q.ring.next
}

// insert looks for a lease's place from the end, where it is unless the clock was put back.
func (q *queue) insert(r *lease) {
	after := q.ring.prev
	for after != &q.ring && after.until.After(r.until) {
		after = after.prev
	}
	r.prev, r.next = after, after.next
	after.next.prev, after.next = r, r
}

func (r *lease) leave() {
	r.prev.next, r.next.prev = r.next, r.prev
	r.prev, r.next = nil, nil
}
