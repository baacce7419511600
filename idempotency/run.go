package idempotency

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Run is a request under way, as its owner has it. What the owner says to its client it
// says to the run as well, which hands it to those who have sent the same request, and in
// the end to the store. Writing to a run never fails and never waits for anybody; a body
// that is too large is just not recorded any more. Its methods are safe for concurrent use.
type Run struct {
	desk        *Desk
	id          ID
	fingerprint [32]byte
	owner       string

	ctx    context.Context
	cancel context.CancelFunc
	stay   func() bool   // keeps the owner from being counted as gone; false if it is already
	gone   chan struct{} // closed when the desk has forgotten the run

	claim   sync.Mutex // held while the store is told of the claim
	claimed bool       // the store has it, or may have it

	mu      sync.Mutex
	phase   phase
	head    *Answer // without a body; nil until the answer begins
	body    []byte
	held    int64         // bytes taken from the desk's allowance
	full    bool          // the body is too large to be recorded
	present bool          // the owner's client is there
	readers int           // others who wait for the answer
	cause   error         // what readers are told behind the last byte
	more    chan struct{} // closed at the next change; nil if nobody waits for it
}

// phase is how far a run has come.
type phase uint8

const (
	asking  phase = iota // the store has not told yet what is known of the request
	running              // the owner is at it
	kept                 // the answer is whole, and may be given again
	givenUp              // it is not
)

// errGivenUp is a run that was given up before it had an answer.
var errGivenUp = errors.New("given up")

// ErrTooLarge tells a reader that the rest of an answer under way is not recorded.
var ErrTooLarge = errors.New("the answer is too large to be given to a second request")

// storeTime bounds how long the end of a request waits for the store.
const storeTime = 5 * time.Second

func newRun(ctx context.Context, d *Desk, id ID, fingerprint [32]byte, owner string) *Run {
	r := &Run{desk: d, id: id, fingerprint: fingerprint, owner: owner, present: true, gone: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.stay = context.AfterFunc(ctx, r.ownerLeft)
	return r
}

// Context is what the request is to be done under: it has the values of the owner's, but is
// cancelled only when all who wait for the answer have gone. So a client that loses its
// connection and sends the request again finds it under way.
func (r *Run) Context() context.Context { return r.ctx }

// Open says how the answer begins. The body and the request of head are ignored.
func (r *Run) Open(head Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	head.Body, head.Request = nil, r.owner
	r.head = &head
	r.tell()
}

// Write says what follows. It keeps nothing of p.
func (r *Run) Write(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full || r.phase != running || len(p) == 0 {
		return
	}
	if r.reserve(len(p)) {
		r.body = append(r.body, p...)
	} else {
		r.full, r.body = true, nil
		r.giveBack()
	}
	r.tell()
}

// minRecording is the size in bytes that a recording begins with.
const minRecording = 4 << 10

// reserve makes room for n more bytes of the body, and reports whether there is some.
func (r *Run) reserve(n int) bool {
	need := len(r.body) + n
	if need <= cap(r.body) {
		return true
	}
	size := min(max(need, 2*cap(r.body), minRecording), int(r.desk.o.MaxAnswer))
	if need > size || !r.desk.take(int64(size)-r.held) {
		return false
	}
	r.held = int64(size)
	r.body = append(make([]byte, 0, size), r.body...) // what readers hold stays as it is
	return true
}

// Finish ends a run whose answer is whole and is to be given again: the store keeps it, or
// keeps that it could not be kept. Where nothing was said, the run is abandoned. Only the
// first end of a run counts.
func (r *Run) Finish() {
	if !r.isOpen() {
		r.Abandon(nil)
		return
	}
	if r.end(kept, io.EOF) {
		r.release(func(ctx context.Context) error {
			return r.desk.o.Store.Finish(ctx, r.id, r.owner, r.answer(), r.desk.o.TTL, r.desk.o.Now())
		})
	}
}

// Abandon ends a run whose answer is not to be given again, such as an error that may have
// passed by the next time. Those who wait for it are given it nevertheless, and at its end
// the cause if it broke off; a nil cause says that it is whole. Those who wait for an answer
// that has not begun are told that it is their turn.
func (r *Run) Abandon(cause error) {
	if cause == nil {
		cause = io.EOF
	}
	if r.end(givenUp, cause) {
		r.release(func(ctx context.Context) error { return r.desk.o.Store.Abandon(ctx, r.id, r.owner) })
	}
}

// release tells the store what became of the claim and has the desk forget the run.
func (r *Run) release(tell func(context.Context) error) {
	r.claim.Lock()
	defer r.claim.Unlock()
	if r.claimed {
		r.claimed = false
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), storeTime)
		defer cancel()
		if err := tell(ctx); err != nil {
			r.desk.o.OnError(err)
		}
	}
	r.desk.leave(r)
}

// renew prolongs the claim. One that has been lost to another node in the meantime, which
// the store's failing may cause, is left to that.
func (r *Run) renew(ctx context.Context) error {
	r.claim.Lock()
	defer r.claim.Unlock()
	if !r.claimed {
		return nil
	}
	state, _, err := r.desk.o.Store.Begin(ctx, r.id, r.fingerprint, r.owner, r.desk.o.Now())
	r.claimed = err != nil || state == Fresh
	return err
}

// setClaimed notes that the store has a claim of the owner's, or may have one.
func (r *Run) setClaimed() {
	r.claim.Lock()
	defer r.claim.Unlock()
	r.claimed = true
}

// begin makes the run the owner's to do.
func (r *Run) begin() Turn {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = running
	r.tell()
	return Turn{State: Fresh, Run: r}
}

// load makes the run one whose answer has been there before.
func (r *Run) load(a *Answer) Turn {
	r.mu.Lock()
	head := *a
	head.Body = nil
	r.head, r.body = &head, a.Body
	turn := Turn{State: Answered, Answer: r.newReader()}
	r.mu.Unlock()
	r.Finish()
	return turn
}

// end goes to a phase behind which nothing follows, and reports whether it was the first to.
func (r *Run) end(p phase, cause error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == kept || r.phase == givenUp {
		return false
	}
	r.phase, r.cause = p, cause
	r.tell()
	if r.stay() {
		r.present = false
	}
	r.thin()
	return true
}

// answer gives the whole answer, nil if it was not recorded to its end.
func (r *Run) answer() *Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full {
		return nil
	}
	a := *r.head
	a.Body = bytes.Clone(r.body)
	return &a
}

func (r *Run) isOpen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.head != nil
}

// Followed reports whether others than the owner's client wait for the answer.
func (r *Run) Followed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readers > 0
}

// ownerLeft is called when the owner's client has gone.
func (r *Run) ownerLeft() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.present = false
	r.thin()
}

// thin follows from somebody's leaving: when all have gone, a run under way is cancelled and
// the recording of one that has ended is let go.
func (r *Run) thin() {
	switch {
	case r.present || r.readers > 0:
	case r.phase == asking || r.phase == running:
		r.cancel()
	default:
		r.giveBack()
	}
}

// giveBack returns what the recording holds of the desk's allowance.
func (r *Run) giveBack() {
	r.desk.give(r.held)
	r.held = 0
}

// tell wakes those who wait for a change.
func (r *Run) tell() {
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}
