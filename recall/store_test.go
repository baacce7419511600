package recall

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

var (
	studio = &translate.Target{Family: translate.FamilyGoogle, Origin: "studio"}
	vertex = &translate.Target{Family: translate.FamilyGoogle, Origin: "vertex"}
	claude = &translate.Target{Family: translate.FamilyAnthropic}
	plain  = &translate.Target{}
)

// seal is a signature that a target makes.
func seal(by *translate.Target, value string) *translate.Signature {
	return &translate.Signature{Family: by.Family, Origin: by.Origin, Value: scan.Text(value)}
}

// remember gives the store an answer: reasoning with a signature, then calls, of which
// the first is signed. A signature of "" is none.
func remember(s *Store, principal string, by *translate.Target, reasoning, first string, calls ...string) {
	o := s.Observe(principal)
	if reasoning != "" {
		o.Event(&translate.Event{Kind: translate.EventReasoning, Text: scan.Text("Hm.")})
		o.Event(&translate.Event{Kind: translate.EventSeal, Seals: translate.ReasoningBlock, Signature: seal(by, reasoning)})
	}
	for i, id := range calls {
		e := &translate.Event{Kind: translate.EventCall, Block: i + 1, ID: scan.Text(id), Name: scan.Text("f")}
		if i == 0 && first != "" {
			e.Signature = seal(by, first)
		}
		o.Event(e)
	}
	o.Commit()
}

// asked is a conversation whose assistant made some calls; the client has dropped all
// that was signed.
func asked(calls ...string) *translate.Request {
	t := translate.Turn{Role: translate.Assistant}
	for _, id := range calls {
		t.Blocks = append(t.Blocks, translate.Block{Kind: translate.CallBlock, Call: &translate.Call{ID: scan.Text(id), Name: scan.Text("f")}})
	}
	return &translate.Request{Turns: []translate.Turn{{Role: translate.User}, t}}
}

// told spells the assistant's turn: ~ is reasoning, a name is a call, with the signature
// of each behind it.
func told(r *translate.Request) string {
	var out []string
	for _, b := range r.Turns[1].Blocks {
		switch b.Kind {
		case translate.ReasoningBlock:
			out = append(out, "~"+string(b.Reasoning.Text)+signed(b.Reasoning.Signature))
		case translate.CallBlock:
			out = append(out, string(b.Call.ID)+signed(b.Signature))
		}
	}
	return strings.Join(out, " ")
}

func signed(s *translate.Signature) string {
	if s == nil {
		return ""
	}
	return ":" + string(s.Value)
}

func TestFill(t *testing.T) {
	s := New(1<<20, time.Hour)
	remember(s, "ann", studio, "", "s1", "a", "b")
	remember(s, "ann", claude, "c1", "", "c")
	for _, test := range []struct {
		name, principal string
		ask             *translate.Request
		target          *translate.Target
		want            string
	}{
		{"by the first call's id", "ann", asked("a", "b"), studio, "a:s1 b"},
		{"by any call's id", "ann", asked("b", "a"), studio, "b a:s1"},
		{"the reasoning before a call", "ann", asked("c"), claude, "~Hm.:c1 c"},
		{"another key remembers nothing", "bob", asked("a", "b"), studio, "a b"},
		{"nor does no key", "", asked("a", "b"), studio, "a b"},
		{"another id is another answer", "ann", asked("x"), studio, "x"},
		{"another account of the same family is given nothing", "ann", asked("a", "b"), vertex, "a b"},
		{"another family is given nothing", "ann", asked("a", "b"), claude, "a b"},
		{"nor is a family of Google's given Claude's", "ann", asked("c"), studio, "c"},
		{"a target that signs nothing is given nothing", "ann", asked("a"), plain, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			given := told(test.ask)
			before := test.ask.Turns
			n := s.Fill(test.principal, test.ask, test.target)
			if got := told(test.ask); got != test.want || (n == 1) != (got != given) {
				t.Errorf("%q, %d turns filled, want %q", got, n, test.want)
			}
			if given != told(&translate.Request{Turns: before}) {
				t.Error("the client's own turns were changed")
			}
		})
	}
	t.Run("what the client signed stays as it is", func(t *testing.T) {
		r := asked("a", "b")
		r.Turns[1].Blocks[1].Signature = seal(studio, "own")
		if s.Fill("ann", r, studio); told(r) != "a b:own" {
			t.Errorf("%q", told(r))
		}
	})
	t.Run("an unsigned copy of the reasoning gives way", func(t *testing.T) {
		r := asked("c")
		copied := translate.Block{Kind: translate.ReasoningBlock, Reasoning: &translate.Reasoning{Text: scan.Text("Hm.")}}
		r.Turns[1].Blocks = append([]translate.Block{copied}, r.Turns[1].Blocks...)
		if s.Fill("ann", r, claude); told(r) != "~Hm.:c1 c" {
			t.Errorf("%q", told(r))
		}
	})
	t.Run("but stays where nothing better is accepted", func(t *testing.T) {
		r := asked("c")
		copied := translate.Block{Kind: translate.ReasoningBlock, Reasoning: &translate.Reasoning{Text: scan.Text("Hm.")}}
		r.Turns[1].Blocks = append([]translate.Block{copied}, r.Turns[1].Blocks...)
		if s.Fill("ann", r, studio); told(r) != "~Hm. c" {
			t.Errorf("%q", told(r))
		}
	})
	t.Run("an id that is used again means the newer answer", func(t *testing.T) {
		remember(s, "ann", studio, "", "s2", "a")
		r := asked("a")
		if s.Fill("ann", r, studio); told(r) != "a:s2" {
			t.Errorf("%q", told(r))
		}
	})
	t.Run("no store remembers nothing", func(t *testing.T) {
		var none *Store
		remember(none, "ann", studio, "", "s1", "a")
		if r := asked("a"); none.Fill("ann", r, studio) != 0 || told(r) != "a" {
			t.Errorf("%q", told(r))
		}
	})
}

