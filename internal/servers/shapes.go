package servers

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Servers that ask for a user know User, with Password. It may do what UserRules say, and on
// a Cluster ClusterRules, with keys that begin with "xjp": all that the gateway does
// (docs/nodes.md).
const (
	User         = "xjp"
	UserRules    = "+@connection +@read +@write +eval +evalsha +time"
	ClusterRules = "+cluster|slots +cluster|shards"
)

// admit are the options by which a Redis server knows User alone.
func admit(rules ...string) []string {
	options := []string{"--user", "default", "off", "--user", User, "on", ">" + Password, "~xjp*"}
	for _, r := range rules {
		options = append(options, strings.Fields(r)...)
	}
	return options
}

// Secure is a Redis server that speaks nothing but TLS, with clients that have a certificate.
type Secure struct {
	*Server
	// CA, Certificate and Key are files in PEM.
	CA, Certificate, Key string
}

var sharedSecure = sync.OnceValues(newSecure)

// SecureRedis gives a server that all tests of the binary share.
func SecureRedis(t testing.TB) *Secure {
	t.Helper()
	return available(t, sharedSecure)
}

func newSecure() (*Secure, error) {
	s, err := prepareRedis("redis-server", "valkey-server")
	if err != nil {
		return nil, err
	}
	file := func(name string) string { return filepath.Join(s.dir, name) }
	secure := &Secure{Server: s, CA: file("ca.pem"), Certificate: file("certificate.pem"), Key: file("key.pem")}
	pair, err := s.certify()
	if err != nil {
		s.remove()
		return nil, err
	}
	s.with("--port", "0", "--tls-port", s.port(), "--tls-ca-cert-file", secure.CA, "--tls-cert-file", secure.Certificate, "--tls-key-file", secure.Key)
	s.with(admit(UserRules)...)
	s.ready = func() error {
		config := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Second}, "tcp", s.Addr, config)
		if err != nil {
			return err
		}
		return pingBy(conn)
	}
	_, err = s.begun()
	return secure, err
}

// certify writes a certificate for both sides, and that of who signed it, into the server's folder.
func (s *Server) certify() (tls.Certificate, error) {
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "servers"}, NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redis"}, NotAfter: ca.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	caKey, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	leafKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		return tls.Certificate{}, err
	}
	caDER, err1 := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	leafDER, err2 := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	keyDER, err3 := x509.MarshalPKCS8PrivateKey(leafKey)
	if err := errors.Join(err1, err2, err3); err != nil {
		return tls.Certificate{}, err
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	certificate, key := block("CERTIFICATE", leafDER), block("PRIVATE KEY", keyDER)
	if err := errors.Join(s.write("ca.pem", block("CERTIFICATE", caDER)), s.write("certificate.pem", certificate), s.write("key.pem", key)); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certificate, key)
}

var sharedCluster = sync.OnceValues(newCluster)

// RedisCluster gives the addresses of a Cluster of three masters that all tests of the binary share.
func RedisCluster(t testing.TB) (addrs []string) {
	t.Helper()
	for _, s := range available(t, sharedCluster) {
		addrs = append(addrs, s.Addr)
	}
	return addrs
}

// StartRedisCluster starts a Cluster of three masters for one test.
func StartRedisCluster(t testing.TB) []*Server {
	t.Helper()
	nodes := available(t, newCluster)
	for _, s := range nodes {
		t.Cleanup(s.remove)
	}
	return nodes
}

