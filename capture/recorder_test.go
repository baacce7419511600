package capture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errGone = errors.New("the store is gone")

// shelf is a store in memory, which can fail and be slow.
type shelf struct {
	Store
	mu     sync.Mutex
	kept   []Capture
	fails  error
	slow   chan struct{} // each insertion waits for it, if it is there
	prunes int
}

func (s *shelf) InsertCaptures(ctx context.Context, captures []Capture) error {
	if s.slow != nil {
		select {
		case <-s.slow:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		s.kept = append(s.kept, captures...)
	}
	return s.fails
}

func (s *shelf) PruneCaptures(_ context.Context, before time.Time, maxTotal int64, most int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prunes++
	deleted := 0
	for len(s.kept) > 0 && deleted < most && (s.kept[0].Time.Before(before) || s.total() > maxTotal) {
		s.kept = s.kept[1:]
		deleted++
	}
	return deleted, s.fails
}

func (s *shelf) DeleteCaptures(_ context.Context, _, key string, most int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []Capture
	deleted := 0
	for _, c := range s.kept {
		if c.Key == key && deleted < most {
			deleted++
		} else {
			left = append(left, c)
		}
	}
	s.kept = left
	return deleted, s.fails
}

func (s *shelf) total() (sum int64) {
	for i := range s.kept {
		sum += s.kept[i].Footprint()
	}
	return sum
}

func (s *shelf) set(fails error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = fails
}

func (s *shelf) ids() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for i := range s.kept {
		ids = append(ids, s.kept[i].ID)
	}
	return strings.Join(ids, " ")
}

// bench is a recorder under test, and what it has told.
type bench struct {
	*Recorder
	store *shelf

	mu              sync.Mutex
	stored, dropped int
	errs            []error
}

func newBench(t *testing.T, o Options) *bench {
	b := &bench{store: &shelf{}}
	o.Store = func() Store { return b.store }
	o.OnStored = func(n int) { b.mu.Lock(); defer b.mu.Unlock(); b.stored += n }
	o.OnDropped = func(n int) { b.mu.Lock(); defer b.mu.Unlock(); b.dropped += n }
	o.OnError = func(err error) { b.mu.Lock(); defer b.mu.Unlock(); b.errs = append(b.errs, err) }
	b.Recorder = NewRecorder(o)
	t.Cleanup(func() { b.Close(context.Background()) })
	return b
}

// expect checks what has become of captures.
func (b *bench) expect(t *testing.T, stored, dropped, errs int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stored != stored || b.dropped != dropped || len(b.errs) != errs {
		t.Errorf("%d stored, %d dropped, errors %v; want %d, %d and %d", b.stored, b.dropped, b.errs, stored, dropped, errs)
	}
}

// record records a request with an answer in pieces.
func (b *bench) record(id, request string, answer ...string) {
	c := b.Begin()
	for _, piece := range answer {
		c.Write([]byte(piece))
	}
	c.End(Capture{ID: id, Time: time.Now()}, []byte(request))
}

