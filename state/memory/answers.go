package memory

import (
	"context"
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/idempotency"
)

// Answers keeps answers in memory, within a bound of bytes: those that expire first make
// room for new ones. Claims are as many as there are requests. It is an idempotency.Store.
type Answers struct {
	max int64

	mu      sync.Mutex
	bytes   int64 // of what is kept
	entries map[idempotency.ID]*entry
	// claims and kept are the entries without and with an answer, in the order in which
	// they expire.
	claims, kept entries
}

// entry is what is known of one request.
type entry struct {
	id          idempotency.ID
	fingerprint [32]byte
	owner       string
	until       time.Time
	finished    bool
	answer      *idempotency.Answer // nil if it could not be kept
	prev, next  *entry
}

// overhead is about what an entry takes without its answer, in bytes.
const overhead = 400

// NewAnswers makes a store that keeps at most the given number of bytes.
func NewAnswers(maxBytes int64) *Answers {
	a := &Answers{max: maxBytes, entries: map[idempotency.ID]*entry{}}
	a.claims.init()
	a.kept.init()
	return a
}

// Begin implements idempotency.Store.
func (a *Answers) Begin(_ context.Context, id idempotency.ID, fingerprint [32]byte, owner string, now time.Time) (idempotency.State, *idempotency.Answer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expire(now)
	switch e := a.entries[id]; {
	case e == nil:
		a.put(&entry{id: id, fingerprint: fingerprint, owner: owner, until: now.Add(idempotency.Claim)}, &a.claims)
		return idempotency.Fresh, nil, nil
	case !e.finished && e.owner == owner:
		a.take(e)
		e.fingerprint, e.until = fingerprint, now.Add(idempotency.Claim)
		a.put(e, &a.claims)
		return idempotency.Fresh, nil, nil
	case e.fingerprint != fingerprint:
		return idempotency.Different, nil, nil
	case !e.finished:
		return idempotency.Running, nil, nil
	case e.answer == nil:
		return idempotency.Unstorable, nil, nil
	default:
		return idempotency.Answered, e.answer, nil
	}
}

// Finish implements idempotency.Store. An answer that is larger than all that may be kept
// is not.
func (a *Answers) Finish(_ context.Context, id idempotency.ID, owner string, answer *idempotency.Answer, ttl time.Duration, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expire(now)
	e := a.entries[id]
	if e == nil || e.owner != owner {
		return nil
	}
	a.take(e)
	e.finished, e.until, e.answer = true, now.Add(ttl), answer
	if e.size() > a.max {
		e.answer = nil
	}
	a.put(e, &a.kept)
	a.makeRoom()
	return nil
}

// Bound changes the number of bytes that are kept at most.
func (a *Answers) Bound(maxBytes int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.max = maxBytes
	a.makeRoom()
}

func (a *Answers) makeRoom() {
	for a.bytes > a.max && !a.kept.empty() {
		a.take(a.kept.first())
	}
}

// size is what an entry counts towards the bound.
func (e *entry) size() int64 {
	switch {
	case !e.finished:
		return 0
	case e.answer == nil:
		return overhead
	}
	return overhead + int64(len(e.answer.Header)+len(e.answer.Body)+len(e.answer.Request))
}

// Abandon implements idempotency.Store.
func (a *Answers) Abandon(_ context.Context, id idempotency.ID, owner string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.entries[id]; e != nil && e.owner == owner && !e.finished {
		a.take(e)
	}
	return nil
}

// Close implements idempotency.Store. There is nothing to let go of.
func (a *Answers) Close() error { return nil }

func (a *Answers) put(e *entry, in *entries) {
	a.entries[e.id] = e
	a.bytes += e.size()
	in.insert(e)
}

func (a *Answers) take(e *entry) {
	delete(a.entries, e.id)
	a.bytes -= e.size()
	e.leave()
}

// expire forgets what is over.
func (a *Answers) expire(now time.Time) {
	for _, in := range []*entries{&a.claims, &a.kept} {
		for !in.empty() && !now.Before(in.first().until) {
			a.take(in.first())
		}
	}
}

// entries is a list in the order of expiry.
type entries struct{ ring entry }

func (l *entries) init() { l.ring.prev, l.ring.next = &l.ring, &l.ring }

func (l *entries) empty() bool { return l.ring.next == &l.ring }

func (l *entries) first() *entry { return l.ring.next }

// insert looks for the place from the end, where it nearly always is: all that come have
// the same time to live.
func (l *entries) insert(e *entry) {
	after := l.ring.prev
	for after != &l.ring && after.until.After(e.until) {
		after = after.prev
	}
	e.prev, e.next = after, after.next
	after.next.prev, after.next = e, e
}

func (e *entry) leave() {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
