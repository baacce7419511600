package xjpgateway

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// TestRenewals checks that leases are renewed until they end, one that ends while all are
// being renewed included, and that nothing goes on after the last.
func TestRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, other := &limits.Lease{ID: "1", Tenant: "a"}, &limits.Lease{ID: "2", Tenant: "a"}, &limits.Lease{ID: "3", Tenant: "b"}
		renewed := map[string]int{}
		var r renewals
		r.renew = func(tenant string, ids []string) {
			for _, id := range ids {
				renewed[tenant+id]++
			}
			if renewed["a1"] == 3 {
				r.end(first)
			}
		}
		expect := func(when string, want ...int) {
			t.Helper()
			synctest.Wait()
			if got := []int{renewed["a1"], renewed["a2"], renewed["b3"]}; !slices.Equal(got, want) {
				t.Errorf("%s: renewed %d times, want %d", when, got, want)
			}
		}
		r.begin(first)
		time.Sleep(renewEvery / 2)
		expect("before the first time", 0, 0, 0)
		r.begin(second)
		time.Sleep(renewEvery)
		expect("after it", 1, 1, 0)
		r.end(second)
		r.end(second)
		r.begin(other)
		time.Sleep(3 * renewEvery)
		expect("after four times", 3, 1, 3)
		r.end(other)
		time.Sleep(renewEvery)
		synctest.Wait()
		if r.timed || len(r.open) > 0 {
			t.Error("something goes on after the last")
		}
		r.begin(second)
		time.Sleep(renewEvery)
		expect("begun again", 3, 2, 3)
		r.end(second)
		time.Sleep(renewEvery)
	})
}
