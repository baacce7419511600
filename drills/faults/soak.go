package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// extent is how large a soak is.
type extent struct {
	streams int           // open at a time
	time    time.Duration // in which the configuration is reloaded
	pieces  int           // of a stream
	pace    time.Duration // between pieces
}

var (
	thorough = extent{2000, 2 * time.Minute, 60, 500 * time.Millisecond}
	brief    = extent{200, 30 * time.Second, 40, 200 * time.Millisecond}
)

// reloads is how often the configuration is loaded anew.
const reloads = 50

// soak holds streams open while providers fail and the configuration changes.
type soak struct {
	extent
	gateway        *gateway
	healthy, flaky *double
	start          level
	heap           int64

	mu    sync.Mutex
	dice  *rand.Rand
	wrong map[string]int // what was not as it must be, with how often
	// reached are the calls that came to a provider, true if they were broken on purpose.
	reached map[string]bool

	// site is read-locked from before a request is sent until its answer begins, so that the
	// site can be removed, and the process ended, while no connection is on its way.
	site                         sync.RWMutex
	stopping                     atomic.Bool
	loads, loading               atomic.Int64 // begun, and those under way or just over
	served, broken, parted, lost atomic.Int64
}

// runSoak makes the whole soak.
func runSoak(binary, dir string, seed uint64, size extent) (err error) {
	fmt.Printf("seed %d: %d streams\n", seed, size.streams)
	s := &soak{extent: size, dice: rand.New(rand.NewPCG(seed, seed)), wrong: map[string]int{}, reached: map[string]bool{}}
	if err := enoughFiles(size.streams); err != nil {
		return err
	}
	if s.healthy, err = newDouble(s.well, nil); err != nil {
		return err
	}
	defer s.healthy.close()
	if s.flaky, err = newDouble(s.badly, nil); err != nil {
		return err
	}
	defer s.flaky.close()
	if s.gateway, err = startGateway(binary, dir, s.options("15s")); err != nil {
		return err
	}
	defer s.gateway.stop()
	for _, phase := range []func() error{s.warm, s.hold, s.level, s.exit} {
		if err := phase(); err != nil {
			return err
		}
	}
	fmt.Printf("%d answers were served, %d broken on purpose, %d ended by the exit; %d connections were lost between listeners\n", s.served.Load(), s.broken.Load(), s.parted.Load(), s.lost.Load())
	return s.verdict()
}

// enoughFiles checks that the process and this one may hold all connections: two for each
// stream, with as many again for those that are being closed.
func enoughFiles(streams int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if need := uint64(4*streams + 500); limit.Cur < need {
		return fmt.Errorf("%d files may be open, %d are needed (ulimit -n)", limit.Cur, need)
	}
	return nil
}

// options configures a model for each wire, with a provider that fails before a healthy
// one. Keep-alive is what changes between configurations.
func (s *soak) options(keepAlive string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "keep_alive %s\n", keepAlive)
	for _, w := range wires {
		b.WriteString(providerOption("healthy-"+string(w), w, "http://"+s.healthy.address()))
		b.WriteString(providerOption("flaky-"+string(w), w, "http://"+s.flaky.address()))
		fmt.Fprintf(&b, "model soak-%s {\nroute flaky-%s up {\ntimeout {\nfirst_token 2s\ntotal 2s\n}\nbreaker {\ncooldown 1s\n}\n}\nroute healthy-%s up\n}\n", w, w, w.next())
	}
	return b.String()
}

// chance is a number of the seed.
func (s *soak) chance(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dice.IntN(n)
}

// complain notes what is wrong.
func (s *soak) complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong[fmt.Sprintf(format, args...)]++
}

func (s *soak) verdict() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []error
	for what, n := range s.wrong {
		list = append(list, fmt.Errorf("%d times: %s", n, what))
	}
	return errors.Join(list...)
}

// warm makes all that is made once, and takes the start level.
func (s *soak) warm() error {
	for _, w := range clientWires {
		for _, model := range wires {
			got, err := post(s.gateway.site, w, request("soak-"+string(model), false))
			if err != nil {
				return err
			}
			if got.status != 200 {
				return fmt.Errorf("status %d: %.300s", got.status, got.body)
			}
		}
	}
	if err := s.gateway.load(s.gateway.caddyfile(s.options("15s"))); err != nil {
		return err
	}
	s.healthy.dropIdle()
	s.flaky.dropIdle()
	time.Sleep(500 * time.Millisecond)
	var err error
	if s.start, err = s.gateway.level(); err != nil {
		return err
	}
	s.heap, err = s.gateway.heap()
	return err
}

