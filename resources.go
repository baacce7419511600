package xjpgateway

import (
	"context"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

// resources holds what is open beyond a configuration: the store, the engines of state, the
// ledger and the directory of keys. A configuration with the same settings finds them open;
// whoever lets go of one last closes it. A configuration lets go when neither it nor any of
// its requests needs it (caddy.md, finding 1).
var resources = caddy.NewUsagePool()

// resourceID tells resources apart by what they are and by their settings.
type resourceID struct{ what, settings string }

// holdings are the resources that a configuration holds.
type holdings struct{ ids []resourceID }

// hold finds a resource, or makes it, and holds it.
func hold[R caddy.Destructor](h *holdings, what, settings string, make func() (R, error)) (R, error) {
	id := resourceID{what, settings}
	value, _, err := resources.LoadOrNew(id, func() (caddy.Destructor, error) { return make() })
	if err != nil {
		var none R
		return none, err
	}
	h.ids = append(h.ids, id)
	return value.(R), nil
}

// letGo lets go of all that is held, the latest first, as what was made later uses what was
// there before.
func (h *holdings) letGo() {
	for i := len(h.ids) - 1; i >= 0; i-- {
		if _, err := resources.Delete(h.ids[i]); err != nil {
			caddy.Log().Named("xjp").Error("resource cannot be let go of", zap.String("what", h.ids[i].what), zap.Error(err))
		}
	}
	h.ids = nil
}

// closer closes resources one after another, in the background: what they still have to
// write can take a moment, for which neither a reload nor a client waits. Only the exit does.
var closer struct {
	mu      sync.Mutex
	queue   []func()
	working bool
	idle    sync.Cond
}

func init() { closer.idle.L = &closer.mu }

// closeLater has a resource closed, after those that were to be closed before it.
func closeLater(close func()) {
	closer.mu.Lock()
	defer closer.mu.Unlock()
	closer.queue = append(closer.queue, close)
	if !closer.working {
		closer.working = true
		go closeAll()
	}
}

func closeAll() {
	for {
		closer.mu.Lock()
		if len(closer.queue) == 0 {
			closer.working = false
			closer.idle.Broadcast()
			closer.mu.Unlock()
			return
		}
		next := closer.queue[0]
		closer.queue = closer.queue[1:]
		closer.mu.Unlock()
		next()
	}
}

// awaitClosing waits until all that was to be closed is closed.
func awaitClosing() {
	closer.mu.Lock()
	defer closer.mu.Unlock()
	for closer.working {
		closer.idle.Wait()
	}
}

// maxClosing bounds the time in which a resource writes what it still has when it closes.
const maxClosing = 5 * time.Second

// closing is the time for closing a resource.
func closing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), maxClosing)
}

// enter counts a request in, which holds what the configuration holds until it leaves. It
// reports whether there is still something to hold: a request that has just been read when
// a reload is over may come too late.
func (a *App) enter() bool {
	for {
		n := a.users.Load()
		if n <= 0 {
			return false
		}
		if a.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// leave counts a request out, or the configuration itself. The last one lets go of the
// resources.
func (a *App) leave() {
	if a.users.Add(-1) != 0 {
		return
	}
	a.holdings.letGo()
	if caddy.Exiting() {
		awaitClosing()
	}
}
