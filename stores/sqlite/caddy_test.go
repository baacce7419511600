package sqlite

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/stores"
)

func TestCaddyfile(t *testing.T) {
	for input, want := range map[string]string{
		"sqlite":                                `{}`,
		"sqlite /var/lib/xjp.db":                `{"path":"/var/lib/xjp.db"}`,
		"sqlite {\n path {env.XJP_DB}\n}":       `{"path":"{env.XJP_DB}"}`,
		"sqlite a b":                            "wrong argument count",
		"sqlite a {\n path b\n}":                "unknown store option 'path'",
		"sqlite {\n path a\n path b\n}":         "path already specified",
		"sqlite {\n path\n}":                    "wrong argument count",
		"sqlite {\n file a\n}":                  "unknown store option 'file'",
		"sqlite {\n path a\n journal_mode x\n}": "unknown store option",
	} {
		var s Store
		got := ""
		if err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(input)); err != nil {
			got = err.Error()
		} else if b, err := json.Marshal(s); err == nil {
			got = string(b)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q gives %s, not %s", input, got, want)
		}
	}
}

// TestModule shows that a store is opened where its settings say, that nothing is touched
// before, and that one file is one identity.
func TestModule(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XJP_DB", filepath.Join(dir, "sub", "xjp.db"))
	a, b, unset := &Store{Path: "{env.XJP_DB}"}, &Store{Path: filepath.Join(dir, "sub", ".", "xjp.db")}, &Store{Path: "{env.XJP_UNSET}"}
	for _, s := range []*Store{a, b} {
		if err := s.Provision(caddy.Context{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := unset.Provision(caddy.Context{}); err == nil || !strings.Contains(err.Error(), "path: {env.XJP_UNSET}") {
		t.Errorf("an unset placeholder: %v", err)
	}
	if a.Identity() != b.Identity() {
		t.Errorf("%s is not %s", a.Identity(), b.Identity())
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) > 0 {
		t.Errorf("provisioning has made %v", files)
	}
	s, err := a.Open(t.Context(), stores.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	var usual Store
	if err := usual.Provision(caddy.Context{}); err != nil || usual.path != filepath.Join(caddy.AppDataDir(), "xjp", "xjp.db") {
		t.Errorf("the usual path is %s: %v", usual.path, err)
	}
}
