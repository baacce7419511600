// Package statetest is what each engine of limits and each store of answers must pass.
package statetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// Noon is when the suite begins. Engines under test take the time that they are given, so
// that all that takes days is tested in moments.
var Noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// Run holds an engine against the contract. open gives one that knows nothing.
func Run(t *testing.T, open func(t *testing.T) limits.Engine) {
	for _, c := range []struct {
		name string
		test func(*bench)
	}{
		{"whole limit", wholeLimit},
		{"rates refill", ratesRefill},
		{"all or nothing", allOrNothing},
		{"settle less", settleLess},
		{"settle more", settleMore},
		{"settle twice", settleTwice},
		{"only reserved", onlyReserved},
		{"corrections", corrections},
		{"windows", windows},
		{"slots", slots},
		{"expiry", expiry},
		{"late settlement", lateSettlement},
		{"ids", ids},
		{"tenants", tenants},
		{"changed limits", changedLimits},
		{"parallel", parallel},
		{"parallel slots", parallelSlots},
		{"nothing leaks", nothingLeaks},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(&bench{T: t, engine: open(t), now: Noon})
		})
	}
}

// bench is an engine under test.
type bench struct {
	*testing.T
	engine limits.Engine
	now    time.Time
	next   int
}

func (b *bench) lease(meters ...limits.Meter) *limits.Lease {
	b.next++
	return &limits.Lease{ID: fmt.Sprint("req-", b.next), Tenant: "acme", Meters: meters}
}

// takes reserves, which must succeed.
func (b *bench) takes(meters ...limits.Meter) *limits.Lease {
	b.Helper()
	l := b.lease(meters...)
	v, err := b.engine.Reserve(b.Context(), l, b.now)
	if err != nil || v.Refused != -1 || v.Wait != 0 || len(v.Remaining) != len(meters) {
		b.Fatalf("the verdict is %+v, %v", v, err)
	}
	return l
}

// refused tries to reserve, which must fail for want of the given meter.
func (b *bench) refused(which int, wait time.Duration, meters ...limits.Meter) {
	b.Helper()
	v, err := b.engine.Reserve(b.Context(), b.lease(meters...), b.now)
	if err != nil || v.Refused != which || v.Wait != wait || len(v.Remaining) != len(meters) {
		b.Fatalf("the verdict is %+v, %v; want %d refused for %v", v, err, which, wait)
	}
}

func (b *bench) settles(l *limits.Lease, actual ...int64) {
	b.Helper()
	b.engine.Settle(l, actual, b.now)
	Flush(b.T, b.engine)
}

func (b *bench) uses(m limits.Meter, want int64) {
	b.Helper()
	used, _, err := b.engine.Used(b.Context(), "acme", []limits.Meter{m}, b.now)
	if err != nil || len(used) != 1 || used[0] != want {
		b.Fatalf("%s %s has used %v, %v; want %d", m.Key, m.Window, used, err, want)
	}
}

