package redis

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/state/memory"
	"github.com/rickyjim626/xjp-gateway/state/statetest"
)

// The engine counts exactly as memory does.
func TestSameAsMemory(t *testing.T) {
	addr := servers.Redis(t)
	statetest.Same(t, func(rt *rapid.T) (a, b limits.Engine) {
		c := onServer(t, addr)
		e := newEngine(c, options{onFailure: Local})
		rt.Cleanup(func() {
			e.Close()
			c.client.Close()
		})
		return memory.NewEngine(nil), e
	})
}
