package limits

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Kind is how a meter counts.
type Kind uint8

// The kinds of meters (decisions.md, "windows of limits").
const (
	// Rate lets Limit units pass in each Period, by GCRA with a burst of the whole limit.
	Rate Kind = iota
	// Quota lets Limit units pass in each calendar window.
	Quota
	// Slots lets Limit leases be open at once; the amount is 1.
	Slots
)

// Meter is one limit as it applies to one request.
type Meter struct {
	// Key names what is counted, such as "key/k_7f3a/rpm" for a key's requests per
	// minute: meters of one tenant with equal keys share one count.
	Key  string
	Kind Kind
	// Measure is what is counted.
	Measure Measure
	// Models tells which models are counted, for a meter of ScopeModel: those for which none
	// of the tenant's other patterns says more.
	Models func(model string) bool
	// Limit is the most units, in tokens, requests, leases or nano-USD.
	Limit int64
	// Period is the time in which a rate's limit passes.
	Period time.Duration
	// Window names the calendar window of a quota, such as "2026-11-26", "2026-11" or
	// "all"; Ends is when it is over, zero if never.
	Window string
	Ends   time.Time
	// Amount is what the request reserves, from 0 to Limit, so that one request always
	// fits where nothing is used.
	Amount int64
}

// Verdict is the answer to a reservation.
type Verdict struct {
	// Refused is the place of the first meter that has no room, -1 if all have.
	Refused int
	// Wait is how long the refused meter takes until it has room, as far as is known; for
	// slots it is 0.
	Wait time.Duration
	// Settled is what of the refused meter leases that have ended have used, if it is a quota;
	// open ones have only reserved the rest of what is counted.
	Settled int64
	// Remaining are the units that each meter has left, after the reservation if it was
	// made. None is negative. The slice is the lease's until it reserves again.
	Remaining []int64
}

// Lease is a reservation that is to be settled.
type Lease struct {
	// ID is the request's id. No two leases have the same.
	ID string
	// Tenant owns all meters.
	Tenant string
	// Meters have different keys.
	Meters []Meter
	// Remaining is where verdicts put what remains, so that a lease that is used for one
	// request after another allocates nothing.
	Remaining []int64
}

// ErrLease is the error of a reservation under the id of a lease that is open.
var ErrLease = errors.New("a lease with this id is open")

// ErrAway is the error of an engine whose counts cannot be reached.
var ErrAway = errors.New("the counts of limits cannot be reached")

// Judge puts together the verdict on a lease from how much of each meter is used, before
// the reservation or, if it was made, after it. refused is the place of the meter that had
// no room, -1 if there is none.
func (l *Lease) Judge(refused int, wait time.Duration, used func(i int) int64) Verdict {
	l.Remaining = slices.Grow(l.Remaining[:0], len(l.Meters))
	for i := range l.Meters {
		l.Remaining = append(l.Remaining, max(0, l.Meters[i].Limit-used(i)))
	}
	return Verdict{Refused: refused, Wait: wait, Remaining: l.Remaining}
}

// Restore tells what the ledger knows to be used of each of some quotas of a tenant. Engines
// ask for quotas that they have no count of: after a start, after their server has lost its
// data, in a new window, and for a limit that is new. While the ledger cannot tell, they
// count from 0, and ask again.
type Restore func(ctx context.Context, tenant string, quotas []Meter) ([]int64, error)

// Engine keeps the counts. Its methods are safe for concurrent use.
type Engine interface {
	// Reserve takes the amounts of all meters of a lease or of none, in one step. An error
	// says that the counts cannot be reached; nothing is known to be taken then.
	Reserve(ctx context.Context, l *Lease, now time.Time) (Verdict, error)
	// Settle ends a lease: its slots are free, and the actual amounts, one for each meter,
	// are counted in place of the reserved ones. What exceeds the reservation becomes debt,
	// in the window in which it was reserved. To settle a lease again, or one that has
	// expired meanwhile, counts nothing twice. It may return before the counts are there,
	// but never loses them while the engine is open.
	Settle(l *Lease, actual []int64, now time.Time)
	// Correct adds amounts to what is counted by quotas of a tenant, less than nothing to take
	// some off: what leases that are settled turn out to have used beside what they were
	// settled with. Meters of other kinds stay as they are, as their time has passed. It may
	// return before the counts are there, but never loses them while the engine is open.
	Correct(tenant string, meters []Meter, by []int64, now time.Time)
	// Renew keeps leases from expiring, for requests that take long. Leases that are not
	// renewed for Expiry are taken for those of a node that died: their slots are free,
	// and what they reserved stays counted until they are settled, or for good if that is
	// not within a day. A lease that has expired is not renewed.
	Renew(ctx context.Context, tenant string, leases []string, now time.Time) error
	// Used tells what is counted by meters, in their order, without reserving anything, and
	// what of that is of quotas and only reserved, by leases that are open and have not
	// expired. An engine may take what has just been settled for reserved a little longer.
	Used(ctx context.Context, tenant string, meters []Meter, now time.Time) (used, reserved []int64, err error)
	// Close ends the engine, once what is settled is counted.
	Close() error
}

// Expiry is how long a lease lives without being renewed.
const Expiry = 2 * time.Minute

// Afterlife is how long leases that have expired, and windows that are over, are kept for
// those who settle late.
const Afterlife = 24 * time.Hour
