package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// small makes a journal of many segments.
func small(o Options) Options {
	o.MaxBytes = 8 * (64 << 10)
	return o
}

// TestLongStream: a request that is under way while the journal grows past many segments does
// not keep them, and is known after a kill; one whose end came is not.
func TestLongStream(t *testing.T) {
	dir, store := t.TempDir(), newMemory()
	o := small(quick(dir, store))
	o.OnError = func(err error) { t.Errorf("told: %v", err) }
	l := open(t, o)
	second := startOf("long")
	second.Attempt.Number = 2
	if err := errors.Join(l.Start(startOf("long")), l.Start(startOf("ends later")), l.Start(second)); err != nil {
		t.Fatal(err)
	}
	for round := range 20 { // of more than one segment each
		write(t, l, numbered(fmt.Sprint(round), 200)...)
		flush(t, l)
		if round == 10 {
			if err := l.End(recordOf("ends later")); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, func() bool {
		segments, err := l.journal.folder.segments()
		if err != nil {
			t.Fatal(err)
		}
		return len(segments) <= 2 && segments[0].number > 10
	})
	l.kill()
	l = open(t, quick(dir, store))
	flush(t, l)
	if r, _ := store.find("long"); r.End != Lost || len(r.Attempts) != 2 || r.Tokens.Input != 200 {
		t.Errorf("the long request is stored as %+v", r)
	}
	if r, _ := store.find("ends later"); r.End != Complete {
		t.Errorf("the other is stored as %+v", r)
	}
	if store.count() != 20*200+2 {
		t.Errorf("%d records are stored", store.count())
	}
}

// TestRotationUnderLoad: while segments are begun, carried over and removed, no record is lost
// and none that ended is settled as lost.
func TestRotationUnderLoad(t *testing.T) {
	dir, store := t.TempDir(), newMemory()
	o := small(quick(dir, store))
	o.MaxBytes, o.Strict, o.Batch, o.segment = 32<<20, true, 50, 8<<10
	l := open(t, o)
	var wg sync.WaitGroup
	const workers, each = 16, 200
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", w, i)
				if err := errors.Join(l.Start(startOf(id)), l.End(recordOf(id))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	l.kill()
	o.OnLost = func(r *Record) { t.Errorf("%s is lost", r.ID) }
	l = open(t, o)
	flush(t, l)
	if store.count() != workers*each {
		t.Errorf("%d records are stored, want %d", store.count(), workers*each)
	}
}

// TestTwoProcesses: each of two has a journal of its own; when one dies the other settles
// what it has left.
func TestTwoProcesses(t *testing.T) {
	dir, store := t.TempDir(), newMemory()
	store.goAway(errGone)
	o := quick(dir, store)
	var lost sync.Map
	o.OnLost = func(r *Record) { lost.Store(r.ID, true) }
	a, b := open(t, o), open(t, o)
	if a.journal.folder.path == b.journal.folder.path {
		t.Fatal("both have the same folder")
	}
	write(t, a, numbered("a", 10)...)
	write(t, b, numbered("b", 10)...)
	if err := errors.Join(a.Start(startOf("a under way")), b.Start(startOf("b under way"))); err != nil {
		t.Fatal(err)
	}
	a.kill()
	eventually(t, func() bool { _, is := lost.Load("a under way"); return is }) // though the store is away
	if lag := b.Lag(); lag.Records != 21 {
		t.Errorf("the lag is %+v", lag)
	}
	store.goAway(nil)
	eventually(t, func() bool { return store.count() == 21 })
	if _, is := lost.Load("b under way"); is {
		t.Error("a request of the process that lives is told to be lost")
	}
	eventually(t, func() bool { return gone(stat(a.journal.folder.path)) })
	eventually(t, func() bool { return b.Lag() == Lag{} })
}

func stat(path string) error {
	_, err := os.Stat(path)
	return err
}

// TestDamaged: what is broken in the journal of a dead process is reported and passed over,
// wherever it is, and the rest is stored.
func TestDamaged(t *testing.T) {
	for name, test := range map[string]struct {
		harm    func(all []byte) []byte
		records int // of four that are stored
		damage  int // reports of it
	}{
		"nothing":           {func(all []byte) []byte { return all }, 4, 0},
		"the last byte":     {func(all []byte) []byte { return all[:len(all)-1] }, 4, 1}, // settled as lost
		"a byte inside":     {func(all []byte) []byte { all[len(magic)+40] ^= 1; return all }, 4, 1},
		"zeros at the end":  {func(all []byte) []byte { return append(all, make([]byte, 5000)...) }, 4, 1},
		"the magic":         {func(all []byte) []byte { all[0] = 'Y'; return all }, 0, 1},
		"all of it":         {func([]byte) []byte { return nil }, 0, 0},
		"a later version's": {func(all []byte) []byte { return append(all, framed("\x63what is not known")...) }, 4, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var told told
			dir, store := t.TempDir(), newMemory()
			o := quick(dir, store)
			store.goAway(errGone)
			l := open(t, o)
			write(t, l, numbered("r", 4)...)
			path := l.journal.folder.segmentPath(1)
			l.kill()
			all, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, test.harm(all), 0o600); err != nil {
				t.Fatal(err)
			}
			store.goAway(nil)
			told.listen(&o)
			l = open(t, o)
			flush(t, l)
			if store.count() != test.records {
				t.Errorf("%d records are stored", store.count())
			}
			errs, _ := told.all()
			if len(errs) != test.damage {
				t.Errorf("told %v", errs)
			}
			for _, err := range errs {
				var damage *DamageError
				if !errors.As(err, &damage) || damage.Segment != path || damage.Bytes == 0 {
					t.Errorf("told %v", err)
				}
			}
		})
	}
}

// TestMark: a mark that is lost, broken or of another journal only has records stored again.
func TestMark(t *testing.T) {
	for name, mark := range map[string]string{"none": "", "broken": strings.Repeat("x", markSize), "short": "abc"} {
		t.Run(name, func(t *testing.T) {
			dir, store := t.TempDir(), newMemory()
			l := open(t, quick(dir, store))
			write(t, l, numbered("r", 10)...)
			flush(t, l)
			l.kill()
			if err := os.WriteFile(filepath.Join(l.journal.folder.path, markName), []byte(mark), 0o600); err != nil {
				t.Fatal(err)
			}
			l = open(t, quick(dir, store))
			flush(t, l)
			if store.count() != 10 || store.twice != 10 {
				t.Errorf("%d records are stored, %d again", store.count(), store.twice)
			}
		})
	}
	t.Run("of a journal before", func(t *testing.T) {
		dir, store := t.TempDir(), newMemory()
		if err := os.MkdirAll(filepath.Join(dir, "1"), 0o700); err != nil {
			t.Fatal(err)
		}
		m, _, err := (&folder{path: filepath.Join(dir, "1")}).mark()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(m.move(position{segment: 9, offset: 1 << 20}), m.close()); err != nil {
			t.Fatal(err)
		}
		l := open(t, quick(dir, store))
		write(t, l, "a")
		flush(t, l)
		if store.count() != 1 {
			t.Error("the record is not stored")
		}
	})
}

// TestUnwritable: a folder that cannot be written to is told of when the ledger is opened.
func TestUnwritable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Open(quick(path, newMemory())); err == nil {
		l.Close(soon(t))
		t.Error("it was opened")
	}
	o, disk := quick(t.TempDir(), newMemory()), &disk{}
	o.create = disk.create
	if l, err := Open(o); err == nil {
		l.Close(soon(t))
		t.Error("it was opened")
	}
}
