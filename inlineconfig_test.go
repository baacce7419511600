package xjpgateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestInlineSettings checks that settings which stand in the directive count although
// they belong to state that all sites share.
func TestInlineSettings(t *testing.T) {
	for _, test := range []struct {
		name, option string
		status       int
	}{
		{"the default allowance", "", http.StatusOK},
		{"a small allowance", "max_bodies 1KB", http.StatusServiceUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := gatewaytest.Start(t, "provider demo\n"+test.option)
			body := `{"model":"demo","messages":[{"role":"user","content":"` + strings.Repeat("x", 2000) + `"}]}`
			r, _ := http.NewRequest("POST", address+"/v1/chat/completions", strings.NewReader(body))
			if status, answer := ask(t, r, gatewaytest.Key); status != test.status {
				t.Errorf("got %d, want %d: %s", status, test.status, answer)
			}
		})
	}
}
