package redis

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/state/statetest"
)

// trips counts the round trips of a client.
type trips struct{ n atomic.Int64 }

func (h *trips) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h *trips) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		h.n.Add(1)
		return next(ctx, cmd)
	}
}

func (h *trips) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error { return next(ctx, cmds) }
}

// Many requests with the same large limits cost few round trips, and none is counted twice
// or lost.
func TestSharesSaveTrips(t *testing.T) {
	c := onServer(t, servers.Redis(t))
	e := opened(t, c, options{sharing: true})
	var count trips
	c.client.AddHook(&count)
	now := statetest.Noon
	meters := []limits.Meter{statetest.Rate(100_000_000, 1000), statetest.Day(now, 1_000_000_000, 1000), statetest.Slots(10_000)}
	const n = 5000
	for i := range n {
		now = now.Add(time.Millisecond)
		l := &limits.Lease{ID: fmt.Sprint(i), Tenant: "acme", Meters: meters}
		if v, err := e.Reserve(t.Context(), l, now); err != nil || v.Refused != -1 {
			t.Fatalf("%+v, %v", v, err)
		}
		e.Settle(l, []int64{300, 300, 0}, now)
	}
	if trips := count.n.Load(); trips > n/20 {
		t.Errorf("%d requests cost %d round trips", n, trips)
	}
	eventually(t, "what is left of shares is given back", func() bool {
		now = now.Add(beat)
		e.see(now)
		got, _, err := e.Used(t.Context(), "acme", meters, now)
		return err == nil && got[1] == n*300 && got[2] == 0
	})
	t.Logf("%d requests cost %d round trips", n, count.n.Load())
}

