package keys

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"
)

// digest is the SHA-256 of a presented secret. Who has no key cannot choose it, so looking
// it up in a map tells nothing by the time that it takes.
type digest = [32]byte

// entry is a key that was found, whether it may be used or not.
type entry struct {
	digest    digest
	hash      [32]byte // the record's
	principal *Principal
	refusal   error // why it may not be used, whatever the time
	expires   time.Time
	seen      atomic.Bool  // since it was last spared
	used      atomic.Int64 // the second in which it was last used
	place     *list.Element
}

// memory is what a directory remembers of the store: keys that were found, and, in a space
// of their own, secrets that are none. Both are bounded: of the keys, one that was not seen
// for long makes room, so that a crowd of wrong keys pushes none out. Of keys that may have
// changed it remembers that they were keys, and nothing else, until they are read anew.
type memory struct {
	capacity int
	none     int // the most secrets that are none

	mu sync.RWMutex
	// generation counts the times that something was forgotten since it may have changed.
	generation uint64
	byDigest   map[digest]*entry
	byID       map[string]*entry
	byTenant   map[string]map[*entry]struct{}
	order      *list.List // of *entry, the next to be looked at first
	former     map[digest]struct{}
	stale      []*entry // that may have changed, to be read anew
	unknown    map[digest]time.Time
	arrival    *list.List // of digest, the oldest first
	// tenants are those of keys of the configuration, which are as many as it names. One that
	// may have changed is remembered until it is read anew.
	tenants map[string]knownTenant
}

func newMemory(capacity, none int) *memory {
	m := &memory{capacity: capacity, none: none, former: map[digest]struct{}{}, tenants: map[string]knownTenant{}}
	m.reset()
	return m
}

func (m *memory) reset() {
	m.byDigest, m.byID = map[digest]*entry{}, map[string]*entry{}
	m.byTenant = map[string]map[*entry]struct{}{}
	m.order = list.New()
	m.forgetUnknown()
}

func (m *memory) forgetUnknown() {
	m.unknown, m.arrival = map[digest]time.Time{}, list.New()
}

// find gives a key that was found before, nil if none was.
func (m *memory) find(d digest) *entry {
	m.mu.RLock()
	e := m.byDigest[d]
	m.mu.RUnlock()
	if e != nil && !e.seen.Load() {
		e.seen.Store(true)
	}
	return e
}

// wasKey reports whether a secret was a key when it was looked up last, though it may have
// changed since.
func (m *memory) wasKey(d digest) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, former := m.former[d]
	return former || m.byDigest[d] != nil
}

// since gives the present generation: what is read of the store after it may be
// remembered as long as nothing is forgotten meanwhile.
func (m *memory) since() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.generation
}

// keep remembers a key that was read in a generation, and reports whether that is still the
// present one.
func (m *memory) keep(e *entry, generation uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.generation {
		return false
	}
	if old := m.byDigest[e.digest]; old != nil {
		m.remove(old)
	}
	if old := m.byID[e.principal.ID]; old != nil {
		m.remove(old)
	}
	for m.order.Len() >= m.capacity {
		m.makeRoom()
	}
	delete(m.former, e.digest)
	e.place = m.order.PushBack(e)
	m.byDigest[e.digest], m.byID[e.principal.ID] = e, e
	keys := m.byTenant[e.principal.Tenant]
	if keys == nil {
		keys = map[*entry]struct{}{}
		m.byTenant[e.principal.Tenant] = keys
	}
	keys[e] = struct{}{}
	return true
}

// makeRoom removes the first key that was not seen since it was last spared.
func (m *memory) makeRoom() {
	for {
		front := m.order.Front()
		e := front.Value.(*entry)
		if !e.seen.Swap(false) {
			m.remove(e)
			return
		}
		m.order.MoveToBack(front)
	}
}

func (m *memory) remove(e *entry) {
	m.order.Remove(e.place)
	delete(m.byDigest, e.digest)
	delete(m.byID, e.principal.ID)
	keys := m.byTenant[e.principal.Tenant]
	if delete(keys, e); len(keys) == 0 {
		delete(m.byTenant, e.principal.Tenant)
	}
}

// isUnknown reports whether a secret is remembered as none.
func (m *memory) isUnknown(d digest, now time.Time) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	until, ok := m.unknown[d]
	return ok && now.Before(until)
}

// keepUnknown remembers, until a time, that in a generation a secret was none.
func (m *memory) keepUnknown(d digest, generation uint64, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.generation {
		return
	}
	delete(m.former, d)
	if _, ok := m.unknown[d]; !ok {
		m.arrival.PushBack(d)
	}
	m.unknown[d] = until
	for m.arrival.Len() > m.none {
		delete(m.unknown, m.arrival.Remove(m.arrival.Front()).(digest))
	}
}

// forget forgets what changes say is not what it was. Secrets that are none are all
// forgotten, since one may be a key by now.
func (m *memory) forget(changes []Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.forgetUnknown()
	for _, c := range changes {
		if e := m.byID[c.Key]; e != nil {
			m.retire(e)
		}
		for e := range m.byTenant[c.Tenant] {
			m.retire(e)
		}
		m.outdate(c.Tenant)
	}
}

// outdate notes that a tenant may have changed.
func (m *memory) outdate(tenant string) {
	if known, ok := m.tenants[tenant]; ok {
		m.tenants[tenant] = knownTenant{tenant: known.tenant}
	}
}

// tenant gives what is known of a tenant.
func (m *memory) tenant(id string) knownTenant {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.tenants[id]
}

// keepTenant remembers a tenant that was read in a generation; nil is one that is not there.
func (m *memory) keepTenant(id string, t *Tenant, generation uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation == m.generation {
		m.tenants[id] = knownTenant{tenant: t, current: true}
	}
}

// changedTenants gives the tenants that are to be read anew.
func (m *memory) changedTenants() (list []string) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for id, known := range m.tenants {
		if !known.current {
			list = append(list, id)
		}
	}
	return list
}

// retire forgets all of a key but that it was one. When there are too many of those, the
// earlier ones are forgotten.
func (m *memory) retire(e *entry) {
	m.remove(e)
	if len(m.former) >= m.capacity {
		clear(m.former)
	}
	m.former[e.digest] = struct{}{}
	if len(m.stale) < maxStale {
		m.stale = append(m.stale, e)
	}
}

// takeStale gives the keys that are to be read anew, but those that a request has looked up
// meanwhile.
func (m *memory) takeStale() (list []*entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.stale {
		if m.byDigest[e.digest] == nil {
			list = append(list, e)
		}
	}
	m.stale = nil
	return list
}

// putStale puts keys back that could not be read.
func (m *memory) putStale(list []*entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stale = append(m.stale, list[:min(len(list), maxStale-len(m.stale))]...)
}

// forgetAll forgets everything but which secrets were keys, and what tenants were.
func (m *memory) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	for _, e := range m.byDigest {
		m.retire(e)
	}
	for id := range m.tenants {
		m.outdate(id)
	}
	m.reset()
}

// sizes tells how many keys, and how many secrets that are none, are remembered.
func (m *memory) sizes() (known, unknown int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.order.Len(), m.arrival.Len()
}
