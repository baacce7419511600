package keys

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// What keys are refused for. Only who presents a right secret learns that it is disabled
// or has expired; of all others nobody learns which ids there are.
var (
	// ErrUnknown is a secret that is no key. ErrMistyped and ErrRevoked are of its kind:
	// clients are told the same, except that a key with a wrong checksum is a typo.
	ErrUnknown  = errors.New("the key is not valid")
	ErrMistyped = fmt.Errorf("%w: it is mistyped or cut off", ErrUnknown)
	ErrRevoked  = fmt.Errorf("%w: it is revoked", ErrUnknown)
	// ErrDisabled is a key that is disabled, or whose tenant is.
	ErrDisabled = errors.New("the key is disabled")
	ErrExpired  = errors.New("the key has expired")
	// ErrUnavailable is a key of which nothing can be said, since the store is away or has
	// too much to look up.
	ErrUnavailable = errors.New("the key cannot be looked up at the moment")
)

// OnFailure is what becomes of known keys while the store is away.
type OnFailure string

// AllowKnown lets keys that are known go on for a time; Deny refuses all.
const (
	AllowKnown OnFailure = "allow_known"
	Deny       OnFailure = "deny"
)

// DirectoryOptions are the settings of a directory. A field that is not set takes its
// default.
type DirectoryOptions struct {
	// Store gives the store, nil while it is not open. It is always the same one: for
	// another, there is another directory.
	Store func() Store
	// Peppers are those that keys are hashed with; nil is none.
	Peppers *Peppers
	// Capacity is the number of keys that are remembered. Default: 100,000.
	Capacity int
	// Poll is how often the store is asked for changes: so long a key may live on after it
	// was revoked on another node. Default: 1 s.
	Poll time.Duration
	// Stale is how long known keys go on while the store is away. Default: 5 min.
	Stale time.Duration
	// OnFailure is what becomes of them. Default: AllowKnown.
	OnFailure OnFailure
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Notice is told what an operator should know, with the error if it is a failure. It
	// must not block. Default: nobody is told.
	Notice func(message string, err error)
}

// Bounds that nobody has asked to set.
const (
	maxUnknown      = 10_000
	unknownFor      = 5 * time.Second
	storeTimeout    = 2 * time.Second
	lookupsAtOnce   = 8
	lookupWait      = 250 * time.Millisecond
	touchEvery      = 10 * time.Second
	outdatedWaiting = 64
	maxStale        = 100 // keys read anew at a time; others are when they are used
)

// Directory finds keys in a store and remembers them. It follows the store's changes, so
// that it need not ask anew, and goes on for a time when the store is away. It is safe for
// concurrent use.
type Directory struct {
	o       DirectoryOptions
	memory  *memory
	view    atomic.Pointer[view]
	flights singleflight.Group
	lanes   map[Form]chan struct{}

	lookups, busy atomic.Uint64

	used     lastUses
	outdated chan *Record
	changed  chan struct{} // on this node

	ctx     context.Context
	cancel  context.CancelFunc
	closing sync.Mutex // held to begin work and to end all
	closed  bool
	running sync.WaitGroup
}

// NewDirectory makes a directory and begins to follow its store. The caller closes it.
func NewDirectory(o DirectoryOptions) *Directory {
	if o.Capacity <= 0 {
		o.Capacity = 100_000
	}
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Stale <= 0 {
		o.Stale = 5 * time.Minute
	}
	if o.OnFailure == "" {
		o.OnFailure = AllowKnown
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Notice == nil {
		o.Notice = func(string, error) {}
	}
	d := &Directory{
		o:      o,
		memory: newMemory(o.Capacity, maxUnknown),
		// Keys without a checksum can be invented by anybody; they have a lane of their own,
		// so that the others get through.
		lanes:    map[Form]chan struct{}{Made: make(chan struct{}, lookupsAtOnce), Predecessor: make(chan struct{}, lookupsAtOnce)},
		used:     lastUses{most: o.Capacity, times: map[string]time.Time{}},
		outdated: make(chan *Record, outdatedWaiting),
		changed:  make(chan struct{}, 1),
	}
	d.view.Store(&view{})
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.running.Go(d.follow)
	d.running.Go(d.runErrands)
	return d
}

// Find gives the principal of a secret. The error is one of those above, perhaps with its
// cause, which is not for clients.
func (d *Directory) Find(ctx context.Context, secret string) (*Principal, error) {
	sum, now := HashOf(secret), d.o.Now()
	if e := d.remembered(sum, now); e != nil {
		return d.admit(e, now)
	}
	form, id := ParseSecret(secret)
	switch {
	case form == Other:
		return nil, ErrUnknown
	case form == Mistyped:
		return nil, ErrMistyped
	case d.view.Load().away:
		return nil, ErrUnavailable // the next poll tells when it is back
	case d.memory.isUnknown(sum, now):
		return nil, ErrUnknown
	}
	return d.lookUp(ctx, presented{secret: secret, sum: sum, form: form, id: id})
}

// FindRemembered is Find for addresses that have presented too many wrong keys. The store is
// asked for those alone that were keys when they were looked up last; any other is unknown.
// So guesses cost next to nothing, and who shares the address is not harmed.
func (d *Directory) FindRemembered(ctx context.Context, secret string) (*Principal, error) {
	if !d.memory.wasKey(HashOf(secret)) {
		return nil, ErrUnknown
	}
	return d.Find(ctx, secret)
}

// remembered gives what is remembered of a secret, if that can still be relied on.
func (d *Directory) remembered(sum digest, now time.Time) *entry {
	if !d.view.Load().reliable(&d.o, now) {
		return nil
	}
	return d.memory.find(sum)
}

// admit lets a key pass that was found, or tells why it may not.
func (d *Directory) admit(e *entry, now time.Time) (*Principal, error) {
	if e.refusal != nil {
		return nil, e.refusal
	}
	if !e.expires.IsZero() && !now.Before(e.expires) {
		return nil, ErrExpired
	}
	if second := now.Unix(); e.used.Swap(second) != second {
		d.used.note(e.principal.ID, now)
	}
	return e.principal, nil
}

// Invalidate forgets what has just been changed on this node, so that the next request
// already sees it.
func (d *Directory) Invalidate(changes ...Change) {
	d.memory.forget(changes)
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// Stats is the state of a directory, for metrics.
type Stats struct {
	// Known are the keys that are remembered, Unknown the secrets that are none.
	Known, Unknown int
	// Lookups counts those in the store, Busy those that were given up since too many were
	// waiting.
	Lookups, Busy uint64
	// Away says that the store cannot be reached.
	Away bool
}

// Stats tells the state.
func (d *Directory) Stats() Stats {
	s := Stats{Lookups: d.lookups.Load(), Busy: d.busy.Load(), Away: d.view.Load().away}
	s.Known, s.Unknown = d.memory.sizes()
	return s
}

// begin reports whether work may begin, which then ends with running.Done.
func (d *Directory) begin() bool {
	d.closing.Lock()
	defer d.closing.Unlock()
	if !d.closed {
		d.running.Add(1)
	}
	return !d.closed
}

// Close ends all work and writes when keys were last used, as far as the store can be
// reached. Keys that are remembered can still be found, for requests under way.
func (d *Directory) Close() {
	d.closing.Lock()
	d.closed = true
	d.closing.Unlock()
	d.cancel()
	d.running.Wait()
}
