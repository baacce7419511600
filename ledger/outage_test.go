package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// told is what a ledger tells its owner.
type told struct {
	mu      sync.Mutex
	errs    []error
	resumed []string
}

func (n *told) listen(o *Options) {
	o.OnError = func(err error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.errs = append(n.errs, err)
	}
	o.OnResume = func(part string) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.resumed = append(n.resumed, part)
	}
}

func (n *told) all() ([]error, []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.errs), slices.Clone(n.resumed)
}

// TestStoreAway: while the store is away requests go on, the lag tells of it, and the owner
// is told once; when it is back, all is stored.
func TestStoreAway(t *testing.T) {
	var told told
	store := newMemory()
	o := quick(t.TempDir(), store)
	told.listen(&o)
	l := open(t, o)
	store.goAway(errGone)
	write(t, l, numbered("r", 1000)...)
	eventually(t, func() bool { return l.Lag().Store != nil })
	time.Sleep(50 * time.Millisecond) // for some more tries
	lag := l.Lag()
	if lag.Records != 1000 || lag.Bytes < 100_000 || lag.Age < time.Hour || !errors.Is(lag.Store, errGone) || lag.Journal != nil {
		t.Errorf("the lag is %+v", lag)
	}
	if errs, resumed := told.all(); len(errs) != 1 || !errors.Is(errs[0], errGone) || len(resumed) != 0 {
		t.Errorf("told %v, %v", errs, resumed)
	}
	store.goAway(nil)
	flush(t, l)
	if store.count() != 1000 {
		t.Errorf("%d records are stored", store.count())
	}
	if errs, resumed := told.all(); len(errs) != 1 || !slices.Equal(resumed, []string{"store"}) {
		t.Errorf("told %v, %v", errs, resumed)
	}
}

// TestClosedWithoutStore: what cannot be stored before the end stays for the next process.
func TestClosedWithoutStore(t *testing.T) {
	dir, store := t.TempDir(), newMemory()
	store.goAway(errGone)
	o := quick(dir, store)
	var l *Ledger
	l = open(t, o)
	write(t, l, numbered("r", 300)...)
	ctx, cancel := contextFor(t, 30*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); err == nil || !strings.Contains(err.Error(), "300 records") {
		t.Errorf("closing says %v", err)
	}
	store.goAway(nil)
	l = open(t, o)
	flush(t, l)
	if store.count() != 300 {
		t.Errorf("%d records are stored", store.count())
	}
}

// TestRefusedRecords: records that the store refuses are set aside, and those around them are
// stored; even if they come first, alone, or all together.
func TestRefusedRecords(t *testing.T) {
	bad := func(r *Record) bool { return strings.HasPrefix(r.ID, "bad") }
	for name, ids := range map[string][]string{
		"one among many":     append(numbered("r", 400), append([]string{"bad"}, numbered("s", 400)...)...),
		"the first":          append([]string{"bad"}, numbered("r", 100)...),
		"the last":           append(numbered("r", 100), "bad"),
		"two side by side":   append([]string{"a", "bad-1", "bad-2"}, numbered("r", 9)...),
		"many, and one good": append(numbered("bad", 30), "r"),
	} {
		t.Run(name, func(t *testing.T) {
			var told told
			dir, store := t.TempDir(), newMemory()
			store.refuses = bad
			o := quick(dir, store)
			told.listen(&o)
			l := open(t, o)
			write(t, l, ids...)
			flush(t, l)
			want := int64(0)
			for _, id := range ids {
				_, is := store.find(id)
				if is == strings.HasPrefix(id, "bad") {
					t.Errorf("%s is stored: %v", id, is)
				}
				if !is {
					want++
				}
			}
			if lag := l.Lag(); lag.Rejected != want || lag.Store != nil || lag.Dropped != 0 {
				t.Errorf("the lag is %+v, want %d rejected", lag, want)
			}
			text, err := os.ReadFile(filepath.Join(dir, rejectsName))
			if err != nil || int64(strings.Count(string(text), "\n")) != want || !strings.Contains(string(text), `"id":"bad`) {
				t.Errorf("set aside: %s, %v", text, err)
			}
		})
	}
}

// TestRefusedAlone: a record that is refused while nothing is known to be taken is no reason
// to set it aside: it may be the store's fault. It goes when another one is taken.
func TestRefusedAlone(t *testing.T) {
	store := newMemory()
	store.refuses = func(r *Record) bool { return r.ID == "bad" }
	l := open(t, quick(t.TempDir(), store))
	write(t, l, "bad")
	eventually(t, func() bool { return l.Lag().Store != nil })
	if lag := l.Lag(); lag.Rejected != 0 || lag.Records != 1 {
		t.Errorf("the lag is %+v", lag)
	}
	write(t, l, "good")
	flush(t, l)
	if lag := l.Lag(); lag.Rejected != 1 || store.count() != 1 {
		t.Errorf("the lag is %+v, and %d records are stored", lag, store.count())
	}
}

