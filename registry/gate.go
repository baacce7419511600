package registry

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrBusy says that all places are taken and no wait has helped.
var ErrBusy = errors.New("all places are taken")

// Gate bounds the calls that are made at the same time, with a short queue before it. Its
// zero value lets everybody in. It is safe for concurrent use.
type Gate struct {
	mu         sync.Mutex
	max, queue int
	in         int
	waiting    []chan struct{} // in the order of their arrival; closed when let in
}

// Configure sets how many may be in, 0 for any number, and how many may wait.
func (g *Gate) Configure(max, queue int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.max, g.queue = max, queue
	g.admit()
}

// TryEnter takes a place if there is one for which nobody waits.
func (g *Gate) TryEnter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.enter()
}

func (g *Gate) enter() bool {
	if g.full() || len(g.waiting) > 0 {
		return false
	}
	g.in++
	return true
}

func (g *Gate) full() bool { return g.max > 0 && g.in >= g.max }

// Enter takes a place, and waits for one in the queue for the given time at most. The
// error is ErrBusy, or the context's.
func (g *Gate) Enter(ctx context.Context, wait time.Duration) error {
	turn, err := g.join()
	if turn == nil {
		return err
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	err = ErrBusy
	select {
	case <-turn:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if !g.quit(turn) { // let in at the last moment
		if ctx.Err() == nil {
			return nil
		}
		g.Leave()
	}
	return err
}

// join takes a place, or one in the queue, which has a turn.
func (g *Gate) join() (turn chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.enter() {
		return nil, nil
	}
	if len(g.waiting) >= g.queue {
		return nil, ErrBusy
	}
	turn = make(chan struct{})
	g.waiting = append(g.waiting, turn)
	return turn, nil
}

// quit leaves the queue, and reports whether it was still in it.
func (g *Gate) quit(turn chan struct{}) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, turn)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// Leave gives a place back.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in--
	g.admit()
}

// admit lets in who has waited longest.
func (g *Gate) admit() {
	for len(g.waiting) > 0 && !g.full() {
		close(g.waiting[0])
		g.waiting = slices.Delete(g.waiting, 0, 1)
		g.in++
	}
}

// Load tells how many are in and how many wait.
func (g *Gate) Load() (in, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.in, len(g.waiting)
}
