package xjpgateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestWarnOfLogs checks that an operator is told once of keys in access logs.
func TestWarnOfLogs(t *testing.T) {
	for _, test := range []struct {
		name, site, option string
		warns              bool
	}{
		{"no access log", "", "", false},
		{"an access log", "log", "", true},
		{"an access log that is taken care of", "log", "log_filter ok", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "log")
			gatewaytest.Run(t, `{
	admin off
	persist_config off
	log {
		output file `+file+`
		level WARN
	}
}
http://127.0.0.1:{port} {
	bind 127.0.0.1
	`+test.site+`
	xjp_gateway {
		provider demo
		auth off
		`+test.option+`
	}
}`)
			logged, err := os.ReadFile(file)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if got := strings.Contains(string(logged), "X-Api-Key"); got != test.warns {
				t.Errorf("warned: %v, want %v in\n%s", got, test.warns, logged)
			}
		})
	}
}
