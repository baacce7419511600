package ledger

import (
	"context"
	"time"
)

// storeOwn brings the records of this process into the store as they come.
func (l *Ledger) storeOwn(ctx context.Context) {
	for l.gather(ctx) {
		// What is held is no news as long as it cannot be written.
		_ = l.journal.retry()
		l.drain(ctx, l.feed, func(n int) {
			l.journal.settle(n, l.feed.place())
			l.files.observe(l.release())
		})
	}
}

// idle is how often the writer looks at what is held while no records come.
const idle = time.Second

// gather waits until there are records, and lets them wait a little for others: what a
// transaction costs by itself is shared by its records. It reports false when ctx ends.
func (l *Ledger) gather(ctx context.Context) bool {
	if l.journal.waiting() == 0 {
		select {
		case <-l.full:
		case <-time.After(idle):
		case <-ctx.Done():
		}
	}
	if n := l.journal.waiting(); 0 < n && n < uint64(l.o.Batch) {
		select {
		case <-l.full: // of records that have been stored since
		default:
		}
		l.pause(ctx, l.o.linger, l.full)
	}
	return ctx.Err() == nil
}

// pause waits for some time. Something that happens, the ledger's closing or the end of
// ctx, of which it reports false, ends it earlier.
func (l *Ledger) pause(ctx context.Context, d time.Duration, happens <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-happens:
	case <-l.leaving:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// drain stores what a feed has by now, or a part of it if ctx ends. It tells how many records
// each batch was.
func (l *Ledger) drain(ctx context.Context, f *feed, stored func(n int)) bool {
	for more := true; more; {
		n := 0
		ok := l.persevere(ctx, func() (err error) {
			n, more, err = l.storeBatch(ctx, f)
			return err
		})
		if !ok {
			return false
		}
		stored(n)
		l.progress.raise()
	}
	return true
}

// storeBatch stores the next records of a feed, and tells how many those are and whether
// there may be more. If it fails, they are the next ones again.
func (l *Ledger) storeBatch(ctx context.Context, f *feed) (n int, more bool, err error) {
	records, more, err := f.batch(l.o.Batch)
	l.files.observe(err)
	if err == nil && len(records) > 0 {
		if f == l.feed {
			l.journal.reading(&records[0])
		}
		err = l.sink.insert(ctx, records)
	}
	if err != nil {
		f.rewind()
		return 0, false, err
	}
	err = f.stored()
	l.files.observe(err)
	return len(records), more, nil
}

// backoff is how long to wait for what is away: the first time, and at most.
type backoff struct{ first, most time.Duration }

// persevere tries until it succeeds, or until ctx ends, of which it reports false.
func (l *Ledger) persevere(ctx context.Context, try func() error) bool {
	for wait := l.o.patience.first; ; wait = min(2*wait, l.o.patience.most) {
		if try() == nil {
			return true
		}
		select {
		case <-l.leaving: // there is little time left
			if !sleep(ctx, l.o.patience.first) {
				return false
			}
		default:
			if !l.pause(ctx, wait, nil) {
				return false
			}
		}
	}
}

// sleep waits, and reports whether ctx is still alive then.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// syncAlways makes sure at intervals that what has been written survives a power loss.
func (l *Ledger) syncAlways(ctx context.Context) {
	for sleep(ctx, l.o.Sync) {
		l.files.observe(l.journal.sync())
	}
}