func (b *bench) flush(t *testing.T) {
	t.Helper()
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func shown(b Body) string {
	return fmt.Sprintf("%q of %d truncated %t", b.Content, b.Size, b.Truncated)
}

// TestBodies: bodies are kept up to a size, cut between characters, and their whole size is
// told.
func TestBodies(t *testing.T) {
	for _, test := range []struct {
		body []string
		want string
	}{
		{nil, `"" of 0 truncated false`},
		{[]string{"12345678"}, `"12345678" of 8 truncated false`},
		{[]string{"123", "", "45678"}, `"12345678" of 8 truncated false`},
		{[]string{"123456789"}, `"12345678" of 9 truncated true`},
		{[]string{"12345", "6789", "0"}, `"12345678" of 10 truncated true`},
		{[]string{"123456会"}, `"123456" of 9 truncated true`},
		{[]string{"1234567", "ü", "x"}, `"1234567" of 10 truncated true`},
		{[]string{"12345会x"}, `"12345会" of 9 truncated true`},
		{[]string{"1234😀x"}, `"1234😀" of 9 truncated true`},
		{[]string{"12345😀x"}, `"12345" of 10 truncated true`},
		{[]string{"1234567\xff90"}, `"1234567\xff" of 10 truncated true`},
		{[]string{"\x80\x80\x80\x80\x80\x80\x80\x80\x80"}, `"\x80\x80\x80\x80\x80\x80\x80\x80" of 9 truncated true`},
	} {
		b := newBench(t, Options{MaxBody: 8})
		b.record("a", strings.Join(test.body, ""), test.body...)
		b.flush(t)
		got := b.store.kept[0]
		if shown(got.Request) != test.want || shown(got.Answer) != test.want {
			t.Errorf("%q: got %s and %s, want %s", test.body, shown(got.Request), shown(got.Answer), test.want)
		}
	}
}

// TestAnswersGrow: an answer of many pieces is kept whole, and takes what it holds from the
// memory that there is.
func TestAnswersGrow(t *testing.T) {
	b := newBench(t, Options{})
	c := b.Begin()
	for i := range 10_000 {
		c.Write(fmt.Appendf(nil, "piece %05d\n", i))
	}
	if held := b.held.Load(); held < 120_000 || held > 250_000 {
		t.Errorf("it holds %d bytes", held)
	}
	c.End(Capture{ID: "a"}, []byte("hello"))
	b.flush(t)
	got := b.store.kept[0]
	if got.Answer.Truncated || got.Answer.Size != 120_000 || !strings.HasSuffix(string(got.Answer.Content), "piece 09999\n") || string(got.Request.Content) != "hello" {
		t.Errorf("kept is %d of %d and %s", len(got.Answer.Content), got.Answer.Size, got.Request.Content)
	}
	if held := b.held.Load(); held != 0 {
		t.Errorf("%d bytes are held for nothing", held)
	}
}

// TestNoRoom: what there is no room for is given up and counted, whether it is an answer
// that grows, a request or a queue that nobody empties; and room comes back.
func TestNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{MaxWaiting: 40 << 10})
		long := strings.Repeat("x", 30<<10)
		b.record("a large answer", "hello", long, long)
		b.record("a large request", long, long)
		b.expect(t, 0, 2, 0)

		b.store.slow = make(chan struct{})
		for i := range 10 {
			b.record(fmt.Sprint("queued ", i), "hello", "world")
		}
		synctest.Wait()
		stored := 40 << 10 / (overhead + 2*leastBuffer)
		b.expect(t, 0, 2+10-stored, 0)
		close(b.store.slow)
		b.flush(t)
		b.expect(t, stored, 2+10-stored, 0)
		b.record("a", long)
		b.flush(t)
		b.expect(t, stored+1, 2+10-stored, 0)
		if held := b.held.Load(); held != 0 {
			t.Errorf("%d bytes are held for nothing", held)
		}
	})
}

// TestStoreFails: a store that fails is tried again for a while, and meanwhile nobody waits;
// what it does not take by then is given up, and the next is a new try.
func TestStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.store.set(errGone)
		begun := time.Now()
		b.record("a", "hello")
		time.Sleep(2 * time.Second)
		b.store.set(nil)
		b.flush(t)
		b.expect(t, 1, 0, 2)
		if passed := time.Since(begun); passed != 3*time.Second {
			t.Errorf("it was stored after %v", passed)
		}

		b.store.set(errGone)
		begun = time.Now()
		b.record("b", "hello")
		b.flush(t)
		b.expect(t, 1, 1, 7)
		if passed := time.Since(begun); passed != 15*time.Second {
			t.Errorf("it was given up after %v", passed)
		}
		b.store.set(nil)
		b.record("c", "hello")
		b.flush(t)
		if got := b.store.ids(); got != "a c" {
			t.Errorf("stored are %s", got)
		}
	})
}

// TestNoStore: while the store is not open, it is as one that fails.
func TestNoStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.o.Store = func() Store { return nil }
		b.record("a", "hello")
		b.flush(t)
		b.expect(t, 0, 1, 5)
		if !errors.Is(b.errs[0], errNoStore) {
			t.Errorf("the error is %v", b.errs[0])
		}
	})
}

