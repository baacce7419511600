package limits_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/limits"
)

func rate(limit, amount int64) *limits.Meter {
	return &limits.Meter{Key: "key/k/tpm", Kind: limits.Rate, Limit: limit, Period: time.Minute, Amount: amount}
}

func TestBucket(t *testing.T) {
	var b limits.Bucket
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	holds := func(seconds int, want int64) {
		t.Helper()
		if got := b.Used(rate(600, 0), at(seconds)); got != want {
			t.Errorf("after %d s there are %d, want %d", seconds, got, want)
		}
	}
	holds(0, 0)
	mark := b.Take(rate(600, 600), at(0))
	holds(0, 600)
	holds(3, 570)
	if wait := b.Wait(rate(600, 100), at(3)); wait != 7*time.Second {
		t.Errorf("100 fit after %v", wait)
	}
	b.Correct(rate(600, 600), mark, -500, at(3))
	holds(3, 70)
	holds(10, 0)

	// What has leaked is not given back: others have taken its room.
	mark = b.Take(rate(600, 600), at(100))
	b.Take(rate(600, 300), at(130))
	holds(130, 600)
	b.Correct(rate(600, 600), mark, -600, at(130))
	holds(130, 300)

	// A debt is not forgiven by time that has not passed.
	mark = b.Take(rate(600, 100), at(300))
	b.Correct(rate(600, 100), mark, 1100, at(300))
	holds(300, 1200)
	if wait := b.Wait(rate(600, 600), at(300)); wait != 2*time.Minute {
		t.Errorf("the whole limit fits after %v", wait)
	}
}

func TestBucketAndClocks(t *testing.T) {
	var b limits.Bucket
	b.Take(rate(600, 600), noon)
	for range 1000 { // the clocks of two processors
		b.Used(rate(600, 0), noon.Add(time.Millisecond))
		b.Used(rate(600, 0), noon)
	}
	if used := b.Used(rate(600, 0), noon.Add(time.Second)); used != 590 {
		t.Errorf("after a second there are %d", used)
	}
	b.Take(rate(600, 0), noon.Add(time.Second))
	yesterday := noon.Add(-24 * time.Hour)
	if used := b.Used(rate(600, 0), yesterday); used != 590 {
		t.Errorf("yesterday there are %d", used)
	}
	if wait := b.Wait(rate(600, 600), yesterday); wait > time.Minute {
		t.Errorf("the clock put back locks the bucket for %v", wait)
	}
	b.Take(rate(600, 0), yesterday)
	if !b.Empty(rate(600, 0), noon) {
		t.Error("a day later it is not empty")
	}
}

// However requests overlap, in the end the bucket holds no less than if each had come with
// what it really used: nothing is given back twice.
func TestBucketNeverForgives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 200).Draw(t, "limit")
		type lease struct {
			amount, actual int64
			mark           limits.Mark
			ends           int
		}
		var b, exact limits.Bucket
		var open []lease
		settle := func(second int) {
			now := noon.Add(time.Duration(second) * time.Second)
			kept := open[:0]
			for _, l := range open {
				if l.ends != second {
					kept = append(kept, l)
					continue
				}
				b.Correct(rate(limit, l.amount), l.mark, l.actual-l.amount, now)
				exact.Take(rate(limit, max(0, l.actual-l.amount)), now)
			}
			open = kept
		}
		for second := range 150 {
			settle(second)
			now := noon.Add(time.Duration(second) * time.Second)
			if second < 100 && rapid.Bool().Draw(t, "comes") {
				l := lease{amount: rapid.Int64Range(0, limit).Draw(t, "amount"), actual: rapid.Int64Range(0, 2*limit).Draw(t, "actual")}
				l.ends = second + rapid.IntRange(0, 49).Draw(t, "takes")
				if m := rate(limit, l.amount); b.Wait(m, now) == 0 {
					l.mark = b.Take(m, now)
					exact.Take(rate(limit, min(l.amount, l.actual)), now)
					open = append(open, l)
					settle(second)
				}
			}
			if len(open) == 0 && b.Used(rate(limit, 0), now) < exact.Used(rate(limit, 0), now) {
				t.Fatalf("after %d s there are %d, want at least %d", second, b.Used(rate(limit, 0), now), exact.Used(rate(limit, 0), now))
			}
		}
	})
}
