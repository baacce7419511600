package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/state"
	"github.com/rickyjim626/xjp-gateway/state/statetest"
)

// short is the timeout where a server is slow, and long is one that no server passes, however
// busy the machine.
const short, long = defaultTimeout, 5 * time.Second

// live gives an engine in real time, by a client as operators have it.
func live(t *testing.T, addr string, timeout time.Duration, o options) *Engine {
	t.Helper()
	return liveBy(t, &settings{Addresses: []string{addr}}, timeout, o)
}

func liveBy(t *testing.T, by *settings, timeout time.Duration, o options) *Engine {
	t.Helper()
	client, err := by.client(timeout)
	if err != nil {
		t.Fatal(err)
	}
	if o.onFailure == "" {
		o.onFailure = Local
	}
	e := newEngine(counts{client: client, prefix: fmt.Sprint("xjp-", t.Name(), "-", prefixes.Add(1)), timeout: timeout}, o)
	t.Cleanup(func() { e.Close() })
	return e
}

var requests atomic.Int64

func reserve(t *testing.T, e *Engine, meters ...limits.Meter) (*limits.Lease, int, error) {
	t.Helper()
	l := &limits.Lease{ID: fmt.Sprint("request-", requests.Add(1)), Tenant: "acme", Meters: meters}
	v, err := e.Reserve(t.Context(), l, time.Now())
	return l, v.Refused, err
}

// eventually waits for what comes about by itself.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 15 s", what)
		}
	}
}

func used(t *testing.T, e *Engine, m limits.Meter) int64 {
	t.Helper()
	n, _, err := e.Used(t.Context(), "acme", []limits.Meter{m}, time.Now())
	if err != nil {
		return -1
	}
	return n[0]
}

func budget(limit, amount int64) limits.Meter {
	m := statetest.Ever(limit, amount)
	m.Key = "key/k/budget"
	return m
}

func tokens(limit, amount int64) limits.Meter {
	m := statetest.Ever(limit, amount)
	m.Key, m.Measure = "key/k/tpd", limits.Tokens // of a window that does not end while the test runs
	return m
}

