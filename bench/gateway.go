package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/process"
)

// benchKey is the client's key.
const benchKey = "XJP_bench_key"

// gateway is a running Caddy process with a site of the gateway and one of reverse_proxy.
type gateway struct {
	*process.Server
	admin, site, proxy string // addresses
	log                bytes.Buffer
}

// caddyfile has both sites as they are by default, the gateway with a key.
const caddyfile = `{
	admin %[1]s
	persist_config off
	auto_https off
	log {
		level WARN
	}
	xjp {
		provider chat openai {
			base_url %[4]s
			api_key bench
		}
		provider messages anthropic {
			base_url %[4]s
			api_key bench
		}
		provider gemini {
			base_url %[4]s
			api_key bench
		}
		model bench-chat {
			route chat gpt-4.1
		}
		model bench-messages {
			route messages claude-sonnet-4-5
		}
		model bench-gemini {
			route gemini gemini-2.5-pro
		}
		log_filter ok
		prices {
			offline
		}
%[5]s
	}
}
http://%[2]s {
	bind 127.0.0.1
	xjp_gateway
}
http://%[3]s {
	bind 127.0.0.1
	reverse_proxy %[4]s
}
`

// The gateway without accounts, and with all of them: the engines, and a key with a limit of
// each kind, none of which is reached.
const (
	withoutAccounts = "\t\tstore off\n\t\tkey " + benchKey
	withAccounts    = `		store %s
		state %s
		ledger {
			journal %s
		}
		key ` + benchKey + ` {
			tenant bench
			limits {
				rpm 100m
				rpd 100m
				tokens_per_minute 100b
				tokens_per_day 100b
				concurrent 100k
				budget 1000000/month
			}
		}`
)

// startGateway runs the binary and waits until it answers.
func startGateway(binary, dir string, upstream int, accounts string) (*gateway, error) {
	ports, err := process.FreePorts(3)
	if err != nil {
		return nil, err
	}
	g := &gateway{admin: ports[0], site: ports[1], proxy: ports[2]}
	g.Server, err = process.Start(process.Settings{
		Binary: binary, Dir: dir, Admin: g.admin, Site: g.site,
		Caddyfile: fmt.Sprintf(caddyfile, g.admin, g.site, g.proxy, fmt.Sprintf("http://127.0.0.1:%d", upstream), accounts),
		Output:    &g.log, Errors: &g.log,
	})
	if err != nil {
		return nil, fmt.Errorf("%w; it said:\n%s", err, g.log.String())
	}
	return g, nil
}

// address is where a subject's clients connect to.
func (g *gateway) address(s subject) string {
	if s.proxy {
		return g.proxy
	}
	return g.site
}

func (g *gateway) cpu() (time.Duration, error) { return processCPU(g.PID()) }

// footprint is the memory of the process.
type footprint struct {
	// resident is what the system gives it, inUse what is left of its heap and stacks
	// after a collection of garbage.
	resident, inUse int64
}

func (f footprint) minus(g footprint) footprint {
	return footprint{f.resident - g.resident, f.inUse - g.inUse}
}

// memory measures the process: first what it holds as it is, then what it needs.
func (g *gateway) memory() (f footprint, err error) {
	if f.resident, err = g.Resident(); err != nil {
		return f, err
	}
	heap, err := g.Heap()
	f.inUse = heap.Alloc + heap.Stack
	return f, err
}

// profile fetches a profile from Caddy's admin endpoint.
func (g *gateway) profile(to io.Writer, name string) error {
	text, err := g.Fetch("/debug/pprof/" + name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(to, text)
	return err
}
