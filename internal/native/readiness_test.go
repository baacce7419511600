package native

import (
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// The answers of /readyz.
const (
	isReady  = `200 {"status":"ready"}`
	notReady = `503 {"status":"not_ready","reasons":["shutting_down"]}`
)

// readiness asks an address whether it is ready, without a key.
func readiness(t *testing.T, address string) string {
	t.Helper()
	res, err := http.Get(address + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("%d %s", res.StatusCode, body)
}

// TestReadiness ends a process while a load balancer looks at it (caddy.md 14).
func TestReadiness(t *testing.T) {
	p := spawn(t, "\tshutdown_delay 2s\n\tgrace_period 2s\n"+demoApp, "\txjp_gateway\n")
	eventually(t, "it is ready, with its store open", func() bool { return readiness(t, p.address) == isReady })
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is not ready any more", func() bool { return readiness(t, p.address) == notReady })
	for _, path := range []string{chat, messages} {
		if res, body := p.post(path, ask(path, "demo", "hi", false)); res.StatusCode != http.StatusOK {
			t.Errorf("%s is not served during the delay: %d %s", path, res.StatusCode, body)
		}
	}
	if res, body := p.get(p.address + "/healthz"); res.StatusCode != http.StatusOK {
		t.Errorf("it does not live during the delay: %d %s", res.StatusCode, body)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the process ended with %v\n%s", err, p.errs)
	}
}

// TestReadinessAtReload checks that a reload makes nobody look away from a listener that
// stays, but from one that is about to be closed.
func TestReadinessAtReload(t *testing.T) {
	const global = "\tshutdown_delay 1s\n" + demoApp
	other := gatewaytest.FreePort(t)
	s := start(t, global, fmt.Sprintf("\txjp_gateway\n}\nhttp://127.0.0.1:%d {\n\tbind 127.0.0.1\n\txjp_gateway\n", other))
	closing := fmt.Sprintf("http://127.0.0.1:%d", other)
	eventually(t, "it is ready, with its store open", func() bool { return readiness(t, closing) == isReady })
	reloaded := make(chan struct{})
	go func() {
		defer close(reloaded)
		s.load(global, "\txjp_gateway\n")
	}()
	eventually(t, "the listener that goes is not ready any more", func() bool { return readiness(t, closing) == notReady })
	if got := readiness(t, s.address); got != isReady {
		t.Errorf("the listener that stays: %s", got)
	}
	<-reloaded
	if got := readiness(t, s.address); got != isReady {
		t.Errorf("after the reload: %s", got)
	}
}
