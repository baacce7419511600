package xjpgateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// TestCaptureConfig checks what of captures is refused in JSON, with the name of the field,
// and what holds where nothing is said.
func TestCaptureConfig(t *testing.T) {
	for _, test := range []struct {
		config CaptureConfig
		want   string
	}{
		{CaptureConfig{}, ""},
		{CaptureConfig{Off: true}, ""},
		{CaptureConfig{MaxBody: 16 << 20, MaxTotal: 64 << 20, Retention: caddy.Duration(time.Minute)}, ""},
		{CaptureConfig{MaxBody: -1}, "ledger: capture: max_body must be from 0 to 16777216"},
		{CaptureConfig{MaxBody: 16<<20 + 1}, "ledger: capture: max_body must be from 0 to 16777216"},
		{CaptureConfig{MaxTotal: -1}, "ledger: capture: max_total must be from 0 to 1099511627776"},
		{CaptureConfig{MaxTotal: 1<<40 + 1}, "ledger: capture: max_total must be from 0 to"},
		{CaptureConfig{MaxTotal: 1<<20 - 1}, "ledger: capture: max_total must be at least 4 times max_body, 1048576 bytes"},
		{CaptureConfig{Retention: -1}, "ledger: capture: retention must not be negative"},
	} {
		config := Config{Ledger: LedgerConfig{Capture: test.config}}
		if err := config.validate(); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.config, err, test.want)
		}
	}
	c := CaptureConfig{}
	if got := fmt.Sprint(c.maxBody(), " ", c.maxTotal(), " ", c.retention()); got != "262144 1073741824 72h0m0s" {
		t.Errorf("the defaults are %s", got)
	}
}
