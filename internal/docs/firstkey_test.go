package docs

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestFirstKey runs the commands about keys that the README shows, while the example runs.
func TestFirstKey(t *testing.T) {
	programs := programs(t)
	for _, m := range envNames.FindAllStringSubmatch(source(t, "Caddyfile.example"), -1) {
		t.Setenv(m[1], "")
	}
	n := run(t, programs, t.TempDir(), source(t, "Caddyfile.example"), "admin localhost:2019", "http://127.0.0.1:{$PORT:8080}, http://localhost:{$PORT:8080} {")
	var printed []string
	for _, b := range read(t, "README.md").blocks("sh") {
		for line := range strings.Lines(b.text) {
			if command, ok := strings.CutPrefix(line, "go run ./cmd/caddy xjp "); ok && !strings.HasPrefix(command, "check ") {
				printed = append(printed, n.xjp(t, strings.TrimSpace(command)))
			}
		}
	}
	if len(printed) != 2 {
		t.Fatalf("the README shows %d commands", len(printed))
	}
	key := regexp.MustCompile(`\bXJP_[0-9A-Za-z]{50}\b`).FindString(printed[0])
	if key == "" {
		t.Fatalf("no key is printed: %s", printed[0])
	}
	if got := n.ask(t, key); got != http.StatusForbidden {
		t.Errorf("a key for claude-* that asks for the demo is told %d", got)
	}
	if shown := n.xjp(t, "keys show "+key[4:16]); !strings.Contains(shown, "requests_per_minute=120") {
		t.Errorf("the key is\n%s", shown)
	}
	if !strings.Contains(printed[1], "REQUESTS") {
		t.Errorf("the usage is\n%s", printed[1])
	}
}
