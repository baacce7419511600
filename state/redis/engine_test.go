package redis

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
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
func onServer(t *testing.T, addr string) counts {
	t.Helper()
	client := goredis.NewClient(&goredis.Options{Addr: addr, MaxRetries: -1, ContextTimeoutEnabled: true})
	t.Cleanup(func() { client.Close() })
	return counts{client: client, prefix: fmt.Sprintf("test%d-%d", time.Now().UnixNano(), prefixes.Add(1)), timeout: 5 * time.Second, virtual: true}
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

func onEach(t *testing.T, test func(t *testing.T, addr func(t *testing.T) string)) {
	t.Run("miniredis", func(t *testing.T) {
		test(t, func(t *testing.T) string { return miniredis.RunT(t).Addr() })
	})
	t.Run("redis", func(t *testing.T) { test(t, func(t *testing.T) string { return servers.Redis(t) }) })
}

func TestEngine(t *testing.T) {
	onEach(t, func(t *testing.T, addr func(t *testing.T) string) {
		for _, sharing := range []bool{false, true} {
			t.Run(fmt.Sprint("sharing=", sharing), func(t *testing.T) {
				statetest.Run(t, func(t *testing.T) limits.Engine { return opened(t, onServer(t, addr(t)), options{sharing: sharing}) })
			})
		}
	})
}

func TestRestore(t *testing.T) {
	onEach(t, func(t *testing.T, addr func(t *testing.T) string) {
		statetest.RunRestore(t, func(t *testing.T, restore limits.Restore) limits.Engine {
			return opened(t, onServer(t, addr(t)), options{restore: restore})
		})
	})
}