// TestGoesAwayWhileSifting: a store that goes away while a refused record is looked for has
// no good record set aside.
func TestGoesAwayWhileSifting(t *testing.T) {
	for after := 0; after < 40; after += 2 {
		store := newMemory()
		inserts := 0
		store.refuses = func(r *Record) bool {
			if inserts++; inserts > after && inserts < after+60 {
				return true
			}
			return r.ID == "bad"
		}
		o := quick(t.TempDir(), store)
		o.patience.most = time.Millisecond
		l := open(t, o)
		write(t, l, append(numbered("r", 6), append([]string{"bad"}, numbered("s", 6)...)...)...)
		flush(t, l)
		if lag := l.Lag(); lag.Rejected != 1 || store.count() != 12 {
			t.Errorf("after %d: %d set aside, %d stored", after, lag.Rejected, store.count())
		}
		l.Close(soon(t))
	}
}

// disk is one that can be full: what is beyond its room is written in part.
type disk struct {
	mu   sync.Mutex
	room int64
}

func (d *disk) set(room int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = room
}

func (d *disk) create(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return &onDisk{f, d}, err
}

type onDisk struct {
	*os.File
	disk *disk
}

// Sync does nothing: the power does not fail here.
func (f *onDisk) Sync() error { return nil }

func (f *onDisk) WriteAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if n := f.disk.room; n < int64(len(b)) {
		f.disk.room = 0
		n, err := f.File.WriteAt(b[:n], at)
		return n, errors.Join(err, syscall.ENOSPC)
	}
	f.disk.room -= int64(len(b))
	return f.File.WriteAt(b, at)
}

// TestDiskFull: in strict mode a request is refused while the disk takes no more, in relaxed
// mode it is not; one that was under way is recorded when there is room again, in both.
func TestDiskFull(t *testing.T) {
	for _, strict := range []bool{true, false} {
		t.Run(fmt.Sprintf("strict=%v", strict), func(t *testing.T) {
			var told told
			store, disk := newMemory(), &disk{room: 1 << 20}
			o := quick(t.TempDir(), store)
			o.Strict, o.create = strict, disk.create
			told.listen(&o)
			l := open(t, o)
			write(t, l, "before")
			if err := l.Start(startOf("under way")); err != nil {
				t.Fatal(err)
			}
			for _, room := range []int64{17, 0} { // a part of a frame, or none
				disk.set(room)
				if err := l.Start(startOf("refused")); errors.Is(err, ErrFull) != strict || errors.Is(err, syscall.ENOSPC) != strict {
					t.Errorf("with room for %d bytes a start says %v", room, err)
				}
			}
			if err := l.End(recordOf("under way")); errors.Is(err, ErrFull) != strict {
				t.Errorf("the end says %v", err)
			}
			if lag := l.Lag(); !errors.Is(lag.Journal, ErrFull) || lag.Dropped != 0 {
				t.Errorf("the lag is %+v", lag)
			}
			disk.set(1 << 20)
			write(t, l, "after")
			flush(t, l)
			for _, id := range []string{"before", "under way", "after"} {
				if r, is := store.find(id); !is || r.End != Complete {
					t.Errorf("%s is stored as %+v", id, r)
				}
			}
			if store.count() != 3 || l.Lag() != (Lag{}) {
				t.Errorf("%d records are stored, the lag is %+v", store.count(), l.Lag())
			}
			errs, resumed := told.all()
			if len(errs) != 1 || !errors.Is(errs[0], ErrFull) || !slices.Equal(resumed, []string{"journal"}) {
				t.Errorf("told %v, %v", errs, resumed)
			}
		})
	}
}

// TestDiskFullWithoutTraffic: what is held is written when there is room, though nothing else is.
func TestDiskFullWithoutTraffic(t *testing.T) {
	store, disk := newMemory(), &disk{room: 1 << 20}
	o := quick(t.TempDir(), store)
	o.create = disk.create
	l := open(t, o)
	disk.set(3)
	l.End(recordOf("a"))
	disk.set(1 << 20)
	eventually(t, func() bool { return store.count() == 1 })
}

