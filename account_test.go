package xjpgateway

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/limits"
)

// TestExpected checks that a request whose process dies is estimated with an answer, also
// where nothing was reserved for one.
func TestExpected(t *testing.T) {
	c := &call{endpoint: endpoint{op: opGenerate}, s: &snapshot{runtime: &runtime{learned: limits.NewLearned(16)}}, body: make([]byte, 400)}
	if got := c.expected(); got != (ledger.Tokens{Input: 100, Output: limits.Unlearned}) {
		t.Errorf("without a limit: %+v", got)
	}
	c.account.demand = limits.Demand{Input: 120, Output: 30}
	if got := c.expected(); got != (ledger.Tokens{Input: 120, Output: 30}) {
		t.Errorf("reserved: %+v", got)
	}
	c.op = opCount
	if got := c.expected(); got != (ledger.Tokens{}) {
		t.Errorf("a count, which costs nothing: %+v", got)
	}
}