// An engine that is closed keeps nothing that it took ahead.
func TestCloseGivesBack(t *testing.T) {
	c := onServer(t, servers.Redis(t))
	other := opened(t, counts{client: c.client, prefix: c.prefix, timeout: c.timeout, virtual: true}, options{})
	mine := c
	mine.client = goredis.NewClient(&goredis.Options{Addr: c.client.(*goredis.Client).Options().Addr})
	e := newEngine(mine, options{sharing: true})
	for i := range 100 {
		l := &limits.Lease{ID: fmt.Sprint(i), Tenant: "acme", Meters: []limits.Meter{statetest.Ever(1_000_000, 10), statetest.Slots(100_000)}}
		if v, err := e.Reserve(t.Context(), l, statetest.Noon); err != nil || v.Refused != -1 {
			t.Fatal(v, err)
		}
		e.Settle(l, []int64{10, 0}, statetest.Noon)
	}
	meters := []limits.Meter{statetest.Ever(1_000_000, 0), statetest.Slots(100_000)}
	if got, _, err := other.Used(t.Context(), "acme", meters, statetest.Noon); err != nil || got[0] <= 1000 {
		t.Fatalf("%v are used, %v: nothing was taken ahead", got, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := other.Used(t.Context(), "acme", meters, statetest.Noon); err != nil || got[0] != 1000 || got[1] != 0 {
		t.Errorf("%v are used, %v", got, err)
	}
}

// Small limits are counted exactly, without shares.
func TestSmallLimitsAreExact(t *testing.T) {
	addr := servers.Redis(t)
	c := onServer(t, addr)
	a, b := opened(t, c, options{sharing: true}), opened(t, c, options{sharing: true})
	passed := 0
	for i := range 200 {
		e := []*Engine{a, b}[i%2]
		l := &limits.Lease{ID: fmt.Sprint(i), Tenant: "acme", Meters: []limits.Meter{statetest.Rate(60, 1), statetest.Ever(1_000_000, 1)}}
		v, err := e.Reserve(t.Context(), l, statetest.Noon)
		if err != nil {
			t.Fatal(err)
		}
		if v.Refused < 0 {
			passed++
		}
	}
	if passed != 60 {
		t.Errorf("%d have passed", passed)
	}
}

// Nodes that take shares together never admit more than the limit, and once the shares are
// given back, all of it.
func TestNodesShareOneLimit(t *testing.T) {
	addr := servers.Redis(t)
	c := onServer(t, addr)
	nodes := []*Engine{opened(t, c, options{sharing: true}), opened(t, c, options{sharing: true}), opened(t, c, options{sharing: true})}
	const limit, cost = 200_000, 10
	var passed, clock atomic.Int64
	var wg sync.WaitGroup
	for i, e := range nodes {
		for j := range 4 {
			wg.Go(func() {
				for k, refusals := 0, 0; refusals < 200; k++ {
					now := statetest.Noon.Add(time.Duration(clock.Add(50)) * time.Microsecond)
					l := &limits.Lease{ID: fmt.Sprint(i, j, k), Tenant: "acme", Meters: []limits.Meter{statetest.Ever(limit, cost), statetest.Slots(10_000)}}
					v, err := e.Reserve(t.Context(), l, now)
					if err != nil {
						t.Error(err)
						return
					}
					if v.Refused < 0 {
						passed.Add(1)
						e.Settle(l, []int64{cost, 0}, now)
						continue
					}
					refusals++
					clock.Add(10_000) // shares end
					time.Sleep(time.Millisecond)
				}
			})
		}
	}
	wg.Wait()
	if passed.Load() != limit/cost {
		t.Errorf("%d have passed, want %d", passed.Load(), limit/cost)
	}
}

const (
	nodeAddr   = "XJP_TEST_NODE_ADDR"
	nodePrefix = "XJP_TEST_NODE_PREFIX"
	nodeDoes   = "XJP_TEST_NODE_DOES"
)

const processLimit, processCost = 20_000, 10

// runNode is another process of the same binary: a node of its own.
func runNode() {
	client := goredis.NewClient(&goredis.Options{Addr: os.Getenv(nodeAddr), MaxRetries: -1, ContextTimeoutEnabled: true})
	c := counts{client: client, prefix: os.Getenv(nodePrefix), timeout: 5 * time.Second}
	if os.Getenv(nodeDoes) == "leak" {
		c.virtual = true
		e := newEngine(c, options{onFailure: Deny})
		for i := range 5 {
			l := &limits.Lease{ID: fmt.Sprint("leak-", i), Tenant: "acme", Meters: []limits.Meter{statetest.Slots(5), statetest.Ever(100, 10)}}
			if v, err := e.Reserve(context.Background(), l, statetest.Noon); err != nil || v.Refused != -1 {
				fmt.Println("failed:", v, err)
				return
			}
		}
		fmt.Println("leaked")
		select {} // until it is killed
	}
	e := newEngine(c, options{onFailure: Deny, sharing: true})
	var passed atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j, last := 0, time.Now(); time.Since(last) < 4*time.Second; j++ {
				l := &limits.Lease{ID: fmt.Sprint(i, "-", j), Tenant: "acme", Meters: []limits.Meter{statetest.Ever(processLimit, processCost), statetest.Slots(1000)}}
				v, err := e.Reserve(context.Background(), l, time.Now())
				if err != nil {
					fmt.Println("failed:", err)
					return
				}
				if v.Refused < 0 {
					passed.Add(1)
					last = time.Now()
					e.Settle(l, []int64{processCost, 0}, time.Now())
				} else {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	if err := e.Close(); err != nil {
		fmt.Println("failed:", err)
		return
	}
	fmt.Println("passed", passed.Load())
}

// node starts a process, and gives its lines.
func node(t *testing.T, c counts, addr, does string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), nodeAddr+"="+addr, nodePrefix+"="+c.prefix, nodeDoes+"="+does)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// Three processes on one server admit exactly what one would.
func TestProcesses(t *testing.T) {
	addr := servers.Redis(t)
	c := onServer(t, addr)
	var total atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		_, lines := node(t, c, addr, "reserve")
		wg.Go(func() {
			for lines.Scan() {
				var n int64
				if _, err := fmt.Sscanf(lines.Text(), "passed %d", &n); err != nil {
					t.Errorf("a node says: %s", lines.Text())
				}
				total.Add(n)
			}
		})
	}
	wg.Wait()
	if total.Load() != processLimit/processCost {
		t.Errorf("pain 37: %d have passed, want %d", total.Load(), processLimit/processCost)
	}
	e := opened(t, counts{client: c.client, prefix: c.prefix, timeout: c.timeout}, options{})
	if slots, tokens := used(t, e, statetest.Slots(1000)), used(t, e, statetest.Ever(processLimit, 0)); slots != 0 || tokens != processLimit {
		t.Errorf("%d places and %d tokens are used", slots, tokens)
	}
}

// A process that is killed leaves nothing behind once its leases expire.
func TestKilledProcess(t *testing.T) {
	addr := servers.Redis(t)
	c := onServer(t, addr)
	cmd, lines := node(t, c, addr, "leak")
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "leaked") {
		t.Fatalf("the node says: %s", lines.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	e := opened(t, c, options{})
	for _, after := range []time.Duration{limits.Expiry - time.Millisecond, limits.Expiry} {
		free := after == limits.Expiry
		l := &limits.Lease{ID: fmt.Sprint(after), Tenant: "acme", Meters: []limits.Meter{statetest.Slots(5)}}
		v, err := e.Reserve(t.Context(), l, statetest.Noon.Add(after))
		if err != nil || (v.Refused < 0) != free {
			t.Errorf("after %v: %+v, %v", after, v, err)
		}
		e.Settle(l, []int64{0}, statetest.Noon.Add(after))
		statetest.Flush(t, e)
	}
	got, _, err := e.Used(t.Context(), "acme", []limits.Meter{statetest.Slots(5), statetest.Ever(100, 0)}, statetest.Noon.Add(limits.Expiry))
	if err != nil || got[0] != 0 || got[1] != 50 {
		t.Errorf("%v are used, %v", got, err)
	}
}

// What a lease gives back in several steps is no more than what it reserved and what has not
// leaked out.
func TestAmendTwice(t *testing.T) {
	onEach(t, func(t *testing.T, open func(t *testing.T) counts) {
		c := open(t)
		m := statetest.Rate(6000, 6000) // 100 a second
		s := &share{id: "one", tenant: "acme", meters: []limits.Meter{m}}
		if a, err := c.reserve(t.Context(), s, "node", 0, nil, statetest.Noon); err != nil || a.refused != -1 {
			t.Fatal(a, err)
		}
		holds := func(seconds int, amount, want int64) {
			t.Helper()
			now := statetest.Noon.Add(time.Duration(seconds) * time.Second)
			if _, err := c.amend(t.Context(), []amendment{{share: s, what: "amend", amounts: []int64{amount}, reserved: []int64{0}}}, now); err != nil {
				t.Fatal(err)
			}
			if got, _, _, err := c.used(t.Context(), "acme", s.meters, now); err != nil || got[0] != want {
				t.Errorf("after %d s, with %d: %v are used, %v; want %d", seconds, amount, got, err, want)
			}
		}
		holds(0, 5000, 5000)
		holds(0, 5000, 5000) // sent again
		holds(10, 4000, 3000)
		holds(20, 1000, 0) // 3000 leaked by 1000: no more than 2000 are left to give back
		holds(20, 1000, 0)
		holds(20, 3000, 2000)
	})
}

func BenchmarkReserveSettle(b *testing.B) {
	addr := servers.Redis(b)
	for _, sharing := range []bool{false, true} {
		b.Run(fmt.Sprint("sharing=", sharing), func(b *testing.B) {
			client := goredis.NewClient(&goredis.Options{Addr: addr, MaxRetries: -1, ContextTimeoutEnabled: true, Protocol: 2})
			e := newEngine(counts{client: client, prefix: fmt.Sprint("bench", time.Now().UnixNano()), timeout: time.Second}, options{onFailure: Deny, sharing: sharing})
			defer e.Close()
			var n atomic.Int64
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				day := statetest.Day(time.Now().UTC(), limits.MaxCount, 900)
				meters := []limits.Meter{statetest.Rate(limits.MaxRate, 1), day, statetest.Ever(int64(limits.MaxBudget), 1000), statetest.Slots(100_000)}
				for pb.Next() {
					l := &limits.Lease{ID: fmt.Sprint(n.Add(1)), Tenant: "acme", Meters: meters}
					now := time.Now()
					if v, err := e.Reserve(context.Background(), l, now); err != nil || v.Refused >= 0 {
						b.Error(v, err)
						return
					}
					e.Settle(l, []int64{1, 500, 400, 0}, now)
				}
			})
		})
	}
}
