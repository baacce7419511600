// Package redis keeps the counts of limits, and the answers to requests that may be sent
// again, on a Redis or Valkey server, so that several nodes share them.
//
// # What nodes admit together
//
// Never more than the limits. Most requests cost no round trip all the same: a node that has
// seen many requests for the same limits of late takes a share of what is left, for as many
// requests as it saw in the last second, but of a limit at most one part in 50, and of what
// is left at most one part in four times the number of nodes. What it takes is counted on
// the server at once. So nothing is admitted twice; but while a share lasts, which is a
// second, and until the node's next beat, a quarter of a second later, what is left in it is
// at no other node's disposal. By so much nodes may refuse too early: that is the declared
// slack. Where little is left, and for limits so small that a share would be of no request,
// nothing is taken ahead, and all is exact. A node that is killed leaves what it had taken
// ahead counted in quotas; places are free when it has not been heard of for limits.Expiry.
//
// # When the server is away
//
// A request waits for an answer no longer than the timeout. After three in a row that wait in
// vain, no request waits any more, until a beat finds that the server answers again. What is
// done meanwhile is a setting; a node's part of a limit is by how many nodes the server has
// heard of in the last ten seconds. What is settled is kept and told afterwards. What a request
// used that was admitted in the meantime is counted afterwards towards budgets and limits per
// day and month.
//
// A server that has lost its data is noticed: what the ledger knows to be used is asked for
// again, and what is under way counts again.
package redis

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/state"
)

func init() {
	caddy.RegisterModule(State{})
}

