package registry

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// breakerModel is what a Health should be, told as plainly as it can be: it keeps every
// call and every result, where Health keeps counts.
type breakerModel struct {
	health     Health
	thresholds Thresholds
	now        time.Time

	state   Breaker
	until   time.Time
	age     int // changes of state so far
	calls   []*modelCall
	results []modelResult // since the last change of state
	rests   int
}

// modelCall is a call under way.
type modelCall struct {
	ticket    Ticket
	age       int
	probe     bool
	abandoned time.Time
}

// modelResult is what became of a call.
type modelResult struct {
	at     time.Time
	failed bool
}

// TestBreakerModel compares a Health with its model through calls, ends, rests and time in
// any order.
func TestBreakerModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &breakerModel{now: noon}
		m.thresholds = Thresholds{
			Failures: rapid.IntRange(1, 8).Draw(t, "failures"), MinCalls: rapid.IntRange(2, 10).Draw(t, "min calls"),
			Ratio: rapid.Float64Range(0.1, 1).Draw(t, "ratio"), Window: 30 * time.Second, Cooldown: 20 * time.Second,
		}
		m.health.Configure(m.thresholds)
		t.Repeat(map[string]func(*rapid.T){
			"":      m.check,
			"begin": m.begin,
			"call": func(t *rapid.T) {
				m.begin(t)
				m.end(t)
			},
			"end":  m.end,
			"rest": m.rest,
			"pass": func(t *rapid.T) { m.pass(time.Duration(rapid.IntRange(0, 25_000).Draw(t, "ms")) * time.Millisecond) },
			"wait": func(t *rapid.T) { m.pass(time.Duration(rapid.IntRange(1, 40).Draw(t, "minutes")) * time.Minute) },
		})
	})
}

func (m *breakerModel) pass(d time.Duration) {
	m.now = m.now.Add(d)
	if m.now.Before(m.until) {
		return
	}
	switch m.state {
	case Resting:
		m.become(Closed, time.Time{})
	case Open:
		m.state = HalfOpen
	}
}

func (m *breakerModel) become(state Breaker, until time.Time) {
	m.state, m.until, m.results = state, until, nil
	m.age++
}

// probe is the probe under way, nil if there is none.
func (m *breakerModel) probe() *modelCall {
	for _, c := range m.calls {
		if c.probe && c.age == m.age && m.now.Before(c.abandoned) {
			return c
		}
	}
	return nil
}

// check compares what is seen from outside.
func (m *breakerModel) check(t *rapid.T) {
	if got := m.health.View(m.now); got.State != m.state || m.state != Closed && !got.Until.Equal(m.until) {
		t.Fatalf("%s until %v, want %s until %v", got.State, got.Until, m.state, m.until)
	}
	ready := m.state == Closed || m.state == HalfOpen && m.probe() == nil
	if ok, wait := m.health.Ready(m.now); ok != ready || ok != (wait == 0) {
		t.Fatalf("ready: %v, in %v, while %s", ok, wait, m.state)
	} else if (m.state == Open || m.state == Resting) && !m.now.Add(wait).Equal(m.until) {
		t.Fatalf("rests for %v, want until %v", wait, m.until)
	}
}

func (m *breakerModel) begin(t *rapid.T) {
	want := m.state == Closed || m.state == HalfOpen && m.probe() == nil
	ticket, ok := m.health.Begin(m.now)
	if ok != want {
		t.Fatalf("let through: %v, want %v while %s", ok, want, m.state)
	}
	if ok {
		m.calls = append(m.calls, &modelCall{ticket, m.age, m.state == HalfOpen, m.now.Add(15 * time.Minute)})
	}
}

