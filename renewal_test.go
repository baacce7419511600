package xjpgateway

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestRenewal checks that a renewal goes on until it ends, also one that ends while it is
// being renewed.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r renewal
		times := 0
		r.begin(func() {
			if times++; times == 3 {
				r.end()
			}
			r.again()
		})
		time.Sleep(10 * renewEvery)
		synctest.Wait()
		if times != 3 {
			t.Errorf("renewed %d times, want 3", times)
		}
	})
}
