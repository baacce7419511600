package xjpgateway

import (
	"io"
	"sync/atomic"
	"time"
)

// patience ends an attempt that takes too long: the time to the first content and the
// silence after it for streams, the whole time for other answers. There is one timer,
// which is not touched for each piece.
type patience struct {
	a       *attempt
	timer   *time.Timer
	last    atomic.Int64 // when the last byte came, in Unix nanoseconds
	content atomic.Bool
}

// newPatience starts the clock of an attempt.
func newPatience(a *attempt) *patience {
	p := &patience{a: a}
	limit := a.route.timeouts.Total
	if a.stream {
		limit = a.route.timeouts.FirstToken
	}
	p.timer = time.AfterFunc(time.Duration(limit), p.expire)
	return p
}

// expire is called when a limit may have passed.
func (p *patience) expire() {
	switch {
	case !p.a.stream:
		p.a.cancel(errTotal)
	case !p.content.Load():
		p.a.cancel(errFirstToken)
	default:
		idle := time.Duration(p.a.route.timeouts.Idle)
		if left := idle - time.Since(time.Unix(0, p.last.Load())); left > 0 {
			p.timer.Reset(left)
			return
		}
		p.a.cancel(errIdle)
	}
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

func (p *patience) stop() { p.timer.Stop() }

// watched notes when bytes come.
type watched struct {
	src io.Reader
	p   *patience
}

// Read reads and notes the time.
func (w *watched) Read(b []byte) (int, error) {
	n, err := w.src.Read(b)
	w.p.last.Store(time.Now().UnixNano())
	return n, err
}
