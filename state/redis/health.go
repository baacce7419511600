package redis

import (
	"sync"

	"github.com/rickyjim626/xjp-gateway/state"
)

// tolerated failures in a row are those of a network; more are those of the server.
const tolerated = 2

// health knows whether the server answers. While it does not, no request waits for it: a
// beat finds out when it does again.
type health struct {
	mu       sync.Mutex
	failures int
	isDown   bool
	changed  func(state.Failure) // called in the order of the changes
}

func (h *health) down() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.isDown
}

// answered notes that the server has answered. One that is away is not back by that: the
// answer may have been under way before, and to what a server tells that counts nothing.
func (h *health) answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isDown {
		h.failures = 0
	}
}

// returned notes that the server counts again.
func (h *health) returned() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures = 0
	if h.isDown {
		h.isDown = false
		h.changed(state.Failure{})
	}
}

// failed notes that the server has not.
func (h *health) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failures++; h.failures > tolerated && !h.isDown {
		h.isDown = true
		h.changed(state.Failure{Down: true, Err: err})
	}
}