// newCluster divides the slots among three masters and waits until all know of it.
func newCluster() ([]*Server, error) {
	nodes := make([]*Server, 3)
	clients := make([]*goredis.Client, len(nodes))
	for i := range nodes {
		s, err := prepareRedis("redis-server", "valkey-server")
		if err != nil {
			return nil, err
		}
		if err := s.takeBus(); err != nil {
			return nil, err
		}
		s.with("--cluster-enabled", "yes", "--cluster-port", s.bus, "--cluster-node-timeout", "1000")
		s.with("--user", "admin", "on", ">"+Password, "allcommands", "allkeys")
		s.with(admit(UserRules, ClusterRules)...)
		if nodes[i], err = s.begun(); err != nil {
			return nil, err
		}
		clients[i] = goredis.NewClient(&goredis.Options{Addr: s.Addr, Username: "admin", Password: Password})
		defer clients[i].Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const slots = 16384
	for i, c := range clients {
		first, last := slots*i/len(nodes), slots*(i+1)/len(nodes)-1
		if err := c.ClusterAddSlotsRange(ctx, first, last).Err(); err != nil {
			return nil, err
		}
		if err := c.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", nodes[0].port(), nodes[0].bus).Err(); err != nil {
			return nil, err
		}
	}
	for _, c := range clients {
		if err := knows(ctx, c, len(nodes)); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// takeBus finds the port by which a node of a Cluster talks with the others. By default it is
// 10000 above the other, which there may not be.
func (s *Server) takeBus() error {
	addr, err := freeAddr()
	if err == nil {
		_, s.bus, err = net.SplitHostPort(addr)
	}
	return err
}

// knows waits until a node of a Cluster knows where each slot is.
func knows(ctx context.Context, c *goredis.Client, nodes int) error {
	for {
		info, err := c.ClusterInfo(ctx).Result()
		if err != nil {
			return err
		}
		if strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprint("cluster_known_nodes:", nodes)) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Watched is a Redis master and its replica, watched by three Sentinels. All of them ask for
// Password, and for no user.
type Watched struct {
	Name            string // of the master
	Master, Replica *Server
	sentinels       []*Server
}

// Sentinels are their addresses.
func (w *Watched) Sentinels() (addrs []string) {
	for _, s := range w.sentinels {
		addrs = append(addrs, s.Addr)
	}
	return addrs
}

var sharedWatched = sync.OnceValues(newWatched)

// WatchedRedis gives those that all tests of the binary share.
func WatchedRedis(t testing.TB) *Watched {
	t.Helper()
	return available(t, sharedWatched)
}

// StartWatchedRedis starts those of one test, which may crash the master.
func StartWatchedRedis(t testing.TB) *Watched {
	t.Helper()
	w := available(t, newWatched)
	for _, s := range append(w.sentinels, w.Replica, w.Master) {
		t.Cleanup(s.remove)
	}
	return w
}

func newWatched() (*Watched, error) {
	w := &Watched{Name: "main"}
	for _, into := range []**Server{&w.Master, &w.Replica} {
		s, err := prepareRedis("redis-server", "valkey-server")
		if err != nil {
			return nil, err
		}
		s.with("--requirepass", Password, "--masterauth", Password, "--repl-diskless-sync-delay", "0")
		if w.Master != nil {
			s.with("--replicaof", "127.0.0.1", w.Master.port())
		}
		if *into, err = s.begun(); err != nil {
			return nil, err
		}
	}
	for range 3 {
		s, err := newSentinel(w)
		if err != nil {
			return nil, err
		}
		w.sentinels = append(w.sentinels, s)
	}
	return w, w.settled()
}

// newSentinel starts one that watches a master.
func newSentinel(w *Watched) (*Server, error) {
	s, err := prepareRedis("redis-server", "valkey-server")
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nrequirepass %s\nsentinel sentinel-pass %[3]s\n"+
		"sentinel monitor %s 127.0.0.1 %s 2\nsentinel auth-pass %[4]s %[3]s\nsentinel down-after-milliseconds %[4]s 1000\nsentinel failover-timeout %[4]s 3000\n",
		s.port(), s.dir, Password, w.Name, w.Master.port())
	if err := s.write("sentinel.conf", []byte(config)); err != nil {
		return nil, err
	}
	binary, err := find("redis-server", "valkey-server")
	if err != nil {
		return nil, err
	}
	s.command = asServant(binary, filepath.Join(s.dir, "sentinel.conf"), "--sentinel")
	return s.begun()
}

// settled waits until the replica has what the master has, and each Sentinel knows of all.
func (w *Watched) settled() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	master := goredis.NewClient(&goredis.Options{Addr: w.Master.Addr, Password: Password})
	defer master.Close()
	if err := says(ctx, master.Info, "replication", "state=online"); err != nil {
		return err
	}
	for _, addr := range w.Sentinels() {
		c := goredis.NewClient(&goredis.Options{Addr: addr, Password: Password})
		defer c.Close()
		if err := says(ctx, c.Info, "sentinel", "slaves=1,sentinels=3"); err != nil {
			return err
		}
	}
	return nil
}

// says waits until a section of what a server tells of itself holds a text.
func says(ctx context.Context, info func(context.Context, ...string) *goredis.StringCmd, section, text string) error {
	for {
		told, err := info(ctx, section).Result()
		if err != nil || strings.Contains(told, text) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