// State keeps counts of limits, and answers to requests that may be sent again, on a Redis
// (6.2 or newer) or Valkey server, alone, with Sentinel or as a Cluster, so that several
// nodes enforce the same limits. The server should keep its keys when its memory is full
// (maxmemory-policy noeviction).
type State struct {
	// Addresses are the server, or several of a Cluster or of Sentinel: host:port, or a URL
	// such as redis://user:password@host:6379/0, with rediss:// for TLS. Normally it is a
	// placeholder such as {env.XJP_REDIS_URL}, since it holds the password.
	Addresses []string `json:"addresses,omitempty"`

	// Username and Password are those of the server. Placeholders are allowed.
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`

	// Database is the number of the database, 0 by default.
	Database int `json:"database,omitempty"`

	// Sentinel is the name of the master that Sentinel knows at the addresses;
	// SentinelUsername and SentinelPassword are those of Sentinel itself.
	Sentinel         string `json:"sentinel,omitempty"`
	SentinelUsername string `json:"sentinel_username,omitempty"`
	SentinelPassword string `json:"sentinel_password,omitempty"`

	// Cluster says that the server is a Cluster, though there is but one address.
	Cluster bool `json:"cluster,omitempty"`

	// TLS makes the gateway speak TLS with the server.
	TLS *TLS `json:"tls,omitempty"`

	// Prefix begins all keys, so that several gateways can use one server. Default: xjp.
	Prefix string `json:"prefix,omitempty"`

	// Timeout is how long a request waits for the server's answer. Default: 50ms.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// OnFailure is what happens while the server cannot be reached. With "local", the
	// default, requests are held against this node's part of their limits, and refused if
	// they have a budget of money; "deny" refuses all that are limited; "allow" admits all.
	OnFailure Policy `json:"on_failure,omitempty"`

	// Exact asks the server about each request, instead of taking shares of large limits.
	Exact bool `json:"exact,omitempty"`

	settings *settings
}

// CaddyModule returns the Caddy module information.
func (State) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.state.redis", New: func() caddy.Module { return new(State) }}
}

const (
	defaultPrefix  = "xjp"
	defaultTimeout = 50 * time.Millisecond
	maxTimeout     = 10 * time.Second
	// answerTime is how many times longer an answer may take than a count.
	answerTime = 20
)

// Provision checks the settings and replaces placeholders. It touches no network.
func (s *State) Provision(caddy.Context) (err error) {
	if s.Prefix == "" {
		s.Prefix = defaultPrefix
	}
	if s.Timeout == 0 {
		s.Timeout = caddy.Duration(defaultTimeout)
	}
	if s.OnFailure == "" {
		s.OnFailure = Local
	}
	if err := s.check(); err != nil {
		return err
	}
	s.settings, err = s.resolve()
	return err
}

func (s *State) check() error {
	switch {
	case strings.ContainsAny(s.Prefix, "{} \t\r\n"):
		return errors.New("prefix: must not hold braces or white space")
	case s.Timeout < caddy.Duration(time.Millisecond) || s.Timeout > caddy.Duration(maxTimeout):
		return fmt.Errorf("timeout: must be from 1ms to %v", maxTimeout)
	case s.OnFailure != Local && s.OnFailure != Deny && s.OnFailure != Allow:
		return fmt.Errorf("on_failure: must be local, deny or allow, not %q", s.OnFailure)
	case s.Database < 0:
		return errors.New("database: must not be negative")
	case s.Database != 0 && (s.Cluster || len(s.Addresses) > 1 && s.Sentinel == ""):
		return errors.New("database: a cluster has no other than 0")
	case s.Cluster && s.Sentinel != "":
		return errors.New("cluster: goes without sentinel")
	}
	return nil
}

// Identity implements state.Module. A reload that changes a setting opens another engine.
func (s *State) Identity() string {
	return fmt.Sprintf("redis:%s:%s:%v:%s:%v", s.settings.identity(), s.Prefix, time.Duration(s.Timeout), s.OnFailure, s.Exact)
}

// Open implements state.Module.
func (s *State) Open(given state.Settings) (*state.Engines, error) {
	timeout := time.Duration(s.Timeout)
	client, err := s.settings.client(timeout)
	if err != nil {
		return nil, err
	}
	c := counts{client: client, prefix: s.Prefix, timeout: timeout}
	e := newEngine(c, options{onFailure: s.OnFailure, sharing: !s.Exact, restore: given.Restore, notify: given.OnFailure})
	answers := &Answers{client: client, prefix: s.Prefix, timeout: answerTime * timeout, health: &e.health}
	return &state.Engines{Limits: e, Answers: answers}, nil
}

// UnmarshalCaddyfile sets up the engine from Caddyfile tokens:
//
//	state redis [<address…>] {
//		address <address…>
//		username <name>
//		password <placeholder>
//		database <n>
//		sentinel <master>
//		sentinel_username <name>
//		sentinel_password <placeholder>
//		cluster
//		tls {
//			ca <file>
//			certificate <file> <key file>
//			server_name <name>
//		}
//		prefix <text>
//		timeout <duration>
//		on_failure local|deny|allow
//		exact
//	}
func (s *State) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the engine's name
	s.Addresses = d.RemainingArgs()
	block := module.Block{Name: "state redis", Many: []string{"address"}, Once: []string{"username", "password", "database", "sentinel",
		"sentinel_username", "sentinel_password", "cluster", "tls", "prefix", "timeout", "on_failure", "exact"}}
	return block.Read(d, func(name string) error { return s.unmarshalOption(d, name) })
}

func (s *State) unmarshalOption(d *caddyfile.Dispenser, name string) error {
	text := map[string]*string{"username": &s.Username, "password": &s.Password, "sentinel": &s.Sentinel, "sentinel_username": &s.SentinelUsername,
		"sentinel_password": &s.SentinelPassword, "prefix": &s.Prefix, "on_failure": (*string)(&s.OnFailure)}[name]
	switch name {
	case "address":
		addresses := d.RemainingArgs()
		if len(addresses) == 0 {
			return d.ArgErr()
		}
		s.Addresses = append(s.Addresses, addresses...)
	case "database":
		return module.ParseCount(d, &s.Database, 0, 1<<16)
	case "cluster":
		s.Cluster = true
	case "exact":
		s.Exact = true
	case "tls":
		s.TLS = &TLS{}
		return s.TLS.unmarshal(d)
	case "timeout":
		return unmarshalDuration(d, &s.Timeout)
	default:
		if !d.AllArgs(text) {
			return d.ArgErr()
		}
	}
	return nil
}

func (t *TLS) unmarshal(d *caddyfile.Dispenser) error {
	block := module.Block{Name: "tls", Once: []string{"ca", "certificate", "server_name"}}
	return block.Read(d, func(name string) error {
		files := map[string][]*string{"ca": {&t.CA}, "certificate": {&t.Certificate, &t.Key}, "server_name": {&t.ServerName}}[name]
		if !d.AllArgs(files...) {
			return d.ArgErr()
		}
		return nil
	})
}

func unmarshalDuration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	option, text := d.Val(), ""
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	value, err := caddy.ParseDuration(text)
	if err != nil {
		return d.Errf("%s: %v", option, err)
	}
	*into = caddy.Duration(value)
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*State)(nil)
	_ caddyfile.Unmarshaler = (*State)(nil)
	_ state.Module          = (*State)(nil)
)
