package registry

import (
	"testing"
	"time"
)

// noon is where the virtual clock of these tests starts.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// patient is a Health with its clock.
type patient struct {
	Health
	t   *testing.T
	now time.Time
}

func newPatient(t *testing.T) *patient { return &patient{t: t, now: noon} }

func (p *patient) pass(d time.Duration) { p.now = p.now.Add(d) }

// begin begins a call, which must be allowed.
func (p *patient) begin() Ticket {
	p.t.Helper()
	ticket, ok := p.Begin(p.now)
	if !ok {
		p.t.Fatal("the call was not let through")
	}
	return ticket
}

// call makes calls that end at once.
func (p *patient) call(n int, o Outcome) (last Transition) {
	p.t.Helper()
	for range n {
		last = p.End(p.now, p.begin(), o)
	}
	return last
}

// is checks the state, and that Begin and Ready agree with it.
func (p *patient) is(want Breaker, wait time.Duration) {
	p.t.Helper()
	if got := p.View(p.now).State; got != want {
		p.t.Fatalf("%s, want %s", got, want)
	}
	if ok, got := p.Ready(p.now); ok != (wait == 0) || got != wait {
		p.t.Fatalf("ready: %v in %v, want %v", ok, got, wait)
	}
	if wait > 0 {
		if _, ok := p.Begin(p.now); ok {
			p.t.Fatal("let a call through while it rests")
		}
	}
}

// TestBreakerOpens goes through what opens a breaker, and what does not.
func TestBreakerOpens(t *testing.T) {
	mixed := func(p *patient, n int, failed func(i int) bool) {
		for i := range n {
			if failed(i) {
				p.call(1, Failed)
			} else {
				p.call(1, Succeeded)
			}
		}
	}
	for _, test := range []struct {
		name       string
		thresholds Thresholds
		calls      func(p *patient)
		want       Breaker
	}{
		{"nothing", Thresholds{}, func(*patient) {}, Closed},
		{"four failures", Thresholds{}, func(p *patient) { p.call(4, Failed) }, Closed},
		{"five failures", Thresholds{}, func(p *patient) { p.call(5, Failed) }, Open},
		{"five failures over hours", Thresholds{}, func(p *patient) {
			for range 5 {
				p.pass(time.Hour)
				p.call(1, Failed)
			}
		}, Open},
		{"a success between failures", Thresholds{}, func(p *patient) { p.call(4, Failed); p.call(1, Succeeded); p.call(4, Failed) }, Closed},
		{"what says nothing between failures", Thresholds{}, func(p *patient) { p.call(4, Failed); p.call(3, Neutral); p.call(1, Failed) }, Open},
		{"two failures where two suffice", Thresholds{Failures: 2}, func(p *patient) { p.call(2, Failed) }, Open},
		{"half of nineteen calls", Thresholds{}, func(p *patient) { mixed(p, 19, func(i int) bool { return i%2 == 0 }) }, Closed},
		{"half of twenty calls", Thresholds{}, func(p *patient) { mixed(p, 20, func(i int) bool { return i%2 == 1 }) }, Open},
		{"fewer than half of many", Thresholds{}, func(p *patient) { mixed(p, 500, func(i int) bool { return i%5 >= 3 }) }, Closed},
		{"a tenth where a tenth suffices", Thresholds{Ratio: 0.1, MinCalls: 10}, func(p *patient) { mixed(p, 10, func(i int) bool { return i == 9 }) }, Open},
		{"neutral calls are not counted", Thresholds{}, func(p *patient) { p.call(50, Neutral); mixed(p, 10, func(i int) bool { return i%2 == 0 }) }, Closed},
		{"the window slides over failures", Thresholds{}, func(p *patient) {
			mixed(p, 18, func(i int) bool { return i%2 == 0 })
			p.pass(31 * time.Second)
			mixed(p, 10, func(i int) bool { return i%2 == 1 })
		}, Closed},
		{"within the window", Thresholds{}, func(p *patient) {
			p.call(1, Failed)
			p.pass(14 * time.Second)
			mixed(p, 14, func(i int) bool { return i%2 == 0 })
			p.pass(14 * time.Second)
			mixed(p, 6, func(i int) bool { return i%2 == 1 })
		}, Open},
		{"the window slides and does not begin anew", Thresholds{}, func(p *patient) {
			p.call(1, Succeeded)
			p.pass(28 * time.Second)
			mixed(p, 12, func(i int) bool { return i%2 == 1 })
			p.pass(4 * time.Second)
			mixed(p, 8, func(i int) bool { return i%2 == 1 })
		}, Open},
		{"switched off", Thresholds{Off: true}, func(p *patient) { p.call(100, Failed) }, Closed},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPatient(t)
			p.Configure(test.thresholds)
			test.calls(p)
			if got := p.View(p.now); got.State != test.want {
				t.Errorf("%+v, want %s", got, test.want)
			}
		})
	}
}

