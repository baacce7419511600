package ledger

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is what a ledger must come to, whatever order things happen in.
type model struct {
	t      *rapid.T
	o      Options
	store  *memory
	disk   *disk
	full   bool
	ledger *Ledger

	next    int
	running []string        // requests under way
	ended   map[string]bool // those whose record was taken
	dead    map[string]bool // those whose process died
	told    map[string]bool // those that the ledger told to be lost
}

func (m *model) id() string {
	m.next++
	return fmt.Sprintf("r%d", m.next)
}

// start begins some requests. What the ledger refuses is not under way.
func (m *model) start(t *rapid.T) {
	for range rapid.IntRange(1, 20).Draw(t, "starts") {
		id := m.id()
		if err := m.ledger.Start(startOf(id)); err == nil {
			m.running = append(m.running, id)
		} else if !m.full {
			t.Fatalf("a start: %v", err)
		}
	}
}

// another makes a second call for a request.
func (m *model) another(t *rapid.T) {
	if len(m.running) == 0 || m.full {
		t.Skip()
	}
	s := startOf(rapid.SampledFrom(m.running).Draw(t, "request"))
	s.Attempt.Number = 2
	if err := m.ledger.Start(s); err != nil {
		t.Fatal(err)
	}
}

// end ends some requests. One whose end is refused as the disk is full is recorded later, or
// lost with the process.
func (m *model) end(t *rapid.T) {
	for range min(len(m.running), rapid.IntRange(1, 20).Draw(t, "ends")) {
		i := rapid.IntRange(0, len(m.running)-1).Draw(t, "request")
		id := m.running[i]
		m.running = slices.Delete(m.running, i, i+1)
		if err := m.ledger.End(recordOf(id)); err == nil {
			m.ended[id] = true
		} else if m.full {
			m.dead[id] = true
		} else {
			t.Fatalf("an end: %v", err)
		}
	}
}

// crash lets the process die and another one begin.
func (m *model) crash(t *rapid.T) {
	m.ledger.kill()
	for _, id := range m.running {
		m.dead[id] = true
	}
	m.running = nil
	m.makeRoom()
	m.open()
}

// restart ends the process in order, with requests under way if there are any.
func (m *model) restart(t *rapid.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	m.makeRoom()
	_ = m.ledger.Close(ctx) // it tells of what stays in the journal
	for _, id := range m.running {
		m.dead[id] = true
	}
	m.running = nil
	m.open()
}

func (m *model) open() {
	l, err := Open(m.o)
	if err != nil {
		m.t.Fatal(err)
	}
	m.ledger = l
}

func (m *model) makeRoom() {
	m.disk.set(1 << 40)
	m.full = false
}

// check brings all to rest and compares.
func (m *model) check() {
	m.makeRoom()
	m.store.goAway(nil)
	for _, id := range m.running {
		if err := m.ledger.End(recordOf(id)); err != nil {
			m.t.Fatal(err)
		}
		m.ended[id] = true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := m.ledger.Flush(ctx); err != nil {
		m.t.Fatal(err)
	}
	if lag := m.ledger.Lag(); lag.Records != 0 || lag.Bytes != 0 || lag.Dropped != 0 || lag.Rejected != 0 {
		m.t.Fatalf("the lag is %+v", lag)
	}
	for id := range m.ended {
		if r, _ := m.store.find(id); r.End != Complete || m.told[id] {
			m.t.Fatalf("%s ended, and is stored as %+v; told to be lost: %v", id, r, m.told[id])
		}
	}
	for id := range m.dead {
		r, is := m.store.find(id)
		if !is || r.End == Lost && (!r.Estimated || !m.told[id]) {
			m.t.Fatalf("%s is stored as %+v; told to be lost: %v", id, r, m.told[id])
		}
	}
	if n := m.store.count(); n != len(m.ended)+len(m.dead) {
		m.t.Fatalf("%d records are stored, want %d and %d", n, len(m.ended), len(m.dead))
	}
}

// inMemory is a folder that no disk is behind, where there is one: many journals are begun.
func inMemory() string {
	if _, err := os.Stat("/dev/shm"); err == nil {
		return "/dev/shm"
	}
	return ""
}

// TestModel: whatever happens in whatever order, in the end each request is in the store once,
// complete if its end was taken and lost if its process died before.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(inMemory(), "ledger")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &model{t: t, store: newMemory(), disk: &disk{}, ended: map[string]bool{}, dead: map[string]bool{}, told: map[string]bool{}}
		m.o = quick(dir, m.store)
		m.o.Strict, m.o.Batch, m.o.create, m.o.segment = true, 7, m.disk.create, 4<<10
		m.o.Sync = rapid.SampledFrom([]time.Duration{0, time.Millisecond}).Draw(t, "sync")
		m.o.OnLost = func(r *Record) { m.told[r.ID] = true }
		m.makeRoom()
		m.open()
		defer func() { m.ledger.kill() }()
		t.Repeat(map[string]func(*rapid.T){
			"start":   m.start,
			"end":     m.end,
			"another": m.another,
			"crash":   m.crash,
			"restart": m.restart,
			"store":   func(t *rapid.T) { m.store.goAway(map[bool]error{true: errGone}[rapid.Bool().Draw(t, "away")]) },
			"disk": func(t *rapid.T) {
				if m.full = rapid.Bool().Draw(t, "full"); m.full {
					m.disk.set(rapid.Int64Range(0, 1000).Draw(t, "room"))
				} else {
					m.makeRoom()
				}
			},
			"wait": func(t *rapid.T) { time.Sleep(2 * time.Millisecond) },
		})
		m.check()
	})
}
