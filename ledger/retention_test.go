package ledger

import (
	"context"
	"errors"
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
