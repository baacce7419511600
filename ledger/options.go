package ledger

import (
	"os"
	"time"
)

// Options are what a ledger is opened with.
type Options struct {
	// Dir is the folder of the journals. Several processes may share it: each has a folder
	// of its own in it, and takes over those of processes that have died.
	Dir string
	// Store gives the store; nil while there is none.
	Store func() Store
	// Sync is how much may be lost when the power is: all but the last of this time is on
	// the disk for sure. 0 syncs each record before Start and End return; records that come
	// together are synced together.
	Sync time.Duration
	// MaxBytes bounds what is on the disk and not yet stored, 1 GiB if it is not set. A
	// request that is under way ends beyond it.
	MaxBytes int64
	// Strict makes Start and End return an error when a record cannot be written. Without
	// it they do not: what is lost is counted and told to OnError.
	Strict bool
	// Batch is how many records are inserted at once, 256 if it is not set.
	Batch int
	// OnLost is told of each request whose process died before its end, with what it is
	// estimated to have used. It may be told of one again if this process dies too.
	OnLost func(*Record)
	// OnError is told when the journal or the store begins to fail, of damage in a journal
	// and of records that the store refuses; OnResume when that part, "journal" or "store",
	// works again.
	OnError  func(error)
	OnResume func(part string)
	// Now is the clock, time.Now if it is not set.
	Now func() time.Time

	create   func(path string) (file, error) // makes a segment's file
	segment  int64                           // the size at which a new one is begun
	linger   time.Duration                   // how long records wait for others
	patience backoff                         // with a store that is away
	look     time.Duration                   // how often dead processes are looked for
}

// withDefaults fills in what is not set.
func (o Options) withDefaults() Options {
	if o.Store == nil {
		o.Store = func() Store { return nil }
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1 << 30
	}
	if o.Batch <= 0 {
		o.Batch = 256
	}
	if o.OnLost == nil {
		o.OnLost = func(*Record) {}
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	if o.OnResume == nil {
		o.OnResume = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.create == nil {
		o.create = func(path string) (file, error) {
			return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}
	if o.segment == 0 {
		o.segment = min(mostSegment, max(o.MaxBytes/8, leastSegment))
	}
	if o.linger == 0 {
		o.linger = 200 * time.Millisecond
	}
	if o.patience == (backoff{}) {
		o.patience = backoff{first: 100 * time.Millisecond, most: 5 * time.Second}
	}
	if o.look == 0 {
		o.look = time.Minute
	}
	return o
}
