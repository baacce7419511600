// Package gatewaytest runs the gateway inside a test, as Caddy runs it.
package gatewaytest

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard" // Caddy's own modules

	xjpgateway "github.com/rickyjim626/xjp-gateway"
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

// calm are settings under which a failure is told at once and nothing rests because of it,
// for tests that set none themselves.
func calm(options string) string {
	for _, setting := range []string{"retry", "breaker"} {
		if !strings.Contains(options, setting+" ") {
			options += map[string]string{"retry": "\n\t\tretry 0", "breaker": "\n\t\tbreaker off"}[setting]
		}
	}
	return options
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
