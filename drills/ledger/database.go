package main

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
)

// outageOf is a gateway on a PostgreSQL that goes away under load.
type outageOf struct {
	*bench
	server *servers.Server
	node   *node
	known  *client
	crowd  *crowd
}

// newOutage starts both, with a ledger as it is configured, and lets clients ask.
func (b *bench) newOutage(ledger string) (*outageOf, error) {
	o := &outageOf{bench: b}
	var store string
	var err error
	if o.server, store, err = b.postgreSQL(); err != nil {
		return nil, err
	}
	if o.node, err = b.startNode(store + ledger); err != nil {
		return nil, err
	}
	if o.known, err = o.node.newClient("known", map[string]any{"tokens_per_day": 1_000_000_000, "concurrent": 100}); err != nil {
		return nil, err
	}
	o.crowd = b.newCrowd([]*client{o.known}, wellKnown, o.node)
	return o, nil
}

// outage takes the database away under load: keys that were seen before go on, others are
// told that they cannot be looked up, and nothing is lost.
func outage(b *bench) error {
	o, err := b.newOutage("")
	if err != nil {
		return err
	}
	stranger, err := o.node.newClient("stranger", nil)
	if err != nil {
		return err
	}
	o.crowd.judge = func(one *call) {
		if one.client == o.known && one.status != 200 {
			b.complain("a known key was answered with %s", one.said())
		}
	}
	o.crowd.begin(6)
	time.Sleep(known)
	if err := o.server.Halt(); err != nil {
		return err
	}
	asked := o.crowd.draft(stranger)
	o.crowd.ask(asked)
	if !asked.overloaded() {
		b.complain("a key that nobody can look up was answered with %s", asked.said())
	}
	if err := o.checkLag(time.Duration(b.rounds(20, 3)) * time.Second); err != nil {
		return err
	}
	if err := o.server.Resume(); err != nil {
		return err
	}
	time.Sleep(time.Second)
	o.crowd.end()
	if _, err := b.audit(o.node, o.crowd, o.unknown(stranger)); err != nil {
		return err
	}
	return b.verdict()
}

// known is how long it takes until a node has heard of all changes of keys: one of which it
// hears just when the database goes away is not known to it any more.
const known = 2 * time.Second

// unknown excuses that calls of a client that did not pass authentication are not recorded.
func (o *outageOf) unknown(c *client) func(*call) bool {
	return func(one *call) bool { return one.client == c && one.overloaded() }
}

// checkLag checks that the metrics tell of what waits for the database while it is away.
func (o *outageOf) checkLag(away time.Duration) error {
	half, err := o.pendingAfter(away / 2)
	if err != nil {
		return err
	}
	whole, err := o.pendingAfter(away / 2)
	if err != nil {
		return err
	}
	lag, err := o.node.metric("caddy_xjp_ledger_lag_seconds")
	if err != nil {
		return err
	}
	fmt.Printf("%.0f, then %.0f records wait for the database, the first for %.1f s\n", half, whole, lag)
	if half <= 0 || whole <= half || lag < away.Seconds()/2 {
		o.complain("the metrics do not tell how much waits for the database: %.0f, then %.0f records, the first for %.1f s", half, whole, lag)
	}
	return nil
}

func (o *outageOf) pendingAfter(wait time.Duration) (float64, error) {
	time.Sleep(wait)
	return o.node.metric("caddy_xjp_ledger_pending_records")
}

// smallJournal is as small as a journal can be.
const smallJournal = "max_journal 1MiB\n"

// largeUsage makes records so large that a small journal is soon full.
var largeUsage = strings.Repeat("x", 3000)

// strictOutage lets the journal fill up while the database is away: then requests are
// refused before they cost anything, until there is room again.
func strictOutage(b *bench) error {
	b.provider.pad = largeUsage
	o, err := b.newOutage("ledger {\nstrict\n" + smallJournal + "}\n")
	if err != nil {
		return err
	}
	if err := b.refusesAndRecovers(o.crowd, o.server.Halt, o.server.Resume); err != nil {
		return err
	}
	if _, err := b.audit(o.node, o.crowd, refused); err != nil {
		return err
	}
	return b.verdict()
}

// refused excuses that what could not be recorded is not: the client was told so, and no
// provider was called.
func refused(one *call) bool {
	return one.overloaded() && strings.Contains(one.body, "cannot record requests")
}

// refusesAndRecovers checks that requests are refused some time after something was taken
// away, and served again after it has been given back.
func (b *bench) refusesAndRecovers(c *crowd, take, give func() error) error {
	var served, turned atomic.Int64
	c.judge = func(one *call) {
		switch {
		case one.status == 200:
			served.Add(1)
		case refused(one) && len(b.provider.served(one.id)) == 0:
			turned.Add(1)
			time.Sleep(50 * time.Millisecond) // as a client that is told to come again would
		default:
			b.complain("a client was answered with %s, the provider saw %d calls", one.said(), len(b.provider.served(one.id)))
		}
	}
	c.begin(6)
	defer c.end()
	time.Sleep(known)
	if err := take(); err != nil {
		return err
	}
	before := served.Load()
	if !waitFor(patience, func() bool { return turned.Load() >= 20 }) {
		b.complain("requests that cannot be recorded are not refused")
	}
	meanwhile := served.Load()
	if err := give(); err != nil {
		return err
	}
	if !waitFor(patience, func() bool { return served.Load() >= meanwhile+50 }) {
		b.complain("requests are not served again")
	}
	fmt.Printf("%d were served before, %d more until requests were refused, %d refused, and %d served again\n",
		before, meanwhile-before, turned.Load(), served.Load()-meanwhile)
	return nil
}

// relaxedOutage does the same with a gateway that goes on: what is not recorded is counted.
func relaxedOutage(b *bench) error {
	b.provider.pad = largeUsage
	o, err := b.newOutage("ledger {\n" + smallJournal + "}\n")
	if err != nil {
		return err
	}
	return b.goesOnAndCounts(o.node, o.crowd, 20, o.server.Halt, o.server.Resume)
}

// goesOnAndCounts checks that requests are served though they cannot be recorded, until so
// many were lost, and that those that are missing are just those that are counted.
func (b *bench) goesOnAndCounts(n *node, c *crowd, enough float64, take, give func() error) error {
	c.judge = func(one *call) {
		if one.status != 200 {
			b.complain("a client was answered with %s", one.said())
		}
	}
	c.begin(6)
	time.Sleep(known)
	err := take()
	time.Sleep(2 * time.Second)
	dropped := func() float64 {
		count, _ := n.metric("caddy_xjp_ledger_dropped_total")
		return count
	}
	lost := err == nil && waitFor(patience, func() bool { return dropped() >= enough })
	err = errors.Join(err, give())
	time.Sleep(time.Second)
	c.end()
	if err != nil {
		return err
	}
	a, err := b.audit(n, c, func(one *call) bool { return one.status == 200 })
	if err != nil {
		return err
	}
	if !lost || float64(a.missing) != dropped() {
		b.complain("%d records are missing, and %.0f are counted as lost", a.missing, dropped())
	}
	return b.verdict()
}
