package ledger

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// aging is a store that only prunes.
type aging struct {
	Store
	times []time.Time
	fails error
	calls int
}

func (a *aging) Prune(_ context.Context, before time.Time, most int) (int, error) {
	a.calls++
	if a.fails != nil {
		return 0, a.fails
	}
	var kept []time.Time
	deleted := 0
	for _, at := range a.times {
		if at.Before(before) && deleted < most {
			deleted++
		} else {
			kept = append(kept, at)
		}
	}
	a.times = kept
	return deleted, nil
}

// TestPrune: what is older than it is kept goes, in steps, and nothing else.
func TestPrune(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &aging{}
		for i := range 5000 {
			store.times = append(store.times, noon.Add(-time.Duration(i)*time.Hour))
		}
		n, err := Prune(t.Context(), store, 1000*time.Hour, noon)
		if n != 3999 || err != nil || len(store.times) != 1001 || store.calls != 4 {
			t.Errorf("%d deleted in %d calls, %v, %d left", n, store.calls, err, len(store.times))
		}
		if n, err := Prune(t.Context(), store, 1000*time.Hour, noon); n != 0 || err != nil {
			t.Errorf("%d deleted again, %v", n, err)
		}
		store.fails = errGone
		if _, err := Prune(t.Context(), store, time.Hour, noon); !errors.Is(err, errGone) {
			t.Errorf("it says %v", err)
		}
	})
}

// TestRetention: old records go as time goes by; while there is no store, or nothing is to be
// kept for a time, nothing happens.
func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		store := &aging{times: []time.Time{begun.Add(-90 * time.Minute), begun.Add(-30 * time.Minute), begun}}
		var mu sync.Mutex // of what the loop and the test share
		var away bool
		var deleted int
		var failed error
		r := Retention{Keep: time.Hour}
		r.OnPruned = func(n int, err error) {
			mu.Lock()
			defer mu.Unlock()
			deleted, failed = deleted+n, err
		}
		r.Store = func() Store {
			mu.Lock()
			defer mu.Unlock()
			if away {
				return nil
			}
			return store
		}
		ctx, cancel := context.WithCancel(t.Context())
		go r.Run(ctx)
		for _, step := range []struct {
			passes time.Duration
			away   bool
			fails  error
			left   int
		}{{time.Minute, false, nil, 2}, {time.Hour, true, nil, 2}, {time.Hour, false, errGone, 2}, {time.Hour, false, nil, 0}} {
			mu.Lock()
			away, store.fails = step.away, step.fails
			mu.Unlock()
			time.Sleep(step.passes)
			synctest.Wait()
			mu.Lock()
			if len(store.times) != step.left || !errors.Is(failed, step.fails) {
				t.Errorf("%d records are left, want %d; told %v", len(store.times), step.left, failed)
			}
			mu.Unlock()
		}
		if deleted != 3 {
			t.Errorf("told of %d", deleted)
		}
		cancel()
		(&Retention{Store: func() Store { t.Error("asked for a store"); return nil }}).Run(t.Context())
	})
}
