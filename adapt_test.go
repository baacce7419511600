package xjpgateway_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

var update = flag.Bool("update", false, "rewrite the expected results under testdata")

// TestAdapt turns each Caddyfile under testdata/adapt into JSON and compares it, or the
// error with its file and line, with what stands below the line of dashes.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			caddyfile, want, found := strings.Cut(string(text), "\n----------\n")
			if !found {
				t.Fatal("no line of dashes")
			}
			got := adapted(caddyfile + "\n")
			if *update {
				if err := os.WriteFile(file, []byte(caddyfile+"\n----------\n"+got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if strings.HasPrefix(filepath.Base(file), "error_") == strings.HasPrefix(got, "{") {
				t.Errorf("an error is expected of error_* and of no other:\n%s", got)
			}
			for _, secret := range []string{"sk-or-v1-0123456789abcdef"} {
				if strings.Contains(got, secret) {
					t.Errorf("the secret is repeated:\n%s", got)
				}
			}
		})
	}
}

// adapted is the JSON of a Caddyfile, or the error.
func adapted(caddyfile string) string {
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err.Error() + "\n"
	}
	var out bytes.Buffer
	if err := json.Indent(&out, config, "", "\t"); err != nil {
		return err.Error() + "\n"
	}
	return out.String() + "\n"
}