// crowd lets clients ask, one after the other has had its answer, until the soak stops.
func (s *soak) crowd() *sync.WaitGroup {
	var clients sync.WaitGroup
	for i := range s.streams {
		clients.Go(func() {
			time.Sleep(time.Duration(i) * 5 * time.Second / time.Duration(s.streams))
			for n := 0; !s.stopping.Load(); n++ {
				s.one(fmt.Sprintf("call-%d-%d-%d.", i, n, time.Now().UnixNano()))
			}
		})
	}
	return &clients
}

// hold keeps the streams open while the configuration is reloaded.
func (s *soak) hold() error {
	clients := s.crowd()
	every := time.NewTicker(s.time / reloads)
	defer every.Stop()
	var err error
	for i := 0; i < reloads && err == nil; i++ {
		<-every.C
		if i == reloads/2 {
			err = s.suspend()
		}
		if err == nil {
			err = s.reload(i)
		}
	}
	s.stopping.Store(true)
	clients.Wait()
	return err
}

// suspend stops the process for longer than the limits of the failing routes, as a machine
// that sleeps does: its clock leaps ahead. The clock of the system cannot be set by a drill.
func (s *soak) suspend() error {
	if err := s.gateway.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	return s.gateway.cmd.Process.Signal(syscall.SIGCONT)
}

// reload loads an equal, a changed, a broken configuration, or one without the gateway's
// site, in turn.
func (s *soak) reload(i int) error {
	s.loads.Add(1)
	s.loading.Add(1)
	// Caddy closes the old listeners on its own time, when the load has been answered.
	defer time.AfterFunc(500*time.Millisecond, func() { s.loading.Add(-1) })
	whole := s.gateway.caddyfile(s.options("15s"))
	switch i % 4 {
	case 0:
		return s.gateway.load(whole)
	case 1:
		return s.gateway.load(s.gateway.caddyfile(s.options("14s")))
	case 2:
		return s.refused(whole)
	}
	s.site.Lock()
	defer s.site.Unlock()
	site := strings.Index(whole, "\nhttp://")
	if err := s.gateway.load(whole[:site+1]); err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond)
	return s.gateway.load(whole)
}

// refused checks that a broken configuration is refused and changes nothing.
func (s *soak) refused(whole string) error {
	before, err := s.gateway.fetch("/config/")
	if err != nil {
		return err
	}
	if s.gateway.load(strings.Replace(whole, "route flaky-chat", "route nobody", 1)) == nil {
		return errors.New("a broken configuration was taken")
	}
	after, err := s.gateway.fetch("/config/")
	if err == nil && after != before {
		err = errors.New("a broken configuration has changed the one in use")
	}
	return err
}

// level checks that nothing is left of the streams.
func (s *soak) level() error {
	for _, d := range []*double{s.healthy, s.flaky} {
		if !waitFor(10*time.Second, func() bool { return d.answering() == 0 }) {
			return fmt.Errorf("%d requests go on at a provider", d.answering())
		}
		d.dropIdle()
	}
	if err := s.gateway.settles(s.start); err != nil {
		return err
	}
	heap, err := s.gateway.heap()
	if err != nil {
		return err
	}
	now, err := s.gateway.level()
	fmt.Printf("goroutines %d → %d, files %d → %d, heap %d → %d KiB, resident %d → %d MiB\n", s.start.goroutines, now.goroutines, s.start.files, now.files, s.heap>>10, heap>>10, s.start.resident>>20, now.resident>>20)
	if most := s.heap*3/2 + 16<<20; err == nil && heap > most {
		err = fmt.Errorf("%d bytes of heap are in use, %d at the start", heap, s.heap)
	}
	// What was needed at the height, twice over for the garbage collector, goes back to the
	// system little by little only.
	if most := s.start.resident + 64<<20 + int64(s.streams)*192<<10; err == nil && now.resident > most {
		err = fmt.Errorf("%d bytes are resident, %d at the start", now.resident, s.start.resident)
	}
	return err
}

// exit ends the process while streams are open.
func (s *soak) exit() error {
	s.stopping.Store(false)
	clients := s.crowd()
	time.Sleep(6 * time.Second)
	s.site.Lock()
	s.stopping.Store(true)
	open := s.healthy.answering() + s.flaky.answering()
	err := s.gateway.cmd.Process.Signal(syscall.SIGTERM)
	s.site.Unlock()
	clients.Wait()
	if err != nil {
		return err
	}
	select {
	case <-s.gateway.exited:
	case <-time.After(patience):
		return errors.New("the process has not exited")
	}
	if code := s.gateway.cmd.ProcessState.ExitCode(); code != 0 {
		s.complain("the process exits with %d", code)
	}
	if s.parted.Load() == 0 {
		s.complain("no stream was ended by the exit, though %d were open", open)
	}
	return nil
}
