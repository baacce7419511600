package redis

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/state"
	"github.com/rickyjim626/xjp-gateway/state/statetest"
)

// notes are the changes of health that an engine tells.
type notes struct {
	mu   sync.Mutex
	told []state.Failure
}

func (n *notes) take(f state.Failure) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, f)
}

func (n *notes) list() []state.Failure {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.told
}

// goesDown makes requests until the engine knows that its server does not count.
func goesDown(t *testing.T, e *Engine) {
	t.Helper()
	eventually(t, "the server is away", func() bool {
		if l, refused, err := reserve(t, e, tokens(1_000_000, 1)); err == nil && refused < 0 {
			e.Settle(l, []int64{1}, time.Now())
		}
		return e.health.down()
	})
}

// Sentinel makes the replica the master when the master dies: the engine goes on with what the
// replica has, and with what was used meanwhile.
func TestFailover(t *testing.T) {
	w := servers.StartWatchedRedis(t)
	var n notes
	e := liveBy(t, watched(w), long, options{notify: n.take})
	open, _, err := reserve(t, e, tokens(1_000_000, 1000), statetest.Slots(10))
	if err != nil {
		t.Fatal(err)
	}
	ended, _, err := reserve(t, e, tokens(1_000_000, 500))
	if err != nil {
		t.Fatal(err)
	}
	e.Settle(ended, []int64{300}, time.Now())
	if err := e.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // what the replica has not heard yet is lost
	w.Master.Crash(t)
	goesDown(t, e)
	l, refused, err := reserve(t, e, tokens(1_000_000, 100))
	if err != nil || refused >= 0 {
		t.Fatalf("while there is no master: refused %d, %v", refused, err)
	}
	e.Settle(l, []int64{5000}, time.Now())
	e.Settle(open, []int64{700, 0}, time.Now())
	began := time.Now()
	patiently(t, "the replica is the master", func() bool { return !e.health.down() })
	t.Logf("the replica has taken over after %v", time.Since(began))
	// 300 and 700 were reserved before, 5000 while there was none, besides the few by which the
	// failure was found.
	patiently(t, "all is counted", func() bool {
		got := used(t, e, tokens(1_000_000, 0))
		return got >= 6000 && got < 6100 && used(t, e, statetest.Slots(10)) == 0
	})
	w.Master.Start(t) // it becomes a replica, which counts nothing
	if _, refused, err := reserve(t, e, tokens(1_000_000, 1)); err != nil || refused >= 0 {
		t.Errorf("after the failover: refused %d, %v", refused, err)
	}
	if told := n.list(); len(told) != 2 || !told[0].Down || told[1].Down {
		t.Errorf("told %v", told)
	}
}

// patiently waits for what servers do among themselves, in seconds of their own.
func patiently(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// A Cluster that has lost a master counts for nobody, though the others answer pings; it does
// again when the master is back, for tenants of all of them.
func TestClusterLosesMaster(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	var addrs []string
	for _, s := range nodes {
		addrs = append(addrs, s.Addr)
	}
	var n notes
	e := liveBy(t, &settings{Addresses: addrs, Username: servers.User, Password: servers.Password}, long, options{notify: n.take})
	var last error
	countsForAll := func() bool {
		for i := range 20 { // which three masters divide among them
			l := &limits.Lease{ID: fmt.Sprint("request-", requests.Add(1)), Tenant: fmt.Sprint("tenant-", i), Meters: []limits.Meter{statetest.Ever(1_000_000, 10)}}
			if _, err := e.take(t.Context(), e.shard(l.Tenant), e.newShare(l.Tenant, l.Meters), 0, time.Now()); err != nil {
				last = err
				return false
			}
		}
		return true
	}
	if !countsForAll() {
		t.Fatal("the Cluster does not count:", last)
	}
	nodes[1].Crash(t)
	patiently(t, "the Cluster is away", func() bool { countsForAll(); return e.health.down() })
	time.Sleep(5 * beat)
	if told := n.list(); len(told) != 1 || !e.health.down() {
		t.Errorf("told %v", told)
	}
	nodes[1].Start(t)
	patiently(t, "the Cluster is back", func() bool { return !e.health.down() && countsForAll() })
}

// A server that answers, but counts nothing since its memory is full, is away until it counts.
func TestFullServer(t *testing.T) {
	server := servers.StartRedis(t)
	var n notes
	e := live(t, server.Addr, long, options{notify: n.take})
	limit := func(memory string) {
		if err := e.counts.client.ConfigSet(t.Context(), "maxmemory", memory).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	goesDown(t, e)
	time.Sleep(5 * beat)
	if told := n.list(); len(told) != 1 || !strings.Contains(told[0].Err.Error(), "OOM") {
		t.Errorf("told %v", told)
	}
	limit("0")
	eventually(t, "the server is back", func() bool { return !e.health.down() })
}

// What is wrong with the settings is told, without a secret, when the server is first asked.
func TestWrongSettings(t *testing.T) {
	secure := shapes["tls"](t)
	but := func(change func(*settings)) *settings {
		s := *secure
		s.TLS = &TLS{CA: secure.TLS.CA, Certificate: secure.TLS.Certificate, Key: secure.TLS.Key}
		change(&s)
		return &s
	}
	for name, tc := range map[string]struct {
		by   *settings
		says string
	}{
		"no CA":         {but(func(s *settings) { s.TLS.CA = "" }), "certificate signed by unknown authority"},
		"another name":  {but(func(s *settings) { s.TLS.ServerName = "redis.example" }), "certificate is not valid for"},
		"no password":   {but(func(s *settings) { s.Username, s.Password = "", "" }), "unauthenticated"},
		"wrong":         {but(func(s *settings) { s.Password = canary }), "WRONGPASS"},
		"no Sentinel":   {&settings{Addresses: []string{servers.Redis(t)}, Sentinel: "main"}, "unknown command"},
		"wrong master":  {func() *settings { s := shapes["sentinel"](t); s.Sentinel = "other"; return s }(), "sentinel"},
		"no Cluster":    {&settings{Addresses: []string{servers.Redis(t)}, Cluster: true}, "cluster support disabled"},
		"forbidden key": {secure, "NOPERM"},
	} {
		t.Run(name, func(t *testing.T) {
			var n notes
			client, err := tc.by.client(long)
			if err != nil {
				t.Fatal(err)
			}
			e := newEngine(counts{client: client, prefix: "another", timeout: long}, options{onFailure: Deny, notify: n.take})
			defer e.Close()
			for range 5 {
				if _, _, err := reserve(t, e, tokens(1000, 1)); !errors.Is(err, limits.ErrAway) {
					t.Fatal(err)
				}
			}
			told := n.list()
			if len(told) != 1 || !strings.Contains(told[0].Err.Error(), tc.says) || strings.Contains(told[0].Err.Error(), servers.Password) || strings.Contains(told[0].Err.Error(), canary) {
				t.Errorf("told %v, want %q", told, tc.says)
			}
		})
	}
}
