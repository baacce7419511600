// Package gatewaytest runs the gateway inside a test, as Caddy runs it.
package gatewaytest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard" // Caddy's own modules

	xjpgateway "github.com/rickyjim626/xjp-gateway"
	"github.com/rickyjim626/xjp-gateway/internal/ports"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// Key is a key that every configuration of Start knows.
const Key = "XJP_gatewaytest_key"

// Start runs Caddy with a site that holds a gateway and returns the site's address.
// options are the options of xjp_gateway, one on each line. The test ends it. There is one Caddy
// in a process, so tests that use it must not run in parallel.
func Start(t testing.TB, options string) string {
	t.Helper()
	return Run(t, Site(options))
}

// Site writes a Caddyfile around a gateway's options. {port} stands for a free port.
func Site(options string) string {
	return "{\n\tadmin off\n\tpersist_config off\n\tlog {\n\t\tlevel ERROR\n\t}\n}\nhttp://127.0.0.1:{port} {\n\tbind 127.0.0.1\n\txjp_gateway {\n\t\tkey " + Key + "\n\t\tlog_filter ok\n" + calm(options) + "\n\t}\n}\n"
}

// calm are settings under which a failure is told at once, nothing rests because of it and
// nothing is stored, for tests that set none themselves.
func calm(options string) string {
	for _, setting := range [][2]string{{"retry", "0"}, {"breaker", "off"}, {"store", "off"}, {"prices", "{\n\t\t\toffline\n\t\t}"}} {
		if !strings.Contains(options, setting[0]+" ") {
			options += "\n\t\t" + setting[0] + " " + setting[1]
		}
	}
	return options
}

// Stored are options by which a gateway keeps keys and a ledger in a folder of the test's.
func Stored(t testing.TB) string {
	t.Helper()
	return StoredIn(t, t.TempDir())
}

// StoredIn does the same in a folder that may hold something already.
func StoredIn(t testing.TB, dir string) string {
	return "\n\t\tstore sqlite " + filepath.Join(dir, "xjp.db") + Journal(t, filepath.Join(dir, "journal"))
}

// Journal is the option by which a gateway's journal is in a folder. What it holds is stored
// before the test ends.
func Journal(t testing.TB, dir string) string {
	t.Cleanup(func() { awaitFolded(t, dir) })
	return "\n\t\tledger {\n\t\t\tjournal " + dir + "\n\t\t}\n"
}

// DataFolder gives Caddy a data folder of the test's, and returns it.
func DataFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { awaitFolded(t, filepath.Join(dir, "caddy", "xjp", "journal")) })
	t.Setenv("XDG_DATA_HOME", dir)
	return filepath.Join(dir, "caddy")
}

// awaitFolded waits until a journal that has been given up is stored, and gone.
func awaitFolded(t testing.TB, journal string) {
	for range 500 {
		left, err := filepath.Glob(filepath.Join(journal, "[0-9]*"))
		if err == nil && !slices.ContainsFunc(left, func(name string) bool { return filepath.Ext(name) != ".lock" }) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the journal is not closed")
}

// App is the app of the running gateway.
func App(t testing.TB) *xjpgateway.App {
	t.Helper()
	mod, err := caddy.ActiveContext().AppIfConfigured("xjp")
	if err != nil {
		t.Fatal(err)
	}
	return mod.(*xjpgateway.App)
}

// Store is the store of the running gateway, which holds all that has been recorded.
func Store(t testing.TB) stores.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	store, err := App(t).Store(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// Wake ends all rests of the running gateway.
func Wake() {
	if mod, err := caddy.ActiveContext().AppIfConfigured("xjp"); err == nil {
		mod.(*xjpgateway.App).Wake()
	}
}

// Run runs Caddy with a Caddyfile in which {port} stands for a free port, and returns
// the address with that port.
func Run(t testing.TB, caddyfile string) string {
	t.Helper()
	port := FreePort(t)
	caddyfile = strings.ReplaceAll(caddyfile, "{port}", fmt.Sprint(port))
	if err := caddy.Load(Adapt(t, caddyfile), true); err != nil {
		t.Fatalf("%v in\n%s", err, caddyfile)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	wait(t, address)
	return address
}

// Load loads another Caddyfile into the running Caddy.
func Load(t testing.TB, caddyfile string) {
	t.Helper()
	if err := caddy.Load(Adapt(t, caddyfile), true); err != nil {
		t.Fatalf("%v in\n%s", err, caddyfile)
	}
	http.DefaultClient.CloseIdleConnections()
}

// Adapt turns a Caddyfile into JSON.
func Adapt(t testing.TB, caddyfile string) []byte {
	t.Helper()
	cfg, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatalf("%v in\n%s", err, caddyfile)
	}
	return cfg
}

// wait waits until the server answers.
func wait(t testing.TB, address string) {
	t.Helper()
	for range 100 {
		res, err := http.Get(address + "/healthz")
		if err == nil {
			res.Body.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the server does not answer")
}

// FreePort finds a port that nobody listens on.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := ports.Hold()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
