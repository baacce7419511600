package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Ledger takes records into its journal, and from there into the store. It is safe for
// concurrent use.
type Ledger struct {
	o       Options
	journal *journal
	feed    *feed
	sink    *sink
	rejects *rejects
	health  *condition // of the journal, as requests see it
	files   *condition // of the journal, as what goes on beside them sees it

	full     chan struct{} // there is something to store
	progress *signal       // raised when something has been stored
	leaving  chan struct{} // closed when Close has been called
	adopting atomic.Int64  // folders of dead processes that are being stored
	backlog  atomic.Int64  // records in them

	stop context.CancelFunc
	done sync.WaitGroup
	end  sync.Once
}

// Open opens the journal in the folder and begins to store what is in it. The store need
// not be there.
func Open(options Options) (*Ledger, error) {
	o := options.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening the ledger's journal: %w", err)
	}
	own, dead, err := claim(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger's journal: %w", err)
	}
	l := &Ledger{
		o: o, full: make(chan struct{}, 1), leaving: make(chan struct{}), progress: newSignal(),
		rejects: &rejects{path: filepath.Join(o.Dir, rejectsName), now: o.Now, report: o.OnError},
		health:  &condition{part: "journal", onError: o.OnError, onResume: o.OnResume},
		files:   &condition{part: "journal", onError: o.OnError, onResume: o.OnResume},
	}
	l.sink = &sink{store: o.Store, rejects: l.rejects, state: &condition{part: "store", onError: o.OnError, onResume: o.OnResume}}
	if err := l.openJournal(own); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the ledger's journal: %w", err), own.unlock(), unlockAll(dead))
	}
	l.run(dead)
	return l, nil
}

// openJournal begins a new journal in the folder.
func (l *Ledger) openJournal(own *folder) (err error) {
	if err := own.reset(); err != nil {
		return err
	}
	l.journal = &journal{
		folder: own, create: l.o.create, now: l.o.Now, cap: l.o.MaxBytes, durable: l.o.Sync <= 0,
		segment: l.o.segment, batch: l.o.Batch, ready: l.wake,
	}
	if err := l.journal.begin(); err != nil {
		return err
	}
	own.reserve(l.o.segment)
	l.feed, err = own.feed(l.journal.end, l.o.OnError)
	return err
}

// run starts what goes on beside the requests.
func (l *Ledger) run(dead []*folder) {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.adopting.Add(int64(len(dead)))
	for _, f := range dead {
		l.journal.adopt(f.bytes())
	}
	l.done.Go(func() { l.storeOwn(ctx) })
	l.done.Go(func() { l.storeDead(ctx, dead) })
	if l.o.Sync > 0 {
		l.done.Go(func() { l.syncAlways(ctx) })
	}
}

// Start writes down that a call to a provider is about to be made. When it returns, a kill
// of the process does not lose it. A request whose start cannot be written in strict mode
// must not be served; the error is ErrFull then.
func (l *Ledger) Start(s *Start) error {
	buf := frames.get()
	defer frames.put(buf)
	*buf = encodeStart(openFrame(*buf), s)
	closeFrame(*buf)
	err := l.journal.append(startKind, cut(s.ID, mostName), *buf)
	if err == nil || errors.Is(err, ErrFull) {
		l.health.observe(err)
	}
	return l.told(err)
}

// End writes down the record of a request, before the client sees the end of its answer.
// When it returns, a kill of the process does not lose it. If it returns ErrFull and the
// request had been started, the record is kept in memory until there is room for it.
func (l *Ledger) End(r *Record) error {
	buf := frames.get()
	defer frames.put(buf)
	*buf = encodeEnd(openFrame(*buf), r)
	closeFrame(*buf)
	err := l.journal.append(endKind, cut(r.ID, mostName), *buf)
	if errors.Is(err, ErrFull) {
		l.health.observe(err)
	}
	return l.told(err)
}

// told is what the caller is told of an error.
func (l *Ledger) told(err error) error {
	if !l.o.Strict && errors.Is(err, ErrFull) {
		return nil
	}
	return err
}

// wake lets the writer look at what waits.
func (l *Ledger) wake() {
	select {
	case l.full <- struct{}{}:
	default:
	}
}

// Lag tells what is not yet stored.
func (l *Ledger) Lag() Lag {
	lag := l.journal.lag(l.feed.place())
	lag.Records += l.backlog.Load()
	var lost int64
	lag.Rejected, lost = l.rejects.counts()
	lag.Dropped += lost
	lag.Journal, lag.Store = errors.Join(l.health.current(), l.files.current()), l.sink.state.current()
	return lag
}

// Lag is what the journal holds that is not yet in the store.
type Lag struct {
	// Records and Bytes are how much it is, of dead processes too, and Age how long ago the
	// first of this process came.
	Records int64
	Bytes   int64
	Age     time.Duration
	// Dropped is how many records have been lost for want of room or by damage, Rejected how
	// many the store has refused, which are set aside in a file.
	Dropped  int64
	Rejected int64
	// Journal and Store are what is wrong with them at present; nil is nothing.
	Journal error
	Store   error
}

// Flush waits until what is in the journal by now is stored, or ctx ends.
func (l *Ledger) Flush(ctx context.Context) error {
	err := l.journal.retry()
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	upTo := l.journal.written()
	for {
		progress := l.progress.wait()
		left := int64(upTo-min(upTo, l.journal.inStore())) + l.backlog.Load()
		if left == 0 && l.adopting.Load() == 0 {
			return err
		}
		l.wake()
		select {
		case <-progress:
		case <-ctx.Done():
			return errors.Join(err, fmt.Errorf("%d records stay in the ledger's journal: %w", left, ctx.Err()))
		}
	}
}

// Close takes no more records, stores what can be stored before ctx ends, and lets go of
// the journal. What is left in it, of which the error tells, is stored by the next process
// that opens it. A call after the first does nothing.
func (l *Ledger) Close(ctx context.Context) (err error) {
	l.end.Do(func() {
		l.journal.shut()
		close(l.leaving)
		err = errors.Join(l.Flush(ctx), l.letGo())
	})
	return err
}

// letGo ends what goes on beside the requests and closes the journal. One of which all is
// stored is removed.
func (l *Ledger) letGo() error {
	l.stop()
	l.done.Wait()
	err := l.journal.close()
	l.feed.close()
	if l.journal.spent() {
		err = errors.Join(err, l.journal.folder.remove())
	}
	return errors.Join(err, l.journal.folder.unlock())
}

// frames are buffers for frames.
var frames = buffers{sync.Pool{New: func() any { return new([]byte) }}}

type buffers struct{ pool sync.Pool }

func (b *buffers) get() *[]byte { return b.pool.Get().(*[]byte) }

func (b *buffers) put(buf *[]byte) {
	if cap(*buf) > mostSpare {
		return
	}
	*buf = (*buf)[:0]
	b.pool.Put(buf)
}
