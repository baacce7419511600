package xjpgateway

import (
	"context"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// farewell is the exit of the process as requests see it.
//
// Caddy tells of it to the servers of its last configuration alone, and waits for those of
// earlier ones only for as long as their own grace period lasts. A request that outlives its
// configuration may have none of that: its site is gone, or its server, or all of HTTP. So
// from a reload on the exit is looked for until the requests of the configuration that went
// have ended, and what Caddy calls last of all waits for those that are left.
var farewell exit

func init() { caddy.OnExit(farewell.wait) }

// exit knows when what is under way is to be ended.
type exit struct {
	begun    sync.Once
	bounded  atomic.Bool  // the end is set
	outlived atomic.Int64 // configurations that went before their requests
}

// maxFarewell is how long before the end of the grace period answers are ended, so that
// clients are told and their connections are drained in time.
const maxFarewell = time.Second

// begin gives what is under way some time to end by itself, and ends it shortly before
// that is over. Without a grace period Caddy waits for as long as it takes.
func (e *exit) begin(t times) {
	if t.grace <= 0 {
		return
	}
	e.begun.Do(func() {
		time.AfterFunc(t.delay+t.grace-min(maxFarewell, t.grace/4), calls.end)
		e.bounded.Store(true)
	})
}

// lookPause is how soon the exit is noticed of which nobody tells.
const lookPause = 50 * time.Millisecond

// outlive looks for the exit while requests of a configuration that goes are under way.
func (e *exit) outlive(a *App) {
	if !a.outlived.CompareAndSwap(false, true) {
		return // it is looked for already
	}
	e.outlived.Add(1) // at once, since the exit may be next
	go func() {
		defer e.outlived.Add(-1)
		defer a.outlived.Store(false)
		e.lookOut(a)
	}()
}

// lookOut does it. The times that count are those of the configuration that is there by
// the exit.
func (e *exit) lookOut(a *App) {
	t := timesOf(a.ctx, times{})
	for {
		if caddy.Exiting() {
			e.begin(t)
		} else {
			t = timesOf(caddy.ActiveContext(), t)
		}
		time.Sleep(lookPause) // a request just taken is counted by then
		if a.requests.Load() == 0 {
			return
		}
	}
}

// wait is called when Caddy has stopped all that it knows of, just before the process ends.
// Requests that it did not wait for have what is left of the grace period, if there is one,
// and then the time in which their clients are told.
func (e *exit) wait(context.Context) {
	if e.outlived.Load() > 0 {
		e.waitForOutlived()
	}
	if calls.hasEnded() {
		drain()
	}
}

// waitForOutlived waits for the requests of configurations that went.
func (e *exit) waitForOutlived() {
	time.Sleep(2 * lookPause) // it has been noticed by then
	if !e.bounded.Load() {
		calls.end()
	}
	for e.outlived.Load() > 0 && !calls.hasEnded() {
		time.Sleep(lookPause)
	}
	for told := time.Now().Add(maxFarewell); e.outlived.Load() > 0 && time.Now().Before(told); {
		time.Sleep(lookPause)
	}
}

// maxDrain is how long the process goes on at most when all answers should have ended, and
// drainPauses how often nothing is to change until that is taken for the end.
const (
	maxDrain    = 3 * time.Second
	drainPauses = 4
)

// drain lets HTTP write what comes behind the last frames, for which a busy machine takes
// its time: as long as goroutines end, of which each connection has some.
func drain() {
	least, same := goruntime.NumGoroutine(), 0
	for end := time.Now().Add(maxDrain); same < drainPauses && time.Now().Before(end); same++ {
		time.Sleep(lookPause)
		if now := goruntime.NumGoroutine(); now < least {
			least, same = now, 0
		}
	}
}

// times are what a configuration says of its end.
type times struct{ delay, grace time.Duration }

// timesOf gives the times of a configuration, or others if it has no HTTP app. The context
// is empty once the exit has begun.
func timesOf(ctx caddy.Context, others times) times {
	mod, err := ctx.AppIfConfigured("http")
	if err != nil {
		return others
	}
	app := mod.(*caddyhttp.App)
	return times{delay: time.Duration(app.ShutdownDelay), grace: time.Duration(app.GracePeriod)}
}

// endAtExit makes the server tell of its end, which a reload is as well: Caddy's delay is
// over by then, in which it may have taken requests after the app had been stopped.
func (h *Handler) endAtExit(ctx caddy.Context) {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return
	}
	server.RegisterOnShutdown(func() {
		if caddy.Exiting() {
			farewell.begin(times{grace: timesOf(h.app.ctx, times{}).grace})
		} else {
			farewell.outlive(h.app)
		}
	})
}