// Flush waits until what is settled is counted.
func Flush(t testing.TB, e limits.Engine) {
	t.Helper()
	if f, ok := e.(interface{ Flush(context.Context) error }); ok {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := f.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// Rate, Day, Ever and Slots make meters.
func Rate(limit, amount int64) limits.Meter {
	return limits.Meter{Key: "key/k/tpm", Kind: limits.Rate, Measure: limits.Tokens, Limit: limit, Period: time.Minute, Amount: amount}
}

// Day is a quota of the window that is open at a time.
func Day(now time.Time, limit, amount int64) limits.Meter {
	date := now.Truncate(24 * time.Hour)
	return limits.Meter{Key: "tenant/tpd", Kind: limits.Quota, Measure: limits.Tokens, Limit: limit, Window: date.Format("2006-01-02"), Ends: date.Add(24 * time.Hour), Amount: amount}
}

// Ever is a quota for all time.
func Ever(limit, amount int64) limits.Meter {
	return limits.Meter{Key: "model/claude-*/budget", Kind: limits.Quota, Measure: limits.Money, Limit: limit, Window: "all", Amount: amount}
}

// Slots are places for leases.
func Slots(limit int64) limits.Meter {
	return limits.Meter{Key: "key/k/concurrent", Kind: limits.Slots, Measure: limits.Calls, Limit: limit, Amount: 1}
}

func wholeLimit(b *bench) {
	b.takes(Rate(1000, 1000), Day(b.now, 1000, 1000), Ever(1000, 1000), Slots(1))
	b.refused(0, 60*time.Millisecond, Rate(1000, 1))
	b.refused(0, 12*time.Hour, Day(b.now, 1000, 1))
	b.refused(0, 0, Ever(1000, 1))
	b.refused(0, 0, Slots(1))
	b.takes(Rate(1000, 0), Day(b.now, 1000, 0), Ever(1000, 0)) // what needs nothing always fits
}

func ratesRefill(b *bench) {
	b.takes(Rate(60, 60))
	for range 100 {
		b.refused(0, time.Second, Rate(60, 1)) // refusals cost nothing
	}
	b.now = b.now.Add(1500 * time.Millisecond)
	b.takes(Rate(60, 1))
	b.refused(0, 500*time.Millisecond, Rate(60, 1))
	b.uses(Rate(60, 0), 60) // begun ones included
	b.now = b.now.Add(time.Hour)
	b.uses(Rate(60, 0), 0)
	b.takes(Rate(60, 60))
}

func allOrNothing(b *bench) {
	b.takes(Ever(10, 10))
	b.refused(2, 0, Rate(10, 5), Day(b.now, 10, 5), Ever(10, 1), Slots(5))
	b.uses(Rate(10, 0), 0)
	b.uses(Day(b.now, 10, 0), 0)
	b.uses(Slots(5), 0)
	v, err := b.engine.Reserve(b.Context(), b.lease(Rate(10, 4), Ever(10, 0), Slots(5)), b.now)
	if err != nil || !slices.Equal(v.Remaining, []int64{6, 0, 4}) {
		b.Fatalf("the verdict is %+v, %v", v, err)
	}
}

func settleLess(b *bench) {
	l := b.takes(Rate(1000, 800), Day(b.now, 1000, 800), Ever(1000, 800), Slots(1))
	b.settles(l, 100, 100, 100, 0)
	b.uses(Rate(1000, 0), 100)
	b.uses(Day(b.now, 1000, 0), 100)
	b.uses(Ever(1000, 0), 100)
	b.uses(Slots(1), 0)
	l = b.takes(Rate(1000, 900), Day(b.now, 1000, 900), Ever(1000, 900), Slots(1))
	b.settles(l, 0, 0, 0, 0)
	b.uses(Rate(1000, 0), 100)
	b.uses(Ever(1000, 0), 100)
}

func settleMore(b *bench) {
	l := b.takes(Rate(1000, 500), Day(b.now, 1000, 500), Ever(1000, 500))
	b.settles(l, 1700, 1700, 1700)
	b.uses(Day(b.now, 1000, 0), 1700)
	b.refused(0, 42*time.Second, Rate(1000, 0)) // while there is debt, not even nothing fits
	b.refused(0, 12*time.Hour, Day(b.now, 1000, 0))
	b.refused(0, 0, Ever(1000, 1))
	b.now = b.now.Add(42 * time.Second)
	b.takes(Rate(1000, 0))
}

func settleTwice(b *bench) {
	first := b.takes(Rate(1000, 100), Ever(1000, 100), Slots(2))
	b.takes(Rate(1000, 100), Ever(1000, 100), Slots(2))
	for range 3 {
		b.settles(first, 60, 60, 0)
		b.uses(Rate(1000, 0), 160)
		b.uses(Ever(1000, 0), 160)
		b.uses(Slots(2), 1)
	}
	b.settles(b.lease(Rate(1000, 100), Ever(1000, 100), Slots(2)), 900, 900, 0) // nobody reserved it
	b.uses(Ever(1000, 0), 160)
}

// onlyReserved tells what of quotas open leases have only reserved, and refuses with what
// those that have ended have used.
func onlyReserved(b *bench) {
	reserved := func(want ...int64) {
		b.Helper()
		meters := []limits.Meter{Rate(1000, 0), Day(b.now, 1000, 0), Ever(1000, 0), Slots(9)}
		_, got, err := b.engine.Used(b.Context(), "acme", meters, b.now)
		if err != nil || !slices.Equal(got, want) {
			b.Fatalf("%v are reserved, %v; want %v", got, err, want)
		}
	}
	refused := func(settled int64, meters ...limits.Meter) {
		b.Helper()
		v, err := b.engine.Reserve(b.Context(), b.lease(meters...), b.now)
		if err != nil || v.Refused != 0 || v.Settled != settled {
			b.Fatalf("the verdict is %+v, %v; want %d to be settled", v, err, settled)
		}
	}
	first := b.takes(Rate(1000, 700), Day(b.now, 1000, 700), Ever(1000, 700), Slots(9))
	second := b.takes(Ever(1000, 200))
	reserved(0, 700, 900, 0)
	refused(0, Ever(1000, 300))
	refused(0, Rate(1000, 900))
	b.settles(first, 700, 50, 700, 0)
	reserved(0, 0, 200, 0)
	refused(700, Ever(1000, 300))
	b.settles(first, 0, 0, 0, 0)
	reserved(0, 0, 200, 0)
	b.settles(second, 500)
	reserved(0, 0, 0, 0)
	refused(1200, Ever(1000, 1))
	left := b.takes(Day(b.now, 1000, 100)) // its node dies
	reserved(0, 100, 0, 0)
	b.now = b.now.Add(limits.Expiry)
	reserved(0, 0, 0, 0)
	refused(150, Day(b.now, 1000, 900))
	b.settles(left, 30)
	reserved(0, 0, 0, 0)
	refused(80, Day(b.now, 1000, 950))
}

// corrections count in the window that they are for, and below nothing there is nothing.
func corrections(b *bench) {
	today := b.now
	l := b.takes(Rate(1000, 100), Day(today, 1000, 100), Ever(1000, 100), Slots(2))
	b.settles(l, 100, 100, 100, 0)
	b.now = b.now.Add(24 * time.Hour)
	b.settles(b.takes(Day(b.now, 1000, 40)), 40)
	correct := func(by int64, meters ...limits.Meter) {
		b.Helper()
		all := make([]int64, len(meters))
		for i := range all {
			all[i] = by
		}
		b.engine.Correct("acme", meters, all, b.now)
		Flush(b.T, b.engine)
	}
	correct(70, Rate(1000, 0), Day(today, 1000, 0), Ever(1000, 0), Slots(2))
	b.uses(Day(today, 1000, 0), 170)
	b.uses(Day(b.now, 1000, 0), 40)
	b.uses(Ever(1000, 0), 170)
	b.uses(Rate(1000, 0), 0)
	b.uses(Slots(2), 0)
	correct(-60, Ever(1000, 0), Day(b.now, 1000, 0))
	b.uses(Ever(1000, 0), 110)
	b.uses(Day(b.now, 1000, 0), 0)
	correct(5000, Ever(1000, 0)) // beyond the limit, as what is settled can be
	b.refused(0, 0, Ever(1000, 1))
	b.engine.Correct("nobody", []limits.Meter{Ever(1000, 0)}, []int64{5}, b.now)
}

func windows(b *bench) {
	today := b.now
	l := b.takes(Day(today, 100, 80))
	b.now = b.now.Add(24 * time.Hour)
	b.takes(Day(b.now, 100, 70))
	b.settles(l, 95) // counts in the window in which it was reserved
	b.uses(Day(b.now, 100, 0), 70)
	b.uses(Day(today, 100, 0), 95)
	b.now = today // a clock that is put back gives no quota anew
	b.refused(0, 12*time.Hour, Day(today, 100, 6))
	b.now = today.Add(24 * time.Hour)
	b.refused(0, 12*time.Hour, Day(b.now, 100, 31))
}

func slots(b *bench) {
	first := b.takes(Slots(2))
	second := b.takes(Slots(2))
	b.refused(0, 0, Slots(2))
	b.settles(first, 0)
	third := b.takes(Slots(2))
	b.refused(0, 0, Slots(2))
	b.settles(second, 0)
	b.settles(third, 1) // whatever is told, the place is free
	b.uses(Slots(2), 0)
}

func expiry(b *bench) {
	left, kept := b.takes(Slots(2), Ever(100, 10)), b.takes(Slots(2), Ever(100, 10))
	for range 3 {
		b.now = b.now.Add(limits.Expiry / 3 * 2)
		if err := b.engine.Renew(b.Context(), "acme", []string{kept.ID, "unknown"}, b.now); err != nil {
			b.Fatal(err)
		}
		Flush(b.T, b.engine)
	}
	third := b.takes(Slots(2))
	b.refused(0, 0, Slots(2))
	if err := b.engine.Renew(b.Context(), "acme", []string{left.ID}, b.now); err != nil {
		b.Fatal(err)
	}
	Flush(b.T, b.engine)
	b.uses(Slots(2), 2) // too late: its place is another's
	b.settles(left, 0, 3)
	b.uses(Slots(2), 2)
	b.uses(Ever(100, 0), 13)
	b.settles(kept, 0, 10)
	b.settles(third, 0)
	b.uses(Slots(2), 0)
	b.uses(Ever(100, 0), 13)
}

func lateSettlement(b *bench) {
	l := b.takes(Slots(1), Ever(100, 10))
	b.now = b.now.Add(limits.Expiry)
	b.takes(Slots(1))
	b.now = b.now.Add(limits.Expiry + limits.Afterlife)
	b.settles(b.takes(Slots(1)), 0)
	b.settles(l, 0, 50) // forgotten: what it reserved is counted for good
	b.uses(Ever(100, 0), 10)
}

func ids(b *bench) {
	l := b.takes(Ever(100, 10))
	again := &limits.Lease{ID: l.ID, Tenant: l.Tenant, Meters: l.Meters}
	if _, err := b.engine.Reserve(b.Context(), again, b.now); !errors.Is(err, limits.ErrLease) {
		b.Fatalf("the error is %v", err)
	}
	b.uses(Ever(100, 0), 10)
	b.settles(l, 4)
	b.uses(Ever(100, 0), 4)
	v, err := b.engine.Reserve(b.Context(), b.lease(), b.now) // nothing is limited
	if err != nil || v.Refused != -1 || len(v.Remaining) != 0 {
		b.Fatalf("the verdict is %+v, %v", v, err)
	}
}

func tenants(b *bench) {
	b.takes(Ever(100, 100))
	other := &limits.Lease{ID: "other", Tenant: "umbrella", Meters: []limits.Meter{Ever(100, 100), Slots(1)}}
	if v, err := b.engine.Reserve(b.Context(), other, b.now); err != nil || v.Refused != -1 {
		b.Fatalf("the verdict is %+v, %v", v, err)
	}
	b.settles(other, 30, 0)
	b.uses(Ever(100, 0), 100)
	used, _, err := b.engine.Used(b.Context(), "umbrella", []limits.Meter{Ever(100, 0), Slots(1)}, b.now)
	if err != nil || !slices.Equal(used, []int64{30, 0}) {
		b.Fatalf("the other tenant has used %v, %v", used, err)
	}
}

func changedLimits(b *bench) {
	b.takes(Rate(1000, 1000), Ever(1000, 1000))
	b.refused(1, 0, Rate(1000, 0), Ever(10, 0))
	b.takes(Rate(2000, 1000), Ever(2000, 1000))
	b.refused(0, 30*time.Millisecond, Rate(2000, 1))
	b.refused(0, time.Minute, Rate(1000, 0)) // at a lower limit, what is above it is debt
}

func parallel(b *bench) {
	meters := func() []limits.Meter { return []limits.Meter{Rate(1_000_000, 1), Day(b.now, 1000, 100), Slots(1000)} }
	if passed := b.together(200, meters); passed != 10 {
		b.Fatalf("%d have passed", passed)
	}
	b.uses(Day(b.now, 1000, 0), 1000)
	b.uses(Rate(1_000_000, 0), 10)
	b.uses(Slots(1000), 10)
}

func parallelSlots(b *bench) {
	if passed := b.together(100, func() []limits.Meter { return []limits.Meter{Slots(7), Rate(50, 1)} }); passed != 7 {
		b.Fatalf("%d have passed", passed)
	}
}

// together reserves many times at once, and counts what passes.
func (b *bench) together(n int, meters func() []limits.Meter) int64 {
	var wg sync.WaitGroup
	var passed atomic.Int64
	for i := range n {
		wg.Go(func() {
			l := &limits.Lease{ID: fmt.Sprint("together-", i), Tenant: "acme", Meters: meters()}
			v, err := b.engine.Reserve(b.Context(), l, b.now)
			if err != nil {
				b.Error(err)
			} else if v.Refused < 0 {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	return passed.Load()
}

// nothingLeaks ends leases in all the ways that there are, and finds nothing reserved.
func nothingLeaks(b *bench) {
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			if i%5 == 0 {
				cancel()
			}
			l := &limits.Lease{ID: fmt.Sprint("leak-", i), Tenant: "acme", Meters: []limits.Meter{Slots(100), Day(b.now, 1000, 10), Rate(1000, 10)}}
			defer func() { _ = recover() }()
			defer b.engine.Settle(l, []int64{0, 0, 0}, b.now)
			if _, err := b.engine.Reserve(ctx, l, b.now); err == nil && i%3 == 0 {
				panic("a handler that fails")
			}
		})
	}
	wg.Wait()
	for range 5 { // nobody settles these
		b.takes(Slots(100), Day(b.now, 1000, 10), Rate(1000, 10))
	}
	Flush(b.T, b.engine)
	b.uses(Slots(100), 5)
	b.uses(Day(b.now, 1000, 0), 50)
	b.uses(Rate(1000, 0), 50)
	b.now = b.now.Add(limits.Expiry)
	b.settles(b.takes(Slots(100)), 0)
	b.uses(Slots(100), 0)
}
