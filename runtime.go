package xjpgateway

import (
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/recall"
	"github.com/rickyjim626/xjp-gateway/registry"
)

// runtimes holds what outlives a reload.
var runtimes = caddy.NewUsagePool()

// runtimeKey identifies a runtime by the settings that it cannot change while it is
// in use: another value is another runtime, and the old one ends with its requests.
type runtimeKey struct {
	maxBodies  int64
	recallSize int64
	recallTTL  time.Duration
}

// runtime is the state that survives a reload: what is in flight, what rests, what is
// remembered. The pool holds one reference for each configuration, and each request
// holds one of its own, since requests outlive the configuration they began with.
type runtime struct {
	bodies *allowance
	brake  *keys.Brake
	recall *recall.Store
	states registry.States
	turns  atomic.Uint64
	// budgets are those that have been told of; learned and calibration make reservations
	// of tokens better.
	budgets     budgets
	learned     *limits.Learned
	calibration *estimate.Calibration
}

func (c *Config) runtimeKey() runtimeKey {
	key := runtimeKey{
		maxBodies:  orDefault(c.MaxBodies, defaultMaxBodies),
		recallSize: orDefault(c.Recall.MaxSize, defaultRecallSize),
		recallTTL:  orDefault(time.Duration(c.Recall.TTL), defaultRecallTTL),
	}
	if c.Recall.Off {
		key.recallSize = 0
	}
	return key
}

// The brake on wrong keys: twenty in a minute from one address, 65,536 addresses.
const (
	brakeBurst     = 20
	brakeWindow    = time.Minute
	brakeAddresses = 1 << 16
)

// What is learned of the sizes of answers and prompts: by key and model, and by model.
const (
	maxLearned    = 1 << 16
	maxCalibrated = 1 << 12
)

// acquireRuntime returns the runtime for the settings, made anew if there is none.
func acquireRuntime(key runtimeKey) (*runtime, error) {
	value, _, err := runtimes.LoadOrNew(key, func() (caddy.Destructor, error) {
		rt := &runtime{
			bodies: &allowance{max: key.maxBodies},
			brake:  keys.NewBrake(brakeBurst, brakeWindow, brakeAddresses),

			learned:     limits.NewLearned(maxLearned),
			calibration: estimate.NewCalibration(maxCalibrated),
		}
		if key.recallSize > 0 {
			rt.recall = recall.New(key.recallSize, key.recallTTL)
		}
		return rt, nil
	})
	if err != nil {
		return nil, err
	}
	return value.(*runtime), nil
}

// Destruct is called when the last configuration has let go. What the runtime holds
// is plain memory that requests in flight keep alive, so there is nothing to close.
func (rt *runtime) Destruct() error { return nil }

// allowance is a number of bytes that requests in flight may hold together.
type allowance struct {
	max  int64
	used atomic.Int64
}

// take reserves n bytes if they are there.
func (a *allowance) take(n int64) bool {
	if a.used.Add(n) > a.max {
		a.used.Add(-n)
		return false
	}
	return true
}

// give returns n bytes.
func (a *allowance) give(n int64) { a.used.Add(-n) }
