package keys

import (
	"context"
	"errors"
	"time"
)

// view is how a directory sees its store: when it last knew all changes, and whether the
// store is away since.
type view struct {
	asOf time.Time
	away bool
}

// missedPolls is how many polls may be late, where nothing is to go on without the store,
// before what is remembered is not relied on.
const missedPolls = 3

// reliable reports whether what is remembered may be acted on.
func (v *view) reliable(o *DirectoryOptions, now time.Time) bool {
	age := now.Sub(v.asOf)
	if o.OnFailure == Deny {
		return !v.away && age <= missedPolls*o.Poll
	}
	return age <= o.Stale
}

// follow asks the store for changes until the directory is closed.
func (d *Directory) follow() {
	ticker := time.NewTicker(d.o.Poll)
	defer ticker.Stop()
	point := d.poll(0)
	for {
		select {
		case <-ticker.C:
			point = d.poll(point)
		case <-d.changed:
		case <-d.ctx.Done():
			return
		}
		d.refresh()
	}
}

// poll forgets what has changed since a point, and gives the next point.
func (d *Directory) poll(point int64) int64 {
	began := d.o.Now()
	next, err := d.catchUp(point)
	before := d.view.Load()
	switch {
	case err == nil:
		d.view.Store(&view{asOf: began})
		if before.away {
			d.o.Notice("the store of keys is back", nil)
		}
	case d.ctx.Err() != nil:
	default:
		d.view.Store(&view{asOf: before.asOf, away: true})
		if !before.away {
			d.o.Notice("the store of keys is away", err)
		}
	}
	return next
}

// catchUp reads changes from a point on until there are no more. From the point 0, and
// where the store has lost the thread, it forgets everything: what was remembered before
// may have changed unseen.
func (d *Directory) catchUp(point int64) (int64, error) {
	for {
		changes, next, err := d.changes(point)
		switch {
		case errors.Is(err, ErrGap) && point != 0:
			point = 0
			continue
		case err != nil:
			return point, err
		case point == 0:
			d.memory.forgetAll()
			return next, nil
		case len(changes) == 0:
			return next, nil
		}
		d.memory.forget(changes)
		point = next
	}
}

// refresh reads keys and tenants anew that have changed, while the store is there: if it goes away before
// they are used next, they are known as they are now. What changed must not be guessed, since
// it may be that a key was revoked; so one that could not be read waits for the store.
func (d *Directory) refresh() {
	if d.view.Load().away {
		return
	}
	d.refreshTenants()
	list := d.memory.takeStale()
	for i, e := range list {
		if err := d.readAnew(e); err != nil {
			d.memory.putStale(list[i:])
			return
		}
	}
}

// errOutdated says that something has changed while a key was read.
var errOutdated = errors.New("the key may have changed again")

// readAnew reads a key that was found before. One that has another hash now, or is gone, is
// left to be looked up by who presents it.
func (d *Directory) readAnew(e *entry) error {
	store, generation := d.o.Store(), d.memory.since()
	ctx, cancel := context.WithTimeout(d.ctx, storeTimeout)
	defer cancel()
	r, err := store.Key(ctx, "", e.principal.ID)
	if err == nil && r.Hash != e.hash {
		return nil
	}
	var t *Tenant
	if err == nil {
		t, err = store.Tenant(ctx, r.Tenant)
	}
	if err == nil && !d.memory.keep(newEntry(e.digest, r, t), generation) {
		return errOutdated
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func (d *Directory) changes(point int64) ([]Change, int64, error) {
	store := d.o.Store()
	if store == nil {
		return nil, point, errors.New("the store is not open")
	}
	ctx, cancel := context.WithTimeout(d.ctx, storeTimeout)
	defer cancel()
	return store.Changes(ctx, point)
}
