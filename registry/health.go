package registry

import (
	"sync"
	"time"
)

// Bounds of rests: the first without a time of the provider's own and the longest of
// these, which follow each other without a success between them, and the longest of all.
const (
	firstRest   = time.Second
	longestRest = 30 * time.Second
	maxRest     = time.Hour
)

// maxProbe is how long a probe may take before another is let through.
const maxProbe = 15 * time.Minute

// Ticket is the leave to make one call, to be given back with what became of it.
type Ticket struct {
	epoch uint32
	probe bool
}

// Health is a circuit breaker with rests: what calls have shown of a route or a
// credential. Its zero value is closed, with the default thresholds. It is safe for
// concurrent use; time is an argument.
type Health struct {
	mu         sync.Mutex
	thresholds Thresholds
	state      Breaker
	told       Breaker // the state that transitions have told of
	cause      Cause
	since      time.Time
	until      time.Time
	probing    bool
	probeUntil time.Time
	// epoch counts the changes of state: a call that began before one says nothing after it.
	epoch    uint32
	inARow   int // failures
	rests    int // without a success between them
	counts   [2]count
	windowed time.Time // when counts[0] began
}

// count is what became of calls in half a window.
type count struct{ calls, failures int }

// Configure sets the thresholds, which a reload may change.
func (h *Health) Configure(t Thresholds) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.thresholds = t
}

// at brings the state up to the time. That a rest has ended is told by Change, as nobody may
// ask for long.
func (h *Health) at(now time.Time) {
	if now.Before(h.since) { // the clock has jumped: what is left of a rest begins anew
		h.until, h.since = now.Add(h.until.Sub(h.since)), now
	}
	switch {
	case h.state == Resting && !now.Before(h.until):
		h.become(Closed, CauseNone, now, now)
	case h.state == Open && !now.Before(h.until):
		h.state = HalfOpen
	}
	if !h.probing {
		return
	}
	if latest := now.Add(maxProbe); h.probeUntil.After(latest) { // the clock has jumped
		h.probeUntil = latest
	}
	if !now.Before(h.probeUntil) {
		h.probing = false
		h.epoch++ // the next probe alone decides
	}
}

// become changes the state.
func (h *Health) become(state Breaker, cause Cause, now, until time.Time) {
	h.state, h.cause, h.since, h.until = state, cause, now, until
	h.probing, h.inARow, h.counts = false, 0, [2]count{}
	h.epoch++
}

// Ready reports whether a call may be planned, and if not, how long that lasts.
func (h *Health) Ready(now time.Time) (ok bool, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(now)
	switch {
	case h.state == Closed, h.state == HalfOpen && !h.probing:
		return true, 0
	case h.state == HalfOpen:
		return false, firstRest // the probe may end at any time
	}
	return false, h.until.Sub(now)
}

// Begin gives leave to make a call; while the breaker is half open, to one at a time.
func (h *Health) Begin(now time.Time) (Ticket, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(now)
	switch {
	case h.state == Closed:
		return Ticket{epoch: h.epoch}, true
	case h.state == HalfOpen && !h.probing:
		h.probing, h.probeUntil = true, now.Add(maxProbe)
		return Ticket{epoch: h.epoch, probe: true}, true
	}
	return Ticket{}, false
}

// Ticket gives leave to report on a call that is under way already.
func (h *Health) Ticket(now time.Time) Ticket {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(now)
	return Ticket{epoch: h.epoch}
}

// End reports what became of a call.
func (h *Health) End(now time.Time, t Ticket, o Outcome) Transition {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(now)
	from := h.state
	switch {
	case t.epoch != h.epoch:
	case t.probe:
		h.probed(now, o)
	case h.state != Closed: // the ticket was taken while open, by a call that began before
	case o == Succeeded:
		h.inARow, h.rests = 0, 0
		h.tally(now).calls++
	case o == Failed:
		h.inARow++
		half := h.tally(now)
		half.calls++
		half.failures++
		if h.tooMany() {
			h.open(now)
		}
	}
	return h.transition(from)
}

// probed ends the probe.
func (h *Health) probed(now time.Time, o Outcome) {
	h.probing = false
	switch {
	case o == Succeeded:
		h.rests = 0
		h.become(Closed, CauseNone, now, now)
	case o == Failed && h.thresholds.Off:
		h.become(Closed, CauseNone, now, now)
	case o == Failed:
		h.open(now)
	}
}

func (h *Health) transition(from Breaker) Transition {
	if from != h.state {
		h.told = h.state
	}
	return Transition{From: from, To: h.state, Cause: h.cause, Until: h.until}
}

// Change tells, once, of a change that End and Rest have not told of: that a rest has ended
// by itself, or by an operator's word.
func (h *Health) Change(now time.Time) Transition {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(now)
	return h.transition(h.told)
}

func (h *Health) open(now time.Time) {
	h.become(Open, CauseFailures, now, now.Add(h.thresholds.withDefaults().Cooldown))
}

// tally gives the half window of the time.
func (h *Health) tally(now time.Time) *count {
	half := h.thresholds.withDefaults().Window / 2
	switch age := now.Sub(h.windowed); {
	case age < 0 || age >= 2*half:
		h.counts, h.windowed = [2]count{}, now
	case age >= half:
		h.counts[1], h.counts[0] = h.counts[0], count{}
		h.windowed = h.windowed.Add(half)
	}
	return &h.counts[0]
}

func (h *Health) tooMany() bool {
	t := h.thresholds.withDefaults()
	if t.Off {
		return false
	}
	calls, failures := h.counts[0].calls+h.counts[1].calls, h.counts[0].failures+h.counts[1].failures
	return h.inARow >= t.Failures || calls >= t.MinCalls && float64(failures) >= t.Ratio*float64(calls)
}

// Rest takes out of use what a provider has refused a call, for the time that it told. A
// time of 0 is unknown: one second then, twice as long for each further rest without a
// success between, up to 30 s; while a rest lasts it says nothing, since many calls may be
// refused at once. A later end that is known already stays, and none is later than in an
// hour. What was refused for its credential, or was not closed for its failures, is tried by
// one probe after the rest.
//
// A call that began before the last change of state is no further rest, and of what it was
// refused for only a time that the provider told itself still says something.
func (h *Health) Rest(now time.Time, t Ticket, d time.Duration, cause Cause) Transition {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(now)
	from, late := h.state, t.epoch != h.epoch
	if late && (d <= 0 || cause == CauseAuth || cause == CauseModel) {
		return h.transition(from)
	}
	rests := from == Open || from == Resting
	if d <= 0 && !rests {
		d = min(firstRest<<min(h.rests, 10), longestRest)
	}
	until := now.Add(min(d, maxRest))
	if rests && !until.After(h.until) {
		return h.transition(from)
	}
	if !rests && !late {
		h.rests++
	}
	state := Resting
	if cause == CauseAuth || from == Open || from == HalfOpen {
		state = Open
	}
	h.become(state, cause, now, until)
	return h.transition(from)
}

// wake ends a rest and forgets what has led to it.
func (h *Health) wake(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rests = 0
	h.become(Closed, CauseNone, now, now)
}

// HealthView is the state of a Health for people and machines.
type HealthView struct {
	State    Breaker
	Cause    Cause
	Until    time.Time
	Failures int
}

// View tells the state.
func (h *Health) View(now time.Time) HealthView {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(now)
	return HealthView{State: h.state, Cause: h.cause, Until: h.until, Failures: h.inARow}
}
