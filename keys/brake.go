package keys

import (
	"container/list"
	"hash/maphash"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Brake slows down addresses that guess at keys: after a burst of different wrong ones within
// a window, an address waits until the window is over. A client that sends the same wrong key
// again and again does not guess, and must not hold up all who share its address. The number of addresses that it
// remembers is bounded; the one unseen for longest is forgotten first. It is safe for
// concurrent use.
type Brake struct {
	burst  int
	window time.Duration
	max    int
	seed   maphash.Seed

	mu    sync.Mutex
	seen  map[netip.Addr]*list.Element
	order *list.List // of *record, the latest first
}

// record holds what one address has tried in its current window, as hashes that mean
// nothing to others, and no more of them than a burst.
type record struct {
	addr  netip.Addr
	tried []uint64
	since time.Time
}

// NewBrake makes a brake that lets each address try burst wrong keys in a window and
// remembers at most max addresses.
func NewBrake(burst int, window time.Duration, max int) *Brake {
	return &Brake{burst: burst, window: window, max: max, seed: maphash.MakeSeed(), seen: map[netip.Addr]*list.Element{}, order: list.New()}
}

// Wait tells how long an address must wait before its keys are looked at; 0 is not at all.
func (b *Brake) Wait(addr netip.Addr, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.seen[network(addr)]
	if e == nil {
		return 0
	}
	r := e.Value.(*record)
	if len(r.tried) < b.burst {
		return 0
	}
	return max(0, b.window-now.Sub(r.since))
}

// Fail counts a wrong key from an address.
func (b *Brake) Fail(addr netip.Addr, secret string, now time.Time) {
	addr = network(addr)
	guess := maphash.String(b.seed, secret)
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.seen[addr]
	if e == nil {
		b.seen[addr] = b.order.PushFront(&record{addr: addr, tried: []uint64{guess}, since: now})
		b.shrink()
		return
	}
	b.order.MoveToFront(e)
	r := e.Value.(*record)
	if now.Sub(r.since) >= b.window {
		r.tried, r.since = r.tried[:0], now
	}
	if len(r.tried) < b.burst && !slices.Contains(r.tried, guess) {
		r.tried = append(r.tried, guess)
	}
}

// shrink forgets the oldest addresses beyond the bound.
func (b *Brake) shrink() {
	for b.order.Len() > b.max {
		oldest := b.order.Back()
		delete(b.seen, oldest.Value.(*record).addr)
		b.order.Remove(oldest)
	}
}

// network is what an address is counted as: IPv6 by its /64, of which one client has
// as many addresses as it likes.
func network(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if !addr.Is6() {
		return addr
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return prefix.Addr()
}
