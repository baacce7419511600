package xjpgateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

// oldRecords are requests of two tenants in March 2025.
func oldRecords() []ledger.Record {
	at := time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC)
	served := ledger.Record{ID: "req_served", Time: at, Tenant: "acme", Key: "k-acme", Endpoint: "generate", Dialect: "openai", Model: "chat", Status: 200,
		End: ledger.Complete, Route: "chat#2", Provider: "demo", Upstream: "a", Latency: 812, Attempts: []ledger.Attempt{
			{Number: 1, Route: "chat#1", Provider: "other", Upstream: "x", Status: 500, End: ledger.UpstreamBroken, Error: "upstream_error", Latency: 120},
			{Number: 2, Route: "chat#2", Provider: "demo", Upstream: "a", Status: 200, End: ledger.Complete, Latency: 690,
				Tokens: ledger.Tokens{Input: 1200, CacheRead: 800, Output: 350, Reasoning: 50}, Cost: 12_345_678, Price: "config:3f9a61c04d2e"},
		}}
	unpriced := ledger.Record{ID: "req_unpriced", Time: at.Add(24 * time.Hour), Tenant: "acme", Key: "k-acme", Endpoint: "generate", Dialect: "anthropic", Model: "new", Status: 200,
		End: ledger.ClientGone, Route: "new#1", Provider: "demo", Upstream: "n", Latency: 90, Attempts: []ledger.Attempt{
			{Number: 1, Route: "new#1", Provider: "demo", Upstream: "n", Status: 200, End: ledger.ClientGone, Latency: 90, Tokens: ledger.Tokens{Input: 10, Output: 1}, Estimated: true, Unpriced: true},
		}}
	rejected := ledger.Record{ID: "req_rejected", Time: at.Add(25 * time.Hour), Tenant: "labs", Key: "k-labs", Endpoint: "generate", Dialect: "openai", Model: "chat", Status: 429,
		End: ledger.Rejected, Error: "rate_limit"}
	list := []ledger.Record{served, unpriced, rejected}
	for i := range list {
		list[i].Sum()
	}
	return list
}

// oldCaptures are the bodies of two of them.
func oldCaptures() []capture.Capture {
	at := oldRecords()[0].Time
	return []capture.Capture{
		{ID: "req_served", Time: at, Tenant: "acme", Key: "k-acme", Request: capture.Body{Content: []byte(`{"model":"chat"}`), Size: 16},
			Answer: capture.Body{Content: []byte("data: {\"id\":\"1\"}\r\n\r\n"), Size: 400_000, Truncated: true}},
		{ID: "req_rejected", Time: at.Add(25 * time.Hour), Tenant: "labs", Key: "k-labs", Request: capture.Body{Content: []byte("\x1b[2J no \xff JSON"), Size: 14}},
	}
}