// TestBreakerProbes: after the cooldown one call at a time shows whether the rest is over.
func TestBreakerProbes(t *testing.T) {
	open := func(t *testing.T) *patient {
		p := newPatient(t)
		if got, want := p.call(5, Failed), (Transition{From: Closed, To: Open, Cause: CauseFailures, Until: noon.Add(20 * time.Second)}); got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
		p.is(Open, 20*time.Second)
		p.pass(19 * time.Second)
		p.is(Open, time.Second)
		p.pass(time.Second)
		return p
	}
	for _, test := range []struct {
		name string
		do   func(t *testing.T, p *patient, probe Ticket)
	}{
		{"a probe that succeeds closes", func(t *testing.T, p *patient, probe Ticket) {
			if got := p.End(p.now, probe, Succeeded); got.From != HalfOpen || got.To != Closed || !got.Changed() {
				t.Errorf("%+v", got)
			}
			p.is(Closed, 0)
			p.call(4, Failed) // none of the earlier failures counts
			p.is(Closed, 0)
		}},
		{"a probe that fails opens again", func(t *testing.T, p *patient, probe Ticket) {
			p.pass(3 * time.Second)
			if got := p.End(p.now, probe, Failed); got.From != HalfOpen || got.To != Open {
				t.Errorf("%+v", got)
			}
			p.is(Open, 20*time.Second)
		}},
		{"a probe that says nothing lets another through", func(t *testing.T, p *patient, probe Ticket) {
			if got := p.End(p.now, probe, Neutral); got.Changed() {
				t.Errorf("%+v", got)
			}
			p.is(HalfOpen, 0)
			p.End(p.now, p.begin(), Succeeded)
			p.is(Closed, 0)
		}},
		{"a probe that is limited is followed by a probe", func(t *testing.T, p *patient, probe Ticket) {
			p.End(p.now, probe, Neutral)
			p.Rest(p.now, p.Ticket(p.now), 7*time.Second, CauseRateLimit)
			p.is(Open, 7*time.Second)
			p.pass(7 * time.Second)
			p.begin()
			p.is(HalfOpen, firstRest)
		}},
		{"an abandoned probe makes way after 15 minutes", func(t *testing.T, p *patient, probe Ticket) {
			p.pass(15*time.Minute - time.Nanosecond)
			p.is(HalfOpen, firstRest)
			p.pass(time.Nanosecond)
			p.is(HalfOpen, 0)
			next := p.begin()
			for _, o := range []Outcome{Neutral, Succeeded, Failed} { // it ends after all
				if got := p.End(p.now, probe, o); got.Changed() {
					t.Errorf("%+v", got)
				}
				p.is(HalfOpen, firstRest)
			}
			p.End(p.now, next, Succeeded)
			p.is(Closed, 0)
		}},
		{"a probe that fails after the breaker was switched off", func(t *testing.T, p *patient, probe Ticket) {
			p.Configure(Thresholds{Off: true})
			p.End(p.now, probe, Failed)
			p.is(Closed, 0)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := open(t)
			p.is(HalfOpen, 0)
			probe := p.begin()
			p.is(HalfOpen, firstRest)
			test.do(t, p, probe)
		})
	}
}

