package keys

import (
	"context"
	"errors"
	"sync"
	"time"
)

// lastUses gathers when keys were last used, so that a busy key costs the store one write
// now and then.
type lastUses struct {
	most int

	mu    sync.Mutex
	times map[string]time.Time
}

// note notes that a key was used. When the store is away for long, what does not fit any
// more is lost.
func (u *lastUses) note(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if known, ok := u.times[id]; ok && at.After(known) || !ok && len(u.times) < u.most {
		u.times[id] = at
	}
}

func (u *lastUses) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.times
	u.times = map[string]time.Time{}
	return taken
}

// runErrands writes to the store what no request waits for, until the directory is closed.
func (d *Directory) runErrands() {
	ticker := time.NewTicker(touchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if !d.view.Load().away {
				d.writeUses(d.ctx)
			}
		case r := <-d.outdated:
			d.rehash(r)
		case <-d.ctx.Done():
			d.writeUses(context.Background())
			return
		}
	}
}

// writeUses writes when keys were last used. What cannot be written is kept.
func (d *Directory) writeUses(ctx context.Context) {
	times := d.used.take()
	if len(times) == 0 {
		return
	}
	if store := d.o.Store(); store != nil {
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		err := store.Touch(ctx, times)
		if err == nil {
			return
		}
		d.o.Notice("when keys were last used cannot be written", err)
	}
	for id, at := range times {
		d.used.note(id, at)
	}
}

// renew has a key hashed anew that is found under an old pepper, or was made before there
// was one. Keys of the predecessor are found by their plain hash, so they keep it; their
// 256 random bits need no pepper.
func (d *Directory) renew(r *Record, p presented) {
	if p.form != Made || !d.o.Peppers.outdated(r) {
		return
	}
	renewed := *r
	renewed.Hash, renewed.Pepper = d.o.Peppers.Hash(p.secret)
	select {
	case d.outdated <- &renewed:
	default: // too many at once; it is found again
	}
}

// rehash writes a key that was hashed anew. If somebody has changed it meanwhile, that
// stands.
func (d *Directory) rehash(r *Record) {
	store := d.o.Store()
	if store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, storeTimeout)
	defer cancel()
	err := store.UpdateKey(ctx, r, nil)
	if err != nil && !errors.Is(err, ErrChanged) && !errors.Is(err, ErrNotFound) {
		d.o.Notice("a key cannot be hashed under the current pepper", err)
	}
}