// TestClosedWhileDiskFull: what is in the journal is stored even if more cannot be written to
// it, and what is lost is told.
func TestClosedWhileDiskFull(t *testing.T) {
	store, disk := newMemory(), &disk{room: 1 << 20}
	o := quick(t.TempDir(), store)
	o.create = disk.create
	l := open(t, o)
	write(t, l, "written")
	disk.set(0)
	l.End(recordOf("not written"))
	if err := l.Close(soon(t)); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "1 records could not be written") {
		t.Errorf("closing says %v", err)
	}
	if _, is := store.find("written"); !is || store.count() != 1 {
		t.Errorf("%d records are stored", store.count())
	}
}

// TestDiskFullForLong: what is held in memory is bounded, and what is beyond it counted.
func TestDiskFullForLong(t *testing.T) {
	store, disk := newMemory(), &disk{room: 1 << 20}
	o := quick(t.TempDir(), store)
	o.create = disk.create
	l := open(t, o)
	disk.set(0)
	r := recordOf("a")
	r.Attempts[0].Raw = strings.Repeat("x", mostRaw)
	const n = 1000
	for i := range n {
		r.ID = fmt.Sprint(i)
		if err := l.End(r); err != nil {
			t.Fatal(err)
		}
	}
	dropped := l.Lag().Dropped
	if want := int64(n - mostHeld/(mostRaw+400)); dropped < want-20 || dropped > want+20 {
		t.Errorf("%d records were dropped, want about %d", dropped, want)
	}
	if held := l.Lag().Records; held+dropped != n {
		t.Errorf("%d records wait and %d were dropped, of %d", held, dropped, n)
	}
	disk.set(1 << 20) // which is less than all that is held
	eventually(t, func() bool { return store.count() > 0 })
	disk.set(64 << 20)
	flush(t, l)
	if int64(store.count())+dropped != n {
		t.Errorf("%d records are stored and %d were dropped, of %d", store.count(), dropped, n)
	}
}

// TestKilledWhileDiskFull: the part of a frame that a full disk took is no record after a crash.
func TestKilledWhileDiskFull(t *testing.T) {
	var told told
	dir, store, disk := t.TempDir(), newMemory(), &disk{room: 1 << 20}
	o := quick(dir, store)
	o.Strict, o.create = true, disk.create
	told.listen(&o)
	l := open(t, o)
	if err := l.Start(startOf("under way")); err != nil {
		t.Fatal(err)
	}
	disk.set(100)
	if err := l.End(recordOf("under way")); !errors.Is(err, ErrFull) {
		t.Errorf("the end says %v", err)
	}
	disk.set(0)
	l.kill()
	o.create = nil
	l = open(t, o)
	flush(t, l)
	if r, is := store.find("under way"); !is || r.End != Lost || store.count() != 1 {
		t.Errorf("stored as %+v", r)
	}
	if errs, _ := told.all(); len(errs) != 1 || !errors.Is(errs[0], ErrFull) {
		t.Errorf("told %v", errs)
	}
}

// TestCap: at its cap the journal lets requests end that are under way, and no other begin;
// when the store has taken some of it, it goes on.
func TestCap(t *testing.T) {
	for _, strict := range []bool{true, false} {
		t.Run(fmt.Sprintf("strict=%v", strict), func(t *testing.T) {
			store := newMemory()
			store.goAway(errGone)
			o := quick(t.TempDir(), store)
			o.Strict, o.MaxBytes = strict, 1<<20
			l := open(t, o)
			if err := l.Start(startOf("under way")); err != nil {
				t.Fatal(err)
			}
			written := 0
			for ; l.Lag().Journal == nil; written++ {
				id := fmt.Sprint(written)
				err := l.Start(startOf(id))
				if err != nil && (!strict || !errors.Is(err, ErrFull)) {
					t.Fatal(err)
				}
				if err == nil {
					l.End(recordOf(id))
				}
			}
			if written < 1000 {
				t.Errorf("only %d records fit into a MiB", written)
			}
			before := l.Lag().Dropped
			if err := l.End(recordOf("rejected")); errors.Is(err, ErrFull) != strict || l.Lag().Dropped != before+1 {
				t.Errorf("a record that was not begun: %v, %d dropped", err, l.Lag().Dropped-before)
			}
			if err := l.End(recordOf("under way")); err != nil {
				t.Errorf("one that was under way: %v", err)
			}
			if size := l.journal.folder.bytes(); size > 1<<20+4096 {
				t.Errorf("the journal has %d bytes", size)
			}
			store.goAway(nil)
			flush(t, l)
			write(t, l, "after")
			flush(t, l)
			if _, is := store.find("under way"); !is {
				t.Error("what was under way is not stored")
			}
			if _, is := store.find("after"); !is || l.Lag().Journal != nil {
				t.Errorf("it does not go on: %+v", l.Lag())
			}
		})
	}
}
