package docs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	_ "github.com/rickyjim626/xjp-gateway/examples/echo" // is shown in CONTRIBUTING.md
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

var (
	envNames  = regexp.MustCompile(`\{env\.(\w+)\}`)
	fileNames = regexp.MustCompile(`\{file\./run/secrets/(\w+)\}`)
)

// withSecrets gives each secret that a configuration names a value, and returns the
// configuration with its files where the test may write.
func withSecrets(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	for _, m := range envNames.FindAllStringSubmatch(config, -1) {
		t.Setenv(m[1], valueOf(t, dir, m[1]))
	}
	for _, m := range fileNames.FindAllStringSubmatch(config, -1) {
		if err := os.WriteFile(filepath.Join(dir, m[1]), []byte(valueOf(t, dir, strings.ToUpper(m[1]))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(config, "{file./run/secrets/", "{file."+dir+"/")
}

// valueOf is a value for an environment variable or a file: the name of a file, an address or
// any text, by what its name says.
func valueOf(t *testing.T, dir, name string) string {
	t.Helper()
	switch {
	case strings.HasSuffix(name, "_CREDENTIALS"):
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(`{"type":"service_account","project_id":"p"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	case strings.HasSuffix(name, "_DSN"), name == "DATABASE_URL":
		return "postgres://127.0.0.1:9/xjp"
	case strings.HasSuffix(name, "REDIS_URL"):
		return "redis://127.0.0.1:9"
	case strings.HasSuffix(name, "_URL"):
		return "http://127.0.0.1:9"
	}
	return "XJP_value_of_" + name
}

// validate does what `caddy validate` does.
func validate(config []byte) error {
	var cfg caddy.Config
	if err := caddy.StrictUnmarshalJSON(config, &cfg); err != nil {
		return err
	}
	cfg.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "PANIC"}}}}
	cfg.Admin = &caddy.AdminConfig{Disabled: true}
	return caddy.Validate(&cfg)
}

// TestCaddyfiles checks that each Caddyfile shown is formatted, and valid as it stands.
func TestCaddyfiles(t *testing.T) {
	var list []block
	for _, name := range []string{"Caddyfile.example", "deploy/Caddyfile", "deploy/balancer.Caddyfile"} {
		list = append(list, block{page: name, line: 1, text: source(t, name)})
	}
	for _, p := range pages(t) {
		list = append(list, p.blocks("caddyfile")...)
	}
	for _, b := range list {
		t.Run(fmt.Sprintf("%s:%d", b.page, b.line), func(t *testing.T) {
			if formatted := caddyfile.Format([]byte(b.text)); string(formatted) != b.text {
				t.Errorf("is not as caddy fmt has it, which is:\n%s", formatted)
			}
			if err := validate(gatewaytest.Adapt(t, withSecrets(t, b.text))); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestExampleWithout checks that the example is valid with nobody's credentials, too.
func TestExampleWithout(t *testing.T) {
	config := source(t, "Caddyfile.example")
	for _, m := range envNames.FindAllStringSubmatch(config, -1) {
		t.Setenv(m[1], "")
	}
	if err := validate(gatewaytest.Adapt(t, config)); err != nil {
		t.Error(err)
	}
}

// TestJSON checks that each JSON shown is JSON, and that configurations are valid.
func TestJSON(t *testing.T) {
	configs := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks("json") {
			t.Run(fmt.Sprintf("%s:%d", b.page, b.line), func(t *testing.T) {
				var members map[string]json.RawMessage
				if err := json.Unmarshal([]byte(b.text), &members); err != nil {
					t.Fatal(err)
				}
				if members["apps"] == nil {
					return
				}
				configs++
				if err := validate([]byte(withSecrets(t, b.text))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if configs == 0 {
		t.Error("no configuration is shown in JSON")
	}
}

// TestSmallest checks that the smallest configuration has the six lines that it is
// known for.
func TestSmallest(t *testing.T) {
	b := read(t, "README.md").blocks("caddyfile")
	if len(b) != 1 || strings.Count(b[0].text, "\n") != 6 {
		t.Errorf("the README shows %v", b)
	}
}
