package keys_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/keys/keystest"
)

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// invented makes a key as the predecessor made them.
func invented(r *rand.Rand) string {
	b := []byte(keys.Prefix)
	for range 43 {
		b = append(b, base64url[r.IntN(64)])
	}
	return string(b)
}

// A crowd of random keys, of every form: good ones are found as ever, without asking the
// store again, and neither memory nor look-ups at once grow.
func TestCrowdOfWrongKeys(t *testing.T) {
	crowd := 100_000
	if testing.Short() {
		crowd = 20_000
	}
	s := keystest.New()
	var good [100]string
	for i := range good {
		_, good[i] = add(t, s, nil, nil)
	}
	d := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return s }, Capacity: 1000, Poll: time.Hour})
	defer d.Close()
	eventually(t, func() bool { return s.Calls("Changes") == 1 })
	for _, secret := range good {
		if _, err := d.Find(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Calls("Key")
	heap := heapNow()
	var forged, refused atomic.Int64
	var wg sync.WaitGroup
	for worker := range 2 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 1))
			for i := range crowd / 2 {
				var secret string
				switch i % 10 {
				case 0:
					secret = invented(r)
				case 1:
					_, secret = keys.NewSecret() // who knows the checksum
					forged.Add(1)
				default: // who does not
					secret = (invented(r) + invented(r))[:54]
				}
				if _, err := d.Find(t.Context(), secret); errors.Is(err, keys.ErrUnknown) {
					refused.Add(1)
				} else {
					t.Errorf("a random key: %v", err)
					return
				}
				if i%100 == 0 {
					if _, err := d.Find(t.Context(), good[r.IntN(len(good))]); err != nil {
						t.Errorf("a good key: %v", err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if n := s.Calls("Key") - before; int64(n) != forged.Load() {
		t.Errorf("%d look-ups by id, for %d keys with a checksum", n, forged.Load())
	}
	if n := s.Calls("KeyByHash"); n > crowd/10 {
		t.Errorf("%d look-ups by hash", n)
	}
	stats := d.Stats()
	if stats.Known != len(good) || stats.Unknown > 10_000 || refused.Load() != int64(crowd) {
		t.Errorf("%+v, %d refused", stats, refused.Load())
	}
	if grown := heapNow() - heap; grown > 8<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
}

func heapNow() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come about")
		}
	}
}

// While a crowd of keys without a checksum keeps a slow store busy, a good one that is not
// remembered yet gets through at once, and the crowd is not told that its keys are wrong.
func TestSlowStoreUnderACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		_, good := add(t, s, nil, nil)
		d := open(t, s, keys.DirectoryOptions{})
		var running atomic.Int64
		free := make(chan struct{})
		s.Before(func(method string) {
			if method == "KeyByHash" {
				running.Add(1)
				<-free
			}
		})
		var unknown, unavailable atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			secret := invented(rand.New(rand.NewPCG(uint64(i), 2)))
			wg.Go(func() {
				switch _, err := d.Find(t.Context(), secret); {
				case errors.Is(err, keys.ErrUnavailable):
					unavailable.Add(1)
				case errors.Is(err, keys.ErrUnknown):
					unknown.Add(1)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		expect(t, d, good, nil)
		if took := time.Since(began); took > 0 || running.Load() != 8 {
			t.Errorf("a good key waited %v, %d look-ups at once", took, running.Load())
		}
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		if n := unavailable.Load(); n != 92 || d.Stats().Busy != 92 {
			t.Errorf("%d were unavailable after a short wait, %d busy", n, d.Stats().Busy)
		}
		close(free)
		wg.Wait()
		if unknown.Load() != 8 || running.Load() != 8 {
			t.Errorf("%d unknown, %d look-ups", unknown.Load(), running.Load())
		}
	})
}

// Requests with one key that is not remembered share a look-up.
func TestRequestsShareALookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		_, secret := add(t, s, nil, nil)
		d := open(t, s, keys.DirectoryOptions{})
		free := make(chan struct{})
		s.Before(func(method string) {
			if method == "Key" {
				<-free
			}
		})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := d.Find(t.Context(), secret); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(free)
		wg.Wait()
		if n := s.Calls("Key"); n != 1 {
			t.Errorf("%d look-ups", n)
		}
	})
}

// What does not fit is the key that was not seen for longest; it is found again.
func TestCapacity(t *testing.T) {
	s := keystest.New()
	var secrets [20]string
	for i := range secrets {
		_, secrets[i] = add(t, s, nil, nil)
	}
	d := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return s }, Poll: time.Hour, Capacity: 10})
	defer d.Close()
	eventually(t, func() bool { return s.Calls("Changes") == 1 })
	busy := secrets[0]
	for round := range 3 {
		for _, secret := range secrets {
			for _, presented := range []string{secret, busy} {
				if _, err := d.Find(t.Context(), presented); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
			}
			if n := d.Stats().Known; n > 10 {
				t.Fatalf("%d are remembered", n)
			}
		}
	}
	// Each round finds the 19 others anew; the busy one stays.
	if n := s.Calls("Key"); n > 3*19+1 {
		t.Errorf("%d look-ups", n)
	}
}

// Keys that were found once are found again without a look-up, or with one if they may have
// changed since and could not be read anew; others are not looked up at all.
func TestFindRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		id, secret := add(t, s, nil, nil)
		d := open(t, s, keys.DirectoryOptions{Poll: time.Hour})
		expect := func(what string, want error, lookups int) {
			t.Helper()
			if p, err := d.FindRemembered(t.Context(), secret); !errors.Is(err, want) || (p == nil) != (want != nil) || s.Calls("Key") != lookups {
				t.Errorf("%s: %v after %d look-ups", what, err, s.Calls("Key"))
			}
		}
		expect("not remembered", keys.ErrUnknown, 0)
		if _, err := d.Find(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		expect("remembered", nil, 1)
		d.Invalidate(keys.Change{Key: id})
		synctest.Wait()
		expect("read anew", nil, 2)
		s.Fail(keystest.ErrAway)
		d.Invalidate(keys.Change{Tenant: keys.DefaultTenant})
		synctest.Wait() // it could not be read anew
		expect("the store is away", keys.ErrUnavailable, 4)
		s.Fail(nil)
		expect("it is back", nil, 5)
		for range 20 {
			_, wrong := keys.NewSecret()
			if _, err := d.FindRemembered(t.Context(), wrong); !errors.Is(err, keys.ErrUnknown) {
				t.Error(err)
			}
		}
		expect("others were not looked up", nil, 5)
	})
}

func BenchmarkFind(b *testing.B) {
	s := keystest.New()
	var secrets [1024]string
	for i := range secrets {
		_, secrets[i] = add(b, s, nil, nil)
	}
	d := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return s }})
	defer d.Close()
	for s.Calls("Changes") == 0 {
		time.Sleep(time.Millisecond)
	}
	for _, secret := range secrets {
		if _, err := d.Find(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("one after another", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := d.Find(b.Context(), secrets[i%len(secrets)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("in parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, err := d.Find(b.Context(), secrets[i%len(secrets)]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
	b.Run("wrong", func(b *testing.B) {
		b.ReportAllocs()
		wrong := secrets[0][:53] + "!"
		for b.Loop() {
			if _, err := d.Find(b.Context(), wrong); err == nil {
				b.Fatal("found")
			}
		}
	})
}
