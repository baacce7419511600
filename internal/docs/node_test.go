package docs

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/process"
)

// node is a gateway in a process of its own.
type node struct {
	*process.Server
	site string // its address
	dir  string // its data folder is caddy in it
	log  *lockedBuffer
}

// lockedBuffer takes what a process writes.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// run runs a node with a Caddyfile, whose admin endpoint and site are put on free ports in
// place of the given addresses. The test ends it.
func run(t *testing.T, programs, dir, caddyfile, admin, site string) *node {
	t.Helper()
	free, err := process.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	for i, address := range []string{admin, site} {
		if strings.Count(caddyfile, address) != 1 {
			t.Fatalf("%q does not stand once in\n%s", address, caddyfile)
		}
		caddyfile = strings.Replace(caddyfile, address, [...]string{"admin " + free[0], "http://" + free[1] + " {"}[i], 1)
	}
	n := &node{site: "http://" + free[1], dir: dir, log: &lockedBuffer{}}
	n.Server, err = process.Start(process.Settings{
		Binary: filepath.Join(programs, "caddy"), Dir: dir, Caddyfile: caddyfile, Admin: free[0], Site: free[1], Output: n.log, Errors: n.log,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, n.log)
	}
	t.Cleanup(func() {
		n.Kill()
		if t.Failed() {
			t.Logf("the log of %s:\n%s", n.site, n.log)
		}
	})
	n.untilReady(t)
	return n
}

// untilReady waits until the node says that it is.
func (n *node) untilReady(t *testing.T) {
	t.Helper()
	eventually(t, "the node to be ready", func() bool { return n.ready(t) == http.StatusOK })
}

// ready is what the node says of itself.
func (n *node) ready(t *testing.T) int {
	t.Helper()
	res, err := http.Get(n.site + "/readyz")
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// xjp runs a command of the gateway against the node.
func (n *node) xjp(t *testing.T, command string) string {
	t.Helper()
	return strings.TrimSpace(shell(t, n.dir, "caddy xjp "+command+" --address "+n.Admin))
}

// ask has the demo answer a request, and gives the status.
func (n *node) ask(t *testing.T, key string) int {
	t.Helper()
	return post(t, n.site+"/v1/chat/completions", said("Hello", false), "X-Api-Key", key).status
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 200 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// secrets writes files with secrets, and returns the Caddyfile with its secrets there.
func secrets(t *testing.T, caddyfile string, values map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, m := range fileNames.FindAllStringSubmatch(caddyfile, -1) {
		value, known := values[m[1]]
		if !known {
			t.Fatalf("the test has no %s", m[1])
		}
		if err := os.WriteFile(filepath.Join(dir, m[1]), []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(caddyfile, "{file./run/secrets/", fmt.Sprintf("{file.%s/", dir))
}
