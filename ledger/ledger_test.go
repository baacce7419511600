package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rickyjim626/xjp-gateway/prices"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		runChild(dir)
	}
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// memory is a store that can be away, slow to take, or refuse some records.
type memory struct {
	Store // what a test does not need

	mu      sync.Mutex
	records map[string]Record
	inserts int
	twice   int // inserts of what was there
	away    error
	refuses func(*Record) bool
}

func newMemory() *memory { return &memory{records: map[string]Record{}} }

func (m *memory) Insert(_ context.Context, records []Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inserts++
	if m.away != nil {
		return m.away
	}
	for i := range records {
		if m.refuses != nil && m.refuses(&records[i]) {
			return fmt.Errorf("record %s is not to the store's taste", records[i].ID)
		}
	}
	for _, r := range records {
		old, is := m.records[r.ID]
		if is {
			m.twice++
		}
		if !is || old.End == Lost && r.End != Lost {
			m.records[r.ID] = r
		}
	}
	return nil
}

func (m *memory) Records(_ context.Context, f Filter) ([]Record, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return nil, "", m.away
	}
	ids := slices.Sorted(maps.Keys(m.records))
	var page []Record
	for _, id := range ids[:min(len(ids), f.Limit)] {
		page = append(page, m.records[id])
	}
	return page, "", nil
}

func (m *memory) goAway(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = err
}

func (m *memory) find(id string) (Record, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, is := m.records[id]
	return r, is
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}

var errGone = errors.New("the store has gone")

// quick are options that wait for nothing long.
func quick(dir string, store Store) Options {
	return Options{
		Dir: dir, Store: func() Store { return store }, Sync: 20 * time.Millisecond,
		linger: 5 * time.Millisecond, patience: backoff{first: time.Millisecond, most: 20 * time.Millisecond}, look: 20 * time.Millisecond,
	}
}

func open(t testing.TB, o Options) *Ledger {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(soon(t)) })
	return l
}

// soon is a context for what must not take long.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func contextFor(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), d)
}

// kill ends a ledger as the death of its process would: nothing more is written.
func (l *Ledger) kill() {
	l.end.Do(func() {
		l.stop()
		l.done.Wait()
		l.journal.tail.Close()
		for _, f := range l.journal.unsynced {
			f.Close()
		}
		l.feed.close()
		l.journal.folder.unlock()
	})
}

func startOf(id string) *Start {
	return &Start{
		ID: id, Time: noon, Tenant: "acme", Key: "k1", Endpoint: "generate", Dialect: "openai", Model: "fast", Session: "s1", Stream: true,
		Attempt:  Attempt{Number: 1, Route: "fast/1", Provider: "or", Upstream: "vendor/fast-1", Dialect: "openai"},
		Expected: Tokens{Input: 100, Output: 50}, ExpectedCost: 1250 * 1000, Price: "p1",
	}
}

func recordOf(id string) *Record {
	r := &Record{
		ID: id, Time: noon, Tenant: "acme", Key: "k1", Endpoint: "generate", Dialect: "openai", Model: "fast", Session: "s1", Stream: true,
		Status: 200, End: Complete, Route: "fast/1", Provider: "or", Upstream: "vendor/fast-1", Latency: 1200, FirstToken: 300,
		Attempts: []Attempt{{
			Number: 1, Route: "fast/1", Provider: "or", Upstream: "vendor/fast-1", Dialect: "openai", Status: 200, End: Complete,
			Tokens: Tokens{Input: 90, CacheRead: 10, Output: 40, Reasoning: 5}, Raw: `{"prompt_tokens":100,"completion_tokens":40}`,
			Cost: prices.Amount(1_100_000), Priced: prices.Amount(1_100_000), Price: "p1", Latency: 1190,
		}},
	}
	r.Sum()
	return r
}

// write starts and ends requests.
func write(t testing.TB, l *Ledger, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := errors.Join(l.Start(startOf(id)), l.End(recordOf(id))); err != nil {
			t.Fatal(err)
		}
	}
}

func flush(t testing.TB, l *Ledger) {
	t.Helper()
	if err := l.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
}

// numbered gives ids.
func numbered(prefix string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s-%04d", prefix, i))
	}
	return ids
}

// TestStored: each request becomes one record in the store, as it was.
func TestStored(t *testing.T) {
	store := newMemory()
	l := open(t, quick(t.TempDir(), store))
	ids := numbered("r", 1000)
	write(t, l, ids...)
	flush(t, l)
	if store.count() != len(ids) || store.twice > 0 {
		t.Errorf("%d records are stored and %d twice, want %d and 0", store.count(), store.twice, len(ids))
	}
	if got, _ := store.find("r-0500"); fmt.Sprint(got) != fmt.Sprint(*recordOf("r-0500")) {
		t.Errorf("got %+v", got)
	}
	if lag := l.Lag(); lag != (Lag{}) {
		t.Errorf("the lag is %+v", lag)
	}
}

// TestStoredWithoutFlush: records are stored soon, without anybody asking for it.
func TestStoredWithoutFlush(t *testing.T) {
	store := newMemory()
	l := open(t, quick(t.TempDir(), store))
	write(t, l, "a")
	eventually(t, func() bool { return store.count() == 1 })
	write(t, l, "b")
	eventually(t, func() bool { return store.count() == 2 })
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

// TestClosedClean: a journal of which all is stored leaves nothing to replay.
func TestClosedClean(t *testing.T) {
	dir, store := t.TempDir(), newMemory()
	l := open(t, quick(dir, store))
	write(t, l, numbered("r", 10)...)
	if err := l.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := l.Start(startOf("late")); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed ledger says %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 || entries[0].Name() != "1.lock" {
		t.Errorf("what is left is %v", entries)
	}
	if store.count() != 10 {
		t.Errorf("%d records are stored", store.count())
	}
}
