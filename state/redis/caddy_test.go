package redis

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

const canary = "canary-7Hq2"

func unmarshal(t *testing.T, text string) (*State, error) {
	t.Helper()
	s := new(State)
	return s, s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text))
}

func TestCaddyfile(t *testing.T) {
	for text, want := range map[string]string{
		`redis {env.XJP_REDIS_URL}`: `{"addresses":["{env.XJP_REDIS_URL}"]}`,
		`redis a:1 b:2 {
			address c:3
			username u
			password {env.P}
			sentinel main
			sentinel_username su
			sentinel_password {env.S}
			database 3
			tls {
				ca /ca.pem
				certificate /c.pem /k.pem
				server_name example.com
			}
			prefix blue
			timeout 80ms
			on_failure deny
			exact
		}`: `{"addresses":["a:1","b:2","c:3"],"username":"u","password":"{env.P}","database":3,"sentinel":"main","sentinel_username":"su","sentinel_password":"{env.S}",` +
			`"tls":{"ca":"/ca.pem","certificate":"/c.pem","key":"/k.pem","server_name":"example.com"},"prefix":"blue","timeout":80000000,"on_failure":"deny","exact":true}`,
		`redis a:1 {
			cluster
			tls
		}`: `{"addresses":["a:1"],"cluster":true,"tls":{}}`,
	} {
		s, err := unmarshal(t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := json.Marshal(s); err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
	for _, text := range []string{"redis a:1 {\naddress\n}", "redis a:1 {\nretries 3\n}", "redis a:1 {\ntimeout soon\n}", "redis a:1 {\ndatabase -1\n}",
		"redis a:1 {\nexact yes\n}", "redis a:1 {\ntls {\ncertificate one\n}\n}", "redis a:1 {\nprefix a\nprefix b\n}"} {
		if _, err := unmarshal(t, text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestProvision(t *testing.T) {
	t.Setenv("XJP_TEST_URL", "rediss://user:"+canary+"@redis.example:6380/2")
	t.Setenv("XJP_TEST_BAD", "redis://user:"+canary+"@host:6379/first")
	for _, tc := range []struct {
		state State
		says  string
	}{
		{State{Addresses: []string{"{env.XJP_TEST_URL}"}}, ""},
		{State{Addresses: []string{"localhost:6379"}, Password: "{env.XJP_TEST_URL}"}, ""},
		{State{}, "address: state redis needs one"},
		{State{Addresses: []string{"{env.XJP_TEST_UNSET}"}}, "address: {env.XJP_TEST_UNSET} is unset"},
		{State{Addresses: []string{"{env.XJP_TEST_BAD}"}}, "address: not a URL such as redis://"},
		{State{Addresses: []string{"localhost"}}, "address: must be host:port"},
		{State{Addresses: []string{"a:1"}, Password: "{env.XJP_TEST_UNSET}"}, "password: {env.XJP_TEST_UNSET} is unset"},
		{State{Addresses: []string{"a:1"}, OnFailure: "panic"}, "on_failure: must be local, deny or allow"},
		{State{Addresses: []string{"a:1"}, Timeout: caddy.Duration(time.Minute)}, "timeout: must be from 1ms to 10s"},
		{State{Addresses: []string{"a:1"}, Prefix: "{x}"}, "prefix: "},
		{State{Addresses: []string{"a:1", "b:2"}, Database: 1}, "database: "},
		{State{Addresses: []string{"a:1"}, Cluster: true, Sentinel: "main"}, "cluster: "},
	} {
		err := tc.state.Provision(caddy.Context{})
		if (err == nil) != (tc.says == "") || err != nil && (!strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), canary)) {
			t.Errorf("%+v: %v, want %q", tc.state, err, tc.says)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("XJP_TEST_URL", "rediss://user:"+canary+"@redis.example:6380/2")
	provisioned := func(s State) *State {
		t.Helper()
		if err := s.Provision(caddy.Context{}); err != nil {
			t.Fatal(err)
		}
		return &s
	}
	s := provisioned(State{Addresses: []string{"{env.XJP_TEST_URL}"}})
	r := s.settings
	if r.Addresses[0] != "redis.example:6380" || r.Username != "user" || r.Password != canary || r.Database != 2 || r.TLS == nil {
		t.Errorf("the address is read as %+v", r)
	}
	data, err := json.Marshal(s)
	if err != nil || strings.Contains(string(data)+s.Identity(), canary) {
		t.Errorf("the secret is in %s %s, %v", data, s.Identity(), err)
	}
	if s.Identity() != provisioned(State{Addresses: []string{"{env.XJP_TEST_URL}"}}).Identity() {
		t.Error("equal settings have two identities")
	}
	t.Setenv("XJP_TEST_URL", "rediss://user:another@redis.example:6380/2")
	for _, other := range []State{
		{Addresses: []string{"{env.XJP_TEST_URL}"}},
		{Addresses: []string{"{env.XJP_TEST_URL}"}, Exact: true},
	} {
		if s.Identity() == provisioned(other).Identity() {
			t.Errorf("%+v has the same identity", other)
		}
	}
	missing := TLS{CA: "/there/is/no/such/file.pem"}
	if _, err := missing.config(); err == nil || !strings.Contains(err.Error(), "tls ca") {
		t.Errorf("a missing file: %v", err)
	}
}
