package statetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// RunRestore holds an engine against what it must do with what the ledger knows. open gives
// one that knows nothing.
func RunRestore(t *testing.T, open func(t *testing.T, restore limits.Restore) limits.Engine) {
	t.Run("asked once", func(t *testing.T) { askedOnce(t, open) })
	t.Run("asked for what is new", func(t *testing.T) { askedForNew(t, open) })
	t.Run("ledger away", func(t *testing.T) { ledgerAway(t, open) })
}

// However many come first, the ledger is asked once, and nobody passes before it has told.
func askedOnce(t *testing.T, open func(t *testing.T, restore limits.Restore) limits.Engine) {
	var asked atomic.Int64
	e := open(t, func(_ context.Context, tenant string, quotas []limits.Meter) ([]int64, error) {
		asked.Add(1)
		time.Sleep(20 * time.Millisecond)
		if tenant != "acme" || len(quotas) != 1 || quotas[0].Key != "tenant/tpd" {
			t.Errorf("asked for %s %+v", tenant, quotas)
		}
		return []int64{75}, nil
	})
	var wg sync.WaitGroup
	var passed atomic.Int64
	for i := range 20 {
		wg.Go(func() {
			l := &limits.Lease{ID: fmt.Sprint(i), Tenant: "acme", Meters: []limits.Meter{Rate(1000, 1), Day(Noon, 100, 10), Slots(50)}}
			v, err := e.Reserve(t.Context(), l, Noon)
			if err != nil {
				t.Error(err)
			} else if v.Refused < 0 {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if asked.Load() != 1 || passed.Load() != 2 {
		t.Errorf("asked %d times, %d have passed", asked.Load(), passed.Load())
	}
}

// A new window, and a limit that is new, are asked for; those that are known are not.
func askedForNew(t *testing.T, open func(t *testing.T, restore limits.Restore) limits.Engine) {
	var asked []string
	b := &bench{T: t, now: Noon, engine: open(t, func(_ context.Context, _ string, quotas []limits.Meter) ([]int64, error) {
		used := make([]int64, len(quotas))
		for i, m := range quotas {
			asked = append(asked, m.Window)
			used[i] = 40
		}
		return used, nil
	})}
	b.takes(Day(b.now, 100, 10))
	b.takes(Day(b.now, 100, 10), Ever(100, 10))
	b.uses(Ever(100, 0), 50)
	b.now = b.now.Add(24 * time.Hour)
	b.takes(Day(b.now, 100, 60), Ever(100, 10))
	b.refused(0, 12*time.Hour, Day(b.now, 100, 1))
	if fmt.Sprint(asked) != "[2026-11-26 all 2026-11-27]" {
		t.Errorf("asked for %v", asked)
	}
}

// While the ledger is away, requests are counted all the same, and it is asked again, though
// not by each of them.
func ledgerAway(t *testing.T, open func(t *testing.T, restore limits.Restore) limits.Engine) {
	away, asked := true, 0
	b := &bench{T: t, now: Noon, engine: open(t, func(context.Context, string, []limits.Meter) ([]int64, error) {
		if asked++; away {
			return nil, errors.New("away")
		}
		return []int64{75}, nil
	})}
	for range 3 {
		b.takes(Day(b.now, 100, 10))
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	away = false
	b.now = b.now.Add(3 * time.Second)
	b.takes(Day(b.now, 100, 20))
	b.uses(Day(b.now, 100, 0), 95)
	b.refused(0, Day(b.now, 100, 0).Ends.Sub(b.now), Day(b.now, 100, 6))
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
