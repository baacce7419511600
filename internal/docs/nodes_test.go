package docs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
)

// replaced puts one text in the place of another, which must be there.
func replaced(t *testing.T, text string, changes ...string) string {
	t.Helper()
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("there is no %q in\n%s", changes[i], text)
		}
		text = strings.ReplaceAll(text, changes[i], changes[i+1])
	}
	return text
}

// twoNodes runs two nodes of deploy/Caddyfile, with changes, on one PostgreSQL and one Redis.
func twoNodes(t *testing.T, programs string, changes ...string) (list [2]*node) {
	t.Helper()
	caddyfile := secrets(t, source(t, "deploy/Caddyfile"), map[string]string{
		"postgres_dsn": servers.PostgreSQL(t), "redis_url": "redis://" + servers.Redis(t),
		"pepper": "a pepper that nodes share", "openrouter_api_key": "XJP_value",
	})
	caddyfile = replaced(t, caddyfile, "shutdown_delay 10s", "shutdown_delay 2s", ":9090 {", "http://127.0.0.1:0 {")
	caddyfile = replaced(t, caddyfile, changes...)
	for i := range list {
		list[i] = run(t, programs, t.TempDir(), caddyfile, "admin localhost:2019", ":8080 {")
	}
	return list
}

// TestTwoNodes checks what docs/nodes.md says that nodes share.
func TestTwoNodes(t *testing.T) {
	nodes := twoNodes(t, programs(t))
	one, two := nodes[0], nodes[1]
	key := one.xjp(t, "keys create --tenant acme --rpd 6 --quiet")
	if got := two.ask(t, key); got != http.StatusOK {
		t.Fatalf("a key of one node is told %d at the other", got)
	}
	served := 1
	for i := range 8 {
		if nodes[i%2].ask(t, key) == http.StatusOK {
			served++
		}
	}
	if served != 6 {
		t.Errorf("nodes with a limit of 6 requests have together served %d", served)
	}
	eventually(t, "the usage of both nodes", func() bool { return requestsOf(t, one, "acme") == 9 })

	id := regexp.MustCompile(`^XJP_(\w{12})`).FindStringSubmatch(key)[1]
	two.xjp(t, "keys revoke "+id)
	eventually(t, "a key to be revoked at the other node", func() bool { return one.ask(t, key) == http.StatusUnauthorized })
}

// slowly is a provider that answers when it is let, and counts its calls.
type slowly struct {
	let   chan struct{}
	calls atomic.Int64
}

