package xjpgateway

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/registry"
)

// retrySettings are the settings of further rounds as requests use them.
type retrySettings struct {
	rounds  int
	backoff time.Duration
	maxWait time.Duration
	budget  float64 // the share of a provider's requests that may be repeats
}

func (r RetryConfig) settings() retrySettings {
	rounds := defaultRounds
	if r.Max != nil {
		rounds = *r.Max
	}
	return retrySettings{
		rounds:  rounds,
		backoff: orDefault(time.Duration(r.Backoff), defaultBackoff),
		maxWait: orDefault(time.Duration(r.MaxWait), defaultMaxWait),
		budget:  orDefault(r.Budget, defaultBudget),
	}
}

// queueSettings bound the queue before each gate.
type queueSettings struct {
	size int
	wait time.Duration
}

func (q QueueConfig) settings() queueSettings {
	size := defaultQueueSize
	if q.Size != nil {
		size = *q.Size
	}
	return queueSettings{size: size, wait: orDefault(time.Duration(q.Wait), defaultQueueWait)}
}

// thresholds are those of a breaker; a zero field is the registry's default.
func (b BreakerConfig) thresholds() registry.Thresholds {
	return registry.Thresholds{
		Off: b.Off, Failures: b.Failures, Ratio: b.Ratio, MinCalls: b.MinCalls,
		Window: time.Duration(b.Window), Cooldown: time.Duration(b.Cooldown),
	}
}

// policy is the model's policy: a weight without a policy asks for shares.
func (m *ModelConfig) policy() registry.Policy {
	if m.Policy == "" && m.weighted() {
		return registry.Weighted
	}
	policy, _ := registry.ParsePolicy(m.Policy) // validated
	return policy
}
