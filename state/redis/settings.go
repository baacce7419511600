package redis

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	goredis.SetLogger(silent{})
}

// silent keeps the client library from writing to standard error past Caddy's log. What it
// has to say of failures, the calls that fail say too.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// settings are those of a State with all placeholders replaced. They hold secrets.
type settings struct {
	Addresses                          []string
	Username, Password                 string
	SentinelUsername, SentinelPassword string
	Database                           int
	Sentinel                           string
	Cluster                            bool
	TLS                                *TLS
}

// resolve replaces placeholders. Its errors tell no value.
func (s *State) resolve() (*settings, error) {
	r := &settings{Database: s.Database, Sentinel: s.Sentinel, Cluster: s.Cluster, TLS: s.TLS}
	for _, secret := range []struct {
		name, raw string
		into      *string
	}{
		{"username", s.Username, &r.Username},
		{"password", s.Password, &r.Password},
		{"sentinel_username", s.SentinelUsername, &r.SentinelUsername},
		{"sentinel_password", s.SentinelPassword, &r.SentinelPassword},
	} {
		if secret.raw == "" {
			continue
		}
		var err error
		if *secret.into, err = module.Resolve(secret.name, secret.raw); err != nil {
			return nil, err
		}
	}
	for _, raw := range s.Addresses {
		address, err := module.Resolve("address", raw)
		if err != nil {
			return nil, err
		}
		if err := r.add(address); err != nil {
			return nil, err
		}
	}
	if len(r.Addresses) == 0 {
		return nil, errors.New("address: state redis needs one, such as {env.XJP_REDIS_URL}")
	}
	return r, nil
}

// add reads an address: host and port, or a URL, which may hold the user, the password, the
// number of the database and whether to use TLS.
func (r *settings) add(address string) error {
	if !strings.Contains(address, "://") {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return errors.New("address: must be host:port, or a URL that begins with redis:// or rediss://")
		}
		r.Addresses = append(r.Addresses, address)
		return nil
	}
	o, err := goredis.ParseURL(address)
	if err != nil { // which quotes the URL with its password
		return errors.New("address: not a URL such as redis://user:password@host:6379/0")
	}
	r.Addresses = append(r.Addresses, o.Addr)
	if o.Username != "" {
		r.Username = o.Username
	}
	if o.Password != "" {
		r.Password = o.Password
	}
	if o.DB != 0 {
		r.Database = o.DB
	}
	if o.TLSConfig != nil && r.TLS == nil {
		r.TLS = &TLS{}
	}
	return nil
}

// identity tells settings apart without telling them.
func (r *settings) identity() string {
	data, err := json.Marshal(r)
	if err != nil {
		return err.Error() // which plain strings and numbers never give
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// client makes the client. It connects when it is first used.
func (r *settings) client(timeout time.Duration) (goredis.UniversalClient, error) {
	o := &goredis.UniversalOptions{
		Addrs: r.Addresses, Username: r.Username, Password: r.Password, DB: r.Database,
		MasterName: r.Sentinel, SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword, IsClusterMode: r.Cluster,
		// Old servers and proxies know no other protocol, and no names of clients.
		Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		// A script is never sent twice by itself: whoever sends it says what to do when
		// nobody knows whether it has run.
		MaxRetries: -1, DialerRetries: 1, DialTimeout: dialTimeout, PoolTimeout: timeout,
		ContextTimeoutEnabled: true, ReadTimeout: longest, WriteTimeout: longest,
		MinIdleConns: 2, ConnMaxIdleTime: 5 * time.Minute,
	}
	if r.TLS != nil {
		config, err := r.TLS.config()
		if err != nil {
			return nil, err
		}
		o.TLSConfig = config
	}
	return goredis.NewUniversalClient(o), nil
}

const (
	// dialTimeout is how long a connection may take to come about. No request waits for it
	// longer than for an answer.
	dialTimeout = 2 * time.Second
	// longest bounds what has no shorter limit of its own.
	longest = 5 * time.Second
)

// TLS says how to speak TLS with the server.
type TLS struct {
	// CA is a file of the certificates in PEM that the server's must be signed by. Default:
	// those of the machine.
	CA string `json:"ca,omitempty"`
	// Certificate and Key are files in PEM by which the gateway identifies itself.
	Certificate string `json:"certificate,omitempty"`
	Key         string `json:"key,omitempty"`
	// ServerName is the name in the server's certificate. Default: the address's host.
	ServerName string `json:"server_name,omitempty"`
}

func (t *TLS) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("tls ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls ca: %s holds no certificate in PEM", t.CA)
		}
	}
	if t.Certificate != "" || t.Key != "" {
		pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