// TestLateResults: what began before a breaker opened neither closes it nor prolongs its
// rest, also if its first content came while it was open and it was given a new ticket.
func TestLateResults(t *testing.T) {
	for _, o := range []Outcome{Succeeded, Failed, Neutral} {
		for _, renewed := range []bool{false, true} {
			for state, passes := range map[Breaker]time.Duration{Open: 5 * time.Second, HalfOpen: 20 * time.Second} {
				p := newPatient(t)
				early := p.begin()
				p.call(5, Failed)
				p.pass(passes)
				_, wait := p.Ready(p.now)
				p.is(state, wait)
				for range 10 {
					if renewed {
						early = p.Ticket(p.now)
					}
					if got := p.End(p.now, early, o); got.Changed() {
						t.Errorf("outcome %d while %s: %+v", o, state, got)
					}
				}
				p.is(state, wait)
			}
		}
	}
	t.Run("a success in a rest does not end its doubling", func(t *testing.T) {
		p := newPatient(t)
		early := p.begin()
		p.Rest(p.now, p.Ticket(p.now), 0, CauseRateLimit)
		p.End(p.now, early, Succeeded)
		p.is(Resting, time.Second)
		p.pass(time.Second)
		p.Rest(p.now, p.Ticket(p.now), 0, CauseRateLimit)
		p.is(Resting, 2*time.Second)
	})
	t.Run("what began after a failure of its ticket's time counts", func(t *testing.T) {
		p := newPatient(t)
		for range 5 {
			p.End(p.now, p.Ticket(p.now), Failed)
		}
		p.is(Open, 20*time.Second)
	})
}

// TestRests goes through rests for rate limits and credentials.
func TestRests(t *testing.T) {
	type rest struct {
		after, d time.Duration
		cause    Cause
		is       Breaker
		wait     time.Duration
	}
	for _, test := range []struct {
		name  string
		rests []rest
	}{
		{"as long as told", []rest{{0, 5 * time.Second, CauseRateLimit, Resting, 5 * time.Second}}},
		{"an hour at most", []rest{{0, 100 * time.Hour, CauseRateLimit, Resting, time.Hour}}},
		{"unknown times double up to 30 s", []rest{
			{0, 0, CauseRateLimit, Resting, time.Second}, {time.Second, 0, CauseRateLimit, Resting, 2 * time.Second},
			{2 * time.Second, 0, CauseRateLimit, Resting, 4 * time.Second}, {time.Minute, 0, CauseRateLimit, Resting, 8 * time.Second},
			{8 * time.Second, 0, CauseRateLimit, Resting, 16 * time.Second}, {16 * time.Second, 0, CauseRateLimit, Resting, 30 * time.Second},
			{30 * time.Second, 0, CauseRateLimit, Resting, 30 * time.Second}, {time.Hour, 0, CauseRateLimit, Resting, 30 * time.Second},
		}},
		{"calls refused at once double nothing", []rest{
			{0, 0, CauseRateLimit, Resting, time.Second}, {0, 0, CauseRateLimit, Resting, time.Second}, {0, time.Second, CauseRateLimit, Resting, time.Second},
			{500 * time.Millisecond, 0, CauseRateLimit, Resting, 500 * time.Millisecond}, {500 * time.Millisecond, 0, CauseRateLimit, Resting, 2 * time.Second},
		}},
		{"a later end stays", []rest{
			{0, time.Minute, CauseRateLimit, Resting, time.Minute}, {0, time.Second, CauseRateLimit, Resting, time.Minute},
			{10 * time.Second, 0, CauseRateLimit, Resting, 50 * time.Second}, {0, 2 * time.Minute, CauseRateLimit, Resting, 2 * time.Minute},
		}},
		{"a refused credential is probed", []rest{{0, time.Minute, CauseAuth, Open, time.Minute}}},
		{"a limit within the rest of a credential keeps it probed", []rest{
			{0, time.Minute, CauseAuth, Open, time.Minute}, {0, time.Hour, CauseRateLimit, Open, time.Hour},
		}},
		{"a negative time is unknown", []rest{{0, -time.Minute, CauseModel, Resting, time.Second}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPatient(t)
			for _, r := range test.rests {
				p.pass(r.after)
				before, _ := p.Ready(p.now)
				if got := p.Rest(p.now, p.Ticket(p.now), r.d, r.cause); got.To != r.is || !got.Until.Equal(p.now.Add(r.wait)) || before && !got.Changed() {
					t.Fatalf("%+v after %+v", got, r)
				}
				p.is(r.is, r.wait)
			}
			_, wait := p.Ready(p.now)
			last := p.View(p.now).State
			p.pass(wait)
			p.is(map[Breaker]Breaker{Resting: Closed, Open: HalfOpen}[last], 0)
		})
	}
	t.Run("a success ends the doubling", func(t *testing.T) {
		p := newPatient(t)
		for range 4 {
			p.Rest(p.now, p.Ticket(p.now), 0, CauseRateLimit)
			p.pass(time.Minute)
		}
		p.call(1, Succeeded)
		p.Rest(p.now, p.Ticket(p.now), 0, CauseRateLimit)
		p.is(Resting, time.Second)
	})
	t.Run("the provider's time in an open breaker", func(t *testing.T) {
		p := newPatient(t)
		p.call(5, Failed)
		p.Rest(p.now, p.Ticket(p.now), 5*time.Second, CauseFailures)
		p.is(Open, 20*time.Second)
		p.Rest(p.now, p.Ticket(p.now), 50*time.Second, CauseFailures)
		p.is(Open, 50*time.Second)
		p.pass(50 * time.Second)
		p.begin()
		p.is(HalfOpen, firstRest)
	})
	t.Run("waking", func(t *testing.T) {
		p := newPatient(t)
		p.Rest(p.now, p.Ticket(p.now), time.Hour, CauseAuth)
		p.wake(p.now)
		p.is(Closed, 0)
	})
}

