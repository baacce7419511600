package gatewaytest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/goleak"
)

// VerifyTestMain runs a package's tests, with a data folder of their own in place of the
// user's, and fails if a goroutine of the gateway outlives them. What Caddy's own parts keep
// is no leak of ours: the admin endpoint goes on when its configuration is stopped, the log
// roller never ends, and a lock's keeper ends within five seconds.
func VerifyTestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "xjp-test-")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_DATA_HOME", dir)
	caddy.DefaultStorage.Path = caddy.AppDataDir()
	caddy.ConfigAutosavePath = filepath.Join(dir, "autosave.json")
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/caddyserver/caddy/v2.replaceLocalAdminServer.func2"),
		goleak.IgnoreAnyFunction("github.com/DeRuina/timberjack.(*Logger).millRun"),
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"),
		goleak.Cleanup(func(status int) {
			os.RemoveAll(dir)
			os.Exit(status)
		}),
	)
}
