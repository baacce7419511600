package registry

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestBudget: a part of the requests may be repeated, and a few in any case; both what was
// earned and what was spent is forgotten after ten seconds.
func TestBudget(t *testing.T) {
	for _, test := range []struct {
		name     string
		part     float64
		requests int
		spent    int // before the time passes
		passes   time.Duration
		want     int // repeats that are left
	}{
		{"three without a request", 0.2, 0, 0, 0, 3},
		{"three where no part is set", 0, 1000, 0, 0, 3},
		{"one in four, and three", 0.25, 100, 0, 0, 28},
		{"one in two, and three", 0.5, 100, 0, 0, 53},
		{"all spent", 0.25, 100, 28, 0, 0},
		{"earned and half faded", 0.25, 100, 0, 5 * time.Second, 15},
		{"earned and faded", 0.2, 100, 0, 10 * time.Second, 3},
		{"spent and not yet faded", 0.2, 0, 3, 3 * time.Second, 0},
		{"spent and a third faded", 0.2, 0, 3, 3400 * time.Millisecond, 1},
		{"spent and faded", 0.2, 0, 3, 10 * time.Second, 3},
		{"after a day", 0.2, 100, 50, 24 * time.Hour, 3},
		{"a clock set back", 0.25, 100, 25, -24 * time.Hour, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b Budget
			b.Configure(test.part)
			for range test.requests {
				b.Deposit(noon)
			}
			for range test.spent {
				b.Withdraw(noon)
			}
			now, left := noon.Add(test.passes), 0
			for b.Withdraw(now) {
				left++
			}
			if left != test.want {
				t.Errorf("%d repeats are left, want %d", left, test.want)
			}
			if b.refill(); !b.Withdraw(now) {
				t.Error("none is left after the refill")
			}
		})
	}
}

// TestBudgetInAnOutage: while all fail and each request wishes two repeats, calls are no
// more than the requests, their part and three in ten seconds, at whatever pace they come.
func TestBudgetInAnOutage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Budget
		b.Configure(0.2)
		pace := rapid.IntRange(0, 2000).Draw(t, "ms between requests at most")
		gaps := rapid.SliceOfN(rapid.IntRange(0, pace), 1000, 1000).Draw(t, "gaps")
		now, repeats := noon, 0
		for i, gap := range gaps {
			now = now.Add(time.Duration(gap) * time.Millisecond)
			b.Deposit(now)
			for range 2 {
				if b.Withdraw(now) {
					repeats++
				}
			}
			windows := 1 + now.Sub(noon).Seconds()/decay.Seconds()
			if most := 0.2*float64(i+1) + 3*windows; float64(repeats) > most+1e-6 {
				t.Fatalf("%d repeats of %d requests in %v, more than %.1f", repeats, i+1, now.Sub(noon), most)
			}
		}
		if repeats < 3 {
			t.Fatalf("only %d repeats", repeats)
		}
	})
}