func (s *slowly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.calls.Add(1)
	select {
	case <-s.let:
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"c%d","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"answer %[1]d"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`, n)
}

// TestSentAgainToAnotherNode checks what docs/idempotency.md says of several nodes, with real
// processes on one Redis.
func TestSentAgainToAnotherNode(t *testing.T) {
	provider := &slowly{let: make(chan struct{})}
	server := httptest.NewServer(provider)
	defer server.Close()
	nodes := twoNodes(t, programs(t),
		"provider demo\n", "provider local openai {\n\t\t\tbase_url "+server.URL+"/v1\n\t\t}\n", "route demo demo", "route local m")
	keys := [2]string{nodes[0].xjp(t, "keys create --tenant acme --quiet"), nodes[0].xjp(t, "keys create --tenant other --quiet")}
	send := func(node int, key, idempotency, text string) asked {
		return post(t, nodes[node].site+"/v1/chat/completions", said(text, false), "X-Api-Key", key, "Idempotency-Key", idempotency)
	}
	for i, name := range []string{"first", "second"} { // each node is the first once
		first := make(chan asked, 1)
		go func() { first <- send(i, keys[0], name, "Hello") }()
		eventually(t, "the provider to be called", func() bool { return provider.calls.Load() == int64(2*i+1) })
		for what, text := range map[string]string{"the same": "Hello", "another body": "Good day"} {
			got := send(1-i, keys[0], name, text)
			switch {
			case text == "Hello" && (got.status != http.StatusConflict || got.header.Get("Retry-After") != "1" || got.header.Get("X-Should-Retry") != "true"),
				text != "Hello" && (got.status != http.StatusUnprocessableEntity || got.header.Get("X-Should-Retry") != "false"):
				t.Errorf("%s, while the other node answers: %d %v %s", what, got.status, got.header, got.body)
			}
		}
		provider.let <- struct{}{}
		answer := <-first
		if answer.status != http.StatusOK || answer.header.Get("Idempotent-Replayed") != "" {
			t.Fatalf("the first: %d %v %s", answer.status, answer.header, answer.body)
		}
		for j := range nodes {
			again := send(j, keys[0], name, "Hello")
			if again.status != http.StatusOK || again.body != answer.body || again.header.Get("Idempotent-Replayed") != "true" ||
				again.header.Get("X-Xjp-Original-Request-Id") != answer.header.Get("X-Request-Id") {
				t.Errorf("node %d gives again: %d %v %s", j, again.status, again.header, again.body)
			}
			if got := send(j, keys[0], name, "Good day"); got.status != http.StatusUnprocessableEntity {
				t.Errorf("node %d tells another body: %d %s", j, got.status, got.body)
			}
		}
		go func() { provider.let <- struct{}{} }()
		if other := send(1-i, keys[1], name, "Hello"); other.status != http.StatusOK || other.body == answer.body {
			t.Errorf("another client: %d %s", other.status, other.body)
		}
	}
	if n := provider.calls.Load(); n != 4 {
		t.Errorf("the provider was called %d times", n)
	}
}

// TestRedisUser checks that the user of docs/nodes.md is the one that tests of the engine are.
func TestRedisUser(t *testing.T) {
	replaced(t, source(t, "docs/nodes.md"),
		"user xjp on >PASSWORD ~xjp:* "+servers.UserRules+"\n", "",
		"`"+servers.ClusterRules+"`", "")
}

// requestsOf is how many requests a node says that a tenant has made.
func requestsOf(t *testing.T, n *node, tenant string) int64 {
	t.Helper()
	var usage struct{ Total struct{ Requests int64 } }
	if err := json.Unmarshal([]byte(n.xjp(t, "usage --tenant "+tenant+" --json")), &usage); err != nil {
		t.Fatal(err)
	}
	return usage.Total.Requests
}

// TestRolling checks that a node behind the load balancer can end while clients go on.
func TestRolling(t *testing.T) {
	programs := programs(t)
	nodes := twoNodes(t, programs)
	caddyfile := replaced(t, source(t, "deploy/balancer.Caddyfile"),
		"gateway-1:8080", strings.TrimPrefix(nodes[0].site, "http://"), "gateway-2:8080", strings.TrimPrefix(nodes[1].site, "http://"),
		"health_interval 2s", "health_interval 200ms")
	balancer := run(t, programs, t.TempDir(), caddyfile, "admin localhost:2019", ":8080 {")
	key := nodes[0].xjp(t, "keys create --tenant acme --quiet")

	var asked, failed atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			asked.Add(1)
			if balancer.ask(t, key) != http.StatusOK {
				failed.Add(1)
			}
		}
	}()
	eventually(t, "requests", func() bool { return asked.Load() > 10 })
	if err := nodes[0].Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the node to say that it is going to end", func() bool { return nodes[0].ready(t) == http.StatusServiceUnavailable })
	if got := nodes[0].ask(t, key); got != http.StatusOK {
		t.Errorf("a node that is going to end tells a client %d", got)
	}
	if status, err := nodes[0].Exited(30 * time.Second); err != nil || status != 0 {
		t.Errorf("the node ended with %d, %v", status, err)
	}
	before := asked.Load()
	eventually(t, "requests after the end", func() bool { return asked.Load() > before+10 })
	close(stop)
	<-stopped
	if failed.Load() > 0 {
		t.Errorf("%d of %d requests failed", failed.Load(), asked.Load())
	}
	eventually(t, "the ledger to have all requests", func() bool { return requestsOf(t, nodes[1], "acme") == asked.Load()+1 })
}
