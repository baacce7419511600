package idempotency

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var (
	someID = NewID("key", "chat", "one")
	print1 = Fingerprint([]byte("a body"))
	print2 = Fingerprint([]byte("another"))
	page   = Answer{Status: 200, Header: []byte("Content-Type: text/plain\r\n")}
)

func openDesk(t *testing.T, o Options) *Desk {
	t.Helper()
	if o.Store == nil {
		o.Store = newShelf()
	}
	d := NewDesk(o)
	t.Cleanup(d.Close)
	return d
}

func begin(t *testing.T, d *Desk, owner string) Turn {
	t.Helper()
	turn, err := d.Begin(t.Context(), someID, print1, owner)
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

// do begins a request that must be fresh.
func do(t *testing.T, d *Desk, owner string) *Run {
	t.Helper()
	turn := begin(t, d, owner)
	if turn.State != Fresh {
		t.Fatalf("the state is %v", turn.State)
	}
	return turn.Run
}

// readAll reads an answer to its end and closes it.
func readAll(r *Reader) (string, error) {
	defer r.Close()
	var all []byte
	for {
		piece, err := r.Next(context.Background())
		all = append(all, piece...)
		if err == io.EOF {
			return string(all), nil
		}
		if err != nil {
			return string(all), err
		}
	}
}

func wantAnswer(t *testing.T, turn Turn, owner, body string) {
	t.Helper()
	if turn.State != Answered {
		t.Fatalf("the state is %v", turn.State)
	}
	head := turn.Answer.Head()
	if head.Status != page.Status || !bytes.Equal(head.Header, page.Header) || head.Request != owner || head.Body != nil {
		t.Errorf("the head is %+v", head)
	}
	if got, err := readAll(turn.Answer); got != body || err != nil {
		t.Errorf("the answer is %q, %v", got, err)
	}
}

// isIdle checks that a desk holds nothing.
func isIdle(t interface{ Errorf(string, ...any) }, d *Desk) {
	if held, runs := d.held.Load(), len(d.underway()); held != 0 || runs != 0 {
		t.Errorf("the desk holds %d bytes of %d runs", held, runs)
	}
}

func TestAnswersAreGivenAgain(t *testing.T) {
	store := newShelf()
	d := openDesk(t, Options{Store: store})
	run := do(t, d, "first")
	run.Open(page)
	run.Write([]byte("hello "))
	run.Write([]byte("world"))
	run.Finish()
	run.Abandon(errors.New("too late to count"))
	for _, desk := range []*Desk{d, openDesk(t, Options{Store: store})} { // this node and another
		wantAnswer(t, begin(t, desk, "second"), "first", "hello world")
		if turn, _ := desk.Begin(t.Context(), someID, print2, "third"); turn.State != Different {
			t.Errorf("another body is %v", turn.State)
		}
		if turn, _ := desk.Begin(t.Context(), NewID("key2", "chat", "one"), print1, "fourth"); turn.State != Fresh {
			t.Errorf("the request of another key is %v", turn.State)
		} else {
			turn.Run.Abandon(nil)
		}
		isIdle(t, desk)
	}
}

func TestAnswersAreForgottenInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, Options{})
		run := do(t, d, "first")
		run.Open(page)
		run.Finish()
		time.Sleep(DefaultTTL - time.Second)
		wantAnswer(t, begin(t, d, "second"), "first", "")
		time.Sleep(time.Second)
		do(t, d, "third").Abandon(nil)
	})
}

func TestAnotherNodeIsAtIt(t *testing.T) {
	store := newShelf()
	here, there := openDesk(t, Options{Store: store}), openDesk(t, Options{Store: store})
	run := do(t, there, "first")
	if turn := begin(t, here, "second"); turn.State != Running || turn.Run != nil || turn.Answer != nil {
		t.Errorf("%+v", turn)
	}
	run.Abandon(nil)
	do(t, here, "third").Abandon(nil)
	isIdle(t, here)
}

func TestFiftyAtOnce(t *testing.T) {
	d := openDesk(t, Options{})
	body := strings.Repeat("piece of an answer;", 1000)
	var calls atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			turn, err := d.Begin(t.Context(), someID, print1, fmt.Sprint(i))
			if err != nil {
				t.Error(err)
				return
			}
			if turn.State == Answered {
				if got, err := readAll(turn.Answer); got != body || err != nil {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				return
			}
			calls.Add(1)
			turn.Run.Open(page)
			for rest := body; rest != ""; rest = rest[19:] {
				turn.Run.Write([]byte(rest[:19]))
			}
			turn.Run.Finish()
		})
	}
	wg.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("%d did it", n)
	}
	isIdle(t, d)
}

