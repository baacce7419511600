package memory_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/state/memory"
	"github.com/rickyjim626/xjp-gateway/state/statetest"
)

func TestEngine(t *testing.T) {
	statetest.Run(t, func(*testing.T) limits.Engine { return memory.NewEngine(nil) })
}

func TestRestore(t *testing.T) {
	statetest.RunRestore(t, func(t *testing.T, restore limits.Restore) limits.Engine { return memory.NewEngine(restore) })
}

// Memory holds what is in use and no more.
func TestBoundedMemory(t *testing.T) {
	e := memory.NewEngine(nil)
	now := statetest.Noon
	before := heap()
	for i := range 100_000 {
		now = now.Add(30 * time.Second)
		day := statetest.Day(now, 10, 1)
		day.Key = fmt.Sprint("key/", i, "/tpd")
		rate := statetest.Rate(10, 1)
		rate.Key = fmt.Sprint("key/", i, "/tpm")
		l := &limits.Lease{ID: fmt.Sprint(i), Tenant: "acme", Meters: []limits.Meter{rate, day}}
		if _, err := e.Reserve(t.Context(), l, now); err != nil {
			t.Fatal(err)
		}
		if i%10 > 0 { // every tenth leaks
			e.Settle(l, []int64{1, 1}, now)
		}
	}
	// Of 35 days, the windows and the leaked leases of two or three are kept.
	if grown := heap() - before; grown > 12<<20 {
		t.Errorf("%d MiB are in use", grown>>20)
	}
	runtime.KeepAlive(e)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func six(key string) []limits.Meter {
	rpm, tpm, rpd := statetest.Rate(limits.MaxRate, 1), statetest.Rate(limits.MaxRate, 900), statetest.Day(statetest.Noon, limits.MaxCount, 1)
	rpm.Key, tpm.Key, rpd.Key = "key/"+key+"/rpm", "key/"+key+"/tpm", "key/"+key+"/rpd"
	return []limits.Meter{rpm, rpd, tpm, statetest.Slots(1000), statetest.Day(statetest.Noon, limits.MaxCount, 900), statetest.Ever(int64(limits.MaxBudget), 12345)}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	e := memory.NewEngine(nil)
	l := &limits.Lease{ID: "a", Tenant: "acme", Meters: six("k")}
	actual := []int64{1, 1, 800, 0, 800, 9999}
	now := statetest.Noon
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Millisecond)
		if _, err := e.Reserve(t.Context(), l, now); err != nil {
			t.Error(err)
		}
		e.Settle(l, actual, now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkReserveSettle(b *testing.B) {
	for _, tenants := range []int{1, 64} {
		b.Run(fmt.Sprint("tenants=", tenants), func(b *testing.B) {
			e := memory.NewEngine(nil)
			var worker atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				n := worker.Add(1)
				l := &limits.Lease{ID: fmt.Sprint("w", n), Tenant: fmt.Sprint("t", int(n)%tenants), Meters: six(fmt.Sprint("k", n))}
				actual := []int64{1, 1, 800, 0, 800, 9999}
				now := statetest.Noon
				for pb.Next() {
					now = now.Add(time.Microsecond)
					if _, err := e.Reserve(context.Background(), l, now); err != nil {
						b.Error(err)
					}
					e.Settle(l, actual, now)
				}
			})
		})
	}
}
