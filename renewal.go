package xjpgateway

import (
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// renewal keeps a lease from expiring: something is done from time to time, until it ends.
type renewal struct {
	mu    sync.Mutex
	timer *time.Timer
	ended bool
}

// renewEvery is well within the life of a lease, so that one renewal may fail.
const renewEvery = limits.Expiry / 3

// begin has renew called after some time; renew calls again at its end.
func (r *renewal) begin(renew func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = time.AfterFunc(renewEvery, renew)
}

// again waits for the next time, unless it has ended meanwhile.
func (r *renewal) again() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.timer.Reset(renewEvery)
	}
}

// end ends it.
func (r *renewal) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	r.timer.Stop()
}
