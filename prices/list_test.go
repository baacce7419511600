package prices

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// always answers a fetch with the same body.
func always(body string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(body), nil }
}

// openList opens a list and waits for its first answer.
func openList(t *testing.T, config ListConfig) *List {
	t.Helper()
	l := OpenList(config)
	t.Cleanup(l.Close)
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

// listOf is a list of models that cost some micro-USD per token.
func listOf(models ...string) string {
	var rows []string
	for _, m := range models {
		rows = append(rows, `{"id":"`+m+`","pricing":{"prompt":"0.000001","completion":"0.000002"}}`)
	}
	return `{"data":[` + strings.Join(rows, ",") + `]}`
}

// script answers each fetch in its turn, the last one for ever, and notes when.
type script struct {
	mu      sync.Mutex
	answers []string // "" fails
	times   []time.Time
}

func (s *script) fetch(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times = append(s.times, time.Now())
	answer := s.answers[min(len(s.times), len(s.answers))-1]
	if answer == "" {
		return nil, errors.New("no route to host")
	}
	return []byte(answer), nil
}

func (s *script) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

func (s *script) waits() (waits []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.times); i++ {
		waits = append(waits, s.times[i].Sub(s.times[i-1]))
	}
	return waits
}

func TestListRefreshesWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []string{listOf("a")}}
		l := OpenList(ListConfig{Fetch: s.fetch, Every: time.Hour})
		time.Sleep(20 * time.Hour)
		l.Close()
		waits, different := s.waits(), map[time.Duration]bool{}
		for _, w := range waits {
			different[w] = true
			if w < 54*time.Minute || w > 66*time.Minute {
				t.Errorf("%s between two answers", w)
			}
		}
		if len(waits) < 17 || len(different) < 2 {
			t.Errorf("waits of %v", waits)
		}
	})
}

func TestListKeepsWhatItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []string{listOf("a", "b"), "", `{"data":[]}`, "<html>", listOf("b")}}
		var failed atomic.Int32
		l := OpenList(ListConfig{Fetch: s.fetch, Every: time.Hour, Failed: func(error) { failed.Add(1) }})
		defer l.Close()
		synctest.Wait()
		if l.Find("a") == nil || l.Len() != 2 {
			t.Fatal("the first answer is not there")
		}
		if age, ok := l.Age(); !ok || age != 0 {
			t.Errorf("the age is %s, %v", age, ok)
		}
		time.Sleep(66*time.Minute + 4*time.Minute)
		if failed.Load() != 3 || l.Find("a") == nil {
			t.Errorf("D28: %d failures, and a is %v", failed.Load(), l.Find("a"))
		}
		for i, limit := range []time.Duration{33 * time.Second, 66 * time.Second, 132 * time.Second} {
			if w := s.waits()[i+1]; w > limit || w < limit*8/10 {
				t.Errorf("after failure %d it waited %s", i+1, w)
			}
		}
		time.Sleep(29 * 24 * time.Hour)
		if l.Find("a") == nil {
			t.Error("a model that lists lack lost its price within 29 days")
		}
		time.Sleep(2 * 24 * time.Hour)
		if l.Find("a") != nil || l.Find("b") == nil {
			t.Errorf("after 31 days a is %v and b is %v", l.Find("a"), l.Find("b"))
		}
	})
}

func TestListRefreshIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		l := OpenList(ListConfig{Every: time.Hour, Fetch: func(context.Context) ([]byte, error) {
			calls.Add(1)
			time.Sleep(time.Second)
			return []byte(listOf("a")), nil
		}})
		defer l.Close()
		synctest.Wait() // the first one is under way
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if err := l.Refresh(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := l.Refresh(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who does not wait got %v", err)
		}
		all.Wait()
		if calls.Load() != 1 {
			t.Errorf("asked %d times", calls.Load())
		}
	})
}

func TestListCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := OpenList(ListConfig{Every: time.Hour, Failed: func(err error) { t.Errorf("closing is no failure: %v", err) },
			Fetch: func(ctx context.Context) ([]byte, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}})
		answer := make(chan error, 1)
		go func() { answer <- l.Refresh(context.Background()) }()
		synctest.Wait()
		l.Close()
		l.Close()
		if err := <-answer; !errors.Is(err, ErrClosed) {
			t.Errorf("who was waiting got %v", err)
		}
		if err := l.Refresh(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("a closed list was refreshed: %v", err)
		}
	})
}

func TestListGivesUpOnAHangingAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Value
		l := OpenList(ListConfig{Every: time.Hour, Failed: func(err error) { told.Store(err) }, Fetch: func(ctx context.Context) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		defer l.Close()
		time.Sleep(fetchLimit + time.Second)
		if err, _ := told.Load().(error); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("told %v", err)
		}
		if _, ok := l.Age(); ok || l.Len() != 0 {
			t.Error("there is a list")
		}
	})
}

func TestListServesFromDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "prices")
	synctest.Test(t, func(t *testing.T) {
		first := OpenList(ListConfig{Fetch: always(listOf("a")), Dir: dir, Every: time.Hour})
		synctest.Wait()
		want := first.Find("a").Version()
		first.Close()

		time.Sleep(20 * time.Minute)
		s := &script{answers: []string{""}}
		l := OpenList(ListConfig{Fetch: s.fetch, Dir: dir, Every: time.Hour})
		defer l.Close()
		if p := l.Find("a"); p == nil || p.Version() != want {
			t.Fatalf("from the disk a is %+v", p)
		}
		if age, ok := l.Age(); !ok || age != 20*time.Minute {
			t.Errorf("the age is %s, %v", age, ok)
		}
		time.Sleep(39 * time.Minute)
		if s.calls() != 0 {
			t.Error("a fresh copy was refreshed early")
		}
		time.Sleep(2 * time.Minute)
		if s.calls() == 0 || l.Find("a") == nil {
			t.Errorf("asked %d times when it was due, and a is %v", s.calls(), l.Find("a"))
		}
	})
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left over on the disk: %v", files)
	}
}

// A copy cut at any byte is refused as a whole, and the next answer replaces it.
func TestListSurvivesABrokenCopy(t *testing.T) {
	dir := t.TempDir()
	openList(t, ListConfig{Fetch: always(listOf("a", "b")), Dir: dir}).Close()
	path := filepath.Join(dir, copyName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := readCatalogue(dir); err == nil || len(c.Models) > 0 {
			t.Fatalf("a copy cut at byte %d was read: %v, %v", cut, c.Models, err)
		}
	}
	for _, bad := range []string{`{"models":{"a":{}}}`, `{"models":{"a":{"price":{"input":"1"}}}}`} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		var told []error
		l := OpenList(ListConfig{Fetch: always(listOf("b")), Dir: dir, Failed: func(err error) { told = append(told, err) }})
		if err := l.Refresh(t.Context()); err != nil || l.Find("b") == nil {
			t.Errorf("after a broken copy: %v", err)
		}
		l.Close()
		if len(told) != 1 || !strings.Contains(told[0].Error(), "copy of OpenRouter's prices") {
			t.Errorf("told %v", told)
		}
		if c, err := readCatalogue(dir); err != nil || c.find("b") == nil {
			t.Errorf("the copy was not replaced: %v", err)
		}
	}
}

func TestListWithoutADisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var told atomic.Int32
	l := openList(t, ListConfig{Fetch: always(listOf("a")), Dir: filepath.Join(file, "in a file"), Failed: func(error) { told.Add(1) }})
	if l.Find("a") == nil || told.Load() == 0 {
		t.Errorf("a is %v, and the disk's failure was told %d times", l.Find("a"), told.Load())
	}
}

func TestCopyIsReplacedAsAWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, copyName)
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (&catalogue{}).write(dir); err == nil {
		t.Error("a folder was replaced")
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left over: %v", files)
	}
}

func TestNoList(t *testing.T) {
	var l *List
	if _, ok := l.Age(); ok || l.Find("a") != nil || l.Len() != 0 {
		t.Error("a list that is not there has something")
	}
}

func TestListFindsWhileItIsRefreshed(t *testing.T) {
	l := openList(t, ListConfig{Fetch: always(listOf("a"))})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				if l.Find("a") == nil {
					t.Error("a is gone")
				}
				l.Age()
			}
		})
	}
	for range 20 {
		if err := l.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
}