// The server stops and starts: what is settled meanwhile is told afterwards, and what was
// admitted meanwhile is counted.
func TestServerStops(t *testing.T) {
	server := servers.StartRedis(t)
	var mu sync.Mutex
	var told []bool
	e := live(t, server.Addr, long, options{notify: func(f state.Failure) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, f.Down)
		if f.Down != (f.Err != nil) {
			t.Errorf("told of %+v", f)
		}
	}})
	before, _, err := reserve(t, e, tokens(1000, 100), statetest.Slots(10))
	if err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	for range 5 {
		began := time.Now()
		l, refused, err := reserve(t, e, tokens(1000, 10), statetest.Slots(10))
		if err != nil || refused != -1 {
			t.Fatalf("refused %d, %v", refused, err)
		}
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("a request has waited for %v", waited)
		}
		e.Settle(l, []int64{7, 0}, time.Now())
	}
	if _, _, err := reserve(t, e, budget(1000, 1)); !errors.Is(err, limits.ErrAway) {
		t.Errorf("a budget of money: %v", err)
	}
	// 100 of 1000 were known to be used, and this node is the only one.
	if _, refused, err := reserve(t, e, tokens(1000, 900)); err != nil || refused != 0 {
		t.Errorf("more than what is left: refused %d, %v", refused, err)
	}
	e.Settle(before, []int64{30, 0}, time.Now())
	server.Start(t)
	eventually(t, "the server is back", func() bool { return !e.health.down() })
	// The server has lost its data, and there is no ledger: what was settled before the next
	// request is in nobody's count.
	if _, refused, err := reserve(t, e, tokens(1000, 5)); err != nil || refused != -1 {
		t.Errorf("refused %d, %v", refused, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if fmt.Sprint(told) != "[true false]" {
		t.Errorf("told %v", told)
	}
}

func TestPolicies(t *testing.T) {
	for policy, passes := range map[Policy]bool{Deny: false, Allow: true} {
		t.Run(string(policy), func(t *testing.T) {
			e := live(t, "127.0.0.1:1", short, options{onFailure: policy})
			l, refused, err := reserve(t, e, budget(10, 1), statetest.Slots(1))
			if passes != (err == nil && refused == -1) || !passes && !errors.Is(err, limits.ErrAway) {
				t.Errorf("refused %d, %v", refused, err)
			}
			e.Settle(l, []int64{1, 0}, time.Now())
		})
	}
}

// What requests used that were admitted while the server was away is counted when it is back.
func TestCountedAfterwards(t *testing.T) {
	p := newProxy(t, servers.Redis(t))
	e := live(t, p.addr, short, options{onFailure: Allow})
	if l, _, err := reserve(t, e, tokens(1000, 100)); err != nil {
		t.Fatal(err)
	} else {
		e.Settle(l, []int64{50}, time.Now())
	}
	eventually(t, "the first is counted", func() bool { return used(t, e, tokens(1000, 0)) == 50 })
	p.delay.Store(int64(time.Hour))
	for range 10 {
		l, _, err := reserve(t, e, tokens(1000, 100))
		if err != nil {
			t.Fatal(err)
		}
		e.Settle(l, []int64{7}, time.Now())
	}
	p.delay.Store(0)
	p.cut()
	eventually(t, "all are counted", func() bool { return used(t, e, tokens(1000, 0)) == 120 })
	time.Sleep(2 * beat)
	if n := used(t, e, tokens(1000, 0)); n != 120 {
		t.Errorf("%d are counted", n)
	}
}

// A server that answers after seconds slows nobody down by more than the timeout, and few by
// that. Reservations whose answer nobody waited for are given back.
func TestSlowServer(t *testing.T) {
	p := newProxy(t, servers.Redis(t))
	e := live(t, p.addr, short, options{})
	l, _, err := reserve(t, e, tokens(100_000, 100), statetest.Slots(1000))
	if err != nil {
		t.Fatal(err)
	}
	e.Settle(l, []int64{100, 0}, time.Now())
	eventually(t, "the first is counted", func() bool { return used(t, e, statetest.Slots(1000)) == 0 })
	p.delay.Store(int64(700 * time.Millisecond))
	slow := 0
	for range 200 {
		began := time.Now()
		l, refused, err := reserve(t, e, tokens(100_000, 100), statetest.Slots(1000))
		if err != nil || refused != -1 {
			t.Fatalf("refused %d, %v", refused, err)
		}
		if waited := time.Since(began); waited > 40*time.Millisecond {
			slow++
		}
		e.Settle(l, []int64{1, 0}, time.Now())
	}
	if slow > 100 { // without a breaker, all do
		t.Errorf("%d requests of 200 have waited", slow)
	}
	p.delay.Store(0)
	eventually(t, "the server is back", func() bool { return !e.health.down() })
	eventually(t, "all is counted", func() bool {
		return used(t, e, statetest.Slots(1000)) == 0 && used(t, e, tokens(100_000, 0)) == 300
	})
}

// While the server is away each node has its part of a limit, whichever of them had served the
// tenant before, and nodes that have served nobody count as well.
func TestPartsOfNodes(t *testing.T) {
	server := servers.StartRedis(t)
	a := live(t, server.Addr, long, options{})
	var nodes []*Engine
	for range 3 {
		e := newEngine(a.counts, options{onFailure: Local})
		t.Cleanup(func() { e.Close() })
		nodes = append(nodes, e)
	}
	nodes = append(nodes, a)
	if _, _, err := reserve(t, a, tokens(80, 1)); err != nil { // of a tenant that the others have not heard of
		t.Fatal(err)
	}
	eventually(t, "all nodes know of one another", func() bool {
		return !slices.ContainsFunc(nodes, func(e *Engine) bool { return e.nodes.Load() != 4 })
	})
	server.Stop(t)
	admitted := 0
	for _, e := range nodes {
		eventually(t, "the node knows that the server is away", e.health.down)
		for range 80 {
			if _, refused, err := reserve(t, e, tokens(80, 1)); err == nil && refused == -1 {
				admitted++
			}
		}
	}
	if admitted < 70 || admitted > 81 { // one of which the others have not heard
		t.Errorf("%d are admitted together", admitted)
	}
}

// A server that is not there is noticed though nobody asks anything of it.
func TestNoticed(t *testing.T) {
	server := servers.StartRedis(t)
	e := live(t, server.Addr, long, options{})
	server.Stop(t)
	eventually(t, "the server is away", e.health.down)
	server.Start(t)
	eventually(t, "the server is back", func() bool { return !e.health.down() })
}

// A server that is flushed asks the ledger again, and counts again what is under way.
func TestFlushed(t *testing.T) {
	server := servers.StartRedis(t)
	var ledger atomic.Int64
	e := live(t, server.Addr, long, options{restore: func(_ context.Context, _ string, quotas []limits.Meter) ([]int64, error) {
		known := make([]int64, len(quotas))
		for i := range known {
			known[i] = ledger.Load()
		}
		return known, nil
	}})
	open, _, err := reserve(t, e, tokens(1000, 100), statetest.Slots(2))
	if err != nil {
		t.Fatal(err)
	}
	ended, _, err := reserve(t, e, tokens(1000, 100))
	if err != nil {
		t.Fatal(err)
	}
	e.Settle(ended, []int64{60}, time.Now())
	if err := e.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ledger.Store(60)
	if err := e.counts.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	next, refused, err := reserve(t, e, tokens(1000, 100))
	if err != nil || refused != -1 || used(t, e, tokens(1000, 0)) != 160 {
		t.Fatalf("refused %d, %v: %d are used", refused, err, used(t, e, tokens(1000, 0)))
	}
	e.renewal = 0 // as if it had been long ago
	if err := e.Renew(t.Context(), "acme", []string{open.ID}, time.Now()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what is under way counts again", func() bool {
		return used(t, e, statetest.Slots(2)) == 1 && used(t, e, tokens(1000, 0)) == 260
	})
	for range 2 {
		e.Settle(open, []int64{70, 0}, time.Now())
		e.Settle(next, []int64{100}, time.Now())
		if err := e.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if slots, tokens := used(t, e, statetest.Slots(2)), used(t, e, tokens(1000, 0)); slots != 0 || tokens != 230 {
		t.Errorf("%d places and %d tokens are used", slots, tokens)
	}
}

// proxy stands before a server and holds its answers back.
type proxy struct {
	addr  string
	delay atomic.Int64
	mu    sync.Mutex
	conns []net.Conn
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: ln.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, client, upstream)
			p.mu.Unlock()
			wg.Go(func() { io.Copy(upstream, client); upstream.Close() })
			wg.Go(func() { p.answers(client, upstream) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		p.cut()
		wg.Wait()
	})
	return p
}

func (p *proxy) answers(client, upstream net.Conn) {
	defer client.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := upstream.Read(buf)
		if err != nil {
			return
		}
		for held := time.Now(); time.Since(held) < time.Duration(p.delay.Load()); time.Sleep(5 * time.Millisecond) {
			if _, err := client.Write(nil); err != nil {
				return
			}
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// cut closes all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
