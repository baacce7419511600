package capture

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the settings of a Recorder. A field that is not set takes its default.
type Options struct {
	// Store gives the store; nil while there is none.
	Store func() Store
	// MaxBody is the most bytes that are kept of a body. Default: 256 KiB.
	MaxBody int64
	// MaxTotal is the most bytes that the store keeps. More are there for a short time, by
	// what this process and others have added lately: a sixteenth each. Default: 1 GiB.
	MaxTotal int64
	// MaxWaiting is the most bytes that captures hold in memory until they are stored, those
	// of requests under way included. Default: 64 MiB.
	MaxWaiting int64
	// OnStored and OnDropped are told how many captures were stored, and how many were given
	// up for want of room or of a store. OnError is told why the store failed. nil is nobody.
	OnStored, OnDropped func(captures int)
	OnError             func(error)
}

// The defaults of Options.
const (
	DefaultMaxBody    = 256 << 10
	DefaultMaxTotal   = 1 << 30
	DefaultMaxWaiting = 64 << 20
)

// Recorder stores captures behind the backs of requests: none waits for it, and what it has
// no room for is given up. It is safe for concurrent use.
type Recorder struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	held   atomic.Int64 // bytes of captures in memory

	mu    sync.Mutex
	queue []entry
	idle  chan struct{} // closed when the queue has been worked off; nil while nobody works

	added int64 // bytes that were stored since the total was looked at
}

// entry is a capture that waits, and the bytes that it holds.
type entry struct {
	Capture
	held int64
}

// NewRecorder makes a recorder. The caller closes it.
func NewRecorder(o Options) *Recorder {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxTotal <= 0 {
		o.MaxTotal = DefaultMaxTotal
	}
	if o.MaxWaiting <= 0 {
		o.MaxWaiting = DefaultMaxWaiting
	}
	for _, told := range []*func(int){&o.OnStored, &o.OnDropped} {
		if *told == nil {
			*told = func(int) {}
		}
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	r := &Recorder{o: o}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// add has a capture stored.
func (r *Recorder) add(e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, e)
	if r.idle == nil {
		r.idle = make(chan struct{})
		go r.work()
	}
}

// work stores what waits, until nothing does.
func (r *Recorder) work() {
	for batch := r.next(); batch != nil; batch = r.next() {
		r.store(batch)
	}
}

// storedAtOnce is how many captures are stored in one transaction.
const storedAtOnce = 16

// next takes out what is stored next, nil if nothing waits.
func (r *Recorder) next() []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.queue), storedAtOnce)
	if n == 0 {
		close(r.idle)
		r.queue, r.idle = nil, nil
		return nil
	}
	batch := r.queue[:n:n]
	r.queue = r.queue[n:]
	return batch
}

// A store that fails is tried again after some waits, each twice as long as the one before:
// 15 seconds in all. Captures are no accounts, and prompts do not stay in memory for longer.
const (
	firstWait    = time.Second
	lastWait     = 8 * time.Second
	storeTimeout = 10 * time.Second
	pruneTimeout = time.Minute
)

// store stores captures, or gives them up.
func (r *Recorder) store(batch []entry) {
	if r.insert(batch) {
		r.o.OnStored(len(batch))
	} else {
		r.o.OnDropped(len(batch))
	}
	for i := range batch {
		r.give(batch[i].held)
		batch[i] = entry{} // the queue's memory may stay
	}
}

// insert reports whether captures were stored, be it at a further try.
func (r *Recorder) insert(batch []entry) bool {
	captures := make([]Capture, len(batch))
	for i := range batch {
		captures[i] = batch[i].Capture
	}
	for wait := firstWait; r.ctx.Err() == nil; wait *= 2 {
		err := r.try(captures)
		if err == nil {
			r.trim(captures)
			return true
		}
		r.o.OnError(err)
		if wait > lastWait {
			return false
		}
		select {
		case <-time.After(wait):
		case <-r.ctx.Done():
		}
	}
	return false
}

// errNoStore is what is said while the store is not open.
var errNoStore = errors.New("the store is not open")

// try stores captures.
func (r *Recorder) try(captures []Capture) error {
	store := r.o.Store()
	if store == nil {
		return errNoStore
	}
	ctx, cancel := context.WithTimeout(r.ctx, storeTimeout)
	defer cancel()
	return store.InsertCaptures(ctx, captures)
}

// trim deletes old captures when so many have been added that there may be too many.
func (r *Recorder) trim(added []Capture) {
	for i := range added {
		r.added += added[i].Footprint()
	}
	store := r.o.Store()
	if r.added < r.o.MaxTotal/16 || store == nil {
		return
	}
	r.added = 0
	ctx, cancel := context.WithTimeout(r.ctx, pruneTimeout)
	defer cancel()
	if _, err := prune(ctx, store, time.Time{}, r.o.MaxTotal); err != nil {
		r.o.OnError(err)
	}
}

// take takes bytes from what captures may hold together, if they are there.
func (r *Recorder) take(n int64) bool {
	if r.held.Add(n) > r.o.MaxWaiting {
		r.held.Add(-n)
		return false
	}
	return true
}

// give gives bytes back.
func (r *Recorder) give(n int64) { r.held.Add(-n) }

// Flush waits until nothing waits to be stored any more; the error is the context's.
func (r *Recorder) Flush(ctx context.Context) error {
	r.mu.Lock()
	idle := r.idle
	r.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close stores what waits, for as long as ctx lasts, and gives the rest up. No recording may
// end after it.
func (r *Recorder) Close(ctx context.Context) {
	_ = r.Flush(ctx) // what is given up is told of as dropped
	r.cancel()
	_ = r.Flush(context.Background())
}
