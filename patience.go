package xjpgateway

import (
	"io"
	"sync/atomic"
	"time"
)

// patience ends an attempt that takes too long: the time to the first content and the
// silence after it for streams, the whole time for other answers and, if that is asked
// for, for streams. There is one timer for each limit, which is not touched for each piece.
// What is counted is the time that passes, whatever becomes of the clock.
type patience struct {
	a       *attempt
	begun   time.Time
	timer   *time.Timer
	whole   *time.Timer  // of a stream, nil if it has no limit
	asked   atomic.Int64 // since when a piece is waited for, in nanoseconds since the beginning; 0 if none is
	content atomic.Bool
}

// newPatience starts the clock of an attempt.
func newPatience(a *attempt) *patience {
	p := &patience{a: a, begun: time.Now()}
	limits := &a.route.timeouts
	limit := limits.Total
	if a.stream {
		limit = limits.FirstToken
		if whole := a.wholeLimit(); whole > 0 {
			p.whole = time.AfterFunc(whole, func() { a.cancel(errTotal) })
		}
	}
	p.timer = time.AfterFunc(time.Duration(limit), p.expire)
	return p
}

// wholeLimit is the time that a stream may take to its end, 0 if there is no limit. One that
// is gathered for a client that wants a whole answer may take no longer than that may.
func (a *attempt) wholeLimit() time.Duration {
	limits := &a.route.timeouts
	switch {
	case a.c.ask.stream:
		return time.Duration(limits.StreamTotal)
	case limits.StreamTotal > 0:
		return time.Duration(min(limits.StreamTotal, limits.Total))
	}
	return time.Duration(limits.Total)
}

// expire is called when a limit may have passed.
func (p *patience) expire() {
	switch {
	case !p.a.stream:
		p.a.cancel(errTotal)
	case !p.content.Load():
		p.a.cancel(errFirstToken)
	default:
		if left := time.Duration(p.a.route.timeouts.Idle) - p.silence(); left > 0 {
			p.timer.Reset(left)
			return
		}
		p.a.cancel(errIdle)
	}
}

// silence is for how long a piece has been waited for. A client that is slow to take what
// there is already is no silence of the provider's.
func (p *patience) silence() time.Duration {
	asked := p.asked.Load()
	if asked == 0 {
		return 0
	}
	return time.Since(p.begun) - time.Duration(asked)
}

// gotContent is called with each piece of content; the first one proves that the provider
// works, and begins the limit of silence.
func (a *attempt) gotContent() {
	if !a.admission.proven {
		a.patience.gotContent()
		a.proven()
	}
}

// gotContent turns from the limit of the first content to that of silence.
func (p *patience) gotContent() {
	if !p.content.Swap(true) {
		p.timer.Reset(time.Duration(p.a.route.timeouts.Idle))
	}
}

func (p *patience) stop() {
	p.timer.Stop()
	if p.whole != nil {
		p.whole.Stop()
	}
}

// watched notes when bytes are waited for.
type watched struct {
	src io.Reader
	p   *patience
}

// Read reads and notes the time.
func (w *watched) Read(b []byte) (int, error) {
	w.p.asked.Store(int64(time.Since(w.p.begun)))
	n, err := w.src.Read(b)
	w.p.asked.Store(0)
	return n, err
}
