package xjpgateway

import (
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// renewals keep the leases of requests that take long from expiring. All of them are renewed
// at once, so that a request that is over soon costs no timer. It is safe for concurrent use.
type renewals struct {
	// renew renews leases of a tenant.
	renew func(tenant string, ids []string)

	mu    sync.Mutex
	open  map[*limits.Lease]struct{}
	timed bool // the next renewal has its time
}

// renewEvery is well within the life of a lease, so that one renewal may fail.
const renewEvery = limits.Expiry / 3

// begin has a lease renewed from time to time.
func (r *renewals) begin(l *limits.Lease) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[*limits.Lease]struct{}{}
	}
	r.open[l] = struct{}{}
	r.plan()
}

// end ends that.
func (r *renewals) end(l *limits.Lease) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, l)
}

// plan sets the time of the next renewal, as long as there is something to renew.
func (r *renewals) plan() {
	if !r.timed && len(r.open) > 0 {
		r.timed = true
		time.AfterFunc(renewEvery, r.run)
	}
}

// run renews all leases.
func (r *renewals) run() {
	for tenant, ids := range r.byTenant() {
		r.renew(tenant, ids)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timed = false
	r.plan()
}

func (r *renewals) byTenant() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := map[string][]string{}
	for l := range r.open {
		ids[l.Tenant] = append(ids[l.Tenant], l.ID)
	}
	return ids
}
