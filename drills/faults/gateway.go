package main

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/process"
)

// clientKey is the clients' key, upstreamKey the providers', which no client may see.
const (
	clientKey   = "XJP_faults_key"
	upstreamKey = "secret-key-of-the-provider"
)

// gateway is a running server with two sites, the second of which a soak takes away.
type gateway struct {
	*process.Server
	admin, site, annex string // addresses
	access             accessLog

	mu  sync.Mutex
	log bytes.Buffer // what it said beside the access log
}

// Write keeps what the process says on its standard error.
func (g *gateway) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log.Write(p)
}

func (g *gateway) said() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log.String()
}

// caddyfile is the configuration around the options of the app, with a gateway at each of
// the sites: the access log goes to standard output, all else to standard error.
func (g *gateway) caddyfile(options string, sites ...string) string {
	text := fmt.Sprintf(`{
	admin %s
	persist_config off
	auto_https off
	grace_period 4s
	log {
		output stderr
		level WARN
	}
	xjp {
%s
		key %s
		log_filter ok
	}
}
`, g.admin, options, clientKey)
	for _, site := range sites {
		text += fmt.Sprintf("http://%s {\n\tbind 127.0.0.1\n\tlog {\n\t\toutput stdout\n\t}\n\txjp_gateway\n}\n", site)
	}
	return text
}

// startGateway runs the binary and waits until it answers.
func startGateway(binary, dir, options string) (*gateway, error) {
	ports, err := process.FreePorts(3)
	if err != nil {
		return nil, err
	}
	g := &gateway{admin: ports[0], site: ports[1], annex: ports[2], access: accessLog{records: map[string][]accessRecord{}}}
	g.Server, err = process.Start(process.Settings{
		Binary: binary, Dir: dir, Caddyfile: g.caddyfile(options, g.site, g.annex), Admin: g.admin, Site: g.site,
		Output: &g.access, Errors: g,
	})
	if err != nil {
		return nil, fmt.Errorf("%w; it said:\n%s", err, g.said())
	}
	return g, nil
}

// healthy checks that the process has not said anything that it never may.
func (g *gateway) healthy() error {
	if said := g.said(); strings.Contains(said, "panic") || strings.Contains(said, "DATA RACE") {
		return fmt.Errorf("the process said:\n%s", said)
	}
	return nil
}

// waitFor reports whether something becomes true in time.
func waitFor(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
