package check

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// change is a text that stands once in a file of deploy, and what is put in its place.
type change struct{ file, from, to string }

// folder copies the files of deploy with changes, and returns where they are.
func folder(t *testing.T, changes ...change) string {
	t.Helper()
	dir := t.TempDir()
	for _, pattern := range []string{"*.yaml", "*Caddyfile", "Dockerfile", "kubernetes/*.yaml"} {
		found, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no file %s: %v", pattern, err)
		}
		for _, file := range found {
			copyFile(t, file, filepath.Join(dir, strings.TrimPrefix(file, "../")))
		}
	}
	for _, c := range changes {
		file := filepath.Join(dir, c.file)
		text := read(t, file)
		if n := strings.Count(text, c.from); n != 1 {
			t.Fatalf("%q stands %d times in %s", c.from, n, c.file)
		}
		write(t, file, strings.Replace(text, c.from, c.to, 1))
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, to, read(t, from))
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var (
	secretFile = regexp.MustCompile(`\{file\./run/secrets/(\w+)\}`)
	siteOfPort = regexp.MustCompile(`(?m)^:(\d+) \{$`)
	leaving    = regexp.MustCompile(`(?m)^\t(?:shutdown_delay|grace_period) (\w+)$`)
)

// secretsOf are the files under /run/secrets that a Caddyfile reads.
func secretsOf(caddyfile string) (names []string) {
	for _, m := range secretFile.FindAllStringSubmatch(caddyfile, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// portsOf are the ports that a Caddyfile has sites on.
func portsOf(caddyfile string) (ports []string) {
	for _, m := range siteOfPort.FindAllStringSubmatch(caddyfile, -1) {
		ports = append(ports, m[1])
	}
	return ports
}

// leavingTime is how long a node takes to end at most: the delay, the grace period, and some
// seconds to close what is open.
func leavingTime(t *testing.T, caddyfile string) time.Duration {
	t.Helper()
	found := leaving.FindAllStringSubmatch(caddyfile, -1)
	if len(found) != 2 {
		t.Fatalf("the Caddyfile says %q of its end", found)
	}
	total := 10 * time.Second
	for _, m := range found {
		d, err := time.ParseDuration(m[1])
		if err != nil {
			t.Fatal(err)
		}
		total += d
	}
	return total
}
