package behaviour

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestMain finds goroutines that outlive their requests and servers.
func TestMain(m *testing.M) { gatewaytest.VerifyTestMain(m) }
