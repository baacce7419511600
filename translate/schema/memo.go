package schema

import "sync"

// result is what a function makes of a schema.
type result struct {
	out  []byte
	flag bool
	fit  Fit
	err  error
}

// memo remembers the results of one function in two generations: when the newer is
// full, the older is forgotten.
type memo struct {
	mu    sync.Mutex
	newer map[string]result
	older map[string]result
	bytes int
}

// maxGeneration bounds the schemas that one generation holds, in bytes.
const maxGeneration = 2 << 20

// of returns what make makes of a schema.
func (m *memo) of(raw []byte, make func([]byte) result) result {
	if r, ok := m.find(raw); ok {
		return r
	}
	r := make(raw)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(string(raw), r)
	return r
}

func (m *memo) find(raw []byte) (result, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.newer[string(raw)]; ok {
		return r, true
	}
	r, ok := m.older[string(raw)]
	if ok {
		m.put(string(raw), r)
	}
	return r, ok
}

func (m *memo) put(raw string, r result) {
	size := len(raw) + len(r.out) + 64
	if m.bytes+size > maxGeneration || m.newer == nil {
		m.older, m.newer, m.bytes = m.newer, map[string]result{}, 0
	}
	if size <= maxGeneration {
		m.newer[raw] = r
		m.bytes += size
	}
}
