package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

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

// TestLostKnowsWhatEnded: of a request that was lost at its second attempt, the first is as
// it was, and only the second an estimate.
func TestLostKnowsWhatEnded(t *testing.T) {
	dir, store := t.TempDir(), newMemory()
	l := open(t, quick(dir, store))
	second := startOf("a")
	second.Attempt.Number, second.Attempt.Provider = 2, "other"
	second.Ended = []Attempt{{Number: 1, Route: "fast/1", Provider: "or", Status: 503, End: Refused}}
	third := startOf("a")
	third.Attempt.Number, third.Price = 3, ""
	if err := errors.Join(l.Start(startOf("a")), l.Start(second), l.Start(third)); err != nil {
		t.Fatal(err)
	}
	l.kill()
	l = open(t, quick(dir, store))
	flush(t, l)
	r, _ := store.find("a")
	if len(r.Attempts) != 3 || r.Attempts[0].Status != 503 || r.Attempts[0].Estimated || r.Attempts[1].End != Lost {
		t.Errorf("the attempts are %+v", r.Attempts)
	}
	if r.Cost != 2*1_250_000 || r.Tokens.Input != 200 || !r.Estimated || !r.Unpriced {
		t.Errorf("the sum is %+v", r)
	}
}

// childVariable names the folder of a process that is this test's to kill.
const childVariable = "XJP_LEDGER_TEST_CHILD"

// fileStore is a store that outlives its process: each insert is one line in a file.
type fileStore struct {
	Store
	mu   sync.Mutex
	file *os.File
}

func (s *fileStore) Insert(_ context.Context, records []Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := json.Marshal(records)
	if err == nil {
		_, err = fmt.Fprintf(s.file, "\n%s\n", text) // a line that a kill has cut does not spoil the next
	}
	return err
}

// runChild serves requests without end, and says of each step on its output that it is done.
// Its store is away half of the time.
func runChild(dir string) {
	file, err := os.OpenFile(filepath.Join(dir, "store"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	store, begun := &fileStore{file: file}, time.Now()
	o := quick(filepath.Join(dir, "journal"), store)
	o.Batch, o.MaxBytes, o.Strict = 16, 64<<20, true
	o.Store = func() Store {
		if time.Since(begun)/(10*time.Millisecond)%2 == 0 {
			return nil
		}
		return store
	}
	o.OnLost = func(r *Record) { fmt.Printf("lost %s\n", r.ID) }
	l, err := Open(o)
	if err != nil {
		panic(err)
	}
	for worker := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)
				if l.Start(startOf(id)) == nil {
					fmt.Printf("started %s\n", id)
				}
				if l.End(recordOf(id)) == nil {
					fmt.Printf("ended %s\n", id)
				}
			}
		}()
	}
	time.Sleep(time.Minute)
	os.Exit(1) // the test should have killed it
}

// TestKillDrill kills a process at random moments under load, twenty times: whatever it said
// to be written is in the store once, and what it had begun is there as lost.
func TestKillDrill(t *testing.T) {
	dir := t.TempDir()
	started, ended, lost := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for range 20 {
		for _, line := range killedAfter(t, dir, 5*time.Millisecond+rand.N(60*time.Millisecond)) {
			what, id, whole := strings.Cut(line, " ")
			if !whole {
				continue
			}
			map[string]map[string]bool{"started": started, "ended": ended, "lost": lost}[what][id] = true
		}
	}
	store := stored(t, filepath.Join(dir, "store"))
	o := quick(filepath.Join(dir, "journal"), store)
	o.OnLost = func(r *Record) { lost[r.ID] = true }
	o.OnError = func(err error) {
		if damage := new(DamageError); !errors.As(err, &damage) { // a write may have been cut
			t.Errorf("told: %v", err)
		}
	}
	flush(t, open(t, o))
	if len(ended) < 1000 || len(lost) < 20 {
		t.Errorf("only %d requests ended and %d were lost", len(ended), len(lost))
	}
	for id := range ended {
		if r, is := store.find(id); !is || r.End != Complete || r.Cost != recordOf(id).Cost {
			t.Errorf("%s had ended, and is stored as %+v", id, r)
		}
	}
	for id := range started {
		r, is := store.find(id)
		if !is || r.End == Lost && !r.Estimated {
			t.Errorf("%s had started, and is stored as %+v", id, r)
		}
	}
	for id, r := range store.records {
		if (r.End == Lost) != lost[id] && !ended[id] {
			t.Errorf("%s is stored as %s; told to be lost: %v", id, r.End, lost[id])
		}
	}
	t.Logf("%d requests ended, %d were lost, %d inserts changed nothing", len(ended), len(lost), store.twice)
}

// killedAfter runs a child, kills it, and gives the lines that it wrote.
func killedAfter(t *testing.T, dir string, d time.Duration) (lines []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	first := make(chan struct{})
	go func() {
		<-first
		time.Sleep(d)
		cmd.Process.Kill()
	}()
	for n := 0; ; n++ {
		line, err := in.ReadString('\n')
		if n == 0 {
			close(first)
		}
		if err != nil { // a line that is cut was not told
			break
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	cmd.Wait()
	return lines
}

// stored reads what children have stored. A line that the kill has cut off was no insert.
func stored(t *testing.T, path string) *memory {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	store := newMemory()
	for line := range strings.Lines(string(text)) {
		var records []Record
		if json.Unmarshal([]byte(line), &records) == nil {
			store.Insert(t.Context(), records)
		}
	}
	return store
}
