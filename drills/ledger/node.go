package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/rickyjim626/xjp-gateway/internal/process"
)

// node is a gateway, which may be killed and started again in the same folder.
type node struct {
	*process.Server
	binary, dir, admin, site, caddyfile string

	mu  sync.Mutex
	log bytes.Buffer
}

// Write keeps what the process says.
func (n *node) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.Write(p)
}

// said is the last of what the process has said.
func (n *node) said() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := n.log.String()
	return text[max(0, len(text)-4000):]
}

// startNode starts a gateway with options of the app beside those of the providers.
func (b *bench) startNode(options string) (*node, error) {
	ports, err := process.FreePorts(2)
	if err != nil {
		return nil, err
	}
	n := &node{binary: b.binary, admin: ports[0], site: ports[1]}
	if n.dir, err = os.MkdirTemp(b.dir, "node"); err != nil {
		return nil, err
	}
	n.caddyfile = fmt.Sprintf(`{
	admin %s
	persist_config off
	auto_https off
	grace_period 5s
	log {
		output stderr
		level WARN
	}
	xjp {
%s%s
		log_filter ok
		prices {
			offline
		}
	}
}
http://%s {
	bind 127.0.0.1
	xjp_gateway
}
`, n.admin, b.models(), options, n.site)
	b.nodes = append(b.nodes, n)
	return n, n.start()
}

// models are the models of all trials: two that are served well in their dialect, one that is
// slow, one that fails now and then before another route serves it, and one that breaks off.
func (b *bench) models() string {
	text := ""
	for _, w := range wires {
		text += fmt.Sprintf("provider %s %s {\napi_key secret-of-the-provider\nbase_url %s\n}\n", w, w.kind(), b.provider.URL)
		text += fmt.Sprintf("model well-%s {\nroute %s up\n%s}\n", w, w, pricing)
	}
	return text + "breaker off\n" +
		"model slow {\nroute chat slow\n" + pricing + "}\n" +
		"model shaky {\nroute messages failing\nroute chat up\n" + pricing + "}\n" +
		"model broken {\nroute chat breaking\n" + pricing + "}\n"
}

// start starts the process, in the folder that an earlier one may have left.
func (n *node) start() (err error) {
	n.Server, err = process.Start(process.Settings{
		Binary: n.binary, Dir: n.dir, Caddyfile: n.caddyfile, Admin: n.admin, Site: n.site, Output: n, Errors: n,
	})
	if err != nil {
		return fmt.Errorf("%w; it said:\n%s", err, n.said())
	}
	return nil
}

// kill ends the process at once, if there is one.
func (n *node) kill() {
	if n.Server != nil {
		n.Kill()
	}
}

// healthy checks that the process has not said anything that it never may.
func (n *node) healthy() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, never := range []string{"panic", "DATA RACE"} {
		if _, said, found := strings.Cut(n.log.String(), never); found {
			return fmt.Errorf("the process said: %s %.2000s", never, said)
		}
	}
	return nil
}

// metric is the sum of a metric over its labels; 0 if it is not there.
func (n *node) metric(name string) (float64, error) {
	text, err := n.Fetch("/metrics")
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == ' ' || rest[0] == '{') {
			fields := strings.Fields(rest)
			value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
			if err != nil {
				return 0, err
			}
			sum += value
		}
	}
	return sum, nil
}

// ask calls the admin endpoint and reads its answer into a value.
func (n *node) ask(method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, "http://"+n.admin+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := web.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, answer)
	}
	return json.Unmarshal(answer, into)
}

// get reads from the admin endpoint.
func (n *node) get(path string, into any) error { return n.ask(http.MethodGet, path, nil, into) }

// newClient makes a key in the store, with limits as the admin API names them.
func (n *node) newClient(name string, limits map[string]any) (*client, error) {
	var made struct{ ID, Secret string }
	err := n.ask(http.MethodPost, "/xjp/keys", map[string]any{"tenant": "acme", "create_tenant": true, "limits": limits}, &made)
	return &client{name: name, tenant: "acme", id: made.ID, secret: made.Secret}, err
}
