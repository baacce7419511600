package postgres

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/stores"
)

func TestCaddyfile(t *testing.T) {
	for input, want := range map[string]string{
		"postgres {env.DSN}": `{"dsn":"{env.DSN}"}`,
		"postgres {\n dsn {file./run/d}\n max_conns 20\n connect_timeout 2s\n statement_timeout 1m\n exec_mode exec\n}": `{"dsn":"{file./run/d}","max_conns":20,"connect_timeout":2000000000,"statement_timeout":60000000000,"exec_mode":"exec"}`,
		"postgres postgres://xjp@db/xjp":                                    `{"dsn":"postgres://xjp@db/xjp"}`,
		"postgres a b":                                                      "wrong argument count",
		"postgres a {\n dsn b\n}":                                           "unknown store option 'dsn'",
		"postgres {\n dsn\n}":                                               "wrong argument count",
		"postgres {\n max_conns 0\n}":                                       "no whole number from 1 to 1000",
		"postgres {\n exec_mode fast\n}":                                    "unknown mode 'fast'; known are: cache_describe, cache_statement",
		"postgres {\n exec_mode\n}":                                         "wrong argument count",
		"postgres {\n connect_timeout x\n}":                                 "no duration",
		"postgres {\n statement_timeout 0s\n}":                              "no duration",
		"postgres {\n pool 1\n}":                                            "unknown store option 'pool'",
		"postgres postgres://xjp:" + servers.Password + "@db/xjp":           "in clear",
		"postgres {\n dsn \"host=db password=" + servers.Password + "\"\n}": "in clear",
	} {
		var s Store
		got := ""
		if err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(input)); err != nil {
			got = err.Error()
			checkError(t, err)
		} else if b, err := json.Marshal(s); err == nil {
			got = string(b)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q gives %s, not %s", input, got, want)
		}
	}
}

func TestProvision(t *testing.T) {
	t.Setenv("PASSWORD", servers.Password)
	t.Setenv("DSN", "postgres://xjp:"+servers.Password+"@db/xjp")
	t.Setenv("NONSENSE", servers.Password)
	for _, c := range []struct {
		store Store
		want  string
	}{
		{Store{DSN: "{env.DSN}"}, ""},
		{Store{DSN: "postgres://xjp:{env.PASSWORD}@db:5432/xjp?sslmode=disable"}, ""},
		{Store{DSN: "host=db user=xjp password={env.PASSWORD}"}, ""},
		{Store{DSN: "postgres://xjp@db:5432/xjp"}, ""},
		{Store{DSN: "postgres://xjp:" + servers.Password + "@db/xjp"}, "in clear"},
		{Store{DSN: "postgres://xjp@db/xjp?password=" + servers.Password}, "in clear"},
		{Store{DSN: "host=db Password = '" + servers.Password + "'"}, "in clear"},
		{Store{}, "dsn: "},
		{Store{DSN: "{env.UNSET_DSN}"}, "dsn: {env.UNSET_DSN} is unset"},
		{Store{DSN: "{env.NONSENSE}"}, "dsn: it is no address"},
		{Store{DSN: "{env.DSN}", ExecMode: "fast"}, "exec_mode: unknown mode 'fast'"},
		{Store{DSN: "{env.DSN}", MaxConns: 1001}, "max_conns must be"},
		{Store{DSN: "{env.DSN}", ConnectTimeout: -1}, "connect_timeout must"},
		{Store{DSN: "{env.DSN}", StatementTimeout: -1}, "statement_timeout must"},
	} {
		err := c.store.Provision(caddy.Context{})
		switch {
		case c.want != "":
			checkError(t, err, c.want)
		case err != nil:
			t.Errorf("%s: %v", c.store.DSN, err)
		}
		b, err := json.Marshal(&c.store)
		if err != nil || c.want != "in clear" && strings.Contains(string(b), servers.Password) {
			t.Errorf("the configuration shows the password: %s", b)
		}
	}
}

// TestModule shows that a store is opened by its settings, and that its identity is that of
// them all, without the password.
func TestModule(t *testing.T) {
	t.Setenv("DSN", servers.PostgreSQL(t))
	seen := map[string]bool{}
	for _, s := range []*Store{{}, {MaxConns: 3}, {ConnectTimeout: caddy.Duration(time.Second)}, {StatementTimeout: caddy.Duration(time.Minute)}, {ExecMode: "exec"}, {}} {
		s.DSN = "{env.DSN}"
		if err := s.Provision(caddy.Context{}); err != nil {
			t.Fatal(err)
		}
		seen[s.Identity()] = true
		if strings.Contains(s.Identity(), servers.Password) {
			t.Error("the identity tells the password")
		}
	}
	if len(seen) != 5 {
		t.Errorf("5 different settings have %d identities", len(seen))
	}
	s := &Store{DSN: "{env.DSN}", MaxConns: 1}
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	store, err := s.Open(t.Context(), stores.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
