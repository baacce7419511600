package ledger

import "testing"

// TestKilled: after a kill, the records of requests that ended are stored by the next
// process, and those of requests that had not are settled as lost.
func TestKilled(t *testing.T) {
	dir, store := t.TempDir(), newMemory()
	store.goAway(errGone)
	l := open(t, quick(dir, store))
	write(t, l, numbered("r", 600)...)
	if err := l.Start(startOf("under way")); err != nil {
		t.Fatal(err)
	}
	l.kill()

	store.goAway(nil)
	var lost []*Record
	o := quick(dir, store)
	o.OnLost = func(r *Record) { lost = append(lost, r) }
	l = open(t, o)
	flush(t, l)
	if store.count() != 601 || store.twice != 0 {
		t.Errorf("%d records are stored and %d twice", store.count(), store.twice)
	}
	r, _ := store.find("under way")
	if r.End != Lost || !r.Estimated || r.Tokens != (Tokens{Input: 100, Output: 50}) || r.Cost != 1_250_000 || r.Attempts[0].Price != "p1" {
		t.Errorf("the lost record is %+v", r)
	}
	if len(lost) != 1 || lost[0].ID != "under way" {
		t.Errorf("told to be lost: %v", lost)
	}
}
