package redis

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/state/statetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(nodeAddr) != "" {
		runNode()
		return
	}
	goleak.VerifyTestMain(m)
}

var prefixes atomic.Int64

// onServer gives counts of their own on a server, in the time of tests.
func onServer(t *testing.T, addr string) counts { return by(t, &settings{Addresses: []string{addr}}) }

// by does the same by the settings of an operator.
func by(t *testing.T, s *settings) counts {
	t.Helper()
	client, err := s.client(long)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return counts{client: client, prefix: fmt.Sprintf("xjp-test%d-%d", time.Now().UnixNano(), prefixes.Add(1)), timeout: long, virtual: true}
}

// opened gives an engine that ends with the test.
func opened(t *testing.T, c counts, o options) *Engine {
	t.Helper()
	if o.onFailure == "" {
		o.onFailure = Local
	}
	e := newEngine(c, o)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// shapes are the ways in which servers stand, by the settings that lead to them.
var shapes = map[string]func(t *testing.T) *settings{
	"miniredis": func(t *testing.T) *settings { return &settings{Addresses: []string{miniredis.RunT(t).Addr()}} },
	"redis":     func(t *testing.T) *settings { return &settings{Addresses: []string{servers.Redis(t)}} },
	"valkey":    func(t *testing.T) *settings { return &settings{Addresses: []string{servers.Valkey(t)}} },
	"tls": func(t *testing.T) *settings {
		s := servers.SecureRedis(t)
		return &settings{Addresses: []string{s.Addr}, Username: servers.User, Password: servers.Password, TLS: &TLS{CA: s.CA, Certificate: s.Certificate, Key: s.Key}}
	},
	"sentinel": func(t *testing.T) *settings { return watched(servers.WatchedRedis(t)) },
	"cluster": func(t *testing.T) *settings {
		return &settings{Addresses: servers.RedisCluster(t), Username: servers.User, Password: servers.Password}
	},
}

func watched(w *servers.Watched) *settings {
	return &settings{Addresses: w.Sentinels(), Sentinel: w.Name, Password: servers.Password, SentinelPassword: servers.Password}
}

// onEach runs a test on servers of all shapes; open gives counts of their own on one.
func onEach(t *testing.T, test func(t *testing.T, open func(t *testing.T) counts)) {
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		t.Run(name, func(t *testing.T) {
			test(t, func(t *testing.T) counts { return by(t, shapes[name](t)) })
		})
	}
}

func TestEngine(t *testing.T) {
	onEach(t, func(t *testing.T, open func(t *testing.T) counts) {
		for _, sharing := range []bool{false, true} {
			t.Run(fmt.Sprint("sharing=", sharing), func(t *testing.T) {
				statetest.Run(t, func(t *testing.T) limits.Engine { return opened(t, open(t), options{sharing: sharing}) })
			})
		}
	})
}

func TestRestore(t *testing.T) {
	onEach(t, func(t *testing.T, open func(t *testing.T) counts) {
		statetest.RunRestore(t, func(t *testing.T, restore limits.Restore) limits.Engine {
			return opened(t, open(t), options{restore: restore})
		})
	})
}
