package clewdr

import (
	"sync"
	"time"
)

// How long the provider rests when its pool of cookies is empty, at first and at most
// (provider-clewdr.md 6): Clewdr does not tell when the next cookie is back.
const (
	firstRest = time.Minute
	mostRest  = 30 * time.Minute
)

// pool remembers how often Clewdr's pool has been found empty in a row.
type pool struct {
	mu    sync.Mutex
	rest  time.Duration // the last one, 0 before the first
	until time.Time     // its end
}

// empty notes that the pool is empty, and tells how long to rest: twice as long as before
// if it is empty again soon after a rest. Calls that were under way when a rest began say
// nothing new.
func (p *pool) empty(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case now.Before(p.until):
		return p.until.Sub(now)
	case p.rest == 0 || now.Sub(p.until) > p.rest: // it has answered since
		p.rest = firstRest
	default:
		p.rest = min(2*p.rest, mostRest)
	}
	p.until = now.Add(p.rest)
	return p.rest
}
