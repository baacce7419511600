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
	rest    time.Duration // after which memory is measured once more
}

var (
	thorough = extent{2000, 2 * time.Minute, 60, 500 * time.Millisecond, time.Minute}
	brief    = extent{200, 30 * time.Second, 40, 200 * time.Millisecond, 5 * time.Second}
)

// clients is how many there are: so many that the streams are open although some wait for
// a first piece, fail, or want a whole answer.
func (e *extent) clients() int { return e.streams * 5 / 4 }

// reloads is how often the configuration is loaded anew.
const reloads = 50

// soak holds streams open while providers fail and the configuration changes.
type soak struct {
	extent
	gateway        *gateway
	healthy, flaky *double
	start          level
	memory         memory // at the start

	mu    sync.Mutex
	dice  *rand.Rand
	wrong map[string]int // what was not as it must be, with how often
	// reached are the calls that came to a provider, true if they were broken on purpose.
	reached map[string]bool
	// answered are the answers that clients have got, by the request's id.
	answered map[string]told

	// site is read-locked from before a request is sent until its answer begins, so that the
	// site can be removed, and the process ended, while no connection is on its way.
	site                 sync.RWMutex
	stopping             atomic.Bool
	lone                 atomic.Bool  // the annex is gone
	loads, loading       atomic.Int64 // begun, and those under way or just over
	open, most           atomic.Int64 // streams that have begun and not ended, now and at the height
	served, broken, lost atomic.Int64
	parted               [2]atomic.Int64 // at the site, and at the annex
}

// runSoak makes the whole soak.
func runSoak(binary, dir string, seed uint64, size extent) (err error) {
	fmt.Printf("seed %d: %d streams\n", seed, size.streams)
	s := &soak{extent: size, dice: rand.New(rand.NewPCG(seed, seed)), wrong: map[string]int{}, reached: map[string]bool{}, answered: map[string]told{}}
	if err := enoughFiles(size.clients()); err != nil {
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
	defer s.gateway.Kill()
	for _, phase := range []func() error{s.warm, s.hold, s.level, s.exit, s.checkLog, s.gateway.healthy} {
		if err := phase(); err != nil {
			return err
		}
	}
	fmt.Printf("%d answers were served, %d broken on purpose, %d ended by the exit, %d of these at a site that was gone; %d connections were lost between listeners\n",
		s.served.Load(), s.broken.Load(), s.parted[0].Load()+s.parted[1].Load(), s.parted[1].Load(), s.lost.Load())
	return s.verdict()
}

// enoughFiles checks that the process and this one may hold all connections: two for each
// client, with as many again for those that are being closed.
func enoughFiles(clients int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if need := uint64(4*clients + 500); limit.Cur < need {
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
			s.note(got, true)
		}
	}
	if err := s.gateway.Load(s.config("15s")); err != nil {
		return err
	}
	s.healthy.dropIdle()
	s.flaky.dropIdle()
	time.Sleep(500 * time.Millisecond)
	var err error
	if s.start, err = s.gateway.level(); err != nil {
		return err
	}
	s.memory, err = s.gateway.measure()
	return err
}

// config is the whole configuration.
func (s *soak) config(keepAlive string) string {
	return s.gateway.caddyfile(s.options(keepAlive), s.gateway.site, s.gateway.annex)
}

// crowd lets clients ask, one after the other has had its answer, until the soak stops.
func (s *soak) crowd() *sync.WaitGroup {
	var clients sync.WaitGroup
	for i := range s.clients() {
		clients.Go(func() {
			time.Sleep(time.Duration(i) * 5 * time.Second / time.Duration(s.clients()))
			for n := 0; !s.stopping.Load(); n++ {
				s.one(i%2, fmt.Sprintf("call-%d-%d-%d.", i, n, time.Now().UnixNano()))
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
	fmt.Printf("%d streams were open at once\n", s.most.Load())
	if most := s.most.Load(); err == nil && most < int64(s.streams) {
		err = fmt.Errorf("only %d streams were open at once, not %d", most, s.streams)
	}
	return err
}

// suspend stops the process for longer than the limits of the failing routes, as a machine
// that sleeps does: its clock leaps ahead. The clock of the system cannot be set by a drill.
func (s *soak) suspend() error {
	if err := s.gateway.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	return s.gateway.Signal(syscall.SIGCONT)
}

// reload loads an equal, a changed, a broken configuration, or one without any site, in
// turn.
func (s *soak) reload(i int) error {
	s.loads.Add(1)
	s.loading.Add(1)
	// Caddy closes the old listeners on its own time, when the load has been answered.
	defer time.AfterFunc(500*time.Millisecond, func() { s.loading.Add(-1) })
	whole := s.config("15s")
	switch i % 4 {
	case 0:
		return s.gateway.Load(whole)
	case 1:
		return s.gateway.Load(s.config("14s"))
	case 2:
		return s.refused(whole)
	}
	s.site.Lock()
	defer s.site.Unlock()
	if err := s.gateway.Load(s.gateway.caddyfile(s.options("15s"))); err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond)
	return s.gateway.Load(whole)
}

// refused checks that a broken configuration is refused and changes nothing.
func (s *soak) refused(whole string) error {
	before, err := s.gateway.Fetch("/config/")
	if err != nil {
		return err
	}
	if s.gateway.Load(strings.Replace(whole, "route flaky-chat", "route nobody", 1)) == nil {
		return errors.New("a broken configuration was taken")
	}
	after, err := s.gateway.Fetch("/config/")
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
	return s.checkMemory()
}
