package memory_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/idempotency"
	"github.com/rickyjim626/xjp-gateway/state"
	"github.com/rickyjim626/xjp-gateway/state/memory"
	"github.com/rickyjim626/xjp-gateway/state/statetest"
)

func TestAnswers(t *testing.T) {
	statetest.RunAnswers(t, func(*testing.T) idempotency.Store { return memory.NewAnswers(1 << 20) })
}

// The answers that expire first make room; claims are not forgotten for them.
func TestAnswersAreBounded(t *testing.T) {
	a := memory.NewAnswers(100_000)
	begin := func(id idempotency.ID, owner string) idempotency.State {
		s, _, err := a.Begin(t.Context(), id, [32]byte{}, owner, statetest.Noon)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	id := func(i int) (id idempotency.ID) {
		binary.BigEndian.PutUint64(id[:], uint64(i))
		return id
	}
	begin(id(1_000_000), "claim")
	before := heap()
	for i := range 10_000 {
		begin(id(i), "o")
		if err := a.Finish(t.Context(), id(i), "o", &idempotency.Answer{Body: make([]byte, 10_000)}, time.Hour, statetest.Noon); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("%d bytes are in use", grown)
	}
	kept := 0
	for i := range 10_000 {
		s := begin(id(i), "p")
		if s == idempotency.Answered {
			kept++
		}
		if s == idempotency.Fresh && kept > 0 {
			t.Fatalf("answer %d has gone before an older one", i)
		}
	}
	if kept != 9 || begin(id(1_000_000), "other") != idempotency.Running {
		t.Errorf("%d answers are kept", kept)
	}
	begin(id(2_000_000), "o")
	if err := a.Finish(t.Context(), id(2_000_000), "o", &idempotency.Answer{Body: make([]byte, 200_000)}, time.Hour, statetest.Noon); err != nil {
		t.Fatal(err)
	}
	if s := begin(id(2_000_000), "p"); s != idempotency.Unstorable {
		t.Errorf("what is too large is in state %d", s)
	}
}

// A bound that is lowered has answers make room, and one that is raised keeps those that are there.
func TestBoundIsChanged(t *testing.T) {
	a := memory.NewAnswers(100_000)
	state := func(i byte) idempotency.State {
		s, _, err := a.Begin(t.Context(), idempotency.ID{i}, [32]byte{}, "asks", statetest.Noon)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for i := range byte(5) {
		state(i)
		if err := a.Finish(t.Context(), idempotency.ID{i}, "asks", &idempotency.Answer{Body: make([]byte, 10_000)}, time.Hour+time.Duration(i), statetest.Noon); err != nil {
			t.Fatal(err)
		}
	}
	a.Bound(1_000_000)
	for i := range byte(5) {
		if s := state(i); s != idempotency.Answered {
			t.Errorf("answer %d is in state %d after the bound was raised", i, s)
		}
	}
	a.Bound(25_000)
	for i, want := range []idempotency.State{idempotency.Fresh, idempotency.Fresh, idempotency.Fresh, idempotency.Answered, idempotency.Answered} {
		if s := state(byte(i)); s != want {
			t.Errorf("answer %d is in state %d after the bound was lowered", i, s)
		}
	}
}

func TestModule(t *testing.T) {
	var m memory.State
	e, err := m.Open(state.Settings{MaxAnswers: 1000})
	if err != nil || e.Limits == nil || e.Answers == nil || e.BoundAnswers == nil {
		t.Errorf("%+v, %v", e, err)
	}
	if m.Identity() != new(memory.State).Identity() {
		t.Error(fmt.Sprint("two identities: ", m.Identity()))
	}
}
