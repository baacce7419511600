package redis

import (
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/idempotency"
	"github.com/rickyjim626/xjp-gateway/state/statetest"
)

func TestAnswers(t *testing.T) {
	onEach(t, func(t *testing.T, open func(t *testing.T) counts) {
		statetest.RunAnswers(t, func(t *testing.T) idempotency.Store {
			c := open(t)
			return &Answers{client: c.client, prefix: c.prefix, timeout: 5 * time.Second, health: &health{}, virtual: true}
		})
	})
}