// TestLateRests: a refusal of a call that began before the last rest is no further rest,
// but a time that the provider told with it counts.
func TestLateRests(t *testing.T) {
	for _, test := range []struct {
		name  string
		d     time.Duration
		cause Cause
		is    Breaker
		wait  time.Duration
	}{
		{"a limit without a time", 0, CauseRateLimit, Closed, 0},
		{"a limit with a time", 7 * time.Second, CauseRateLimit, Resting, 7 * time.Second},
		{"an overload with a time", 7 * time.Second, CauseFailures, Resting, 7 * time.Second},
		{"a refused credential", time.Minute, CauseAuth, Closed, 0},
		{"a missing model", time.Minute, CauseModel, Closed, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPatient(t)
			early := p.begin()
			p.Rest(p.now, p.begin(), 0, CauseRateLimit)
			p.pass(time.Second)
			p.is(Closed, 0)
			got := p.Rest(p.now, early, test.d, test.cause)
			if p.is(test.is, test.wait); got.To != test.is {
				t.Errorf("%+v", got)
			}
			p.pass(time.Minute)
			p.Rest(p.now, p.begin(), 0, CauseRateLimit)
			p.is(Resting, 2*time.Second) // the second of its kind, whatever came late
		})
	}
	t.Run("many calls that were under way at once", func(t *testing.T) {
		p := newPatient(t)
		calls := make([]Ticket, 50)
		for i := range calls {
			calls[i] = p.begin()
		}
		for _, call := range calls {
			p.Rest(p.now, call, 0, CauseRateLimit)
			p.pass(300 * time.Millisecond)
		}
		p.is(Closed, 0)
		p.Rest(p.now, p.begin(), 0, CauseRateLimit)
		p.is(Resting, 2*time.Second)
	})
}