// TestWorth: only an answer with a call and a signature is remembered, and only if it
// has ended properly.
func TestWorth(t *testing.T) {
	s := New(1<<20, time.Hour)
	remember(s, "", studio, "", "", "a") // no signature
	remember(s, "", studio, "c1", "")    // no call
	o := s.Observe("")                   // never ended
	o.Event(&translate.Event{Kind: translate.EventCall, Block: 1, ID: scan.Text("b"), Signature: seal(studio, "s")})
	o = s.Observe("") // larger than any answer that is kept
	o.Event(&translate.Event{Kind: translate.EventReasoning, Text: scan.Text(strings.Repeat("x", maxAnswer+1))})
	o.Event(&translate.Event{Kind: translate.EventCall, Block: 1, ID: scan.Text("c"), Signature: seal(studio, "s")})
	o.Commit()
	if s.order.Len() != 0 || s.bytes != 0 || len(s.index) != 0 {
		t.Errorf("%d answers, %d bytes, %d ids", s.order.Len(), s.bytes, len(s.index))
	}
}

func TestBounds(t *testing.T) {
	t.Run("in time", func(t *testing.T) {
		s, now := New(1<<20, time.Hour), time.Unix(1000, 0)
		s.now = func() time.Time { return now }
		remember(s, "", studio, "", "s1", "a", "b")
		for _, step := range []struct {
			after time.Duration
			want  string
		}{{40 * time.Minute, "a:s1 b"}, {20 * time.Minute, "a:s1 b"}, {time.Second, "a b"}} { // reading keeps nothing alive
			now = now.Add(step.after)
			r := asked("a", "b")
			if s.Fill("", r, studio); told(r) != step.want {
				t.Errorf("after %v more: %q, want %q", step.after, told(r), step.want)
			}
		}
		if s.bytes != 0 || len(s.index) != 0 {
			t.Errorf("%d bytes and %d ids are left", s.bytes, len(s.index))
		}
	})
	t.Run("in bytes", func(t *testing.T) {
		const limit = 64 << 10
		s := New(limit, time.Hour)
		long := strings.Repeat("s", 1000)
		remember(s, "", studio, "", "first", "first")
		for i := range 1000 {
			remember(s, "", studio, long, long, fmt.Sprint("a", i), fmt.Sprint("b", i))
			r := asked("first")
			if s.Fill("", r, studio); told(r) != "first:first" { // used all the time: never forgotten
				t.Fatalf("the one in use is forgotten after %d", i)
			}
			if s.bytes > limit {
				t.Fatalf("%d bytes", s.bytes)
			}
		}
		if n := s.order.Len(); n < 10 || n > limit/2000 || len(s.index) != 2*n-1 {
			t.Errorf("%d answers, %d ids", n, len(s.index))
		}
		r := asked("a0")
		if s.Fill("", r, studio); told(r) != "a0" {
			t.Error("the oldest is still there")
		}
	})
	t.Run("one larger than all is not kept", func(t *testing.T) {
		s := New(1000, time.Hour)
		remember(s, "", studio, "", "old", "a")
		remember(s, "", studio, "", strings.Repeat("s", 2000), "a")
		r := asked("a")
		if s.Fill("", r, studio); told(r) != "a" || s.bytes != 0 {
			t.Errorf("%q, %d bytes", told(r), s.bytes)
		}
	})
}

// TestConcurrent: many answers and requests at once, of which each sees its own.
func TestConcurrent(t *testing.T) {
	s := New(256<<10, time.Hour)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			who := fmt.Sprint("key", g)
			for i := range 300 {
				id, value := fmt.Sprint("call", i), fmt.Sprint("seal", g, ".", i)
				remember(s, who, studio, "", value, id)
				r := asked(id)
				if s.Fill(who, r, studio); told(r) != id+":"+value {
					t.Errorf("%s: %q", who, told(r))
				}
			}
		})
	}
	wg.Wait()
	if s.bytes > 256<<10 || s.bytes < 0 {
		t.Errorf("%d bytes", s.bytes)
	}
}
