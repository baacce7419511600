package ledger

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// TestDiskOfItsOwn fills a small disk with the journal itself, each segment with a request that
// is under way, and nothing stored: it refuses, and when the store is back makes room by itself.
func TestDiskOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	store := newMemory()
	store.goAway(errGone)
	o := quick(dir, store)
	o.Strict, o.segment = true, 64<<10
	l := open(t, o)
	full, ended := false, 0
	var running []string
	for i := 0; !full; i++ {
		id := fmt.Sprint(i)
		if full = errors.Is(l.Start(startOf(id)), ErrFull); full {
			break
		}
		if i%20 == 0 {
			running = append(running, id)
			continue
		}
		if full = errors.Is(l.End(recordOf(id)), ErrFull); full {
			running = append(running, id)
		} else {
			ended++
		}
	}
	if ended < 1000 {
		t.Errorf("only %d records fit", ended)
	}
	store.goAway(nil)
	eventually(t, func() bool { return store.count() >= ended && len(segmentsOf(t, l)) <= 3 })
	write(t, l, "after")
	for _, id := range running {
		if err := l.End(recordOf(id)); err != nil {
			t.Errorf("the end of %s: %v", id, err)
		}
	}
	flush(t, l)
	if want := ended + len(running) + 1; store.count() != want || l.Lag() != (Lag{}) {
		t.Errorf("%d records are stored, want %d; the lag is %+v", store.count(), want, l.Lag())
	}
}

// TestSegmentLargerThanDisk fills a small disk with a single segment, all of which is stored: a
// new one takes its place, again and again.
func TestSegmentLargerThanDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	store := newMemory()
	o := quick(dir, store)
	o.Strict, o.segment = true, 64<<20
	l := open(t, o)
	ended := 0
	for full := 0; full < 3; {
		id := fmt.Sprint(ended)
		if err := l.Start(startOf(id)); errors.Is(err, ErrFull) {
			full++
			// The requests that are refused are records too.
			refused := recordOf(fmt.Sprint("refused ", full))
			_ = l.End(refused)
			eventually(t, func() bool { return l.Start(startOf(id)) == nil })
		}
		if err := l.End(recordOf(id)); err != nil && !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
		ended++
	}
	flush(t, l)
	if want := ended + 3; store.count() != want || l.Lag() != (Lag{}) {
		t.Errorf("%d records are stored, want %d; the lag is %+v", store.count(), want, l.Lag())
	}
}

func segmentsOf(t *testing.T, l *Ledger) []segment {
	t.Helper()
	list, err := l.journal.folder.segments()
	if err != nil {
		t.Fatal(err)
	}
	return list
}