// end ends any of the calls under way.
func (m *breakerModel) end(t *rapid.T) {
	if len(m.calls) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.calls)-1).Draw(t, "call")
	o := rapid.SampledFrom([]Outcome{Failed, Failed, Succeeded, Neutral}).Draw(t, "outcome")
	c, probe, before := m.calls[i], m.probe(), m.state
	m.calls = append(m.calls[:i], m.calls[i+1:]...)
	got := m.health.End(m.now, c.ticket, o)
	switch {
	case c.age != m.age || c.probe && c != probe: // late
	case c.probe && o == Succeeded:
		m.rests = 0
		m.become(Closed, time.Time{})
	case c.probe && o == Failed:
		m.become(Open, m.now.Add(m.thresholds.Cooldown))
	case !c.probe && o != Neutral:
		m.result(t, o == Failed)
	}
	if got.From != before || got.To != m.state {
		t.Fatalf("%+v, want from %s to %s", got, before, m.state)
	}
}

// result counts a result. Where the window is about to lose results, Health may open or
// not: its window is between half of its length and all of it.
func (m *breakerModel) result(t *rapid.T, failed bool) {
	m.results = append(m.results, modelResult{m.now, failed})
	if !failed {
		m.rests = 0
		return
	}
	inARow := 0
	for i := len(m.results) - 1; i >= 0 && m.results[i].failed; i-- {
		inARow++
	}
	opened := m.health.View(m.now).State == Open
	if inARow >= m.thresholds.Failures && !opened {
		t.Fatalf("%d failures in a row do not open", inARow)
	}
	if opened && inARow < m.thresholds.Failures && !m.byRatio() {
		t.Fatalf("opened without reason: %d in a row, %v", inARow, m.results)
	}
	if !opened && m.results[0].at.After(m.now.Add(-m.thresholds.Window/2)) && m.byRatio() {
		t.Fatalf("the ratio does not open: %v", m.results)
	}
	if opened {
		m.become(Open, m.now.Add(m.thresholds.Cooldown))
	}
}

// byRatio reports whether the last results open by their ratio in any window between half
// its length and all of it.
func (m *breakerModel) byRatio() bool {
	calls, failures := 0, 0
	for i := len(m.results) - 1; i >= 0 && m.now.Sub(m.results[i].at) <= m.thresholds.Window; i-- {
		calls++
		if m.results[i].failed {
			failures++
		}
		half := i == 0 || m.now.Sub(m.results[i-1].at) >= m.thresholds.Window/2
		if half && calls >= m.thresholds.MinCalls && float64(failures) >= m.thresholds.Ratio*float64(calls) {
			return true
		}
	}
	return false
}

func (m *breakerModel) rest(t *rapid.T) {
	d := time.Duration(rapid.SampledFrom([]int{0, 0, 1, 10, 60, 10_000}).Draw(t, "seconds")) * time.Second
	cause := rapid.SampledFrom([]Cause{CauseRateLimit, CauseAuth}).Draw(t, "cause")
	ticket, late := m.health.Ticket(m.now), false
	if n := len(m.calls); n > 0 && rapid.Bool().Draw(t, "of a call") {
		c := m.calls[rapid.IntRange(0, n-1).Draw(t, "call")]
		ticket, late = c.ticket, c.age != m.age || c.probe && c != m.probe()
	}
	before := m.state
	got := m.health.Rest(m.now, ticket, d, cause)
	rests := m.state == Open || m.state == Resting
	if late && (d == 0 || cause == CauseAuth) {
		if got.Changed() {
			t.Fatalf("a late refusal changes %+v", got)
		}
		return
	}
	if d == 0 && !rests {
		d = min(30*time.Second, time.Second<<m.rests)
	}
	until := m.now.Add(min(d, time.Hour))
	if !rests && !late {
		m.rests = min(m.rests+1, 5)
	}
	if !rests || until.After(m.until) {
		state := Resting
		if m.state == Open || m.state == HalfOpen || cause == CauseAuth {
			state = Open
		}
		m.become(state, until)
	}
	if got.From != before || got.To != m.state {
		t.Fatalf("%+v, want from %s to %s", got, before, m.state)
	}
}
