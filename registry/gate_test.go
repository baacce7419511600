package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// door is a Gate before which callers wait, in a bubble with a clock of its own.
type door struct {
	*testing.T
	gate    Gate
	entered []int   // the callers that waited and were let in
	refused []error // by caller; nil if it was let in or still waits
	mu      sync.Mutex
}

// wait lets a further caller wait, and returns when it does.
func (d *door) wait(ctx context.Context, longest time.Duration) {
	d.mu.Lock()
	n := len(d.refused)
	d.refused = append(d.refused, nil)
	d.mu.Unlock()
	go func() {
		err := d.gate.Enter(ctx, longest)
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.refused[n] = err; err == nil {
			d.entered = append(d.entered, n)
		}
	}()
	synctest.Wait()
}

// is checks the load and who has been let in from the queue.
func (d *door) is(in, waiting int, entered ...int) {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	slices.Sort(d.entered) // those let in at once come in any order
	if i, w := d.gate.Load(); i != in || w != waiting || !slices.Equal(d.entered, entered) {
		d.Fatalf("%d in, %d wait, %v entered; want %d, %d, %v", i, w, d.entered, in, waiting, entered)
	}
}

// refusedBy checks why a caller was refused.
func (d *door) refusedBy(n int, want error) {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !errors.Is(d.refused[n], want) {
		d.Fatalf("caller %d: %v, want %v", n, d.refused[n], want)
	}
}

// TestGate goes through a gate with two places and a queue of three.
func TestGate(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name string
		do   func(d *door)
	}{
		{"in the order of arrival", func(d *door) {
			for range 3 {
				d.wait(ctx, time.Hour)
			}
			d.is(2, 3)
			d.gate.Leave()
			d.is(2, 2, 0)
			d.gate.Leave()
			d.is(2, 1, 0, 1)
			d.gate.Leave()
			d.is(2, 0, 0, 1, 2)
		}},
		{"a full queue is told at once", func(d *door) {
			for range 4 {
				d.wait(ctx, time.Hour)
			}
			d.refusedBy(3, ErrBusy)
			d.is(2, 3)
		}},
		{"nobody passes those who wait", func(d *door) {
			d.wait(ctx, time.Hour)
			if d.gate.TryEnter() {
				d.Error("entered a full gate")
			}
			d.gate.Leave()
			d.is(2, 0, 0)
		}},
		{"a wait that is too long", func(d *door) {
			d.wait(ctx, time.Second)
			d.wait(ctx, time.Hour)
			time.Sleep(time.Second - time.Nanosecond)
			d.is(2, 2)
			time.Sleep(time.Nanosecond)
			d.refusedBy(0, ErrBusy)
			d.is(2, 1)
			d.gate.Leave() // whose place goes to the next
			d.is(2, 0, 1)
		}},
		{"no wait at all", func(d *door) {
			d.wait(ctx, 0)
			d.refusedBy(0, ErrBusy)
			d.is(2, 0)
		}},
		{"a caller that goes away", func(d *door) {
			gone, cancel := context.WithCancel(ctx)
			d.wait(gone, time.Hour)
			d.wait(ctx, time.Hour)
			cancel()
			d.refusedBy(0, context.Canceled)
			d.gate.Leave()
			d.is(2, 0, 1)
		}},
		{"a caller that goes away as it is let in", func(d *door) {
			for n := range 100 {
				gone, cancel := context.WithCancel(ctx)
				d.wait(gone, time.Hour)
				cancel()
				d.gate.Leave()
				synctest.Wait()
				in, waiting := d.gate.Load()
				if held := d.refused[n] == nil; waiting != 0 || held && in != 2 || !held && in != 1 {
					d.Fatalf("%d in, %d wait, let in: %v", in, waiting, held)
				} else if !held && !d.gate.TryEnter() {
					d.Fatal("the place is lost")
				}
			}
		}},
		{"more places while callers wait", func(d *door) {
			for range 3 {
				d.wait(ctx, time.Hour)
			}
			d.gate.Configure(4, 3)
			d.is(4, 1, 0, 1)
		}},
		{"fewer places while callers wait", func(d *door) {
			d.wait(ctx, time.Hour)
			d.gate.Configure(1, 3)
			d.gate.Leave()
			d.is(1, 1)
			d.gate.Leave()
			d.is(1, 0, 0)
		}},
		{"a shorter queue keeps who waits", func(d *door) {
			d.wait(ctx, time.Hour)
			d.wait(ctx, time.Hour)
			d.gate.Configure(2, 1)
			d.wait(ctx, time.Hour)
			d.refusedBy(2, ErrBusy)
			d.gate.Leave()
			d.gate.Leave()
			d.is(2, 0, 0, 1)
		}},
		{"no limit any more", func(d *door) {
			for range 3 {
				d.wait(ctx, time.Hour)
			}
			d.gate.Configure(0, 0)
			d.is(5, 0, 0, 1, 2)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &door{T: t}
				d.gate.Configure(2, 3)
				for range 2 {
					if !d.gate.TryEnter() {
						t.Fatal("two places do not hold two")
					}
				}
				defer d.gate.Configure(0, 0) // lets in who still waits, so that the bubble ends
				test.do(d)
			})
		})
	}
	t.Run("the zero value lets everybody in", func(t *testing.T) {
		var g Gate
		for range 1000 {
			if g.Enter(ctx, 0) != nil || !g.TryEnter() {
				t.Fatal("refused")
			}
		}
	})
}

// TestGateLosesNoPlace lets many callers enter, wait, give up and leave at once while the
// limits change: there are never more in than the largest limit, and none in the end.
func TestGateLosesNoPlace(t *testing.T) {
	const callers, rounds, most = 32, 200, 6
	var (
		g       Gate
		in      atomic.Int64
		entered atomic.Int64
		wg      sync.WaitGroup
		stop    = make(chan struct{})
		changes = make(chan struct{})
	)
	g.Configure(most, 8)
	go func() {
		defer close(changes)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				g.Configure(1+i%most, i%10)
			}
		}
	}()
	for n := range callers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for range rounds {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(300))*time.Microsecond)
				if g.Enter(ctx, time.Duration(random.IntN(300))*time.Microsecond) == nil {
					entered.Add(1)
					if now := in.Add(1); now > most {
						t.Errorf("%d are in", now)
					}
					time.Sleep(time.Duration(random.IntN(50)) * time.Microsecond)
					in.Add(-1)
					g.Leave()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	close(stop)
	<-changes
	if in, waiting := g.Load(); in != 0 || waiting != 0 || entered.Load() == 0 {
		t.Errorf("%d in and %d wait after the end, %d entered", in, waiting, entered.Load())
	}
}
