package idempotency

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the settings of a Desk. A field that is not set takes its default.
type Options struct {
	// Store keeps the answers.
	Store Store
	// TTL is how long an answer is kept. Default: 24 hours.
	TTL time.Duration
	// MaxAnswer is the most bytes of a body that is kept. Default: 1 MiB.
	MaxAnswer int64
	// MaxRecordings is the most bytes that answers under way hold together, until they are
	// kept and read. Default: 256 MiB.
	MaxRecordings int64
	// OnError is told when the store fails; nil tells nobody. It may be called at the same
	// time by several goroutines.
	OnError func(error)
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Desk has each request done once: the first to come under an ID does it, and those that
// come while it is under way on this node are given what the first is given, from its
// beginning. What has been answered is given again out of the store, which also knows what
// other nodes do. A Desk is safe for concurrent use.
//
// When the store fails, requests are done as if they had never been seen, but still once at
// a time on this node: a client would rather pay twice than not be served.
type Desk struct {
	o      Options
	held   atomic.Int64 // bytes of recordings
	closed chan struct{}
	ended  chan struct{}

	mu   sync.Mutex
	runs map[ID]*Run
}

// The defaults of Options.
const (
	DefaultTTL           = 24 * time.Hour
	DefaultMaxAnswer     = 1 << 20
	DefaultMaxRecordings = 256 << 20
)

// NewDesk makes a desk, which renews its claims until it is closed.
func NewDesk(o Options) *Desk {
	if o.TTL <= 0 {
		o.TTL = DefaultTTL
	}
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = DefaultMaxAnswer
	}
	if o.MaxRecordings <= 0 {
		o.MaxRecordings = DefaultMaxRecordings
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Desk{o: o, runs: map[ID]*Run{}, closed: make(chan struct{}), ended: make(chan struct{})}
	go d.renewals()
	return d
}

// Close ends the renewal of claims. The store is left open, and requests under way may
// still be finished. It must be called once.
func (d *Desk) Close() {
	close(d.closed)
	<-d.ended
}

// Turn is what a request is told at the desk.
type Turn struct {
	// State is what is known of the request. Answered includes an answer that is still being
	// given on this node; Running is then one of another node.
	State State
	// Run is the request's to do if it is Fresh; it must be ended.
	Run *Run
	// Answer is there to be read if it is Answered; it must be closed.
	Answer *Reader
}

// Begin tells a request, whose id is owner, whether it is its turn. While the same request
// is under way on this node, it waits until that has begun to answer or was given up; the
// error is the context's.
func (d *Desk) Begin(ctx context.Context, id ID, fingerprint [32]byte, owner string) (Turn, error) {
	for {
		run, first := d.enter(ctx, id, fingerprint, owner)
		if first {
			return d.ask(ctx, run)
		}
		turn, err := run.follow(ctx, fingerprint)
		if err != errGivenUp {
			return turn, err
		}
		if err := wait(ctx, run.gone); err != nil {
			return Turn{}, err
		}
	}
}

// enter gives the run of an ID on this node, and whether it was made for the caller.
func (d *Desk) enter(ctx context.Context, id ID, fingerprint [32]byte, owner string) (run *Run, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if run = d.runs[id]; run != nil {
		return run, false
	}
	run = newRun(ctx, d, id, fingerprint, owner)
	d.runs[id] = run
	return run, true
}

// ask has the store tell what is known of a run that nobody else on this node does.
func (d *Desk) ask(ctx context.Context, r *Run) (Turn, error) {
	state, answer, err := d.o.Store.Begin(ctx, r.id, r.fingerprint, r.owner, d.o.Now())
	if err != nil || state == Fresh { // a call that failed may have been heard nevertheless
		r.setClaimed()
	}
	switch {
	case err != nil && ctx.Err() != nil:
		r.Abandon(nil)
		return Turn{}, ctx.Err()
	case err != nil:
		d.o.OnError(err)
		return r.begin(), nil
	case state == Fresh:
		return r.begin(), nil
	case state == Answered:
		return r.load(answer), nil
	}
	r.Abandon(nil)
	return Turn{State: state}, nil
}

// leave forgets a run, so that the next request under its ID asks the store.
func (d *Desk) leave(r *Run) {
	d.mu.Lock()
	delete(d.runs, r.id)
	d.mu.Unlock()
	close(r.gone)
}

// renewals claims again and again what is under way, well before its claims are over.
func (d *Desk) renewals() {
	defer close(d.ended)
	ticker := time.NewTicker(Claim / 4)
	defer ticker.Stop()
	for {
		select {
		case <-d.closed:
			return
		case <-ticker.C:
			d.renew()
		}
	}
}

// renew claims what is under way. If the store fails, the rest is left to the next time.
func (d *Desk) renew() {
	ctx, cancel := context.WithTimeout(context.Background(), Claim/4)
	defer cancel()
	for _, r := range d.underway() {
		if err := r.renew(ctx); err != nil {
			d.o.OnError(err)
			return
		}
	}
}

// underway lists the runs on this node.
func (d *Desk) underway() []*Run {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.runs))
}

// take takes bytes from what recordings may hold together, if they are there.
func (d *Desk) take(n int64) bool {
	if d.held.Add(n) > d.o.MaxRecordings {
		d.held.Add(-n)
		return false
	}
	return true
}

// give gives bytes back.
func (d *Desk) give(n int64) { d.held.Add(-n) }

// wait waits for a channel to be closed; the error is the context's.
func wait(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