func TestJoining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, Options{})
		run := do(t, d, "first")
		early := make(chan Turn, 1)
		go func() { early <- begin(t, d, "early") }()
		synctest.Wait()
		if len(early) != 0 {
			t.Fatal("there is no answer yet")
		}
		run.Open(page)
		turn := <-early
		read := func(r *Reader, want string) {
			t.Helper()
			if piece, err := r.Next(t.Context()); string(piece) != want || err != nil {
				t.Errorf("read %q, %v", piece, err)
			}
		}
		run.Write([]byte("one"))
		read(turn.Answer, "one")
		late := begin(t, d, "late")
		run.Write([]byte("two"))
		read(turn.Answer, "two")
		read(late.Answer, "onetwo")
		left, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := late.Answer.Next(left); err != context.Canceled {
			t.Errorf("who has gone is told %v", err)
		}
		late.Answer.Close()
		late.Answer.Close()
		run.Write([]byte("three"))
		run.Finish()
		wantAnswer(t, begin(t, d, "last"), "first", "onetwothree")
		if got, err := readAll(turn.Answer); got != "three" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		if run.Context().Err() != nil {
			t.Error("a request that ended well is cancelled")
		}
		isIdle(t, d)
	})
}

// named is the key of a value in a context.
type named struct{}

func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, Options{})
		start := func() (run *Run, leave func()) {
			ctx, cancel := context.WithCancel(context.WithValue(t.Context(), named{}, "value"))
			turn, err := d.Begin(ctx, someID, print1, "first")
			if err != nil || turn.State != Fresh || turn.Run.Context().Value(named{}) != "value" {
				t.Fatal(turn.State, err)
			}
			return turn.Run, func() { cancel(); synctest.Wait() }
		}

		run, leave := start()
		leave()
		if run.Context().Err() == nil {
			t.Error("nobody waits, and the request goes on")
		}
		next := make(chan Turn, 1)
		go func() { next <- begin(t, d, "next") }()
		synctest.Wait()
		if len(next) != 0 {
			t.Fatal("a request that is being cancelled was joined")
		}
		run.Abandon(nil)
		turn := <-next
		if turn.State != Fresh {
			t.Fatalf("the state is %v", turn.State)
		}
		turn.Run.Abandon(nil)

		run, leave = start()
		run.Open(page)
		run.Write([]byte("so far"))
		reader := begin(t, d, "second").Answer
		if !run.Followed() {
			t.Error("nobody follows")
		}
		leave()
		if run.Context().Err() != nil {
			t.Fatal("cancelled, though one still waits")
		}
		run.Write([]byte(", so good"))
		other := begin(t, d, "third").Answer
		reader.Close()
		if run.Context().Err() != nil {
			t.Fatal("cancelled, though another waits")
		}
		other.Close()
		if run.Context().Err() == nil || run.Followed() {
			t.Error("all have gone, and the request goes on")
		}
		run.Abandon(run.Context().Err())
		isIdle(t, d)
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		store.hold = make(chan struct{})
		d := openDesk(t, Options{Store: store})
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan error, 3)
		for i := range 2 {
			go func() {
				_, err := d.Begin(ctx, someID, print1, fmt.Sprint(i))
				told <- err
			}()
		}
		synctest.Wait()
		cancel()
		for range 2 {
			if err := <-told; err != context.Canceled {
				t.Error(err)
			}
		}
		close(store.hold)
		run := do(t, d, "first")
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := d.Begin(ctx, someID, print1, "second"); err != context.DeadlineExceeded {
			t.Error(err)
		}
		if run.Followed() {
			t.Error("who has gone still follows")
		}
		run.Abandon(nil)
		isIdle(t, d)
	})
}

