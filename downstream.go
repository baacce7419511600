package xjpgateway

import (
	"net/http"
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// downstream is the streamed answer on its way to the client. The attempt that serves
// it and the keep-alive timer write to it under one lock.
type downstream struct {
	mu     sync.Mutex
	c      *call
	rc     *http.ResponseController
	timer  *time.Timer
	last   time.Time
	opened bool // status and headers are sent
	closed bool
	failed bool // the client cannot be written to
}

// openDownstream prepares the streamed answer. Headers are sent with the first content,
// so that until then another route can take over without the client noticing; only if
// that takes longer than the keep-alive delay they are sent early.
func (c *call) openDownstream() *downstream {
	d := &downstream{c: c, rc: http.NewResponseController(c.w), last: c.started}
	d.mu.Lock() // the timer may fire before it is known here
	d.timer = time.AfterFunc(c.s.keepAlive, d.keepAlive)
	d.mu.Unlock()
	c.h.app.metrics.streams.WithLabelValues(c.dialect.Inbound.Name()).Inc()
	return d
}

// keepAlive sends a frame that says nothing if there was silence, and waits for the
// next silence.
func (d *downstream) keepAlive() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.failed {
		return
	}
	wait := d.c.s.keepAlive - time.Since(d.last)
	if wait <= 0 {
		d.send(keepAliveFrame(d.c.dialect))
		wait = d.c.s.keepAlive
	}
	d.timer.Reset(wait)
}

// keepAliveFrame is the dialect's frame that tells nothing but that the stream lives.
func keepAliveFrame(d *dialect) []byte {
	x := &translate.Exchange{Request: &translate.Request{}, Target: &translate.Target{}}
	return d.NewEncoder(x).KeepAlive(nil)
}

// write sends frames and flushes them at once. It reports whether the client is there.
func (d *downstream) write(frames []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.failed && len(frames) > 0 {
		if !d.opened {
			d.c.announce()
		}
		d.send(frames)
	}
	return !d.failed
}

// send writes under the lock. It runs in the timer's goroutine too, so it touches
// nothing of the call but the response and what the lock guards.
func (d *downstream) send(frames []byte) {
	if !d.opened {
		d.opened = true
		d.open()
	}
	d.last = time.Now()
	if _, err := d.c.w.Write(frames); err != nil {
		d.failed = true
		return
	}
	if err := d.rc.Flush(); err != nil {
		d.failed = true
	}
}

// open sends status and headers of an event stream. Incremental asks other hops not
// to hold it back (caddy.md 1.5).
func (d *downstream) open() {
	h := d.c.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	h.Set("Incremental", "?1")
	d.c.outcome.status = http.StatusOK
	d.c.headersSent = true
	d.c.w.WriteHeader(http.StatusOK)
}

// isOpen reports whether headers are sent.
func (d *downstream) isOpen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opened
}

// close ends the writing. The last frame has been flushed with it, which Caddy's write
// timeout on HTTP/1.1 needs (caddy.md, finding 3).
func (d *downstream) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.timer.Stop()
	d.c.h.app.metrics.streams.WithLabelValues(d.c.dialect.Inbound.Name()).Dec()
}
