package xjpgateway

import (
	"encoding/json"
	"testing"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/standard" // transports
)

// references says how many configurations hold the runtime of some settings.
func references(c Config) int {
	n, _ := runtimes.References(c.runtimeKey())
	return n
}

// TestRuntimeReferences checks that what outlives reloads is held by the configurations in
// force alone, failed ones included.
func TestRuntimeReferences(t *testing.T) {
	load := func(app string) error {
		return caddy.Load([]byte(`{"admin":{"disabled":true},"logging":{"logs":{"default":{"level":"PANIC"}}},"apps":{"xjp":`+app+`}}`), true)
	}
	config := func(app string) (c Config) {
		if err := json.Unmarshal([]byte(app), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	const one, other = `{"max_bodies":1001,"providers":{"demo":{"kind":"demo"}}}`, `{"max_bodies":2002,"recall":{"off":true}}`
	for _, step := range []struct {
		name       string
		do         func() error
		fails      bool
		one, other int
	}{
		{"loaded", func() error { return load(one) }, false, 1, 0},
		{"reloaded with the same settings", func() error { return load(one) }, false, 1, 0},
		{"a broken configuration", func() error { return load(`{"max_bodies":1001,"providers":{"demo":{"kind":"nobody"}}}`) }, true, 1, 0},
		{"one that is broken in its routes", func() error {
			return load(`{"max_bodies":2002,"providers":{"demo":{"kind":"demo"}},"models":[{"name":"a"}]}`)
		}, true, 1, 0},
		{"reloaded with other settings", func() error { return load(other) }, false, 0, 1},
		{"stopped", caddy.Stop, false, 0, 0},
	} {
		t.Run(step.name, func(t *testing.T) {
			if err := step.do(); (err != nil) != step.fails {
				t.Fatal(err)
			}
			if a, b := references(config(one)), references(config(other)); a != step.one || b != step.other {
				t.Errorf("references %d and %d, want %d and %d", a, b, step.one, step.other)
			}
		})
	}
}