// TestManyAtOnce: captures of many requests at once are all stored, each once.
func TestManyAtOnce(t *testing.T) {
	b := newBench(t, Options{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for j := range 10 {
				b.record(fmt.Sprint(i, "-", j), "hello", "world")
			}
		})
	}
	wg.Wait()
	b.flush(t)
	b.expect(t, 200, 0, 0)
	seen := map[string]bool{}
	for id := range strings.FieldsSeq(b.store.ids()) {
		seen[id] = true
	}
	if len(seen) != 200 {
		t.Errorf("%d different ones are stored", len(seen))
	}
}

// TestTotal: the store never holds much more than it may.
func TestTotal(t *testing.T) {
	b := newBench(t, Options{MaxTotal: 160 << 10})
	for i := range 300 {
		b.record(fmt.Sprint(i), strings.Repeat("x", 1000))
		b.flush(t)
		if total := b.store.total(); total > 160<<10+10<<10+2000 {
			t.Fatalf("after %d the store holds %d bytes", i, total)
		}
	}
	if !strings.HasSuffix(b.store.ids(), " 298 299") || b.store.prunes < 20 || b.store.prunes > 100 {
		t.Errorf("%d prunes have left %s", b.store.prunes, b.store.ids())
	}
	if total := b.store.total(); total < 140<<10 {
		t.Errorf("only %d bytes are left", total)
	}
}

// TestClose: what waits is stored, for as long as there is time.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		for i := range 20 {
			b.record(fmt.Sprint(i), "hello")
		}
		b.Close(t.Context())
		b.expect(t, 20, 0, 0)

		b = newBench(t, Options{})
		b.store.slow = make(chan struct{})
		for i := range 20 {
			b.record(fmt.Sprint(i), "hello")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		b.Close(ctx)
		b.expect(t, 0, 20, 1)
		if passed := time.Since(begun); passed != time.Second {
			t.Errorf("it took %v", passed)
		}
	})
}

// TestFlushBounded: who waits for what waits can stop waiting.
func TestFlushBounded(t *testing.T) {
	b := newBench(t, Options{})
	b.store.slow = make(chan struct{})
	b.record("a", "hello")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Flush(ctx); err != context.Canceled {
		t.Errorf("flush: %v", err)
	}
	close(b.store.slow)
	b.flush(t)
}

// TestPrune: what is old goes, and the oldest of the rest, in steps; the error says what it
// was about.
func TestPrune(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		s := &shelf{}
		for i := range 5000 {
			s.kept = append(s.kept, Capture{ID: fmt.Sprint(i), Time: now.Add(time.Duration(i-5000) * time.Minute)})
		}
		n, err := Prune(t.Context(), s, 2000*time.Minute, 1500*overhead, now)
		if n != 3500 || err != nil || len(s.kept) != 1500 {
			t.Errorf("%d were deleted, %d are left: %v", n, len(s.kept), err)
		}
		s.fails = errGone
		if _, err := Prune(t.Context(), s, time.Hour, 1, now); !errors.Is(err, errGone) || !strings.HasPrefix(err.Error(), "deleting old captures") {
			t.Errorf("it says %v", err)
		}
	})
}

// TestDelete: all captures of a key go, however many there are.
func TestDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		for i := range 2500 {
			s.kept = append(s.kept, Capture{ID: fmt.Sprint(i), Key: []string{"a", "b"}[i%2]})
		}
		n, err := Delete(t.Context(), s, "", "a")
		if n != 1250 || err != nil || len(s.kept) != 1250 {
			t.Errorf("%d were deleted, %d are left: %v", n, len(s.kept), err)
		}
	})
}

// BenchmarkRecording is what the capture of a stream of 300 events of 200 bytes costs its
// request.
func BenchmarkRecording(b *testing.B) {
	r := NewRecorder(Options{Store: func() Store { return &shelf{} }})
	defer r.Close(context.Background())
	request, event := []byte(strings.Repeat("x", 2000)), []byte(strings.Repeat("y", 200))
	b.ReportAllocs()
	for b.Loop() {
		c := r.Begin()
		for range 300 {
			c.Write(event)
		}
		c.End(Capture{ID: "a"}, request)
	}
}