func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, Options{})
		// Before it had an answer: each that waits has its turn.
		run := do(t, d, "first")
		turns := make(chan Turn, 3)
		for i := range 3 {
			go func() { turns <- begin(t, d, fmt.Sprint(i)) }()
		}
		synctest.Wait()
		run.Finish() // with nothing said
		for range 3 {
			turn := <-turns
			synctest.Wait()
			if turn.State != Fresh || len(turns) != 0 {
				t.Fatalf("the state is %v", turn.State)
			}
			turn.Run.Abandon(nil)
		}
		// With an answer that is not to be kept: who waited is given it, who comes has a turn.
		run = do(t, d, "first")
		go func() { turns <- begin(t, d, "second") }()
		synctest.Wait()
		run.Open(page)
		run.Write([]byte("overloaded"))
		run.Abandon(nil)
		wantAnswer(t, <-turns, "first", "overloaded")
		// With an answer that broke off.
		run = do(t, d, "third")
		run.Open(page)
		reader := begin(t, d, "fourth").Answer
		run.Write([]byte("so f"))
		broken := errors.New("broken")
		run.Abandon(broken)
		if got, err := readAll(reader); got != "so f" || err != broken {
			t.Errorf("read %q, %v", got, err)
		}
		do(t, d, "fifth").Abandon(nil)
		isIdle(t, d)
	})
}

func TestPanicOfTheOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, Options{})
		broken := errors.New("broken")
		reader := make(chan *Reader, 1)
		func() {
			defer func() { recover() }()
			run := do(t, d, "first")
			defer run.Abandon(broken)
			run.Open(page)
			reader <- begin(t, d, "second").Answer
			panic("the owner fails")
		}()
		if _, err := readAll(<-reader); err != broken {
			t.Error(err)
		}
		do(t, d, "third").Abandon(nil)
		isIdle(t, d)
	})
}

func TestTooLarge(t *testing.T) {
	for name, o := range map[string]Options{
		"one answer":   {MaxAnswer: 10_000},
		"all together": {MaxRecordings: 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			store := newShelf()
			o.Store = store
			d := openDesk(t, o)
			run := do(t, d, "first")
			run.Open(page)
			run.Write(make([]byte, 5_000))
			reader := begin(t, d, "second").Answer
			run.Write(make([]byte, 5_001))
			run.Write(make([]byte, 1)) // would find room again
			if d.held.Load() != 0 {
				t.Error("what is no longer recorded is held")
			}
			if got, err := readAll(reader); err != ErrTooLarge || got != "" {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			for range 2 { // under way, and then ended
				if turn := begin(t, d, "third"); turn.State != Unstorable {
					t.Errorf("the state is %v", turn.State)
				}
				run.Finish()
			}
			if e := store.entry(someID); !e.finished || e.answer != nil {
				t.Errorf("the store has %+v", e)
			}
			isIdle(t, d)
		})
	}
	t.Run("the largest that is kept", func(t *testing.T) {
		d := openDesk(t, Options{MaxAnswer: 10_000})
		run := do(t, d, "first")
		run.Open(page)
		for range 10_000 {
			run.Write([]byte("x"))
		}
		run.Finish()
		wantAnswer(t, begin(t, d, "second"), "first", strings.Repeat("x", 10_000))
	})
	t.Run("what a reader has not read is held", func(t *testing.T) {
		d := openDesk(t, Options{MaxRecordings: 10_000})
		run := do(t, d, "first")
		run.Open(page)
		run.Write(make([]byte, 9_000))
		reader := begin(t, d, "second").Answer
		run.Finish()
		if d.held.Load() < 9_000 {
			t.Errorf("%d bytes are held", d.held.Load())
		}
		if got, err := readAll(reader); len(got) != 9_000 || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		isIdle(t, d)
	})
}

func TestTheStoreFails(t *testing.T) {
	for name, deaf := range map[string]bool{"without having heard": false, "though it has heard": true} {
		t.Run(name, func(t *testing.T) {
			store := newShelf()
			store.deaf = deaf
			store.breakDown(errAway)
			var told atomic.Int64
			d := openDesk(t, Options{Store: store, OnError: func(err error) {
				if err != errAway {
					t.Error(err)
				}
				told.Add(1)
			}})
			run := do(t, d, "first")
			run.Open(page)
			wantTold := func(want int64) {
				t.Helper()
				if n := told.Load(); n != want {
					t.Errorf("%d errors were told", n)
				}
			}
			wantTold(1)
			joined := begin(t, d, "second")
			run.Write([]byte("served"))
			run.Finish()
			wantTold(2)
			wantAnswer(t, joined, "first", "served")
			isIdle(t, d)

			id := NewID("key", "chat", "two")
			turn, err := d.Begin(t.Context(), id, print1, "third")
			if turn.State != Fresh || err != nil {
				t.Fatal(turn.State, err)
			}
			store.breakDown(nil) // it comes back
			turn.Run.Open(page)
			turn.Run.Finish()
			if e := store.entry(id); e.finished != deaf {
				t.Errorf("the store has %+v", e)
			}
		})
	}
}

func TestClaimsAreRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		d, other := openDesk(t, Options{Store: store}), openDesk(t, Options{Store: store})
		run := do(t, d, "first")
		for range 20 {
			time.Sleep(time.Minute)
			if turn := begin(t, other, "second"); turn.State != Running {
				t.Fatalf("the state is %v", turn.State)
			}
		}
		store.breakDown(errAway)
		time.Sleep(Claim / 2)
		store.breakDown(nil)
		time.Sleep(Claim / 2)
		if turn := begin(t, other, "second"); turn.State != Running {
			t.Fatalf("after the store was away, the state is %v", turn.State)
		}
		run.Abandon(nil)
		time.Sleep(time.Minute)
		if e := store.entry(someID); e.owner != "" {
			t.Error("what was given up is claimed again")
		}
	})
}

func TestALostClaimIsAnothers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		d, other := openDesk(t, Options{Store: store}), openDesk(t, Options{Store: store})
		run := do(t, d, "first")
		store.breakDown(errAway)
		time.Sleep(Claim + time.Second)
		store.breakDown(nil)
		theirs := do(t, other, "second")
		time.Sleep(Claim)
		run.Open(page)
		run.Finish()
		if e := store.entry(someID); e.owner != "second" || e.finished {
			t.Errorf("the store has %+v", e)
		}
		theirs.Open(page)
		theirs.Finish()
		wantAnswer(t, begin(t, d, "third"), "second", "")
	})
}

// TestEveryReaderReadsTheSame has readers come, read, lag and leave at random while an
// answer is written in random pieces, and looks at what they have read.
func TestEveryReaderReadsTheSame(t *testing.T) {
	store := newShelf()
	d := openDesk(t, Options{Store: store, MaxAnswer: 20_000})
	number := 0
	rapid.Check(t, func(rt *rapid.T) {
		number++
		id := NewID("key", "chat", fmt.Sprint(number))
		turn, err := d.Begin(t.Context(), id, print1, "owner")
		if err != nil || turn.State != Fresh {
			rt.Fatal(turn.State, err)
		}
		run := turn.Run
		run.Open(page)
		var said []byte
		type follower struct {
			r    *Reader
			read []byte
		}
		var followers []*follower
		rt.Repeat(map[string]func(*rapid.T){
			"write": func(rt *rapid.T) {
				piece := rapid.SliceOfN(rapid.Byte(), 0, 6_000).Draw(rt, "piece")
				said = append(said, piece...)
				run.Write(piece)
				clear(piece) // nothing of it was kept
			},
			"join": func(rt *rapid.T) {
				turn, err := d.Begin(t.Context(), id, print1, "other")
				if err != nil || turn.State != Answered && len(said) <= 20_000 {
					rt.Fatal(turn.State, err)
				}
				if turn.State == Answered {
					followers = append(followers, &follower{r: turn.Answer})
				}
			},
			"read": func(rt *rapid.T) {
				for _, f := range followers {
					if len(f.read) < len(said) && rapid.Bool().Draw(rt, "does") {
						piece, err := f.r.Next(t.Context())
						if f.read = append(f.read, piece...); err != nil && (err != ErrTooLarge || len(said) <= 20_000) {
							rt.Fatal(err)
						}
					}
				}
			},
			"leave": func(rt *rapid.T) {
				if len(followers) > 0 {
					followers[0].r.Close()
					followers = followers[1:]
				}
			},
			"": func(rt *rapid.T) {
				for _, f := range followers {
					if !bytes.HasPrefix(said, f.read) {
						rt.Fatal("a reader has read what was not said")
					}
				}
			},
		})
		run.Finish()
		for _, f := range followers {
			rest, err := readAll(f.r)
			if got := string(f.read) + rest; err != nil && len(said) <= 20_000 || err == nil && got != string(said) {
				rt.Fatalf("read %d bytes of %d, %v", len(got), len(said), err)
			}
		}
		if e := store.entry(id); (e.answer == nil) != (len(said) > 20_000) || e.answer != nil && !bytes.Equal(e.answer.Body, said) {
			rt.Fatalf("%d bytes were kept as %+v", len(said), e)
		}
		isIdle(rt, d)
	})
}
