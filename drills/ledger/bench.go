package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
)

// bench is what a trial stands on: a provider, the nodes and servers that it starts, what it
// has drawn by chance, and what it has found wrong.
type bench struct {
	*options
	dir      string
	provider *provider
	nodes    []*node
	closers  []func()
	asked    atomic.Int64 // calls

	mu     sync.Mutex
	chance *rand.Rand
	wrong  map[string]int
}

func newBench(o *options, dir string) (*bench, error) {
	dir, err := os.MkdirTemp(dir, "trial")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, dir: dir, chance: rand.New(rand.NewPCG(o.seed, 1)), wrong: map[string]int{}}
	b.provider, err = newProvider(b)
	return b, err
}

// close ends all that was started.
func (b *bench) close() {
	for _, n := range b.nodes {
		n.kill()
	}
	for i := len(b.closers) - 1; i >= 0; i-- {
		b.closers[i]()
	}
	b.provider.close()
	os.RemoveAll(b.dir)
}

// draw gives a number below n by chance.
func (b *bench) draw(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.chance.IntN(n)
}

// between gives a time between two others by chance.
func (b *bench) between(least, most time.Duration) time.Duration {
	return least + time.Duration(b.draw(int(most-least)))
}

// rounds is how often something is done: often, or seldom in the short form.
func (b *bench) rounds(long, short int) int {
	if b.short {
		return short
	}
	return long
}

// complain notes what is wrong. What is the same is counted.
func (b *bench) complain(format string, values ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong[fmt.Sprintf(format, values...)]++
}

// mostWrong is how many complaints are told.
const mostWrong = 20

// verdict tells what was found wrong.
func (b *bench) verdict() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []error
	for what, n := range b.wrong {
		if len(all) == mostWrong {
			all = append(all, fmt.Errorf("and %d more", len(b.wrong)-mostWrong))
			break
		}
		all = append(all, fmt.Errorf("%dx %s", n, what))
	}
	return errors.Join(all...)
}

// waitFor reports whether something becomes true in time.
func waitFor(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// patience is how long anything may take that has to happen some time: machines are busy.
const patience = time.Minute

// postgreSQL starts a server, and gives the option of the store in it.
func (b *bench) postgreSQL() (*servers.Server, string, error) {
	s, err := b.serve(servers.RunPostgreSQL())
	if err != nil {
		return nil, "", err
	}
	dsn := filepath.Join(b.dir, "dsn")
	return s, "store postgres {file." + dsn + "}\n", os.WriteFile(dsn, []byte(s.DSN("postgres")), 0o600)
}

// serve has a server removed in the end.
func (b *bench) serve(s *servers.Server, err error) (*servers.Server, error) {
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", errAbsent, err)
	}
	if err == nil {
		b.closers = append(b.closers, s.Remove)
	}
	return s, err
}