// TestCommandSession goes through the commands under testdata/commands as an operator does:
// each line that begins with $ is a command, and what follows is what it prints. Keys and
// the time at which the test runs have names there.
func TestCommandSession(t *testing.T) {
	t.Setenv("TZ", "UTC")
	dir, admin := t.TempDir(), fmt.Sprintf("localhost:%d", gatewaytest.FreePort(t))
	site := gatewaytest.Site(`
provider demo
model chat {
	alias talk
	price {
		input 3
		output 15
	}
	route demo a
	fallback demo b
}` + gatewaytest.Stored(t))
	off := strings.ReplaceAll(site, "{port}", "1")
	// Old captures are looked for as soon as the gateway runs.
	site = strings.Replace(site, "ledger {", "ledger {\n\t\t\tcapture {\n\t\t\t\tretention 100000h\n\t\t\t}", 1)
	site = strings.Replace(site, "admin off", "admin "+admin, 1)
	gatewaytest.Run(t, site)
	if err := gatewaytest.Store(t).Insert(context.Background(), oldRecords()); err != nil {
		t.Fatal(err)
	}
	if err := gatewaytest.Store(t).InsertCaptures(context.Background(), oldCaptures()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"capture-off.Caddyfile": strings.Replace(off, "ledger {", "ledger {\n\t\t\tcapture off", 1),
		"Caddyfile":             strings.ReplaceAll(site, "{port}", "1"), "admin-off.Caddyfile": off,
		"request.json": `{"model":"chat","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const golden = "testdata/commands/session.txt"
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var got, raw strings.Builder
	names := &namedThings{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if args, isCommand := strings.CutPrefix(line, "$ caddy "); isCommand {
			stdout, stderr, status := command(t, dir, words(names.real(args))...)
			raw.WriteString(stdout + stderr)
			fmt.Fprintf(&got, "%s\n%s", line, names.golden(stdout))
			if status != 0 {
				fmt.Fprintf(&got, "exit status %d: %s\n", status, names.golden(lastError(stderr)))
			}
			got.WriteString("\n")
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if got.String() != string(text) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), text)
	}
	if len(names.secrets) != 3 {
		t.Errorf("%d keys were made", len(names.secrets))
	}
	for _, secret := range names.secrets {
		if n := strings.Count(raw.String(), secret); n != 1 {
			t.Errorf("a secret is told %d times", n)
		}
	}
}

// TestDocumentedCommands runs what docs/admin.md shows, in its order, against a gateway
// that starts empty. {key} is the last key that was made.
func TestDocumentedCommands(t *testing.T) {
	dir, admin := t.TempDir(), fmt.Sprintf("localhost:%d", gatewaytest.FreePort(t))
	site := strings.Replace(gatewaytest.Site("\nprovider demo\nmodel demo {\n\troute demo demo\n}"+gatewaytest.Stored(t)), "admin off", "admin "+admin, 1)
	gatewaytest.Run(t, site)
	if err := os.WriteFile(filepath.Join(dir, "Caddyfile"), []byte(strings.ReplaceAll(site, "{port}", "1")), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	names, made := &namedThings{}, map[string]int{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		program, args, _ := strings.Cut(line, " ")
		if program != "caddy" && program != "curl" {
			continue
		}
		made[program]++
		if n := len(names.secrets); n > 0 {
			args = strings.ReplaceAll(args, "{key}", names.secrets[n-1][len(keys.Prefix):len(keys.Prefix)+12])
		}
		if program == "curl" {
			names.golden(curled(t, admin, words(args)))
			continue
		}
		stdout, stderr, status := command(t, dir, words(args)...)
		if status != 0 {
			t.Errorf("%s\n%s", line, stderr)
		}
		names.golden(stdout)
	}
	if made["caddy"] < 15 || made["curl"] < 5 {
		t.Errorf("only %v were run", made)
	}
}

// curled makes the request of curl's arguments to the admin endpoint, and returns the answer.
func curled(t *testing.T, admin string, args []string) string {
	t.Helper()
	method, target, body, header := "", "", "", http.Header{}
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-X":
			i++
			method = args[i]
		case "-H":
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			header.Set(name, value)
		case "-d":
			i++
			body = args[i]
		default:
			target = strings.Replace(args[i], "localhost:2019", admin, 1)
		}
	}
	if method == "" && body != "" {
		method = http.MethodPost
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		t.Errorf("%s %s: %d %s (%v)", method, target, res.StatusCode, answer, err)
	}
	return string(answer)
}

// words splits a line as a shell does, without escapes.
func words(line string) (list []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			list = append(list, part)
			continue
		}
		list = append(list, strings.Fields(part)...)
	}
	return list
}

// lastError is what a command says is wrong.
func lastError(stderr string) string {
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	var told struct{ Msg string }
	if json.Unmarshal([]byte(lines[len(lines)-1]), &told) == nil {
		return told.Msg
	}
	return stderr
}

// namedThings gives what is another one in each run a name.
type namedThings struct{ secrets []string }

var (
	secretForm = regexp.MustCompile(`XJP_[0-9A-Za-z]{50}`)
	recent     = regexp.MustCompile(`20(?:2[6-9]|[3-9]\d)-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z?)?`)
)

// golden replaces keys, their ids and recent times by names.
func (n *namedThings) golden(text string) string {
	n.secrets = append(n.secrets, secretForm.FindAllString(text, -1)...)
	for i, secret := range n.secrets {
		text = strings.ReplaceAll(text, secret, fmt.Sprintf("<secret %d>", i+1))
		text = strings.ReplaceAll(text, secret[len(keys.Prefix):len(keys.Prefix)+12], fmt.Sprintf("<key %d>", i+1))
	}
	return recent.ReplaceAllString(text, "<time>")
}

// real puts ids in the place of names.
func (n *namedThings) real(text string) string {
	for i, secret := range n.secrets {
		text = strings.ReplaceAll(text, fmt.Sprintf("<key %d>", i+1), secret[len(keys.Prefix):len(keys.Prefix)+12])
	}
	return text
}