// TestRefusedCredentialRecovers: after its rest a refused credential is probed by one call,
// which brings it back or lets it rest again.
func TestRefusedCredentialRecovers(t *testing.T) {
	p := newPatient(t)
	p.Rest(p.now, p.begin(), time.Minute, CauseAuth)
	for range 3 { // it is still refused
		p.is(Open, time.Minute)
		p.pass(time.Minute)
		p.is(HalfOpen, 0)
		probe := p.begin()
		p.is(HalfOpen, firstRest)
		p.End(p.now, probe, Neutral)
		p.Rest(p.now, probe, time.Minute, CauseAuth)
	}
	p.pass(time.Minute)
	if got := p.End(p.now, p.begin(), Succeeded); got.From != HalfOpen || got.To != Closed {
		t.Errorf("%+v", got)
	}
	p.is(Closed, 0)
	p.call(4, Succeeded)
}

// TestChange: the end of a rest that nobody brings about is told by the call after it, and
// no change is told twice.
func TestChange(t *testing.T) {
	told := func(t *testing.T, p *patient, from, to Breaker) {
		t.Helper()
		if got := p.Change(p.now); got.From != from || got.To != to {
			t.Fatalf("%s to %s, want %s to %s", got.From, got.To, from, to)
		}
		if again := p.Change(p.now); again.Changed() {
			t.Fatalf("%s to %s is told again", again.From, again.To)
		}
	}
	t.Run("an open breaker", func(t *testing.T) {
		p := newPatient(t)
		told(t, p, Closed, Closed)
		p.call(5, Failed)
		told(t, p, Open, Open)
		p.pass(20 * time.Second)
		probe := p.begin()
		told(t, p, Open, HalfOpen)
		p.End(p.now, probe, Neutral)
		probe = p.begin()
		told(t, p, HalfOpen, HalfOpen)
		p.End(p.now, probe, Succeeded)
		told(t, p, Closed, Closed)
	})
	t.Run("a rate limit", func(t *testing.T) {
		p := newPatient(t)
		p.Rest(p.now, p.begin(), 0, CauseRateLimit)
		told(t, p, Resting, Resting)
		p.pass(time.Second)
		p.begin()
		told(t, p, Resting, Closed)
	})
	t.Run("an operator's word", func(t *testing.T) {
		p := newPatient(t)
		p.Rest(p.now, p.begin(), time.Hour, CauseAuth)
		p.wake(p.now)
		p.begin()
		told(t, p, Open, Closed)
	})
}

// TestClockJumps: a clock that is set back or ahead never lets anything rest for longer
// than its rest was.
func TestClockJumps(t *testing.T) {
	const day = 24 * time.Hour
	for _, jump := range []time.Duration{-10 * 365 * day, -day, -30 * time.Second, -time.Second, time.Second, day, 100 * 365 * day} {
		t.Run(jump.String(), func(t *testing.T) {
			for name, begin := range map[string]func(p *patient) time.Duration{
				"open": func(p *patient) time.Duration { p.call(5, Failed); return 20 * time.Second },
				"resting": func(p *patient) time.Duration {
					p.Rest(p.now, p.Ticket(p.now), time.Minute, CauseRateLimit)
					return time.Minute
				},
				"probing": func(p *patient) time.Duration {
					p.call(5, Failed)
					p.pass(10 * day)
					p.begin()
					return maxProbe
				},
			} {
				p := newPatient(t)
				p.pass(time.Second)
				longest := begin(p)
				p.pass(jump)
				if _, wait := p.Ready(p.now); wait > longest {
					t.Errorf("%s: rests for %v", name, wait)
				}
				p.pass(longest)
				p.End(p.now, p.begin(), Succeeded)
				p.is(Closed, 0)
				p.call(5, Failed)
				p.is(Open, 20*time.Second)
			}
		})
	}
}

// BenchmarkHealth is what a call costs that succeeds.
func BenchmarkHealth(b *testing.B) {
	var h Health
	b.ReportAllocs()
	for range b.N {
		h.Ready(noon)
		ticket, _ := h.Begin(noon)
		h.End(noon, ticket, Succeeded)
	}
}
