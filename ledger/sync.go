package ledger

import "errors"

// sync makes sure that what has been written survives a power loss. It is called by one
// goroutine alone: by the one that writes if each batch is synced, else by the one that
// does so at intervals.
func (j *journal) sync() error {
	j.mu.Lock()
	full, tail, fresh, dirty := j.unsynced, j.tail, j.fresh, j.dirty
	j.unsynced, j.fresh, j.dirty = nil, false, false
	j.mu.Unlock()
	var errs []error
	for _, f := range full {
		errs = append(errs, f.Sync(), f.Close())
	}
	if dirty || j.durable {
		errs = append(errs, tail.Sync())
	}
	if fresh {
		errs = append(errs, syncDir(j.folder.path))
	}
	return errors.Join(errs...)
}
