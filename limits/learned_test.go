package limits_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/limits"
)

func TestLearned(t *testing.T) {
	l := limits.NewLearned(100)
	expect := func(want int64, key, model string, maximum int64, hard bool) {
		t.Helper()
		if got := l.Expected(key, model, maximum, hard); got != want {
			t.Errorf("%s %s %d %v: %d is expected, want %d", key, model, maximum, hard, got, want)
		}
	}
	expect(limits.Unlearned, "k", "m", 0, false)
	expect(300, "k", "m", 300, false)
	expect(32000, "k", "m", 32000, true)
	for i := range 20 {
		expect(limits.Unlearned, "k", "m", 0, false)
		l.Observe("k", "m", int64(100+i))
	}
	expect(118, "k", "m", 0, false)
	expect(118, "k", "m", 0, true)
	expect(118, "k", "m", 32000, false)
	expect(50, "k", "m", 50, false)
	expect(32000, "k", "m", 32000, true)
	expect(limits.Unlearned, "k", "other", 0, false)
	expect(limits.Unlearned, "other", "m", 0, false)
}

// Of the last answers, nineteen of twenty are no longer than what is expected, and the next
// shorter answer would not do.
func TestLearnedQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		outputs := rapid.SliceOfN(rapid.Int64Range(0, 50_000), 20, 200).Draw(t, "outputs")
		l := limits.NewLearned(100)
		for _, n := range outputs {
			l.Observe("k", "m", n)
		}
		last := slices.Sorted(slices.Values(outputs[max(0, len(outputs)-64):]))
		got := l.Expected("k", "m", 0, false)
		within, below := 0, 0
		for _, n := range last {
			if n <= got {
				within++
			}
			if n < got {
				below++
			}
		}
		if within*20 < len(last)*19 || below*20 >= len(last)*19 {
			t.Fatalf("%d is expected of %v", got, last)
		}
	})
}

func TestLearnedForgetsTheOldest(t *testing.T) {
	l := limits.NewLearned(160)
	for i := range 100_000 {
		for range 20 {
			l.Observe("a", "used", 7)
		}
		l.Observe(fmt.Sprint(i), "m", 5)
		if got := l.Expected("a", "used", 0, false); got != 7 {
			t.Fatalf("after %d others, %d is expected", i, got)
		}
		if i == 2000 {
			break
		}
	}
}

func TestLearnedRace(t *testing.T) {
	l := limits.NewLearned(50)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 2000 {
				key := fmt.Sprint((i + j) % 100)
				l.Observe(key, "m", int64(j%10))
				if got := l.Expected(key, "m", 5, false); got < 0 || got > 5 {
					t.Errorf("%d is expected", got)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkLearnedObserve(b *testing.B) {
	l, lengths := limits.NewLearned(10_000), rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		l.Observe("k", "m", int64(lengths.Uint32N(4000)))
	}
}

func BenchmarkLearnedExpected(b *testing.B) {
	l := limits.NewLearned(10_000)
	for i := range 100 {
		l.Observe("k", "m", int64(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Expected("k", "m", 4096, false)
	}
}
